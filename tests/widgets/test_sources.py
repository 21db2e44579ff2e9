from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import dask.array as da
import h5py
import numpy as np
import pytest
import xarray as xr
import zarr

from dj_objectstore.exceptions import IntegrityError, ValueRefusedError
from dj_objectstore.photon import NoiseModel
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.writer import write_movie
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.photon_source import PhotonSource
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from pathlib import Path

    from dj_objectstore.widgets.movies.sources import FrameSource

FRAMES = np.random.default_rng(0).integers(-500, 500, (25, 6, 8)).astype("i2")


def as_zarr(values: np.ndarray, version: int, folder: Path) -> Any:
    array = zarr.create_array(
        folder / "movie.zarr", shape=values.shape, chunks=(10, 6, 8), dtype=values.dtype, zarr_format=version
    )
    array[...] = values
    return zarr.open(folder / "movie.zarr", mode="r")


def noise_of(gain: float) -> NoiseModel:
    return NoiseModel(gain=gain, offset=100.0, variance=0.0, goodness=1.0, trusted=True, why="given")


def all_values(source: FrameSource, channel: int = 0, at: tuple[int, ...] = ()) -> np.ndarray:
    blocks = [source.read_block(block, channel=channel, at=at) for block in range(source.blocks)]
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


def test_blocks_of_a_dataset_that_is_read_without_dask_are_its_chunks(tmp_path: Path) -> None:
    dataset = xr.Dataset({"movie": (("time", "y", "x"), FRAMES)})
    dataset.to_zarr(tmp_path / "a.zarr", encoding={"movie": {"chunks": (4, 6, 8)}}, zarr_format=2)
    lazy = xr.open_zarr(tmp_path / "a.zarr", chunks=None)["movie"]
    source = ArraySource(lazy)
    assert (source.block_frames, source.reads_ahead) == (4, True)
    np.testing.assert_array_equal(all_values(source), FRAMES)
    loaded = ArraySource(xr.DataArray(FRAMES, dims=("time", "y", "x")))
    assert not loaded.reads_ahead


def test_a_block_is_bounded_however_long_the_chunks_are() -> None:
    huge = da.zeros((10_000, 1000, 1000), dtype="u1", chunks=(10_000, 10, 10))
    assert ArraySource(huge).block_frames == 125


def test_two_axes_are_one_frame() -> None:
    source = ArraySource(FRAMES[3])
    assert source.frames == 1
    np.testing.assert_array_equal(all_values(source)[0], FRAMES[3])


def test_channels_are_read_one_by_one() -> None:
    both = np.stack([FRAMES, FRAMES + 1], axis=1)
    source = ArraySource(both)
    assert source.channels == 2
    np.testing.assert_array_equal(all_values(source, channel=1), FRAMES + 1)


@pytest.mark.parametrize("kind", ["numpy", "zarr", "dask", "xarray", "h5py"])
def test_a_slice_of_a_volume_is_read_where_its_slider_stands(kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(4).integers(0, 99, (7, 3, 2, 6, 8)).astype("u1")
    dims: tuple[str, ...] | None = ("time", "z", "channel", "y", "x")
    match kind:
        case "numpy":
            array: Any = values
        case "zarr":
            array = zarr.create_array(
                tmp_path / "a.zarr", data=values, chunks=(3, 2, 1, 6, 8), dimension_names=dims
            )
            dims = None
        case "dask":
            array = da.from_array(values, chunks=(3, 1, 2, 6, 8))
        case "xarray":
            array = xr.DataArray(values, dims=dims, coords={"channel": ["green", "red"]})
            dims = None
        case _:
            file = h5py.File(tmp_path / "a.h5", "w")
            array = file.create_dataset("a", data=values, chunks=(3, 1, 1, 6, 8))
    source = ArraySource(array, dims=dims)
    assert (source.frames, source.channels, source.extra_axes) == (7, 2, (("z", 3),))
    assert source.channel_names == (("green", "red") if kind == "xarray" else ())
    for z, channel in itertools.product(range(3), range(2)):
        source.check(6, Shot(channel, (z,)))
        np.testing.assert_array_equal(all_values(source, channel, (z,)), values[:, z, channel])
    np.testing.assert_array_equal(all_values(source, 1), values[:, 0, 1])


def test_sharded_arrays_are_read(tmp_path: Path) -> None:
    array: Any = zarr.create_array(
        tmp_path / "a.zarr", data=FRAMES, chunks=(5, 6, 8), shards=(10, 6, 8), zarr_format=3
    )
    source = ArraySource(array)
    assert source.block_frames == 5
    np.testing.assert_array_equal(all_values(source), FRAMES)


def test_positions_that_do_not_exist_are_refused() -> None:
    source = ArraySource(np.zeros((5, 2, 3, 6, 8)))
    source.check(0, Shot(0, (2,)))
    with pytest.raises(ValueRefusedError, match="axis z has 3 positions, got 3"):
        source.check(0, Shot(0, (3,)))
    with pytest.raises(ValueRefusedError, match="1 more axes, got 2"):
        source.check(0, Shot(0, (0, 0)))


def test_a_frame_that_is_too_large_is_refused_before_any_is_read() -> None:
    with pytest.raises(ValueRefusedError, match="at most 256 MiB"):
        ArraySource(da.zeros((3, 20_000, 20_000), dtype="u2", chunks=(1, 1000, 1000)))


@pytest.mark.parametrize("shape", [(0, 6, 8), (5, 0, 8), (5, 2, 0, 6, 8)])
def test_an_axis_of_length_0_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueRefusedError, match="needs data"):
        ArraySource(np.zeros(shape))


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 1, 8), (1, 1, 1, 6, 1)])
def test_axes_of_length_1_are_fine(shape: tuple[int, ...]) -> None:
    source = ArraySource(np.arange(np.prod(shape), dtype="u1").reshape(shape))
    assert source.read_block(0).shape == (shape[0], *shape[-2:])


def test_a_million_frames_are_no_more_work_than_a_few() -> None:
    array = da.zeros((1_000_000, 64, 64), dtype="u2", chunks=(100, 64, 64))
    source = ArraySource(array)
    assert (source.frames, source.blocks) == (1_000_000, 10_000)
    assert source.read_block(9_999).shape == (100, 64, 64)


@pytest.mark.parametrize(
    ("chunks", "word"),
    [((2000, 64, 64), "a chunk holds 2000"), ((1, 8, 8), "64 chunks"), ((10, 512, 512), "")],
)
def test_a_layout_that_will_be_slow_is_told_with_the_remedy(chunks: tuple[int, ...], word: str) -> None:
    array = da.zeros((2000, 512, 512), dtype="u2", chunks=chunks)
    hints = ArraySource(array).hints
    if word == "64 chunks":
        assert "4096 chunks" in hints[0]
    elif word:
        assert word in hints[0]
        assert "frames a chunk" in hints[0]
    else:
        assert hints == ()


def test_frames_and_channels_that_do_not_exist_are_refused() -> None:
    source = ArraySource(FRAMES)
    with pytest.raises(ValueRefusedError, match="25 frames, got frame 25"):
        source.check(25)
    with pytest.raises(ValueRefusedError, match="1 channels, got channel 1"):
        source.check(0, Shot(1))


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
