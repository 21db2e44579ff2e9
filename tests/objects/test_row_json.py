from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import FormatError
from dj_objectstore.objects.row_json import StoredObject

texts = st.text(min_size=1, max_size=20)
maybe = st.none()
stored_objects = st.builds(
    StoredObject,
    path=texts,
    store=maybe | texts,
    size=maybe | st.integers(0, 2**50),
    is_dir=st.booleans(),
    ext=maybe | texts,
    timestamp=maybe | st.datetimes(timezones=st.just(UTC)),
    hash=maybe | texts,
    mime_type=maybe | texts,
    item_count=maybe | st.integers(0, 10**6),
    digest=maybe | texts,
    original_name=maybe | texts,
)


@given(stored_objects)
def test_a_row_json_is_read_back_as_it_was_written(stored: StoredObject) -> None:
    assert StoredObject.from_json(json.dumps(stored.to_json())) == stored
    assert StoredObject.from_json(stored.to_json()) == stored


def test_a_row_json_of_plain_datajoint_is_read() -> None:
    row = {
        "path": "_schema/lab/scan/scan_id=1/files_Ab-_E5gH",
        "store": None,
        "size": 12,
        "ext": None,
        "is_dir": True,
        "item_count": 2,
        "timestamp": "2026-01-02T03:04:05+00:00",
    }
    stored = StoredObject.from_json(row)
    assert (stored.path, stored.store, stored.size, stored.item_count) == (row["path"], None, 12, 2)
    assert stored.timestamp == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("row", [{}, {"path": 3}, [], "[]"])
def test_a_row_json_without_a_path_is_refused(row: object) -> None:
    with pytest.raises(FormatError, match="must name its path"):
        StoredObject.from_json(row)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "ext"),
    [
        ({"path": "raw/a.csv", "is_dir": False}, ".csv"),
        ({"path": "raw/run.2026", "is_dir": True}, None),
        ({"path": "_hash/lab/abc"}, None),
        ({"path": "_schema/lab/Scan/i=1/field.a1b2c3d4", "ext": None}, None),
    ],
)
def test_an_extension_that_the_row_does_not_record_is_that_of_the_path(
    row: dict[str, object], ext: str | None
) -> None:
    assert StoredObject.from_json(row).ext == ext
