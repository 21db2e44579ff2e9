"""The examples of the `file` type's specification, with `<file@>` for `file`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

DATA = b"a recording"


@pytest.fixture
def recording(dj_schema: Any, dj_store: Any) -> Any:
    del dj_store

    class Recording(dj.Manual):
        definition = """
        subject_id : int32
        session_id : int32
        ---
        raw_data : <file@>
        processed = null : <file@>
        """

    return dj_schema(Recording)


def test_insert_from_a_path_and_from_a_named_stream(recording: Any, tmp_path: Path) -> None:
    (tmp_path / "recording.dat").write_bytes(DATA)
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": f"{tmp_path}/recording.dat"})
    with (tmp_path / "recording.dat").open("rb") as f:
        recording.insert1({"subject_id": 123, "session_id": 46, "raw_data": ("custom_name.dat", f)})
    refs = recording.to_arrays("raw_data", order_by="session_id")
    assert [ref.original_name for ref in refs] == ["recording.dat", "custom_name.dat"]


def test_fetch(recording: Any, tmp_path: Path) -> None:
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": ("recording.csv", DATA)})
    record = recording.fetch1()
    file_ref = record["raw_data"]
    assert "/Recording/subject_id=123/session_id=45/raw_data_" in file_ref.path
    assert file_ref.size == len(DATA)
    assert file_ref.hash == f"sha256:{hashlib.sha256(DATA).hexdigest()}"
    assert file_ref.original_name == "recording.csv"
    assert file_ref.mime_type == "text/csv"
    assert file_ref.timestamp is not None
    content = file_ref.read()
    local_path = file_ref.download(f"{tmp_path}/destination/")
    with file_ref.open() as f:
        data = f.read()
    assert content == local_path.read_bytes() == data == DATA
    assert local_path.name == "recording.csv"
    assert file_ref.exists()
