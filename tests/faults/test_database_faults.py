"""The outcome of an insert when PostgreSQL refuses, or the connection to it breaks at any step."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg2
import pytest
from datajoint.errors import DuplicateError, LostConnectionError

import dj_objectstore as djo
from fault_proxy import (
    Action,
    FaultProxy,
    cut,
    interrupt,
    lose_answer,
    refuse,
    terminate,
    terminate_after,
)

# psycopg2 has no code for a connection that breaks without a word, and DataJoint passes its error on
LOST = (LostConnectionError, psycopg2.OperationalError, psycopg2.InterfaceError)
ROW = {"i": 1, "files": b"abc"}


def copy(table: Any, row: dict[str, Any]) -> None:
    table.insert1(row)


def copy_movie(table: Any, row: dict[str, Any]) -> None:
    frames = np.full((4, 8, 8), len(row["files"]), np.uint16)
    table.insert1({**plain(row), "movie": djo.Photon(frames, mode="lossless")})


def copy_named_file(table: Any, row: dict[str, Any]) -> None:
    table.insert1({**plain(row), "report": ("report.csv", row["files"])})


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "files"}


def stage(table: Any, row: dict[str, Any]) -> None:
    with djo.staged_insert1(table) as staged:
        staged.rec["i"] = row["i"]
        staged.rec["note"] = row.get("note", "")
        staged.store("files")["a"] = row["files"]


def rolled_back_at_commit(table: Any) -> None:
    """Let the server refuse at the COMMIT: only then it looks at a deferred constraint."""
    query = table.connection.query
    query(f"CREATE TABLE {table.database}.known (i integer PRIMARY KEY)")
    query(
        f"ALTER TABLE {table.full_table_name} ADD FOREIGN KEY (i) REFERENCES {table.database}.known (i) "
        "DEFERRABLE INITIALLY DEFERRED"
    )


def in_transaction(insert: Any, table: Any, row: dict[str, Any]) -> None:
    with table.connection.transaction:
        insert(table, row)


def connect_again(table: Any) -> None:
    """Open a new connection; DataJoint would still think that the old one's transaction is open."""
    table.connection.close()
    assert not table.connection.in_transaction
    table.connection.connect()


inserting = pytest.mark.parametrize("insert", [copy, stage, copy_movie, copy_named_file])


@inserting
def test_a_row_that_the_server_refuses_leaves_nothing(
    scan: Any, dj_store: Any, account: Any, insert: Any
) -> None:
    with pytest.raises(Exception, match="too long"):
        insert(scan, {**ROW, "note": "x" * 40})
    assert (account(dj_store, scan).rows, list(dj_store.list())) == (0, [])


@inserting
def test_a_request_that_is_repeated_on_a_new_connection_inserts_one_row(
    scan: Any, database: FaultProxy, dj_store: Any, account: Any, insert: Any
) -> None:
    broken = database.when(b"INSERT INTO", terminate)
    insert(scan, ROW)
    found = account(dj_store, scan)
    assert (broken.hits, found.rows, found.orphans) == (1, 1, [])


@inserting
def test_a_lost_answer_that_is_repeated_as_a_duplicate_keeps_the_row_and_its_object(
    scan: Any, database: FaultProxy, dj_store: Any, account: Any, insert: Any
) -> None:
    lost = database.when(b"INSERT INTO", terminate_after)
    with pytest.raises(DuplicateError) as caught:
        insert(scan, ROW)
    assert lost.hits == 1
    assert account(dj_store, scan).rows == 1
    assert any("Kept" in note for note in caught.value.__notes__)


@inserting
@pytest.mark.parametrize(("fault", "rows"), [(refuse, 0), (cut, 0), (lose_answer, 1)])
def test_an_insert_that_breaks_keeps_the_object_whatever_became_of_the_row(
    scan: Any, database: FaultProxy, dj_store: Any, account: Any, insert: Any, fault: Action, rows: int
) -> None:
    broken = database.when(b"INSERT INTO", fault)
    with pytest.raises(LOST) as caught:
        insert(scan, ROW)
    assert broken.hits == 1
    assert any("Kept" in note for note in caught.value.__notes__)
    scan.connection.connect()
    found = account(dj_store, scan)
    assert (found.rows, len(found.orphans)) == (rows, 1 - rows)


@inserting
@pytest.mark.parametrize(
    ("fault", "rows"), [(refuse, 0), (lose_answer, 1), (terminate, 0), (terminate_after, 1)]
)
def test_a_commit_that_breaks_keeps_the_object_whatever_became_of_the_row(
    scan: Any, database: FaultProxy, dj_store: Any, account: Any, insert: Any, fault: Action, rows: int
) -> None:
    broken = database.when(b"COMMIT", fault)
    with pytest.raises(LOST):
        in_transaction(insert, scan, ROW)
    assert broken.hits == 1
    connect_again(scan)
    found = account(dj_store, scan)
    assert (found.rows, len(found.orphans)) == (rows, 1 - rows)


@inserting
def test_a_commit_that_the_server_refuses_keeps_the_object_with_its_marker(
    scan: Any, dj_store: Any, account: Any, insert: Any
) -> None:
    rolled_back_at_commit(scan)
    with pytest.raises(Exception, match="foreign key"):
        in_transaction(insert, scan, ROW)
    found = account(dj_store, scan)
    assert (found.rows, len(found.orphans)) == (0, 1)


@pytest.mark.parametrize("fault", [refuse, terminate])
def test_a_later_commit_does_not_take_the_markers_of_one_that_failed(
    scan: Any, database: FaultProxy, dj_store: Any, account: Any, fault: Action
) -> None:
    database.when(b"COMMIT", fault)
    with pytest.raises(LOST):
        in_transaction(copy, scan, ROW)
    connect_again(scan)
    in_transaction(copy, scan, {**ROW, "i": 2})
    found = account(dj_store, scan)
    assert (found.rows, len(found.orphans)) == (1, 1)


@inserting
@pytest.mark.parametrize("step", [b"INSERT INTO", b"COMMIT"])
def test_ctrl_c_at_the_database_never_takes_an_object_from_its_row(
    scan: Any, database: FaultProxy, dj_store: Any, account: Any, insert: Any, step: bytes
) -> None:
    pressed = database.when(step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        in_transaction(insert, scan, ROW) if step == b"COMMIT" else insert(scan, ROW)
    database.heal()
    assert pressed.hits == 1
    connect_again(scan)
    account(dj_store, scan)


@pytest.mark.parametrize("fault", [terminate, terminate_after])
def test_an_update_that_is_repeated_keeps_the_object_that_the_row_names(
    scan: Any, database: FaultProxy, dj_store: Any, fault: Action
) -> None:
    scan.insert1(ROW)
    old = scan.fetch1("files")
    broken = database.when(b"UPDATE", fault)
    scan.update1({"i": 1, "files": b"new"})
    assert broken.hits == 1
    assert scan.fetch1("files").read() == b"new"
    assert (old.read(), old.verify(read_data=True)) == (b"abc", True)
    assert len(list(dj_store.list())) == 2
