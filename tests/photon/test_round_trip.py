from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from dj_objectstore.photon.anscombe import stabilize

DTYPES = ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64", ">i2"]
SHAPES = st.one_of(
    npst.array_shapes(min_dims=3, max_dims=3, max_side=9),
    st.tuples(st.integers(1, 7), st.integers(1, 2), st.integers(1, 2), st.integers(1, 5), st.integers(1, 5)),
)


@st.composite
def movies(draw):
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    if dtype.kind == "f":
        values = st.floats(-500, 20_000, width=32)
    else:
        limits = np.iinfo(dtype)
        values = st.integers(max(int(limits.min), -20_000), min(int(limits.max), 100_000))
    return draw(npst.arrays(dtype, draw(SHAPES), elements=values))


noises = st.builds(
    NoiseModel, gain=st.floats(0.5, 200), offset=st.floats(-50, 50), variance=st.floats(0, 1e4)
)
options = {"frames_per_chunk": st.one_of(st.none(), st.integers(1, 5)), "threads": st.sampled_from([None, 1])}


@settings(max_examples=60)
@given(movie=movies(), noise=noises, step=st.floats(0.25, 2), **options)
def test_compact_counts_are_within_the_noise_bound(movie, noise, step, frames_per_chunk, threads):
    files = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few values, far apart: more codes than there are
        summary = write_movie(
            movie, files, noise=noise, step=step, frames_per_chunk=frames_per_chunk, threads=threads
        )
    reader = MovieReader(files)
    if summary.mode == "lossless":
        assert np.array_equal(reader.read(), movie)
        return
    exact = stabilize(movie, noise)
    slack = step * (1 + 1e-3) + 2e-6 * np.abs(exact)
    assert np.all(np.abs(reader.read(kind="stabilized") - exact) <= slack / 2)
    centroids = reader.read(kind="photons") * np.float64(noise.gain) + noise.offset
    blur = 1e-4 * np.abs(movie.astype(float)) + 1e-3 * noise.gain
    lower, upper = stabilize(centroids - blur, noise), stabilize(centroids + blur, noise)
    assert np.all((lower <= exact + slack) & (upper >= exact - slack))
    counts = reader.read()
    assert counts.dtype == movie.dtype.newbyteorder("=")
    assert counts.shape == movie.shape


@given(movie=movies(), **options)
def test_lossless_is_exact_for_every_dtype(movie, frames_per_chunk, threads):
    files = {}
    write_movie(movie, files, mode="lossless", frames_per_chunk=frames_per_chunk, threads=threads)
    reader = MovieReader(files)
    assert np.array_equal(reader.read(), movie)
    assert np.array_equal(reader.read(kind="codes"), movie)
    assert reader.dtype == movie.dtype.newbyteorder("=")


@given(movie=movies(), **options)
def test_reference_gives_back_integers_exactly(movie, frames_per_chunk, threads):
    files = {}
    write_movie(movie, files, mode="reference", frames_per_chunk=frames_per_chunk, threads=threads)
    found = MovieReader(files).read()
    if movie.dtype.kind == "f":
        assert np.allclose(found, movie, rtol=1e-5, atol=1e-6)
    else:
        assert np.array_equal(found, movie)


def test_the_mean_of_the_movie_survives(real_movie):
    files = {}
    noise = write_movie(real_movie, files).noise[0]
    photons = MovieReader(files).read(kind="photons")
    assert photons.mean(dtype=float) == pytest.approx(noise.photons(real_movie.mean()), rel=1e-5)
    deviation = (photons - noise.photons(real_movie)).mean(axis=0)
    assert np.abs(deviation.mean()) < 1e-4


def test_codes_that_stand_for_one_grey_level_are_exact():
    movie = np.arange(-40, 40, dtype="int16").reshape(5, 4, 4)
    files = {}
    write_movie(movie, files, noise=NoiseModel(gain=0.1))
    assert np.array_equal(MovieReader(files).read(), movie)


def test_more_than_256_levels_are_two_bytes_shuffled():
    movie = np.arange(0, 65536, 64, dtype="uint16").reshape(4, 16, 16)
    files = {}
    assert write_movie(movie, files, noise=NoiseModel(gain=1.0)).mode == "compact"
    reader = MovieReader(files)
    assert reader.code_dtype == np.uint16
    assert reader.n_codes > 256
    assert [item["id"] for item in reader._array.filters] == ["fixedscaleoffset", "shuffle"]
    bound = np.sqrt(movie + 1.0)
    assert np.all(np.abs(reader.read().astype(float) - movie) <= 0.5 * bound + 1)


def test_each_channel_has_its_own_noise(make_movie):
    green = make_movie(gain=20.0, seed=1)
    red = make_movie(gain=150.0, offset=-30.0, seed=2)
    movie = np.stack([green, red], axis=1)
    files = {}
    summary = write_movie(movie, files, dims=("time", "channel", "y", "x"), frames_per_chunk=7)
    assert [model.gain for model in summary.noise] == pytest.approx([20, 150], rel=0.05)
    reader = MovieReader(files)
    assert reader.chunks == (7, 1, 48, 48)
    assert isinstance(reader.attrs["anscombe_gain"], list)
    for channel, model in enumerate(reader.noise):
        exact = stabilize(movie[:, channel], model)
        assert np.abs(reader.read((slice(None), channel), "stabilized") - exact).max() <= 0.2501
        assert reader.table("photons", channel=channel).shape == (reader.n_codes,)
    assert np.array_equal(reader.read((3, slice(None, None, -1))), reader.read(3)[::-1])
