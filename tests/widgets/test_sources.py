from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr

from dj_objectstore.exceptions import IntegrityError, ValueRefusedError
from dj_objectstore.photon import NoiseModel
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.writer import write_movie
from dj_objectstore.widgets.codes import decode_block
from dj_objectstore.widgets.photon_source import PhotonSource
from dj_objectstore.widgets.sources import ArraySource

if TYPE_CHECKING:
    from pathlib import Path

    from dj_objectstore.widgets.sources import FrameSource

FRAMES = np.random.default_rng(0).integers(-500, 500, (25, 6, 8)).astype("i2")


def as_zarr(values: np.ndarray, version: int, folder: Path) -> Any:
    array = zarr.create_array(
        folder / "movie.zarr", shape=values.shape, chunks=(10, 6, 8), dtype=values.dtype, zarr_format=version
    )
    array[...] = values
    return zarr.open(folder / "movie.zarr", mode="r")


def noise_of(gain: float) -> NoiseModel:
    return NoiseModel(gain=gain, offset=100.0, variance=0.0, goodness=1.0, trusted=True, why="given")


def all_values(source: FrameSource, channel: int = 0) -> np.ndarray:
    blocks = [source.read_block(block, channel=channel) for block in range(source.blocks)]
    return decode_block(np.concatenate(blocks), source.code, source.table)


@pytest.mark.parametrize("kind", ["numpy", "memmap", "zarr2", "zarr3", "dask", "xarray", "lazy xarray"])
def test_arrays_of_every_library_give_the_same_frames(kind: str, tmp_path: Path) -> None:
    match kind:
        case "numpy":
            array: Any = FRAMES
        case "memmap":
            FRAMES.tofile(tmp_path / "raw")
            array = np.memmap(tmp_path / "raw", "i2", "r", shape=FRAMES.shape)
        case "zarr2" | "zarr3":
            array = as_zarr(FRAMES, int(kind[-1]), tmp_path)
        case "dask":
            array = da.from_array(FRAMES, chunks=(10, 6, 8))
        case "xarray":
            array = xr.DataArray(FRAMES.transpose(1, 2, 0), dims=("y", "x", "time"))
        case _:
            array = xr.DataArray(da.from_array(FRAMES, chunks=(10, 3, 8)), dims=("time", "y", "x"))
    source = ArraySource(array)
    assert (source.frames, source.height, source.width, source.channels) == (25, 6, 8, 1)
    np.testing.assert_array_equal(all_values(source), FRAMES)


def test_a_block_is_as_long_as_the_chunks(tmp_path: Path) -> None:
    assert ArraySource(as_zarr(FRAMES, 3, tmp_path)).block_frames == 10
    assert ArraySource(da.from_array(FRAMES, chunks=(7, 6, 8))).block_frames == 7


def test_a_block_is_bounded_however_long_the_chunks_are() -> None:
    huge = da.zeros((10_000, 1000, 1000), dtype="u1", chunks=(10_000, 10, 10))
    assert ArraySource(huge).block_frames == 64


def test_two_axes_are_one_frame() -> None:
    source = ArraySource(FRAMES[3])
    assert source.frames == 1
    np.testing.assert_array_equal(all_values(source)[0], FRAMES[3])


def test_channels_are_read_one_by_one() -> None:
    both = np.stack([FRAMES, FRAMES + 1], axis=1)
    source = ArraySource(both)
    assert source.channels == 2
    np.testing.assert_array_equal(all_values(source, channel=1), FRAMES + 1)


def test_frames_and_channels_that_do_not_exist_are_refused() -> None:
    source = ArraySource(FRAMES)
    with pytest.raises(ValueRefusedError, match="25 frames, got frame 25"):
        source.check(25, 0)
    with pytest.raises(ValueRefusedError, match="1 channels, got channel 1"):
        source.check(0, 1)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (np.arange(25) / 10, np.arange(25) / 10),
        (
            np.datetime64("2025-01-05T00:00:00", "ns") + np.arange(25) * np.timedelta64(500, "ms"),
            np.arange(25) / 2,
        ),
        (np.array([f"frame {n}" for n in range(25)]), None),
    ],
)
def test_times_of_an_xarray_array_are_seconds(times: np.ndarray, expected: np.ndarray | None) -> None:
    array = xr.DataArray(FRAMES, dims=("time", "y", "x"), coords={"time": times})
    found = ArraySource(array).facts.timing.times
    if expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, expected)


def test_a_damaged_chunk_is_an_error_of_ours(tmp_path: Path) -> None:
    array = as_zarr(FRAMES, 2, tmp_path)
    (tmp_path / "movie.zarr" / "1.0.0").write_bytes(b"not a chunk")
    source = ArraySource(array)
    assert source.read_block(0, channel=0).shape == (10, 6, 8)
    with pytest.raises(IntegrityError, match="frames 10-19"):
        source.read_block(1, channel=0)


@pytest.mark.parametrize("mode", ["compact", "lossless", "reference"])
def test_a_photon_movie_gives_its_counts_in_every_mode(mode: Any) -> None:
    counts = (20 * np.random.default_rng(1).poisson(8.0, (25, 32, 24)) + 100).astype("i2")
    files: dict[str, bytes] = {}
    write_movie(counts, files, mode=mode, noise=noise_of(20.0), frames_per_chunk=10, frame_rate=15.0)
    reader = MovieReader(files)
    source = PhotonSource(reader, identity="movie")
    assert source.block_frames == reader.chunks[0]
    np.testing.assert_array_equal(all_values(source), reader.read(...).astype("f4"))
    assert (source.facts.mode, source.facts.unit, source.facts.timing.frame_rate) == (mode, "counts", 15.0)
    assert (source.table is not None) == (mode == "compact")


def test_channels_of_a_photon_movie_with_different_gains_give_their_counts() -> None:
    light = np.random.default_rng(1).poisson(8.0, (20, 2, 48, 40))
    counts = (light * np.array([20, 50])[None, :, None, None] + 100).astype("u2")
    files: dict[str, bytes] = {}
    noise = (noise_of(20.0), noise_of(50.0))
    write_movie(counts, files, dims=("time", "channel", "y", "x"), noise=noise, frames_per_chunk=10)
    reader = MovieReader(files)
    source = PhotonSource(reader, identity="movie")
    assert source.channels == 2
    for channel in range(2):
        np.testing.assert_array_equal(all_values(source, channel), reader.read((slice(None), channel)))
