"""A store joined to its database: whose each thing is, on both dialects, and never a false orphan."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.maintenance.belonging import Listed
from dj_objectstore.maintenance.database import Database, configured_database
from dj_objectstore.maintenance.named_paths import NamedPaths
from dj_objectstore.maintenance.references import stored_fields
from dj_objectstore.maintenance.store_owners import StoreOwners
from dj_objectstore.spec.configuration import Client
from dj_objectstore.store.identity import build_identity
from dj_objectstore.store.inflight import Marker, build_marker
from dj_objectstore.store.wanted import NoLongerWantedError

pytestmark = pytest.mark.filterwarnings("ignore:MariaDB is not officially supported:UserWarning")

DEFINITION = """
subject : varchar(32)
day : date
---
files = null : <object@main>
more = null : <object@main>
paper = null : <filepath@main>
data = null : <blob@main>
"""
LATER = timedelta(days=3)
"""After this every object of a test is older than the grace period."""


@pytest.fixture
def scan(schema: Any) -> Any:
    return schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))


@pytest.fixture
def look(schema: Any, dj_store: Any) -> Any:
    """Tell whose the things at some paths are, as a page lists them, some days from now."""
    opened = []

    def look(*paths: str, store: Any = dj_store, after: timedelta = LATER) -> list[Any]:
        owners = StoreOwners(store, Database.of(schema.connection), clock=lambda: datetime.now(UTC) + after)
        opened.append(owners)
        return owners.look([_listed(store, path) for path in paths])

    yield look
    for owners in opened:
        owners.close()


def _listed(store: Any, path: str) -> Listed:
    found = store.info(path)
    return Listed(path, found.is_dir, found.modified)


def standings(found: list[Any]) -> list[Any]:
    return [each.standing for each in found]


KEY = {"subject": "a/b ü", "day": "2026-01-05"}


def test_every_folder_down_to_the_object_says_what_it_is(scan: Any, look: Any, make_folder: Any) -> None:
    scan.insert1({**KEY, "files": make_folder("one", {"a.txt": b"a"}), "more": b"x"})
    path = scan.fetch1("files").path
    *folders, _ = path.split("/")
    above = ["/".join(folders[:n]) for n in range(1, len(folders) + 1)]
    found = look(*above, path, f"{path}.manifest.json", f"{path}/a.txt")
    assert [each.kind for each in found] == [
        *["section", "schema", "table", "key", "key"],
        *["object", "object", "part"],
    ]
    assert standings(found) == [None, None, None, "row", "row", "row", "row", None]
    assert [each.rows for each in found] == [0, 0, 0, 2, 2, 1, 1, 0]
    table, subject, whole = found[2], found[3], found[5]
    assert (table.table, list(table.key)) == (f"{scan.database}.scan", ["subject", "day"])
    assert table.field == "files, more, paper, data"
    assert (whole.table, whole.field) == (f"{scan.database}.scan", "files")
    assert {name: str(value) for name, value in whole.key.items()} == KEY
    assert subject.table == f"{scan.database}.scan"


def test_an_object_without_a_row_is_recent_then_an_orphan(scan: Any, look: Any, dj_store: Any) -> None:
    scan.insert1({**KEY, "files": b"kept"})
    kept = scan.fetch1("files").path
    folder = kept.rpartition("/")[0]
    file, tree = f"{folder}/files_Zz9yX8wV", f"{folder}/more_Qq7wE5rT"
    dj_store.put(file, b"lost")
    dj_store.put(f"{tree}/a.txt", b"lost")
    dj_store.put(f"{tree}.manifest.json", b"{}")
    paths = (kept, file, tree, f"{tree}.manifest.json")
    assert standings(look(*paths, after=timedelta(0))) == ["row", "recent", "recent", "recent"]
    assert standings(look(*paths, after=timedelta(hours=24))) == ["row", "recent", "recent", "recent"]
    assert standings(look(*paths)) == ["row", "orphan", "orphan", "orphan"]
    assert look(file)[0].reason == ""
    dj_store.put("datajoint_store.json", build_identity("lab", Client(database_host="db.elsewhere.org")))
    assert "made from the database at db.elsewhere.org" in look(file)[0].reason


def test_a_key_without_a_row_is_as_old_as_the_newest_below_it(scan: Any, look: Any, dj_store: Any) -> None:
    folder = f"_schema/{scan.database}/Scan/subject=M9"
    dj_store.put(f"{folder}/day=2026-01-05/files_Zz9yX8wV/deep/a.txt", b"lost")
    assert standings(look(folder, after=timedelta(0))) == ["recent"]
    assert standings(look(folder)) == ["orphan"]


def test_an_object_that_is_being_written_is_none(scan: Any, look: Any, dj_store: Any) -> None:
    folder = f"_schema/{scan.database}/Scan/subject=M9"
    path = f"{folder}/day=2026-01-05/files_Zz9yX8wV"
    dj_store.put(f"{path}/a.txt", b"part")
    marker = Marker(path, scan.database, "scan", {})
    dj_store.put(marker.marker_key, build_marker(marker))
    assert standings(look(path, folder, after=timedelta(minutes=30))) == ["writing", "writing"]
    assert standings(look(path, folder)) == ["orphan", "orphan"]  # the marker is of a write that is dead


def test_hashed_data_are_named_by_all_rows_that_share_them(scan: Any, look: Any, dj_store: Any) -> None:
    rows = [{"subject": f"M{n}", "day": "2026-01-05"} for n in range(3)]
    if scan.connection.adapter.backend == "postgresql":
        scan.insert({**row, "data": [1, 2, 3]} for row in rows)
    else:  # DataJoint 2.3 can't write hashed data to MariaDB: what it writes to MySQL
        path = f"_hash/{scan.database}/jqlotyk3mrdu4s2wxirlwf72vy"
        dj_store.put(path, b"1")
        scan.insert(rows)
        _name(scan, "1 = 1", "data", {"hash": path[-26:], "path": path, "store": "main", "size": 1})
    (entry,) = dj_store.list("_hash")
    lost = f"_hash/{scan.database}/abcdefghijklmnopqrstuvwxyz"
    dj_store.put(lost, b"lost")
    found = look(entry.key, lost, f"_hash/{scan.database}", "_hash")
    assert standings(found) == ["row", "orphan", None, None]
    assert (found[0].rows, found[0].field, found[0].key["subject"]) == (3, "data", "M0")


def test_users_own_files_belong_to_rows_or_are_foreign(scan: Any, look: Any, dj_store: Any) -> None:
    dj_store.put("raw/one/a.tif", b"a")
    dj_store.put("raw/two/b.tif", b"b")
    scan.insert1({**KEY, "paper": "raw/one/a.tif"})
    found = look("raw", "raw/one", "raw/two", "raw/one/a.tif", "raw/two/b.tif")
    assert standings(found) == ["row", "row", "foreign", "row", "foreign"]
    assert (found[3].field, found[3].rows) == ("paper", 1)


def test_what_is_not_ours_is_foreign_whatever_its_age(scan: Any, look: Any, dj_store: Any) -> None:
    table = f"_schema/{scan.database}/Scan"
    for path in ("_schema/notes.txt", f"{table}/data.parquet", f"{table}/scan_id=1", "_hash/x"):
        dj_store.put(path, b"")
    found = look("_schema/notes.txt", f"{table}/data.parquet", f"{table}/scan_id=1", "_hash/x")
    assert standings(found) == ["foreign"] * 4


def test_what_was_removed_and_what_this_package_keeps_are_told(scan: Any, look: Any, dj_store: Any) -> None:
    del scan
    for path in ("_dj_objectstore/removed/1/_schema/a", "_dj_objectstore/thumbs/Ab3dE5gH"):
        dj_store.put(path, b"")
    found = look("_dj_objectstore", "_dj_objectstore/removed", "_dj_objectstore/removed/1/_schema/a")
    assert standings(found) == ["reserved", "quarantined", "quarantined"]
    assert standings(look("_dj_objectstore/thumbs/Ab3dE5gH")) == ["reserved"]


def test_a_row_of_another_table_keeps_an_object(schema: Any, scan: Any, look: Any, dj_store: Any) -> None:
    path = f"_schema/{scan.database}/Gone/i=1/files_Zz9yX8wV"
    inside, other = f"_schema/{scan.database}/Gone/i=2", f"_schema/{scan.database}/Gone/i=3/files_Zz9yX8wW"
    for each in (path, f"{inside}/files_Ab3dE5gH/a.txt", other):
        dj_store.put(each, b"")
    other_table = schema(
        type("Other", (dj.Manual,), {"definition": "n : int32\n---\nfile = null : <object@main>"})
    )
    other_table.insert({"n": n} for n in range(2))
    for n, named in enumerate((path, inside)):
        _name(other_table, f"n = {n}", "file", {"path": named, "store": "main", "size": 0})
    found = look(path, f"{inside}/files_Ab3dE5gH", other)
    assert standings(found) == ["row", "row", "orphan"]
    assert found[0].table == f"{scan.database}.other"


@pytest.mark.parametrize(
    ("store_name", "standing"),
    [("main", "row"), (None, "row"), ("", "row"), ("unheard", "row"), ("far", "orphan")],
)
def test_rows_that_mean_another_place_name_nothing_here(
    scan: Any, look: Any, dj_store: Any, tmp_path: Any, store_name: Any, standing: str
) -> None:
    path = f"_schema/{scan.database}/Scan/files_Zz9yX8wV"
    dj_store.put(path, b"")
    (tmp_path / "far").mkdir()
    config = scan.connection._config
    config.stores = {**config.stores, "far": {"protocol": "file", "location": str(tmp_path / "far")}}
    scan.insert1(KEY)
    _name(scan, "1 = 1", "files", {"path": path, "store": store_name, "size": 0})
    assert standings(look(path)) == [standing]


def _name(table: Any, where: str, field: str, value: Any) -> None:
    """Write a row's JSON as it is."""
    table.connection.query(
        f"UPDATE {table.full_table_name} SET {field} = %s WHERE {where}", (json.dumps(value),)
    )


