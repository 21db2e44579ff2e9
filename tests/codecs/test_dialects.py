"""Rows with objects do the same on PostgreSQL and on MariaDB."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
import pytest
import zarr

import dj_objectstore as djo
from dj_objectstore.store.inflight import FOLDER

DEFINITION = """
subject : varchar(32)
day : date
---
note = "" : varchar(16)
files = null : <object@main>
paper = null : <file@main>
movie = null : <photon@main>
"""
KEY = {"subject": "a/b ü", "day": "2026-1-5"}
FRAMES = np.random.default_rng(1).poisson(9, (8, 16, 16)).astype(np.uint16)


@pytest.fixture(params=["postgresql", "mariadb"])
def scan(request: pytest.FixtureRequest, dj_store: djo.Store) -> Iterator[Any]:
    """An empty table on a server of each kind, with the store `main`."""
    del dj_store
    tier = type("Scan", (dj.Manual,), {"definition": DEFINITION})
    if request.param == "postgresql":
        yield request.getfixturevalue("dj_schema")(tier)
        return
    instance = request.getfixturevalue("mariadb_instance")
    djo.enable()
    instance.config.stores = dict(dj.config.stores)
    schema = instance.Schema(f"test_{uuid.uuid4().hex[:8]}")
    yield schema(tier)
    schema.drop(prompt=False)


@pytest.fixture
def keys(dj_store: djo.Store) -> Any:
    """What lies in the store now."""
    return lambda: sorted(entry.key for entry in dj_store.list())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "session" / "sub").mkdir(parents=True)
    (tmp_path / "session" / "notes.txt").write_text("a quiet mouse")
    (tmp_path / "session" / "sub" / "größe.csv").write_text("1,2")
    return tmp_path / "session"


def test_a_row_of_every_kind_comes_back(scan: Any, folder: Path) -> None:
    row = {"files": folder, "paper": folder / "notes.txt", "movie": djo.Photon(FRAMES, mode="lossless")}
    scan.insert1({**KEY, **row})
    found = (scan & KEY).fetch1()
    assert found["files"].path.startswith(
        f"_schema/{scan.database}/Scan/subject=a%2Fb%20%C3%BC/day=2026-01-05/"
    )
    assert found["files"].read("sub/größe.csv") == b"1,2"
    assert (found["paper"].original_name, found["paper"].read()) == ("notes.txt", b"a quiet mouse")
    assert np.array_equal(found["movie"][2:4], FRAMES[2:4])
    assert all(found[name].verify(read_data=True) for name in row)
    assert found["files"].timestamp.utcoffset().total_seconds() == 0


def test_staged_and_updated_and_fetched_as_the_row_says(scan: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(4, 4), chunks=(2, 4), dtype="i4")
        z[:] = 7
        staged.photon("movie", mode="lossless").append(FRAMES)
    old = (scan & KEY).fetch1("files")
    assert old.open_zarr()[0, 0] == 7
    assert np.array_equal((scan & KEY).fetch1("movie")[...], FRAMES)
    scan.update1({**KEY, "files": b"new"})
    new = (scan & KEY).fetch1("files")
    assert (new.read(), new.path.rpartition("/")[0]) == (b"new", old.path.rpartition("/")[0])
    assert old.verify(read_data=True)
    scan.update1({**KEY, "files": None})
    assert (scan & KEY).fetch1("files") is None


def test_many_rows_are_inserted_and_duplicates_skipped(scan: Any, keys: Any) -> None:
    rows = [{"subject": f"m{n}", "day": "2026-01-05", "files": str(n).encode()} for n in range(3)]
    scan.insert(rows)
    again = [{**row, "files": b"again"} for row in rows[:2]] + [{**rows[0], "subject": "m9", "files": b"9"}]
    scan.insert(again, skip_duplicates=True)
    assert [ref.read() for ref in scan.to_arrays("files", order_by="subject")] == [b"0", b"1", b"2", b"9"]
    assert len(keys()) == 4


def test_a_row_is_replaced_where_datajoint_can(scan: Any, keys: Any) -> None:
    scan.insert1({**KEY, "files": b"first"})
    before = keys()
    if scan.connection.adapter.backend == "mysql":
        scan.insert1({**KEY, "files": b"second"}, replace=True)
        assert scan.fetch1("files").read() == b"second"
    else:  # DataJoint 2.3 sends PostgreSQL a statement that it does not know
        with pytest.raises(dj.errors.QuerySyntaxError):
            scan.insert1({**KEY, "files": b"second"}, replace=True)
        assert scan.fetch1("files").read() == b"first"
        assert keys() == before
    assert len(scan()) == 1


def test_a_refused_row_leaves_nothing_and_a_duplicate_keeps_the_first(scan: Any, keys: Any) -> None:
    with pytest.raises(Exception, match=r"(?i)too long"):
        scan.insert1({**KEY, "files": b"abc", "note": "x" * 40})
    assert (len(scan()), keys()) == (0, [])
    scan.insert1({**KEY, "files": b"first"})
    before = keys()
    with pytest.raises(dj.errors.DuplicateError):
        scan.insert1({**KEY, "files": b"second"})
    with pytest.raises(Exception, match=r"(?i)too long"):
        scan.update1({**KEY, "files": b"third", "note": "x" * 40})
    assert keys() == before
    assert scan.fetch1("files").read() == b"first"


def test_a_rollback_keeps_what_is_recorded_by_a_marker(scan: Any, dj_store: djo.Store) -> None:
    def roll_back() -> None:
        with scan.connection.transaction:
            scan.insert1({**KEY, "files": b"abc"})
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        roll_back()
    assert len(scan()) == 0
    assert len(list(dj_store.list(FOLDER))) == 1
    with scan.connection.transaction:
        scan.insert1({**KEY, "files": b"committed"})
    assert scan.fetch1("files").read() == b"committed"
    assert len(list(dj_store.list(FOLDER))) == 1


def test_rows_are_verified_and_downloaded(
    scan: Any, folder: Path, dj_store: djo.Store, tmp_path: Path
) -> None:
    scan.insert1({**KEY, "files": folder, "paper": ("größe.txt", b"abc")})
    assert djo.verify(scan, read_data=True).ok
    paths = djo.download(scan, tmp_path / "out", name="{subject}_{day}_{field}{ext}")
    assert [path.name for path in paths] == ["a_b ü_2026-01-05_files", "a_b ü_2026-01-05_paper.txt"]
    assert (paths[0] / "notes.txt").read_text() == "a quiet mouse"
    dj_store.put(f"{scan.fetch1('files').path}/notes.txt", b"a quiet house", overwrite=True)
    report = djo.verify(scan, read_data=True)
    assert not report.ok
    assert "notes.txt" in str(report)
