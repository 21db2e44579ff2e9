"""The independent witness: zarr-python reads the arrays without this package."""

from __future__ import annotations

import numpy as np
import pytest
import xarray
import zarr

from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from dj_objectstore.photon.anscombe import stabilize


def open_plainly(files, tmp_path):
    for key, data in files.items():
        (tmp_path / key).write_bytes(data)
    return zarr.open(tmp_path, mode="r")


def test_a_compact_movie_is_stabilised_floats_within_half_a_step(real_movie, tmp_path):
    files = {}
    noise = write_movie(real_movie, files, frames_per_chunk=20).noise[0]
    array = open_plainly(files, tmp_path)
    assert (array.shape, array.dtype) == (real_movie.shape, np.float64)
    assert np.abs(array[:] - stabilize(real_movie, noise)).max() <= 0.25 + 1e-9
    assert array.attrs["anscombe_gain"] == noise.gain
    assert xarray.DataArray(array).shape == real_movie.shape


@pytest.mark.parametrize("mode", ["compact", "lossless", "reference"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "uint32", "float32"])
def test_every_mode_of_every_dtype_opens(make_movie, mode, dtype, tmp_path):
    movie = make_movie((11, 7, 5), gain=1.0, photons=40, dtype=dtype)
    noise = NoiseModel(gain=1.0)
    files = {}
    write_movie(movie, files, mode=mode, noise=noise, frames_per_chunk=4)
    found = open_plainly(files, tmp_path)[:]
    expected, bound = (movie, 0) if mode == "lossless" else (stabilize(movie, noise), 1e-9)
    assert np.abs(found - expected).max() <= bound + (0.25 if mode == "compact" else 0)


def test_two_byte_codes_and_negative_values_open_too(tmp_path):
    movie = np.arange(-3000, 30_000, 3, dtype="int16").reshape(11, 20, 50)
    noise = NoiseModel(gain=1.5, variance=10.0)
    files = {}
    write_movie(movie, files, noise=noise, frames_per_chunk=4)
    assert MovieReader(files).code_dtype == np.uint16
    assert np.abs(open_plainly(files, tmp_path)[:] - stabilize(movie, noise)).max() <= 0.25 + 1e-9


def test_five_axes_open_with_one_plane_a_chunk(tmp_path):
    movie = np.random.default_rng(0).poisson(9, (5, 2, 3, 8, 6)).astype("uint16")
    files = {}
    write_movie(movie, files, noise=(NoiseModel(gain=1.0), NoiseModel(gain=2.0)))
    assert "0.1.2.0.0" in files
    array = open_plainly(files, tmp_path)
    assert array.chunks == (5, 1, 1, 8, 6)
    assert np.abs(array[:, 1] - stabilize(movie[:, 1], NoiseModel(gain=2.0))).max() <= 0.25 + 1e-9