@pytest.mark.parametrize("value", [{"nothing": 1}, {"path": None}, [], "text"])
def test_a_row_that_can_not_be_read_makes_no_orphan(scan: Any, look: Any, dj_store: Any, value: Any) -> None:
    path = f"_schema/{scan.database}/Scan/files_Zz9yX8wV"
    dj_store.put(path, b"")
    scan.insert1(KEY)
    _name(scan, "1 = 1", "more", value)
    (found,) = look(path)
    assert found.standing == "unread"
    assert "more of a row" in found.reason


def test_a_schema_that_is_not_there_makes_no_orphan(scan: Any, look: Any, dj_store: Any) -> None:
    del scan
    for path in ("_schema/elsewhere/Scan/i=1/files_Zz9yX8wV", "_hash/elsewhere/abcdefghijklmnopqrstuvwxyz"):
        dj_store.put(path, b"")
    found = look(
        "_schema/elsewhere",
        "_schema/elsewhere/Scan",
        "_schema/elsewhere/Scan/i=1",
        "_schema/elsewhere/Scan/i=1/files_Zz9yX8wV",
        "_hash/elsewhere/abcdefghijklmnopqrstuvwxyz",
    )
    assert standings(found) == ["unread"] * 5
    assert all("has no schema 'elsewhere'" in each.reason for each in found)


