"""The detector's gain is found from movies as they are, and never believed where it could be wrong."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dj_objectstore.exceptions import MovieRefusedError, ValueRefusedError
from dj_objectstore.photon import NoiseModel, estimate_noise
from dj_objectstore.photon.alignment import align_frames, align_rows
from dj_objectstore.photon.bad_pixels import find_bad_pixels
from measuring.simulation import simulate_movie

GAIN, OFFSET = 30, 50


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


class Huge:
    """A hundred gigabytes that exist where they are looked at, and count how much that is."""

    def __init__(self, part):
        self.part, self.read = part, 0
        self.shape, self.dtype = (200_000, *part.shape[1:]), part.dtype

    def __getitem__(self, key):
        frames = self.part[np.arange(*key.indices(self.shape[0])) % len(self.part)]
        self.read += frames.nbytes
        return frames


def test_of_a_huge_movie_only_samples_are_read():
    movie = Huge(np.random.default_rng(0).poisson(np.linspace(1, 30, 512), (40, 512, 512)).astype("u2") * 7)
    noise = estimate_noise(movie)
    assert noise.trusted, noise.why
    assert noise.gain == pytest.approx(7, rel=0.05)
    assert movie.read < 100e6


def test_planes_of_a_volume_are_judged_together():
    rng = np.random.default_rng(0)
    movie = rng.poisson(np.linspace(1, 30, 48), (40, 3, 48, 48)) * 7
    assert estimate_noise(movie).gain == pytest.approx(7, rel=0.05)


def scene(*, photons=5.0, shape=(60, 96, 128), seed=0, **options):
    return simulate_movie(
        shape, photons=photons, gain=GAIN, offset=OFFSET, dtype="int32", seed=seed, contrast=1.0, **options
    )


def with_pixels_at(level, share):
    def build(rng, photons):
        movie = scene(photons=photons, read=5.0)
        movie[:, rng.random(movie.shape[1:]) < share] = level
        return movie

    return build


def with_hot_pixels(rng, photons):
    movie = scene(photons=photons, read=5.0)
    hot = rng.random(movie.shape[1:]) < 0.01
    light = photons * rng.uniform(3, 30, hot.sum())
    movie[:, hot] = rng.poisson(light, (len(movie), hot.sum())) * GAIN + OFFSET
    return movie


def scanned(rng, photons, *, phase, jitter):
    """Rows of two directions, odd ones seen `phase` pixels aside, each a little off now and then."""
    wide = scene(photons=photons, shape=(60, 96, 128 + 8), read=5.0)
    movie = np.empty((60, 96, 128), wide.dtype)
    for frame, seen in zip(wide, movie, strict=True):
        off = rng.random(len(frame)) < jitter
        for row, start in enumerate(2 + phase * (np.arange(len(frame)) % 2) + off):
            seen[row] = frame[row, start : start + 128]
    return movie


def scanned_in_two_directions(rng, photons):
    return scanned(rng, photons, phase=3, jitter=0.0)


def scanned_unevenly(rng, photons):
    return scanned(rng, photons, phase=2, jitter=0.05)


def with_rows_that_flicker(rng, photons):
    movie = scene(photons=photons)
    light = (movie - OFFSET) / GAIN
    return rng.poisson(light.mean(axis=0) * rng.normal(1, 0.05, (len(movie), 96, 1))) * GAIN + OFFSET


def with_rows_of_uneven_level(rng, photons):
    return scene(photons=photons, read=5.0) + np.rint(rng.normal(0, 0.5 * GAIN, (60, 96, 1))).astype(int)


def with_a_lamp_that_flickers(rng, photons):
    light = (scene(photons=photons) - OFFSET).mean(axis=0) / GAIN
    return rng.poisson(light * rng.normal(1, 0.05, (60, 1, 1))) * GAIN + OFFSET


def that_bleaches(rng, photons):
    light = (scene(photons=photons) - OFFSET).mean(axis=0) / GAIN
    return rng.poisson(light * np.linspace(1.4, 0.6, 60)[:, None, None]) * GAIN + OFFSET


def that_drifts(rng, photons):
    """Half a pixel in a minute, and the focus with it."""
    light = (scene(photons=photons) - OFFSET).mean(axis=0) / GAIN
    share = np.linspace(0, 0.5, 60)[:, None, None]
    return rng.poisson(light * (1 - share) + np.roll(light, 1, axis=1) * share) * GAIN + OFFSET


IMPERFECT = {
    "dead pixels": with_pixels_at(0, 0.01),
    "many dead pixels": with_pixels_at(0, 0.05),
    "pixels stuck at the highest value": with_pixels_at(65535, 0.005),
    "hot pixels": with_hot_pixels,
    "rows of a scan in two directions": scanned_in_two_directions,
    "rows that jitter": scanned_unevenly,
    "rows that flicker": with_rows_that_flicker,
    "rows of uneven level": with_rows_of_uneven_level,
    "a lamp that flickers": with_a_lamp_that_flickers,
    "bleaching": that_bleaches,
    "slow drift": that_drifts,
}


@pytest.mark.parametrize("photons", [1.0, 20.0])
@pytest.mark.parametrize("build", IMPERFECT.values(), ids=IMPERFECT)
def test_what_scanners_and_detectors_do_does_not_pass_for_photon_noise(build, photons):
    noise = estimate_noise(build(np.random.default_rng(0), photons))
    assert noise.trusted, noise.why
    assert noise.gain == pytest.approx(GAIN, rel=0.06)


def test_bad_pixels_are_found_and_no_others():
    movie = scene(photons=2.0)
    assert not find_bad_pixels(movie).any()
    movie[:, 10, 20], movie[:, 30, 40], movie[:, 50, 60] = 0, 4095, OFFSET + 2 * GAIN
    assert np.argwhere(find_bad_pixels(movie)).tolist() == [[10, 20], [30, 40], [50, 60]]


def test_pixels_that_are_dark_because_photons_are_few_are_not_bad():
    movie = np.random.default_rng(0).poisson(0.02, (60, 64, 64))
    assert (movie.max(axis=0) == 0).mean() > 0.2
    assert find_bad_pixels(movie).mean() < 0.001


def test_frames_are_laid_on_each_other_by_whole_pixels_and_their_pixels_stay_as_they_are():
    still = scene(photons=20.0, shape=(12, 80, 80))
    places = np.random.default_rng(0).integers(0, 6, (12, 2))
    moved = np.stack([frame[y : y + 74, x : x + 74] for frame, (y, x) in zip(still, places, strict=True)])
    aligned = align_frames(moved)
    top, left = places.max(axis=0)
    assert np.array_equal(aligned, still[:, top : top + aligned.shape[1], left : left + aligned.shape[2]])


def test_rows_of_two_directions_are_laid_on_each_other():
    still = scene(photons=20.0, shape=(12, 80, 86))
    moved = np.empty((12, 80, 80), still.dtype)
    moved[:, ::2], moved[:, 1::2] = still[:, ::2, 3:83], still[:, 1::2, 0:80]
    assert np.array_equal(align_rows(moved), still[:, :, 3:80])
    assert align_rows(still) is still


def dark_current(rng):
    return rng.normal(100, 5, (60, 48, 48))


def flat_field(rng):
    return rng.poisson(8, (60, 48, 48)) * 20


def still_image(rng):
    return np.broadcast_to(rng.integers(0, 200, (48, 48)), (60, 48, 48))


def saturated(rng):
    return np.minimum(rng.poisson(np.linspace(1, 40, 48), (60, 48, 48)) * 10, 255)


def saturated_a_little(_rng):
    movie = scene(photons=5.0)
    return np.minimum(movie, int(np.quantile(movie, 0.997)))


def cut_off_at_zero(rng):
    return np.maximum(scene(photons=1.0) - OFFSET + np.rint(rng.normal(0, GAIN, (60, 96, 128))), 0)


def cut_off_at_zero_in_coarse_levels(rng):
    movie = rng.poisson(np.linspace(0.1, 2, 128), (60, 96, 128)) + rng.normal(0, 1, (60, 96, 128))
    return np.maximum(np.rint(movie), 0)


def short(rng):
    return rng.poisson(np.linspace(1, 40, 48), (9, 48, 48)) * 10


def of_three_frames(rng):
    return rng.poisson(np.linspace(1, 40, 256), (3, 256, 256)) * 10


def of_one_frame(rng):
    return rng.poisson(np.linspace(1, 40, 256), (1, 256, 256)) * 10


def constant(_rng):
    return np.full((60, 48, 48), 12)


def tiny(rng):
    return rng.poisson(5, (20, 2, 2))


def dead_throughout(rng):
    movie = scene(photons=5.0)
    movie[:, rng.random(movie.shape[1:]) < 0.7] = 0
    return movie


def smoothed_in_time(rng):
    movie = rng.poisson(np.linspace(1, 40, 48), (100, 48, 48)) * 10.0
    return np.apply_along_axis(lambda t: np.convolve(t, np.ones(8) / 8, "valid"), 0, movie)


def with_rows_that_jump(rng):
    return scene(photons=1.0) + np.rint(rng.normal(0, 3 * GAIN, (60, 96, 1)))


DOUBTFUL = {
    dark_current: "grow|flat",
    flat_field: "flat",
    still_image: "flat|grow",
    saturated: "saturated",
    saturated_a_little: "saturated",
    cut_off_at_zero: "darkest values were cut off",
    cut_off_at_zero_in_coarse_levels: "darkest values were cut off",
    short: "too short: 9 frames",
    of_three_frames: "too short: 3 frames",
    of_one_frame: "too short: 1 frame",
    constant: "flat",
    tiny: "flat|small|saturated",
    dead_throughout: "flat|line|less noisy",
    smoothed_in_time: "line|flat|less noisy|grow|moves",
    with_rows_that_jump: "rows",
}


@pytest.mark.parametrize(("build", "why"), DOUBTFUL.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_movie_that_does_not_show_its_noise_is_not_trusted_and_says_why(build, why):
    noise = estimate_noise(build(np.random.default_rng(0)))
    assert not noise.trusted
    assert re.search(why, noise.why), noise.why


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
