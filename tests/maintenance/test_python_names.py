"""The line of Python that gives a row's object: run as a user would."""

from __future__ import annotations

import sys
import types
import uuid
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.maintenance.python_names import object_in_python, row_in_python, table_in_python
from dj_objectstore.maintenance.rows import RowPages


@pytest.fixture
def filled(scan: Any, make_folder: Any) -> Any:
    folder = make_folder("one", {"a.txt": b"a", "notes.txt": b"quiet"})
    key = {"subject_id": 'it\'s "M1" <b>', "scan_id": 7}
    scan.insert1(key | {"files": folder, "more": (".bin", b"0123"), "notes": folder / "notes.txt"})
    return scan


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module that stands for the user's notebook."""
    module = types.ModuleType("__main__")
    vars(module).update(dj=dj, djo=djo)
    monkeypatch.setitem(sys.modules, "__main__", module)
    return module


def lines(query: Any) -> dict[str, str]:
    """The line of each object of a query's only row."""
    pages = RowPages(query)
    try:
        (row,) = pages.read(0, 10).rows
        cells = {name: cell.reference for name, cell in row.objects.items() if cell.reference}
        return {name: object_in_python(found, pages.python) for name, found in cells.items()}
    finally:
        pages.close()


def run(line: str, main: types.ModuleType) -> Any:
    return eval(line, vars(main))


def check(found: dict[str, str], main: types.ModuleType) -> None:
    assert run(found["files"], main).read("a.txt") == b"a"
    assert run(found["more"], main).read() == b"0123"
    assert run(found["notes"], main).original_name == "notes.txt"


def test_the_line_of_a_row_runs_without_its_class(filled: Any, main: types.ModuleType) -> None:
    found = lines(filled)
    assert found["files"].startswith("(dj.FreeTable(dj.conn(), ")
    check(found, main)


def test_the_line_names_the_class_where_the_user_has_it(filled: Any, main: types.ModuleType) -> None:
    vars(main)["Recording"] = filled
    found = lines(filled & "scan_id = 7")
    assert found["files"].startswith("(Recording & {'subject_id': ")
    check(found, main)


def test_the_line_names_the_module_that_the_user_has_imported(filled: Any, main: types.ModuleType) -> None:
    lab = types.ModuleType("lab")
    vars(lab)["Scan"] = filled
    vars(main)["lab"] = lab
    found = lines(filled())
    assert found["files"].startswith("(lab.Scan & ")
    check(found, main)


def test_the_line_of_a_query_that_is_no_table_names_the_object_itself(
    filled: Any, main: types.ModuleType
) -> None:
    for query in (filled * filled.proj(again="more"), filled.proj(..., number="scan_id")):
        assert table_in_python(query) == ""
        check(lines(query), main)


@pytest.mark.parametrize("subject", ["M\\1", "100 %"])
def test_a_key_that_no_restriction_finds_is_not_used(
    filled: Any, make_folder: Any, main: types.ModuleType, subject: str
) -> None:
    filled.insert1({"subject_id": subject, "scan_id": 8, "files": make_folder("two", {"a.txt": b"two"})})
    found = lines(filled & "scan_id = 8")["files"]
    assert found.startswith("djo.ObjectRef.from_json(")
    assert run(found, main).read("a.txt") == b"two"


def test_a_table_of_another_connection_is_not_named(filled: Any) -> None:
    class Elsewhere:
        full_table_name = filled.full_table_name
        heading = filled.heading
        connection = None

    assert table_in_python(Elsewhere()) == ""
    assert table_in_python(filled()) != ""


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (3, "3"),
        (2.5, "2.5"),
        ("a'b", '"a\'b"'),
        (uuid.UUID(int=5), "'00000000-0000-0000-0000-000000000005'"),
    ],
)
def test_values_of_a_key_are_written_as_a_restriction_takes_them(value: object, literal: str) -> None:
    assert row_in_python("Scan", {"n": value}, "files") == f"(Scan & {{'n': {literal}}}).fetch1('files')"