def test_a_table_that_is_gone_says_so(scan: Any, look: Any, dj_store: Any) -> None:
    path = f"_schema/{scan.database}/Gone"
    dj_store.put(f"{path}/i=1/files_Zz9yX8wV", b"")
    table, key = look(path, f"{path}/i=1")
    assert (table.standing, key.standing) == ("unread", "orphan")
    assert "no table of this name" in table.reason


def test_a_missing_codec_hides_no_row(scan: Any, look: Any, dj_store: Any) -> None:
    scan.insert1({**KEY, "files": b"kept"})
    path = scan.fetch1("files").path
    dj_store.put(f"{path}x", b"")
    adapter, comment = scan.connection.adapter, ":<unheard_of@main>:"
    if adapter.backend == "postgresql":
        scan.connection.query(f"COMMENT ON COLUMN {scan.full_table_name}.files IS '{comment}'")
    else:
        scan.connection.query(
            f"ALTER TABLE {scan.full_table_name} MODIFY files json NULL COMMENT '{comment}'"
        )
    assert standings(look(path)) == ["row"]


def test_another_prefix_in_the_same_place_is_left_alone(scan: Any, look: Any, dj_store: Any) -> None:
    scan.insert1({**KEY, "files": b"kept"})
    path = scan.fetch1("files").path
    dj_store.put("_schema_b/lab/Scan/scan_id=1/files_Zz9yX8wV", b"of another database")
    found = look(path, "_schema_b", "_schema_b/lab/Scan/scan_id=1/files_Zz9yX8wV")
    assert standings(found) == ["row", "foreign", "foreign"]


