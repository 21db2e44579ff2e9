"""What remains in the store after an insert or update went wrong, at every step where it can."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from datetime import UTC
from typing import Any

import datajoint as dj
import numpy as np
import pytest
from datajoint.errors import DuplicateError, LostConnectionError
from datajoint.table import Table
from hypothesis import given
from hypothesis import strategies as st

import dj_objectstore as djo
from dj_objectstore.codecs import insert
from dj_objectstore.store.inflight import FOLDER, Marker, build_marker, parse_marker, pulse

KEY = {"subject": "m1", "day": "2026-01-05"}
Keys = Callable[[], list[str]]


def notes(caught: pytest.ExceptionInfo[BaseException]) -> str:
    return "\n".join(getattr(caught.value, "__notes__", []))


def test_the_wrapped_methods_still_have_the_signatures_that_the_hook_expects() -> None:
    insert.install()
    rows = inspect.unwrap(getattr(Table._insert_rows, insert._MARK))
    update = inspect.unwrap(getattr(Table.update1, insert._MARK))
    assert list(inspect.signature(rows).parameters) == [
        "self",
        "rows",
        "replace",
        "skip_duplicates",
        "ignore_extra_fields",
    ]
    assert list(inspect.signature(update).parameters) == ["self", "row"]
    for name in ("commit_transaction", "cancel_transaction"):
        original = getattr(getattr(dj.Connection, name), insert._MARK)
        assert list(inspect.signature(original).parameters) == ["self"]


def test_an_upload_that_fails_leaves_nothing(
    scan: Any, keys: Keys, movie: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        del args, kwargs
        raise djo.StoreAccessError("the disk is full")

    monkeypatch.setattr("dj_objectstore.store.store.Store.put_stream", full)
    with pytest.raises(djo.StoreAccessError, match="the disk is full"):
        scan.insert1({**KEY, "movie": movie, "files": b"abc"})
    assert (len(scan()), keys()) == (0, [])


def test_a_row_that_datajoint_refuses_leaves_nothing(scan: Any, keys: Keys) -> None:
    with pytest.raises(KeyError, match="colour"):
        scan.insert1({**KEY, "files": b"abc", "colour": "red"})
    assert keys() == []


def test_a_row_that_the_server_refuses_leaves_nothing(scan: Any, keys: Keys) -> None:
    with pytest.raises(Exception, match="too long"):
        scan.insert1({**KEY, "files": b"abc", "note": "x" * 40})
    assert (len(scan()), keys()) == (0, [])


def test_a_duplicate_keeps_the_first_object_and_leaves_nothing_else(scan: Any, keys: Keys) -> None:
    scan.insert1({**KEY, "files": b"first"})
    before = keys()
    with pytest.raises(DuplicateError):
        scan.insert1({**KEY, "files": b"second"})
    assert keys() == before
    assert scan.fetch1("files").read() == b"first"


def test_a_duplicate_inside_a_transaction_leaves_nothing(scan: Any, keys: Keys) -> None:
    scan.insert1({**KEY, "files": b"first"})
    before = keys()
    with pytest.raises(DuplicateError), scan.connection.transaction:
        scan.insert1({**KEY, "files": b"second"})
    assert keys() == before


def interrupt_after(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the INSERT or UPDATE reach the server, and lose its answer."""
    query = dj.Connection.query

    def lossy(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
        cursor = query(self, sql, *args, **kwargs)
        if sql.startswith(("INSERT", "UPDATE")):
            raise error
        return cursor

    monkeypatch.setattr(dj.Connection, "query", lossy)


@pytest.mark.parametrize("error", [LostConnectionError("gone"), KeyboardInterrupt(), TimeoutError("slow")])
def test_an_answer_that_is_lost_removes_nothing_and_names_what_was_kept(
    scan: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    with monkeypatch.context() as patch:
        interrupt_after(patch, error)
        with pytest.raises(type(error)) as caught:
            scan.insert1({**KEY, "files": b"kept"})
    ref = scan.fetch1("files")
    assert ref.read() == b"kept"
    assert ref.path in notes(caught)


def test_a_repeated_insert_that_reports_a_duplicate_keeps_the_object_of_its_own_row(
    scan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_after(patch, DuplicateError("duplicate key"))
        with pytest.raises(DuplicateError) as caught:
            scan.insert1({**KEY, "files": b"kept"})
    assert scan.fetch1("files").read() == b"kept"
    assert scan.fetch1("files").path in notes(caught)


def test_ctrl_c_while_uploading_leaves_nothing(
    scan: Any, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dj_objectstore.codecs.object import ObjectCodec

    write = ObjectCodec.write

    def interrupted(self: Any, *args: Any) -> None:
        write(self, *args)
        raise KeyboardInterrupt

    monkeypatch.setattr(ObjectCodec, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan.insert1({**KEY, "files": b"abc"})
    assert keys() == []


def test_skipped_duplicates_write_no_object(scan: Any, keys: Keys) -> None:
    scan.insert1({**KEY, "files": b"first"})
    before = keys()
    rows = [{**KEY, "files": b"second"}, {**KEY, "subject": "m2", "files": b"new"}]
    scan.insert(rows, skip_duplicates=True)
    assert [ref.read() for ref in scan.to_arrays("files", order_by="subject")] == [b"first", b"new"]
    assert len(keys()) == len(before) + 1


def test_an_update_writes_a_new_object_at_the_right_address_and_leaves_the_old_one(scan: Any) -> None:
    scan.insert1({**KEY, "files": b"old"})
    old = scan.fetch1("files")
    scan.update1({**KEY, "files": b"new"})
    new = scan.fetch1("files")
    assert (old.read(), new.read()) == (b"old", b"new")
    assert new.path.rpartition("/")[0] == old.path.rpartition("/")[0]


def test_an_update_that_the_server_refuses_leaves_the_row_and_nothing_new(scan: Any, keys: Keys) -> None:
    scan.insert1({**KEY, "files": b"old"})
    before = keys()
    with pytest.raises(Exception, match="too long"):
        scan.update1({**KEY, "files": b"new", "note": "x" * 40})
    assert keys() == before
    assert scan.fetch1("files").read() == b"old"


def test_an_update_of_no_row_writes_nothing(scan: Any, keys: Keys) -> None:
    with pytest.raises(dj.DataJointError, match="one existing entry"):
        scan.update1({**KEY, "files": b"new"})
    assert keys() == []


def test_a_field_can_be_set_to_nothing(scan: Any) -> None:
    scan.insert1({**KEY, "files": b"old"})
    scan.update1({**KEY, "files": None})
    assert scan.fetch1("files") is None


def test_rows_given_as_tuples_and_records_are_taken(scan: Any) -> None:
    scan.insert([("m1", "2026-01-05", "", b"a tuple", None)])
    record = np.array(
        [("m2", "2026-01-05", b"a record")], dtype=[("subject", "O"), ("day", "O"), ("files", "O")]
    )
    scan.insert(record)
    assert [ref.read() for ref in scan.to_arrays("files", order_by="subject")] == [b"a tuple", b"a record"]


def markers(store: Any) -> list[Any]:
    return [parse_marker(store.get(entry.key)) for entry in store.list(FOLDER)]


def test_a_marker_lasts_from_before_the_first_byte_to_the_row(
    scan: Any, dj_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    put = type(dj_store).put_stream

    def looking(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        seen.extend(markers(self))
        return put(self, key, *args, **kwargs)

    monkeypatch.setattr(type(dj_store), "put_stream", looking)
    scan.insert1({**KEY, "files": b"abc"})
    assert [marker.path for marker in seen] == [scan.fetch1("files").path]
    assert seen[0].key == {"subject": "m1", "day": "2026-01-05"}
    assert markers(dj_store) == []


def test_a_marker_lasts_to_the_commit(scan: Any, dj_store: Any) -> None:
    with scan.connection.transaction:
        scan.insert1({**KEY, "files": b"abc"})
        assert len(markers(dj_store)) == 1
    assert markers(dj_store) == []


def test_what_a_rollback_leaves_is_recorded_by_its_marker(scan: Any, dj_store: Any) -> None:
    def roll_back() -> None:
        with scan.connection.transaction:
            scan.insert1({**KEY, "files": b"abc"})
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        roll_back()
    (marker,) = markers(dj_store)
    assert dj_store.exists(marker.path)
    assert (marker.schema, marker.table) == (scan.database, "scan")


def test_what_a_lost_answer_leaves_is_recorded_by_its_marker(
    scan: Any, dj_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_after(patch, LostConnectionError("gone"))
        with pytest.raises(LostConnectionError):
            scan.insert1({**KEY, "files": b"kept"})
    (marker,) = markers(dj_store)
    assert marker.path == scan.fetch1("files").path


def test_a_marker_is_kept_fresh_while_a_write_lasts_and_not_after(scan: Any, dj_store: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        staged.store("files")["a"] = b"1"
        (entry,) = dj_store.list(FOLDER)
        dj_store.delete([entry.key])
        pulse().beat()
        assert [marker.pid for marker in markers(dj_store)] == [os.getpid()]
    pulse().beat()
    assert markers(dj_store) == []


@given(
    st.builds(
        Marker,
        st.text(min_size=1),
        st.text(),
        st.text(),
        st.dictionaries(st.text(), st.text()),
        started=st.datetimes(timezones=st.just(UTC)),
    )
)
def test_a_marker_is_read_back_as_it_was_written(marker: Marker) -> None:
    assert parse_marker(build_marker(marker)) == marker
