"""The main path on a store that speaks S3, and its movie read as any other tool would read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datajoint as dj
import fsspec
import numpy as np
import pytest
import zarr

import dj_objectstore as djo

KEY = {"subject": "m1", "day": "2026-01-05"}

pytestmark = pytest.mark.parametrize("dj_store", ["s3"], indirect=True)


def test_a_movie_opens_with_fsspec_and_zarr_alone(scan: Any, movie: np.ndarray) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100)})
    stored = scan.fetch1("movie")
    settings = dj.config.stores["main"]
    fs = fsspec.filesystem(
        "s3",
        endpoint_url=djo.open_store("main").spec.endpoint_url,
        key=settings["access_key"],
        secret=settings["secret_key"],
    )
    array = zarr.open(fs.get_mapper(stored.url), mode="r")
    expected = 2 * np.sqrt((movie - 100) / 20 + 3 / 8)
    assert np.abs(array[...] - expected).max() <= 0.25 + 1e-9
    assert array.attrs["codec_name"] == "photon"
    assert array.attrs["anscombe_gain"] == 20
    assert array.attrs["original_dtype"] == "int16"


def test_a_folder_comes_back_whole(scan: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "größe.txt").write_bytes(b"1")
    (tmp_path / "empty.bin").write_bytes(b"")
    scan.insert1({**KEY, "files": tmp_path})
    ref = scan.fetch1("files")
    assert ref.listdir() == ["empty.bin", "sub"]
    assert ref.read("sub/größe.txt") == b"1"
    assert ref.verify(read_data=True)
    copy = ref.download(tmp_path / "copy")
    assert (copy / "sub" / "größe.txt").read_bytes() == b"1"


def test_a_zarr_group_opens_through_the_handle(scan: Any, tmp_path: Path) -> None:
    root = zarr.open_group(tmp_path / "g.zarr", mode="w")
    root.create_array("a/b", data=np.arange(12).reshape(3, 4), chunks=(1, 4))
    scan.insert1({**KEY, "files": tmp_path / "g.zarr"})
    ref = scan.fetch1("files")
    assert ref.ext == ".zarr"
    assert np.array_equal(ref.open_zarr()["a/b"][1], [4, 5, 6, 7])
    assert int(ref.to_dask("a/b").sum().compute()) == 66


def test_no_secret_is_shown_or_pickled(scan: Any) -> None:
    import pickle

    scan.insert1({**KEY, "files": b"abc"})
    ref = scan.fetch1("files")
    secret = dj.config.stores["main"]["secret_key"]
    shown = [repr(ref), repr(ref.opened), repr(ref.fs), repr(ref.fsmap), ref.fs.to_json(), ref.url]
    pickled = [pickle.dumps(thing) for thing in (ref, ref.opened, ref.fs, ref.fsmap)]
    assert not any(secret in text for text in shown)
    assert not any(secret.encode() in data for data in pickled)
    assert pickle.loads(pickled[0]).read() == b"abc"


def test_rolled_back_inserts_remove_nothing_that_another_row_names(scan: Any, keys: Any) -> None:
    scan.insert1({**KEY, "files": b"first"})
    before = keys()

    def insert_and_fail() -> None:
        with scan.connection.transaction:
            scan.insert1({**KEY, "subject": "m2", "files": b"second"})
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        insert_and_fail()
    assert len(scan()) == 1
    assert scan.fetch1("files").read() == b"first"
    assert set(before) <= set(keys())


def test_an_empty_folder_is_there_where_a_store_has_no_folders(scan: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    scan.insert1({**KEY, "files": tmp_path / "empty"})
    ref = scan.fetch1("files")
    assert (ref.exists(), ref.listdir(), list(ref.find())) == (True, [], [])
    assert list(ref.walk()) == [("", [], [])]
    assert ref.verify(read_data=True)
    assert list(ref.download(tmp_path / "copy").iterdir()) == []
    scan.insert1({**KEY, "subject": "m2", "files": ref})
    assert (scan & {"subject": "m2"}).fetch1("files").exists()
    assert not ref.exists("anything")
    ref.opened.delete([f"{ref.path}.manifest.json"])
    assert not ref.exists()
