"""The examples of the `object` type's specification; `<object@>` for `object`, `fsmap` for `store`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import datajoint as dj
import numpy as np
import pytest
import xarray as xr
import zarr

import dj_objectstore as djo

pytestmark = pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)


@pytest.fixture
def recording(dj_schema: Any, dj_store: Any) -> Any:
    del dj_store

    class Recording(dj.Manual):
        definition = """
        subject_id : int32
        session_id : int32
        ---
        raw_data = null : <object@>
        neural_data = null : <object@>
        processed = null : <object@>
        """

    return dj_schema(Recording)


def compute_large_array() -> np.ndarray:
    return np.arange(10_000, dtype="f4").reshape(100, 100)


def acquisition_stream() -> Iterator[np.ndarray]:
    for i in range(3):
        yield np.full((100, 8), i, dtype="f4")


def test_insert_behavior(recording: Any, tmp_path: Path) -> None:
    (tmp_path / "recording.dat").write_bytes(b"data")
    (tmp_path / "data_folder").mkdir()
    (tmp_path / "data_folder" / "a.txt").write_bytes(b"a")
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": tmp_path / "recording.dat"})
    recording.insert1({"subject_id": 123, "session_id": 46, "raw_data": f"{tmp_path}/data_folder/"})
    with (tmp_path / "recording.dat").open("rb") as f:
        recording.insert1({"subject_id": 123, "session_id": 47, "raw_data": (".bin", f)})
    refs = recording.to_arrays("raw_data", order_by="session_id")
    assert [ref.ext for ref in refs] == [".dat", None, ".bin"]
    assert [ref.is_dir for ref in refs] == [False, True, False]
    for ref, session_id in zip(refs, (45, 46, 47), strict=True):
        assert f"/Recording/subject_id=123/session_id={session_id}/raw_data_" in ref.path


def test_staged_insert_basic_usage(recording: Any) -> None:
    with recording.staged_insert1 as staged:
        staged.rec["subject_id"] = 123
        staged.rec["session_id"] = 45
        z = zarr.open(staged.store("raw_data", ".zarr"), mode="w", shape=(100, 100), dtype="f4")
        z[:] = compute_large_array()
        staged.rec["raw_data"] = z
    ref = recording.fetch1("raw_data")
    assert (ref.ext, ref.is_dir, ref.hash) == (".zarr", True, None)
    assert np.array_equal(zarr.open(ref.fsmap, mode="r")[:], compute_large_array())


def test_multiple_object_fields(recording: Any) -> None:
    raw_array, processed_array = compute_large_array(), np.ones((10, 10))
    with recording.staged_insert1 as staged:
        staged.rec["subject_id"] = 123
        staged.rec["session_id"] = 45
        raw = zarr.open(staged.store("raw_data", ".zarr"), mode="w", shape=(100, 100))
        raw[:] = raw_array
        processed = zarr.open(staged.store("processed", ".zarr"), mode="w", shape=(10, 10))
        processed[:] = processed_array
        staged.rec["raw_data"] = raw
        staged.rec["processed"] = processed
    row = recording.fetch1()
    for name, array in (("raw_data", raw_array), ("processed", processed_array)):
        assert f"/{name}_" in row[name].path
        assert row[name].path.endswith(".zarr")
        assert np.array_equal(row[name].open_zarr()[:], array)
        assert (row[name].hash, row[name].mime_type, row[name].verify(read_data=True)) == (None, None, True)


def test_staged_insert_open_and_fs(recording: Any) -> None:
    with recording.staged_insert1 as staged:
        staged.rec["subject_id"] = 123
        staged.rec["session_id"] = 45
        with staged.open("raw_data", ".bin") as f:
            f.write(b"streamed")
        staged.store("neural_data")
        assert staged.fs.exists(staged.store("neural_data").root) is False
        staged.fs.pipe_file(f"{staged.store('neural_data').root}/notes.txt", b"notes")
    raw_data, neural_data = recording.fetch1("raw_data", "neural_data")
    assert raw_data.read() == b"streamed"
    assert neural_data.listdir() == ["notes.txt"]


def test_staged_insert_on_exception_leaves_nothing(recording: Any, dj_store: Any) -> None:
    def fail() -> None:
        with recording.staged_insert1 as staged:
            staged.rec["subject_id"] = 123
            staged.rec["session_id"] = 45
            staged.store("raw_data", ".zarr")["a"] = b"1"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (len(recording()), list(dj_store.list())) == (0, [])


@pytest.fixture
def neural(recording: Any) -> Any:
    """The Zarr example, and what it fetches; `create_array` is what zarr 3 calls `create_dataset`."""
    with recording.staged_insert1 as staged:
        staged.rec["subject_id"] = 123
        staged.rec["session_id"] = 45
        store = staged.store("neural_data", ".zarr")
        root = zarr.open(store, mode="w")
        root.create_array("timestamps", data=np.arange(1000))
        root.create_array(
            "spikes",
            shape=(300, 8),
            chunks=(100, 8),
            dtype="f4",
            attributes={"_ARRAY_DIMENSIONS": ["t", "unit"]},
        )
        for i, chunk in enumerate(acquisition_stream()):
            root["spikes"][i * 100 : (i + 1) * 100] = chunk
        staged.rec["neural_data"] = root
    return recording.fetch1()["neural_data"]


def test_reading_zarr_data(neural: djo.ObjectRef) -> None:
    z = zarr.open(neural.fsmap, mode="r")
    assert z["spikes"].shape == (300, 8)
    arr = da.from_zarr(neural.fsmap, component="spikes")
    assert arr.chunksize == (100, 8)
    assert float(arr[250].mean().compute()) == 2
    assert neural.verify(read_data=True)


def test_reading_with_xarray(recording: Any) -> None:
    dataset = xr.Dataset({"spikes": (("t", "unit"), np.ones((30, 4)))})
    with recording.staged_insert1 as staged:
        staged.rec.update(subject_id=1, session_id=1)
        dataset.to_zarr(staged.store("neural_data", ".zarr"), zarr_format=2, consolidated=True)
    assert xr.open_zarr(recording.fetch1("neural_data").fsmap).identical(dataset)


def test_fetch_behavior_of_a_file(recording: Any, tmp_path: Path) -> None:
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": (".dat", b"content")})
    record = recording.fetch1()
    file_ref = record["raw_data"]
    assert file_ref.path.endswith(".dat")
    assert (file_ref.size, file_ref.hash, file_ref.ext, file_ref.is_dir) == (7, None, ".dat", False)
    assert file_ref.read() == b"content"
    with file_ref.open() as f:
        assert f.read() == b"content"
    local_path = file_ref.download(f"{tmp_path}/")
    assert local_path.read_bytes() == b"content"


def test_fetch_behavior_of_a_folder(recording: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "subdir").mkdir(parents=True)
    (source / "subdir" / "file.dat").write_bytes(b"inside")
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": source})
    file_ref = recording.fetch1("raw_data")
    assert file_ref.listdir() == ["subdir"]
    with file_ref.open("subdir/file.dat") as f:
        assert f.read() == b"inside"
    assert list(file_ref.walk()) == [("", ["subdir"], []), ("subdir", [], ["file.dat"])]
    local_path = file_ref.download(f"{tmp_path}/here/", "subdir/file.dat")
    assert local_path.read_bytes() == b"inside"


def test_fsspec_integration(recording: Any, tmp_path: Path) -> None:
    (tmp_path / "source" / "subdir").mkdir(parents=True)
    (tmp_path / "source" / "subdir" / "file.dat").write_bytes(b"inside")
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": tmp_path / "source"})
    obj_ref = recording.fetch1()["raw_data"]
    fs = obj_ref.fs
    files = fs.ls(obj_ref.full_path, detail=False)
    assert files == fs.ls(obj_ref.path, detail=False) == [f"{obj_ref.path}/subdir"]
    assert fs.cat_file(f"{obj_ref.full_path}/subdir/file.dat") == b"inside"
    with fs.open(f"{obj_ref.url}/subdir/file.dat") as f:
        assert f.read() == b"inside"
    for outside in (
        f"{obj_ref.full_path}/../x",
        f"{obj_ref.full_path}x/a",
        obj_ref.full_path[:-1],
        "/etc/passwd",
    ):
        with pytest.raises(djo.UnsafePathError):
            fs.cat_file(outside)


def test_optional_hashing(recording: Any, tmp_path: Path) -> None:
    (tmp_path / "important.dat").write_bytes(b"important")
    value = djo.Source(tmp_path / "important.dat", hash="sha256")
    recording.insert1({"subject_id": 123, "session_id": 45, "raw_data": value})
    assert recording.fetch1("raw_data").hash.startswith("sha256:")
