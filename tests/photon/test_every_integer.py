"""Every grey level that a type can hold comes back within the noise, or exactly with the reason told."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dj_objectstore.photon import MovieReader, NoiseModel, NoiseNotTrustedWarning, write_movie
from dj_objectstore.photon.anscombe import stabilize

SHORT = ["uint8", "int8", "uint16", "int16", ">u2", ">i2"]
LONG = ["uint32", "int32", "uint64", "int64", "float32"]
gains = st.floats(1e-2, 1e4)
offsets = st.floats(-1e5, 1e5)
variances = st.one_of(st.just(0.0), st.floats(0, 1e6))
steps = st.floats(0.1, 4)


def every_level(dtype):
    """A movie in which each grey level of the type occurs once, not in order."""
    limits = np.iinfo(dtype)
    levels = np.arange(int(limits.min), int(limits.max) + 1).astype(dtype)
    return np.random.default_rng(0).permutation(levels).reshape(-1, 16, 16)


def stored(movie, noise, step):
    """Return the reader, and whether the writer told that it stored losslessly."""
    files = {}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        write_movie(movie, files, noise=noise, step=step, threads=1)
    return MovieReader(files), [item for item in told if item.category is NoiseNotTrustedWarning]


def check(movie, noise, step):
    reader, told = stored(movie, noise, step)
    if reader.mode == "lossless":
        assert told
        assert "65536" in reader.attrs["mode_reason"]
        assert np.array_equal(reader.read(), movie)
        return
    assert not told
    exact = stabilize(movie, noise)
    rounding = 4e-7 * np.abs(exact) + 1e-6
    found = reader.read(kind="stabilized")
    assert np.all(np.abs(found - exact) <= step / 2 + rounding)
    codes = reader.read(kind="codes").astype(np.int64)
    order = np.argsort(movie.astype(np.float64), axis=None, kind="stable")
    # neither a wrap nor a clamp: brighter is never darker, and the ends lie where they should
    assert np.all(np.diff(codes.ravel()[order]) >= 0)
    counts = reader.read()
    assert counts.dtype == movie.dtype.newbyteorder("=")
    assert np.all(np.diff(counts.ravel()[order].astype(np.float64)) >= 0)
    assert movie.min() <= counts.min()
    assert counts.max() <= movie.max()


@pytest.mark.parametrize("dtype", SHORT)
@settings(max_examples=max(20, settings.default.max_examples // 10))
@given(gain=gains, offset=offsets, variance=variances, step=steps)
def test_every_integer_of_a_short_type_comes_back(dtype, gain, offset, variance, step):
    check(every_level(dtype), NoiseModel(gain=gain, offset=offset, variance=variance), step)


@st.composite
def wide_movies(draw):
    dtype = np.dtype(draw(st.sampled_from(LONG)))
    if dtype.kind == "f":
        elements = st.floats(-(2.0**100), 2.0**100, width=32)
    else:
        limits = np.iinfo(dtype)
        ends = st.sampled_from([int(limits.min), int(limits.max), 0, 1])
        # 64-bit floats, in which phi is taken, hold integers up to 2**53
        near = st.integers(max(int(limits.min), -(2**53)), min(int(limits.max), 2**53))
        elements = st.one_of(near, ends) if dtype.itemsize < 8 else near
    return draw(npst.arrays(dtype, (2, 3, 4), elements=elements))


@given(movie=wide_movies(), gain=gains, offset=offsets, variance=variances, step=steps)
def test_any_integer_of_a_long_type_comes_back(movie, gain, offset, variance, step):
    check(movie, NoiseModel(gain=gain, offset=offset, variance=variance), step)
