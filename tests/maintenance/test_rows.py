"""The rows of a query as a page shows them: raw, in pages, on a connection of their own."""

from __future__ import annotations

import datajoint as dj
import psycopg2
import pytest

from dj_objectstore.exceptions import StoreUnavailableError, ValueRefusedError
from dj_objectstore.maintenance.rows import RowPages


@pytest.fixture
def filled(scan, make_folder):
    folder = make_folder("one", {"a.txt": b"a"})
    scan.insert(
        {"subject_id": f"M{n:03d}", "scan_id": n, "files": folder if n == 1 else None} for n in range(25)
    )
    return scan


@pytest.fixture
def open_pages():
    opened = []

    def open_pages(query):
        opened.append(RowPages(query))
        return opened[-1]

    yield open_pages
    for pages in opened:
        pages.close()


def ids(page):
    return [int(row.cells[1]) for row in page.rows]


def test_pages_join_to_all_rows_in_the_order_of_the_key(filled, open_pages):
    pages = open_pages(filled)
    found = [pages.read(first, 10) for first in (0, 10, 20)]
    assert [n for page in found for n in ids(page)] == list(range(25))
    assert [page.has_more for page in found] == [True, True, False]


def test_columns_tell_keys_from_values_and_objects(filled, open_pages):
    kinds = {column.name: (column.kind, column.codec) for column in open_pages(filled).columns}
    assert kinds == {
        "subject_id": ("key", ""),
        "scan_id": ("key", ""),
        "files": ("object", "object"),
        "more": ("object", "object"),
        "notes": ("object", "file"),
    }


def test_an_object_is_told_without_being_decoded(filled, open_pages):
    row = open_pages(filled & {"scan_id": 1}).read(0, 10).rows[0]
    reference = row.objects["files"].reference
    assert reference.stored.is_dir
    assert reference.handle(reference.open_store()).read("a.txt") == b"a"
    assert row.objects["more"].reference is None


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("scan_id = 7", [7]),
        ("scan_id >= 23", [23, 24]),
        ("subject_id = 'M003'", [3]),
        ("subject_id ~ 01", [1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
        ("M024", [24]),
        ("scan_id > 3, scan_id < 6", [4, 5]),
        ("scan_id != 0, scan_id < 2", [1]),
        ("nothing like it", []),
        ("100%", []),
        ("M_24", []),
    ],
)
def test_rows_are_restricted_by_typing(filled, open_pages, condition, wanted):
    assert ids(open_pages(filled).read(0, 100, condition=condition)) == wanted


@pytest.mark.parametrize("condition", ["files = 1", "nothing = 1", "1 = 1", "scan_id > many"])
def test_a_condition_that_makes_no_sense_is_refused_and_the_next_one_works(filled, open_pages, condition):
    pages = open_pages(filled)
    with pytest.raises(ValueRefusedError):
        pages.read(0, 10, condition=condition)
    assert len(pages.read(0, 100).rows) == 25


@pytest.mark.parametrize("text", ["'; DROP TABLE x; --", "x' OR '1'='1", "%s", "%(a)s", "\\", '"'])
def test_what_is_typed_is_a_value_and_never_sql(filled, open_pages, text):
    assert open_pages(filled).read(0, 10, condition=f"subject_id = {text}").rows == ()
    assert len(filled()) == 25


def test_joins_projections_and_limits_are_shown_too(filled, open_pages):
    joined = filled.proj(again="scan_id") * dj.U("subject_id").aggr(filled, n="count(*)")
    assert len(open_pages(joined).read(0, 100).rows) == 25
    assert ids(open_pages(filled & dj.Top(limit=3, order_by="scan_id DESC")).read(0, 10)) == [22, 23, 24]


def test_looking_at_rows_does_not_meet_the_transaction_of_a_cell(filled, open_pages):
    pages = open_pages(filled)
    with filled.connection.transaction:
        filled.insert1({"subject_id": "new", "scan_id": 99})
        assert len(pages.read(0, 100).rows) == 25
        assert filled.connection.in_transaction
    assert len(pages.read(0, 100).rows) == 26


def test_a_row_whose_store_is_missing_is_shown_and_the_rest_works(filled, open_pages):
    filled.connection.query(
        f'UPDATE {filled.full_table_name} SET files = \'{{"path": "a", "store": "gone"}}\' WHERE scan_id = 2'
    )
    rows = open_pages(filled).read(0, 100).rows
    assert len(rows) == 25
    cell = rows[2].objects["files"]
    assert cell.problem or cell.reference.stored.store == "gone"


def test_rows_are_found_by_their_keys_and_one_that_is_gone_is_left_out(filled, open_pages):
    pages = open_pages(filled)
    keys = [("M003", 3), ("M017", "17"), ("M003", 4)]  # as the database gives them, or as text
    assert sorted(row.key["scan_id"] for row in pages.find(keys)) == [3, 17]
    everything = [row.raw[:2] for row in pages.read(0, 100).rows]
    assert len(pages.find([("no", n) for n in range(300)] + everything)) == 25


def test_a_database_that_ends_the_connection_is_told_and_the_next_page_comes(filled, open_pages):
    pages = open_pages(filled)
    (pid,) = [row[0] for row in pages._ask("SELECT pg_backend_pid()", ())]
    filled.connection.query("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(StoreUnavailableError, match="database does not answer") as caught:
        pages.read(0, 10)
    assert isinstance(caught.value.__cause__, (psycopg2.Error, dj.errors.LostConnectionError))
    assert len(pages.read(0, 10).rows) == 10


def test_what_is_no_error_of_the_database_is_not_taken_for_one(filled, open_pages, monkeypatch):
    pages = open_pages(filled)
    pages.read(0, 1)
    monkeypatch.setattr(pages._connection, "query", lambda *_: [].pop())
    with pytest.raises(IndexError):
        pages.read(0, 1)
