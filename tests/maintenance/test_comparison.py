"""A whole store against its database: counts and bytes by standing, on both dialects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import datajoint as dj
import pytest

from dj_objectstore.maintenance.comparison import compare_store
from dj_objectstore.maintenance.database import Database
from dj_objectstore.spec.configuration import Client
from dj_objectstore.store.identity import build_identity
from dj_objectstore.store.inflight import Marker, build_marker

pytestmark = pytest.mark.filterwarnings("ignore:MariaDB is not officially supported:UserWarning")

DEFINITION = """
i : int32
---
files = null : <object@main>
paper = null : <filepath@main>
"""


@pytest.fixture
def scan(schema: Any) -> Any:
    return schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))


@pytest.fixture
def compare(schema: Any, dj_store: Any) -> Any:
    def compare(progress: Any = lambda _files, _note: True, *, days: int = 3) -> Any:
        return compare_store(
            dj_store,
            Database.of(schema.connection),
            progress,
            clock=lambda: datetime.now(UTC) + timedelta(days=days),
        )

    return compare


@pytest.fixture
def filled(scan: Any, dj_store: Any, make_folder: Any) -> Any:
    """Twelve rows with a folder of two files each, and of everything else one."""
    scan.insert({"i": n, "files": make_folder("one", {"a.txt": b"12345", "b.txt": b"1"})} for n in range(12))
    dj_store.put("raw/a.tif", bytes(100))
    scan.insert1({"i": 99, "paper": "raw/a.tif"})
    folder = f"_schema/{scan.database}/Scan/i=50"
    dj_store.put(f"{folder}/files_Zz9yX8wV/a.txt", bytes(1000))
    dj_store.put(f"{folder}/files_Zz9yX8wV/deep/b.txt", bytes(1000))
    dj_store.put(f"{folder}/files_Zz9yX8wV.manifest.json", bytes(10))
    dj_store.put("notes.txt", bytes(7))
    dj_store.put("_schema/elsewhere/Scan/i=1/files_Zz9yX8wV", bytes(50))
    dj_store.put("_dj_objectstore/removed/1/a", bytes(30))
    return scan


def parts(found: Any) -> dict[str, tuple[int, int, int]]:
    return {part.standing: (part.objects, part.files, part.size) for part in found.parts}


def test_every_standing_is_counted_once(filled: Any, compare: Any, dj_store: Any) -> None:
    found = compare()
    manifests = sum(entry.size for entry in dj_store.list() if entry.key.endswith(".manifest.json")) - 10
    assert parts(found) == {
        "row": (13, 37, 12 * 6 + 100 + manifests),
        "orphan": (1, 3, 2010),
        "foreign": (1, 1, 7),
        "unread": (1, 1, 50),
        "quarantined": (1, 1, 30),
    }
    assert found.is_whole
    assert "has no schema 'elsewhere'" in found.notes[0]
    assert sum(part.files for part in found.parts) == len(list(dj_store.list()))
    assert filled.connection.adapter.backend in {"postgresql", "mysql"}


@pytest.mark.usefixtures("filled")
def test_what_is_young_or_being_written_is_no_orphan(compare: Any, dj_store: Any, scan: Any) -> None:
    path = f"_schema/{scan.database}/Scan/i=51/files_Ab3dE5gH"
    dj_store.put(f"{path}/a.txt", bytes(5))
    marker = Marker(path, scan.database, "scan", {})
    dj_store.put(marker.marker_key, build_marker(marker))
    found = parts(compare(days=0))
    assert (found["recent"][:2], found["writing"]) == ((1, 3), (1, 1, 5))
    assert "orphan" not in found


@pytest.mark.usefixtures("filled")
def test_what_was_counted_so_far_stays_when_it_is_stopped(
    compare: Any, monkeypatch: Any, dj_store: Any
) -> None:
    told = []

    def progress(files: int, note: str) -> bool:
        told.append((files, note))
        return files < 10

    entries = list(dj_store.list())
    monkeypatch.setattr(dj_store, "pages", lambda prefix="": _pages(entries, prefix))
    found = compare(progress)
    assert not found.is_whole
    assert 0 < sum(part.files for part in found.parts) <= 12
    assert any("rows of" in note for _, note in told)


def _pages(entries: list[Any], prefix: str) -> Any:
    inside = [entry for entry in entries if entry.key.startswith(prefix)]
    yield from ([entry] for entry in inside)


@pytest.mark.usefixtures("filled")
def test_a_comparison_that_is_stopped_while_rows_are_read_calls_nothing_an_orphan(compare: Any) -> None:
    found = compare(lambda _files, note: "rows of" not in note)
    assert not found.is_whole
    assert "orphan" not in parts(found)


def test_one_row_that_can_not_be_read_makes_no_orphan(filled: Any, compare: Any) -> None:
    value = '{"nothing": 1}'
    filled.connection.query(f"UPDATE {filled.full_table_name} SET files = '{value}' WHERE i = 99")
    found = compare()
    assert "orphan" not in parts(found)
    assert parts(found)["unread"] == (2, 4, 2060)
    assert any("files of a row" in reason for reason in found.notes)


def test_an_empty_store_is_compared(scan: Any, compare: Any) -> None:
    del scan
    assert compare().parts == ()


def test_a_store_that_was_made_from_another_database_says_so(
    filled: Any, compare: Any, dj_store: Any
) -> None:
    host = Database.of(filled.connection).host
    for made_from, is_told in ((host, False), ("db.elsewhere.org", True)):
        identity = build_identity("lab", Client(database_host=made_from))
        dj_store.put("datajoint_store.json", identity, overwrite=True)
        assert any(made_from in note for note in compare().notes) == is_told
