from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

import dj_objectstore as djo

KEY = {"subject": "m1", "day": "2026-01-05"}
Keys = Callable[[], list[str]]


def test_a_zarr_written_in_its_place_is_inserted_and_verifies(scan: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(10, 10), chunks=(5, 10), dtype="i4")
        z[:] = np.arange(100).reshape(10, 10)
        staged.rec["files"] = z
    ref = scan.fetch1("files")
    assert (ref.ext, ref.is_dir, ref.hash) == (".zarr", True, None)
    assert ref.size > 0
    assert np.array_equal(ref.open_zarr()[:], np.arange(100).reshape(10, 10))
    assert ref.verify(read_data=True)


def test_a_group_and_a_dataset_can_be_staged(scan: Any) -> None:
    with djo.staged_insert1(scan) as staged:
        staged.rec.update(KEY)
        xr.Dataset({"a": ("x", np.arange(6))}).to_zarr(
            staged.store("files", ".zarr"), mode="w", zarr_format=2
        )
    dataset = scan.fetch1("files").to_xarray()
    assert int(dataset.a.sum()) == 15


def test_a_file_is_staged_with_its_digest(scan: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        with staged.open("files", ".txt") as file:
            file.write(b"hello")
    ref = scan.fetch1("files")
    assert (ref.read(), ref.ext, ref.is_dir, ref.size, ref.mime_type) == (
        b"hello",
        ".txt",
        False,
        5,
        "text/plain",
    )
    assert ref.digest
    assert ref.verify(read_data=True)


def test_a_file_that_was_left_open_is_complete_in_the_row(scan: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        staged.open("files", ".txt").write(b"hello")
    assert scan.fetch1("files").read() == b"hello"


def test_a_staged_object_and_a_copied_one_share_a_row(scan: Any, movie: np.ndarray) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY, movie=djo.Photon(movie, gain=20, offset=100))
        staged.store("files")["a/b.bin"] = b"123"
    files, stored = scan.fetch1("files", "movie")
    assert files.read("a/b.bin") == b"123"
    assert stored.shape == movie.shape


def test_an_error_in_the_block_leaves_nothing(scan: Any, keys: Keys) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.store("files", ".zarr")["a"] = b"123"
            raise RuntimeError("no light")

    with pytest.raises(RuntimeError, match="no light"):
        fail()
    assert (len(scan()), keys()) == (0, [])


def test_an_error_while_a_file_is_open_leaves_nothing(scan: Any, keys: Keys) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.open("files", ".bin").write(b"123")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (len(scan()), keys()) == (0, [])


def test_an_object_that_was_never_written_is_refused(scan: Any, keys: Keys) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.store("files", ".zarr")

    with pytest.raises(djo.ValueRefusedError, match="must write what it stages"):
        fail()
    assert (len(scan()), keys()) == (0, [])


def test_a_key_that_changes_after_the_first_write_is_refused(scan: Any, keys: Keys) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.store("files")["a"] = b"1"
            staged.rec["subject"] = "m2"

    with pytest.raises(djo.ValueRefusedError, match="the primary key is fixed"):
        fail()
    assert (len(scan()), keys()) == (0, [])


def test_a_key_given_in_another_spelling_is_the_same(scan: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        staged.store("files")["a"] = b"1"
        staged.rec["day"] = "2026-1-5"
    assert len(scan()) == 1


@pytest.mark.parametrize("field", ["note", "movie", "nothing"])
def test_a_field_that_can_not_be_staged_is_refused_with_those_that_can(scan: Any, field: str) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.store(field)

    with pytest.raises(djo.ValueRefusedError, match="Those of this table are: files"):
        fail()


def test_a_missing_key_is_named(scan: Any) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec["subject"] = "m1"
            staged.store("files")

    with pytest.raises(djo.ValueRefusedError, match="'day' has no value"):
        fail()


def test_another_value_for_a_staged_field_is_refused(scan: Any, keys: Keys) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.store("files")["a"] = b"1"
            staged.rec["files"] = zarr.zeros((3, 3))

    with pytest.raises(djo.ValueRefusedError, match="its value is what was written"):
        fail()
    assert keys() == []


def test_a_duplicate_leaves_the_first_row_and_nothing_else(scan: Any, keys: Keys) -> None:
    scan.insert1({**KEY, "files": b"first"})
    before = keys()

    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.store("files")["a"] = b"1"

    with pytest.raises(Exception, match=r"[Dd]uplicate"):
        fail()
    assert keys() == before


def test_nothing_is_written_through_the_mapping_after_the_insert(scan: Any) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        mapping = staged.store("files")
        mapping["a"] = b"1"
    with pytest.raises(djo.ReadOnlyError):
        mapping["b"] = b"2"
    assert scan.fetch1("files").listdir() == ["a"]


def test_it_works_inside_make(dj_schema: Any, dj_store: Any) -> None:
    import datajoint as dj

    del dj_store

    @dj_schema
    class Source(dj.Manual):
        definition = "i : int32"

    @dj_schema
    class Result(dj.Computed):
        definition = """
        -> Source
        ---
        data : <object@main>
        """

        def make(self, key: dict[str, Any]) -> None:
            with self.staged_insert1 as staged:
                staged.rec.update(key)
                staged.store("data", ".zarr")["x"] = b"%d" % key["i"]
                if key["i"] == 2:
                    raise ValueError("odd one out")

    Source.insert({"i": i} for i in range(4))
    Result.populate(suppress_errors=True)
    assert sorted(ref.read("x") for ref in Result.to_arrays("data")) == [b"0", b"1", b"3"]


def test_a_movie_is_staged_frame_by_frame(scan: Any, movie: np.ndarray) -> None:
    with scan.staged_insert1 as staged:
        staged.rec.update(KEY)
        recording = staged.photon("movie", shape=movie.shape[1:], gain=20, offset=100, frame_rate=10.0)
        for frame in movie:
            recording.append(frame)
    stored = scan.fetch1("movie")
    assert (stored.shape, stored.dtype) == (movie.shape, movie.dtype)
    assert np.abs(stored[...].astype(float) - movie).max() < 0.5 * 20 * np.sqrt(movie.max() / 20)
    assert stored.times[1] == 0.1
    assert stored.verify(read_data=True)
    assert stored.thumbnail()


def test_an_acquisition_that_fails_leaves_nothing(scan: Any, keys: Keys, movie: np.ndarray) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            recording = staged.photon("movie", gain=20, offset=100)
            recording.append(movie[:5])
            raise RuntimeError("the shutter closed")

    with pytest.raises(RuntimeError, match="the shutter closed"):
        fail()
    assert (len(scan()), keys()) == (0, [])


def test_an_acquisition_without_a_frame_is_refused(scan: Any, keys: Keys) -> None:
    def fail() -> None:
        with scan.staged_insert1 as staged:
            staged.rec.update(KEY)
            staged.photon("movie", gain=20, offset=100)

    with pytest.raises(djo.MovieRefusedError):
        fail()
    assert (len(scan()), keys()) == (0, [])
