from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dj_objectstore.exceptions import MovieRefusedError, ValueRefusedError
from dj_objectstore.photon import NoiseModel, estimate_noise


@settings(max_examples=15)
@given(
    gain=st.floats(0.5, 300),
    offset=st.floats(-100, 1000),
    photons=st.floats(1, 100),
    seed=st.integers(0, 1000),
)
def test_the_gain_of_photon_noise_is_recovered_within_5_percent(gain, offset, photons, seed):
    rng = np.random.default_rng(seed)
    field = photons * np.linspace(0.05, 2, 96)
    movie = rng.poisson(field, (60, 64, 96)) * gain + offset
    noise = estimate_noise(movie)
    assert noise.trusted, noise.why
    assert noise.gain == pytest.approx(gain, rel=0.05)
    assert noise.offset == pytest.approx(offset, abs=0.1 * gain * photons)


def test_read_noise_moves_the_zero_and_not_the_gain():
    rng = np.random.default_rng(0)
    movie = rng.poisson(np.linspace(2, 40, 96), (80, 64, 96)) * 10 + 100 + rng.normal(0, 15, (80, 64, 96))
    noise = estimate_noise(movie)
    assert noise.gain == pytest.approx(10, rel=0.05)
    assert noise.offset == pytest.approx(100 - 15**2 / 10, abs=8)


def blinking(rng, shape):
    """Return brightness that wanders about 1 with a memory of 20 frames, as indicators do."""
    state = np.zeros(shape)
    for before, now in pairwise(state):
        now[...] = 0.95 * before + rng.normal(0, 0.1, shape[1:])
    return np.exp(state)


def test_changes_slower_than_the_frames_do_not_pass_for_photons():
    rng = np.random.default_rng(0)
    brightness = blinking(rng, (200, 24, 24)).repeat(4, axis=1).repeat(4, axis=2)
    movie = rng.poisson(np.linspace(2, 60, 96) * brightness) * 10
    noise = estimate_noise(movie)
    assert noise.gain == pytest.approx(10, rel=0.1)
    difference = np.diff(movie, axis=0)
    assert (difference**2).mean() / 2 / movie.mean() > 12


def test_the_real_movie_has_85_grey_levels_per_photon_above_10(real_movie):
    noise = estimate_noise(real_movie)
    assert noise.trusted
    assert noise.gain == pytest.approx(85, rel=0.05)
    assert noise.offset == pytest.approx(10, abs=15)
    assert noise.goodness > 0.95


def test_planes_of_a_volume_are_judged_together():
    rng = np.random.default_rng(0)
    movie = rng.poisson(np.linspace(1, 30, 48), (40, 3, 48, 48)) * 7
    assert estimate_noise(movie).gain == pytest.approx(7, rel=0.05)


def dark_current(rng):
    return rng.normal(100, 5, (60, 48, 48))


def flat_field(rng):
    return rng.poisson(8, (60, 48, 48)) * 20


def still_image(rng):
    return np.broadcast_to(rng.integers(0, 200, (48, 48)), (60, 48, 48))


def saturated(rng):
    return np.minimum(rng.poisson(np.linspace(1, 40, 48), (60, 48, 48)) * 10, 255)


def short(rng):
    return rng.poisson(np.linspace(1, 40, 48), (9, 48, 48)) * 10


def constant(_rng):
    return np.full((60, 48, 48), 12)


def tiny(rng):
    return rng.poisson(5, (20, 2, 2))


def smoothed_in_time(rng):
    movie = rng.poisson(np.linspace(1, 40, 48), (100, 48, 48)) * 10.0
    return np.apply_along_axis(lambda t: np.convolve(t, np.ones(8) / 8, "valid"), 0, movie)


@pytest.mark.parametrize(
    "movie", [dark_current, flat_field, still_image, saturated, short, constant, tiny, smoothed_in_time]
)
def test_a_movie_that_does_not_show_its_noise_is_not_trusted_and_says_why(movie):
    noise = estimate_noise(movie(np.random.default_rng(0)))
    assert not noise.trusted
    assert len(noise.why) > 20


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"gain": 0.0}, "gain"),
        ({"gain": -1.0}, "gain"),
        ({"gain": float("nan")}, "gain"),
        ({"gain": 1.0, "offset": float("inf")}, "offset"),
        ({"gain": 1.0, "variance": -1.0}, "variance"),
    ],
)
def test_values_that_no_detector_has_are_refused(values, word):
    with pytest.raises(ValueRefusedError, match=word):
        NoiseModel(**values)


def test_photons_are_counted_from_the_offset():
    assert NoiseModel(gain=85.0, offset=10.0).photons(180.0) == pytest.approx(2.0)


@pytest.mark.parametrize("movie", [np.zeros((4, 4)), np.full((20, 8, 8), np.nan), np.zeros((20, 8, 8), bool)])
def test_what_is_no_movie_is_refused(movie):
    with pytest.raises(MovieRefusedError):
        estimate_noise(movie)
