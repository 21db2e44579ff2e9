from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr

from dj_objectstore.exceptions import FormatError, IntegrityError, ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.file_ref import FileRef
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.objects.source import Source
from dj_objectstore.objects.upload import upload
from dj_objectstore.widgets.frames.frames import FrameService
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.opening import Known, open_movie

if TYPE_CHECKING:
    from pathlib import Path

    from dj_objectstore.store.store import Store
    from dj_objectstore.widgets.movies.sources import FrameSource

MOVIE = np.random.default_rng(7).integers(0, 4000, (11, 12, 9)).astype("u2")


def opened(movie: Any, **known: Any) -> FrameSource:
    return open_movie(movie, Known(**known)).open()


def values(source: FrameSource) -> np.ndarray:
    blocks = [source.read_block(block) for block in range(source.blocks)]
    return decode_block(np.concatenate(blocks), source.code, source.table)


def write(path: Path, kind: str) -> Path:
    match kind:
        case "tif":
            tifffile.imwrite(path, MOVIE)
        case "npy":
            np.save(path, MOVIE)
        case "h5":
            import h5py

            with h5py.File(path, "w") as file:
                file["m"] = MOVIE
        case _:
            zarr.create_array(path, data=MOVIE, chunks=(4, 12, 9))
    return path


@pytest.mark.parametrize("kind", ["tif", "npy", "h5", "zarr"])
@pytest.mark.parametrize("how", [str, lambda path: path], ids=["text", "path"])
def test_a_local_path_is_a_movie(tmp_path: Path, kind: str, how: Any) -> None:
    path = write(tmp_path / f"movie.{kind}", kind)
    opening = open_movie(how(path), Known(frame_rate=12.5))
    assert opening.title == path.name
    source = opening.open()
    assert source.facts.timing.frame_rate == 12.5
    np.testing.assert_array_equal(values(source), MOVIE)


@pytest.mark.parametrize("kind", ["tif", "npy", "h5"])
@pytest.mark.parametrize("handle", [ObjectRef, FileRef])
def test_a_stored_file_is_a_movie_by_what_it_holds(
    store: Store, tmp_path: Path, config: dict[str, Any], kind: str, handle: type[ObjectRef]
) -> None:
    path = write(tmp_path / f"movie.{kind}", kind)
    stored = upload(Source(path), store, "lab/Scan/scan=1/file_Ab3dE5gH")
    np.testing.assert_array_equal(values(opened(handle(stored, config=config))), MOVIE)


def test_a_file_that_users_keep_themselves_is_a_movie(
    store: Store, tmp_path: Path, config: dict[str, Any]
) -> None:
    store.put("raw/day 1/movie", write(tmp_path / "movie.tif", "tif").read_bytes())
    row = {"path": "raw/day 1/movie", "store": "main", "size": 1, "is_dir": False}
    np.testing.assert_array_equal(values(opened(ObjectRef.from_json(row, config=config))), MOVIE)


def test_a_folder_of_tiff_files_is_one_movie_in_the_order_of_their_numbers(
    store: Store, config: dict[str, Any], tmp_path: Path
) -> None:
    for number in (10, 9, 1):
        tifffile.imwrite(tmp_path / "a.tif", MOVIE[:2] + number)
        store.put(f"lab/scan_Ab3dE5gH/scan_{number}.tif", (tmp_path / "a.tif").read_bytes())
    store.put("lab/scan_Ab3dE5gH/notes.txt", b"hello")
    ref = ObjectRef(StoredObject("lab/scan_Ab3dE5gH", "main", 1, is_dir=True), config=config)
    source = opened(ref)
    assert source.frames == 6
    np.testing.assert_array_equal(values(source), np.concatenate([MOVIE[:2] + n for n in (1, 9, 10)]))


def test_a_folder_without_a_movie_says_so(store: Store, config: dict[str, Any]) -> None:
    store.put("lab/text_Ab3dE5gH/notes.txt", b"hello")
    ref = ObjectRef(StoredObject("lab/text_Ab3dE5gH", "main", 1, is_dir=True), config=config)
    with pytest.raises(FormatError, match="not a movie"):
        opened(ref)


def test_a_chunk_of_an_object_that_is_lost_is_never_shown_as_zeros(
    store: Store, tmp_path: Path, config: dict[str, Any]
) -> None:
    stored = upload(Source(write(tmp_path / "a.zarr", "zarr")), store, "lab/Scan/scan=1/array_Ab3dE5gH")
    source = opened(ObjectRef(stored, config=config))
    store.delete([f"{stored.path}/c/1/0/0"])
    np.testing.assert_array_equal(source.read_block(0), MOVIE[:4])
    with pytest.raises(IntegrityError, match="c/1/0/0"):
        source.read_block(1)


def test_an_object_that_is_gone_is_told(config: dict[str, Any]) -> None:
    ref = ObjectRef(StoredObject("lab/gone_Ab3dE5gH.tif", "main", 1, is_dir=False), config=config)
    with pytest.raises(ObjectNotFoundError, match="gone_Ab3dE5gH"):
        opened(ref)


def test_a_dataset_of_xarray_is_its_first_movie() -> None:
    dataset = xr.Dataset({"mean": (("y", "x"), MOVIE[0]), "movie": (("time", "y", "x"), MOVIE)})
    np.testing.assert_array_equal(values(opened(dataset)), MOVIE)


def test_a_list_is_shown_one_after_the_other(tmp_path: Path) -> None:
    source = opened([write(tmp_path / "a.tif", "tif"), MOVIE[:3]], times=np.arange(14))
    assert source.frames == 14
    assert source.facts.timing.times is not None
    np.testing.assert_array_equal(values(source), np.concatenate([MOVIE, MOVIE[:3]]))


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    service = FrameService()
    for offset in (0, 1):
        np.save(tmp_path / "a.npy", MOVIE + offset)
        os.utime(tmp_path / "a.npy", (offset, offset))
        frame = service.read(opened(tmp_path / "a.npy"), 3)
        np.testing.assert_array_equal(frame, MOVIE[3] + offset)
    service.close()


def test_the_same_array_with_other_axes_is_another_movie(tmp_path: Path) -> None:
    service, path = FrameService(), write(tmp_path / "a.zarr", "zarr")
    np.testing.assert_array_equal(service.read(opened(path), 2), MOVIE[2])
    turned = opened(path, dims=("y", "x", "time"))
    np.testing.assert_array_equal(service.read(turned, 2), MOVIE[:, :, 2])
    service.close()


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueRefusedError, match="no file or folder"):
        open_movie(tmp_path / "none.tif", Known())


@pytest.mark.parametrize("order", ["F", "scalar"])
def test_a_npy_file_without_whole_frames_is_refused(tmp_path: Path, order: str) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(MOVIE) if order == "F" else np.arange(3))
    with pytest.raises(ValueRefusedError, match="C order"):
        opened(tmp_path / "a.npy")