def test_partitioned_objects_are_found_under_their_partition(schema: Any, look: Any, dj_schema: Any) -> None:
    del dj_schema
    with djo.testing.temporary_store(name="parted", partition_pattern="subject") as store:
        config = schema.connection._config
        config.stores = {**config.stores, **dj.config.stores}
        table = schema(
            type(
                "Parted",
                (dj.Manual,),
                {"definition": "subject : varchar(9)\ni : int32\n---\nx : <object@parted>"},
            )
        )
        table.insert1({"subject": "M1", "i": 1, "x": b"1"})
        path = table.fetch1("x").path
        assert path.startswith("_schema/subject=M1/")
        *folders, _ = path.split("/")
        above = ["/".join(folders[:n]) for n in range(2, len(folders) + 1)]
        found = look(*above, path, store=store)
        assert [each.kind for each in found] == ["partition", "schema", "table", "key", "object"]
        assert standings(found)[-2:] == ["row", "row"]


def test_paths_that_differ_in_small_and_capital_letters_are_kept_apart(
    scan: Any, look: Any, dj_store: Any
) -> None:
    scan.insert1(KEY)
    folder = f"_schema/{scan.database}/Scan"
    for name in ("files_Zz9yX8wV", "files_zZ9yX8wV"):
        dj_store.put(f"{folder}/{name}", b"")
    _name(scan, "1 = 1", "files", {"path": f"{folder}/files_Zz9yX8wV", "store": "main", "size": 0})
    assert standings(look(f"{folder}/files_Zz9yX8wV", f"{folder}/files_zZ9yX8wV")) == ["row", "orphan"]


# -- on one dialect ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["postgresql"], indirect=True)
def test_a_table_that_this_user_may_not_read_makes_no_orphan(scan: Any, dj_store: Any, schema: Any) -> None:
    path = f"_schema/{scan.database}/Scan/files_Zz9yX8wV"
    dj_store.put(path, b"")
    role = f"reader_{uuid.uuid4().hex[:6]}"
    connection = schema.connection
    connection.query(f"CREATE ROLE {role} LOGIN")
    connection.query(f'GRANT USAGE ON SCHEMA "{scan.database}" TO {role}')
    info = {**connection.conn_info, "user": role, "passwd": ""}
    database = Database(info, backend="postgresql", config=connection._config)
    owners = StoreOwners(dj_store, database, clock=lambda: datetime.now(UTC) + LATER)
    try:
        (found,) = owners.look([_listed(dj_store, path)])
        assert found.standing == "unread"
        assert "may not read" in found.reason
    finally:
        owners.close()
        connection.query(f'REVOKE ALL ON SCHEMA "{scan.database}" FROM {role}')
        connection.query(f"DROP ROLE {role}")


def test_a_database_that_does_not_answer_makes_no_orphan(dj_store: Any, dj_database: str) -> None:
    del dj_database
    dj_store.put("_schema/lab/Scan/i=1/files_Zz9yX8wV", b"")
    known = configured_database()
    info = {**known._info, "host": "127.0.0.1", "port": 9, "passwd": "hunter2"}
    owners = StoreOwners(
        dj_store,
        Database(info, backend="postgresql", config=known.config),
        clock=lambda: datetime.now(UTC) + LATER,
    )
    paths = ("_schema/lab", "_schema/lab/Scan/i=1", "_schema/lab/Scan/i=1/files_Zz9yX8wV")
    found = owners.look([_listed(dj_store, path) for path in paths])
    assert standings(found) == ["unread"] * 3
    assert all("does not answer" in each.reason for each in found)
    assert not any("hunter2" in text for text in (repr(found), repr(owners._database), str(found)))


