"""What is promised of the values that come back: error, added variance, bias; and of the estimated gain."""

from __future__ import annotations

import itertools

import hypothesis
import numpy as np
import pytest

from dj_objectstore.photon import MovieReader, NoiseModel, estimate_noise, write_movie
from dj_objectstore.photon.anscombe import stabilize
from measuring.simulation import AWAKE, simulate_movie

STEP = 0.5
PHOTONS = (0.3, 1.0, 5.0, 20.0, 50.0)
NOISE = NoiseModel(gain=40.0, offset=200.0, variance=400.0)


def uniform_movie(photons, *, frames=60, seed=0):
    """A movie of one intensity everywhere, so that its noise is known."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(photons, (frames, 128, 128)) * NOISE.gain + NOISE.offset
    return np.rint(counts + rng.normal(0, NOISE.variance**0.5, counts.shape)).astype("int32")


def stored(movie, **options):
    files = {}
    write_movie(movie, files, noise=NOISE, step=STEP, **options)
    return MovieReader(files)


@pytest.mark.parametrize("photons", PHOTONS)
def test_the_error_is_at_most_half_a_step_of_the_noise(photons):
    movie = uniform_movie(photons, frames=10)
    error = stored(movie).read(kind="stabilized") - stabilize(movie, NOISE)
    assert np.abs(error).max() <= STEP / 2 + 1e-5


@pytest.mark.parametrize("photons", PHOTONS)
def test_the_variance_grows_by_little_more_than_that_of_rounding(photons):
    movie = uniform_movie(photons)
    added = stored(movie).read(kind="stabilized").var() - stabilize(movie, NOISE).var()
    most = 1.1 if photons >= 5 else 1.7
    assert abs(added) <= most * STEP**2 / 12


@pytest.mark.parametrize("photons", PHOTONS)
def test_mean_photons_are_unbiased(photons):
    movie = uniform_movie(photons)
    true = (movie - NOISE.offset) / NOISE.gain
    assert abs(stored(movie).read(kind="photons").mean() - true.mean()) <= 0.005 * true.std()


@pytest.mark.parametrize("photons", PHOTONS)
def test_the_rounding_of_counts_biases_means_by_less_than_a_quarter_grey_level(photons):
    movie = uniform_movie(photons)
    assert abs(float(stored(movie).read().mean()) - movie.mean()) <= 0.25


def test_means_stay_unbiased_in_a_movie_of_which_only_some_frames_are_tallied():
    movie = np.tile(uniform_movie(3.0, frames=40), (1, 8, 8))
    reader = stored(movie, frames_per_chunk=10)
    true = (movie[:10] - NOISE.offset) / NOISE.gain
    assert abs(reader.read(slice(10), kind="photons").mean() - true.mean()) <= 0.005 * true.std()
    assert reader.n_codes > reader.read(kind="codes").max()


GAINS, OFFSETS, READS, MOTIONS = (1.0, 20.0, 500.0), (0.0, 100.0), (0.0, 0.5), (0.0, AWAKE)
GRID = list(itertools.product(GAINS, OFFSETS, READS, MOTIONS, (0.3, 1.0, 5.0, 50.0)))


def full_size() -> bool:
    return hypothesis.settings.default.max_examples > 1000


def pytest_generate_tests(metafunc):
    if "scene" in metafunc.fixturenames:
        # every combination under stress; otherwise each value of each parameter a few times
        scenes = GRID if full_size() else GRID[::7]
        metafunc.parametrize("scene", scenes, ids=str)


def test_the_gain_is_estimated_within_five_percent(scene):
    gain, offset, read, motion, photons = scene
    movie = simulate_movie(
        (60, 128, 128),
        photons=photons,
        gain=gain,
        offset=offset,
        read=read * gain,
        motion=motion,
        dtype="int32",
    )
    noise = estimate_noise(movie)
    assert noise.trusted, noise.why
    assert abs(noise.gain / gain - 1) <= 0.05


@pytest.mark.parametrize("shape", [(10, 32, 32), (12, 64, 64), (30, 48, 48), (20, 128, 16)])
@pytest.mark.parametrize("photons", [0.3, 5.0, 50.0])
@pytest.mark.parametrize("motion", [0.0, AWAKE])
def test_an_estimate_that_is_far_off_is_not_trusted(shape, photons, motion):
    for seed in range(20 if full_size() else 2):
        movie = simulate_movie(
            shape, photons=photons, gain=30.0, offset=50, read=10, motion=motion, dtype="int32", seed=seed
        )
        noise = estimate_noise(movie)
        assert not noise.trusted or abs(noise.gain / 30 - 1) <= 0.15, seed


@pytest.mark.parametrize("motion", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("photons", [0.3, 1.0, 5.0, 20.0, 50.0])
def test_bright_cells_that_move_by_pixels_do_not_mislead_the_estimate(motion, photons):
    for seed in range(12 if full_size() else 1):
        movie = simulate_movie(
            (60, 128, 128),
            photons=photons,
            gain=30.0,
            offset=50,
            read=10,
            motion=motion,
            contrast=2.0,
            dtype="int32",
            seed=seed,
        )
        noise = estimate_noise(movie)
        assert not noise.trusted or abs(noise.gain / 30 - 1) <= 0.12, seed
