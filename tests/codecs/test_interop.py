"""What DataJoint's own codecs give can be read and browsed as our objects can."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
import pytest

import dj_objectstore as djo
from dj_objectstore.codecs.interop import as_object_ref

DEFINITION = """
i : int32
---
trace = null : <npy@main>
raw = null : <filepath@main>
paper = null : <attach@main>
hashed = null : <hash@main>
files = null : <object@main>
"""
ARRAY = np.arange(12.0).reshape(3, 4)


@pytest.fixture(params=["enabled", "plain"])
def table(
    dj_schema: Any,
    dj_store: djo.Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Any]:
    """A row of each of DataJoint's codecs, written and read with this package and by DataJoint alone."""
    (tmp_path / "protocol.txt").write_text("first wash, then rinse")
    dj_store.put("raw/a.csv", b"a,b\n1,2\n")
    monkeypatch.setitem(dj.config, "download_path", str(tmp_path / "downloads"))
    if request.param == "plain":
        djo.disable()
    try:
        scan = dj_schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
        scan.insert1(
            {
                "i": 1,
                "trace": ARRAY,
                "raw": "raw/a.csv",
                "paper": str(tmp_path / "protocol.txt"),
                "hashed": b"abc",
                "files": str(tmp_path / "protocol.txt"),
            }
        )
        yield scan
    finally:
        djo.enable()


def raw_row(table: Any) -> dict[str, Any]:
    """Return the row as the database holds it."""
    columns = "trace, raw, paper, hashed, files"
    row: dict[str, Any] = table.connection.query(
        f"SELECT {columns} FROM {table.full_table_name}", as_dict=True
    ).fetchone()
    return row


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("trace", ARRAY),
        ("raw", b"a,b\n1,2\n"),
        ("paper", b"first wash, then rinse"),
        ("files", b"first wash, then rinse"),
    ],
)
def test_what_is_fetched_is_read_and_browsed(table: Any, field: str, content: Any) -> None:
    held = table.fetch1(field)
    ref = as_object_ref(held)
    assert isinstance(ref, djo.ObjectRef)
    for one in (ref, pickle.loads(pickle.dumps(ref))):
        if isinstance(content, np.ndarray):
            with one.open() as file:
                assert np.array_equal(np.load(file), content)
        else:
            assert one.read() == content


def test_what_is_fetched_is_browsed(table: Any) -> None:
    for held in table.fetch1("trace", "raw", "paper", "files"):
        assert as_object_ref(held).path.rpartition("/")[2] in repr(djo.browse(held))


def test_what_a_row_holds_is_read(table: Any) -> None:
    row = raw_row(table)
    for stored in (row, {name: json.dumps(value) for name, value in row.items()}):
        contents = {name: as_object_ref(value).read() for name, value in stored.items()}
        assert contents["raw"] == b"a,b\n1,2\n"
        assert contents["paper"] == b"protocol.txt\0first wash, then rinse"  # as DataJoint keeps it
        assert contents["hashed"] == b"abc"
        assert contents["trace"].startswith(b"\x93NUMPY")
        assert contents["files"] == b"first wash, then rinse"


def test_asking_for_a_handle_reads_nothing(dj_schema: Any, dj_store: djo.Store) -> None:
    scan = dj_schema(type("Scan", (dj.Manual,), {"definition": "i : int32\n---\ntrace : <npy@>"}))
    scan.insert1({"i": 1, "trace": ARRAY})
    held = scan.fetch1("trace")
    dj_store.delete([held.path])
    ref = as_object_ref(held)
    assert (ref.path, ref.store, ref.ext, ref.is_dir) == (held.path, "main", ".npy", False)
    assert not ref.exists()


@pytest.mark.parametrize("value", [12, None, b"abc", {"size": 3}, "{no json", "/no/such/file", [1]])
def test_anything_else_is_no_handle(value: Any) -> None:
    assert as_object_ref(value) is None


def test_anything_else_is_not_browsed() -> None:
    with pytest.raises(djo.ValueRefusedError, match="can be browsed"):
        djo.browse(12)