@pytest.mark.parametrize("schema", ["postgresql"], indirect=True)
def test_a_look_ends_when_nobody_waits_and_a_lost_connection_is_opened_again(
    scan: Any, dj_store: Any, schema: Any
) -> None:
    scan.insert1({**KEY, "files": b"1"})
    listed = [_listed(dj_store, scan.fetch1("files").path)]
    owners = StoreOwners(dj_store, Database.of(schema.connection))

    def give_up() -> None:
        raise NoLongerWantedError

    with pytest.raises(NoLongerWantedError):
        owners.look(listed, check=give_up)
    assert standings(owners.look(listed)) == ["row"]
    owners._connection._conn.close()
    assert standings(owners.look(listed)) == ["unread"]
    assert standings(owners.look(listed)) == ["row"]
    owners.close()


@pytest.mark.parametrize("schema", ["postgresql"], indirect=True)
def test_the_users_connection_and_its_transaction_are_left_alone(
    scan: Any, dj_store: Any, schema: Any
) -> None:
    scan.insert1({**KEY, "files": b"1"})
    listed = [_listed(dj_store, scan.fetch1("files").path)]
    owners = StoreOwners(dj_store, Database.of(schema.connection))
    with schema.connection.transaction:
        scan.delete_quick()
        assert standings(owners.look(listed)) == ["row"]
        assert schema.connection.in_transaction
    assert standings(owners.look(listed)) == ["recent"]
    owners.close()


@pytest.mark.parametrize("schema", ["postgresql"], indirect=True)
def test_closing_waits_for_no_look_that_is_under_way(scan: Any, dj_store: Any, schema: Any) -> None:
    scan.insert1({**KEY, "files": b"1"})
    listed = [_listed(dj_store, scan.fetch1("files").path)]
    owners = StoreOwners(dj_store, Database.of(schema.connection))
    assert standings(owners.look(listed, check=owners.close)) == ["row"]
    assert owners._connection is None
    assert standings(owners.look(listed)) == ["row"]
    owners.close()
    assert owners._connection is None


def test_the_paths_of_a_long_table_come_in_parts_and_a_page_of_it_as_a_page(
    scan: Any, dj_store: Any, schema: Any
) -> None:
    count = 25_000
    path = f"_schema/{scan.database}/Scan/subject="
    if schema.connection.adapter.backend == "postgresql":
        stored = f"jsonb_build_object('path', '{path}' || n || '/files_Zz9yX8wV', 'store', 'main')"
        numbers = f"generate_series(1, {count}) AS n"
    else:
        stored = f"JSON_OBJECT('path', CONCAT('{path}', seq, '/files_Zz9yX8wV'), 'store', 'main')"
        numbers = f"`{scan.database}`.seq_1_to_{count}"
    number = "n" if "AS n" in numbers else "seq"
    scan.connection.query(
        f"INSERT INTO {scan.full_table_name} (subject, day, files) "
        f"SELECT {number}, '2026-01-05', {stored} FROM {numbers}"
    )
    database = Database.of(schema.connection)
    connection = database.connect()
    (named,) = [
        NamedPaths(scan(), field, elsewhere=()) for field in stored_fields(scan) if field.name == "files"
    ]
    parts = [len(part) for part in named.stream(connection)]
    assert (sum(parts), max(parts)) == (count, 10_000)
    assert [tuple(row) for row in connection.query("SELECT 1").fetchall()] == [(1,)]
    connection.close()
    owners = StoreOwners(dj_store, database)
    found = owners.look([Listed(f"{path}{n}", is_dir=True) for n in range(1, 201)])
    assert [(each.rows, each.key["subject"]) for each in found] == [(1, str(n)) for n in range(1, 201)]
    owners.close()
