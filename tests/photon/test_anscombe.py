from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon import NoiseModel
from dj_objectstore.photon.anscombe import Quantizer, destabilize, stabilize

models = st.builds(
    NoiseModel,
    gain=st.floats(0.05, 500),
    offset=st.floats(-500, 500),
    variance=st.floats(0, 1e4),
)
levels = st.integers(-30_000, 60_000)


@given(models, levels)
def test_destabilize_undoes_stabilize_on_both_sides_of_the_offset(noise, level):
    assert destabilize(stabilize(level, noise), noise) == pytest.approx(level, rel=1e-9, abs=1e-6)


@given(models, levels, levels)
def test_the_transform_keeps_the_order_of_grey_levels(noise, one, other):
    if one < other:
        assert stabilize(one, noise) < stabilize(other, noise)


@given(models)
def test_the_transform_is_smooth_at_the_offset(noise):
    nudge = 1e-3 * noise.gain
    around = stabilize(noise.offset + np.array([-nudge, 0, nudge]), noise)
    assert np.diff(around)[0] == pytest.approx(np.diff(around)[1], rel=1e-2)


def test_the_formula_is_that_of_the_specification():
    noise = NoiseModel(gain=2.0, offset=10.0, variance=3.0)
    assert stabilize(30, noise) == pytest.approx(2 / 2 * np.sqrt(2 * 20 + 3 / 8 * 4 + 3))
    assert stabilize(5, noise) == pytest.approx(np.sqrt(1.5 + 3) - 5 / np.sqrt(1.5 + 3))


def test_photon_noise_has_unit_variance_afterwards():
    rng = np.random.default_rng(1)
    noise = NoiseModel(gain=30.0, offset=-7.0, variance=50.0)
    for photons in (5, 20, 100):
        counts = rng.poisson(photons, 200_000) * 30 - 7 + rng.normal(0, np.sqrt(50), 200_000)
        assert np.var(stabilize(counts, noise)) == pytest.approx(1, abs=0.03)


@given(models, st.floats(0.1, 2), st.lists(levels, min_size=1))
def test_the_middle_of_a_code_is_within_half_a_step(noise, step, values):
    counts = np.array(values)
    book = Quantizer.spanning((noise,), step=step, lowest=[counts.min()], highest=[counts.max()])
    if book is not None:
        codes = book.encode(counts)
        assert codes.dtype == book.dtype
        assert np.all(np.abs(book.values()[codes] - stabilize(counts, noise)) <= step / 2 * (1 + 1e-6))


def test_a_value_without_a_code_is_refused_and_never_wraps():
    book = Quantizer.spanning((NoiseModel(gain=1.0),), step=0.5, lowest=[0], highest=[100])
    for outside in (-5, 200):
        with pytest.raises(MovieRefusedError, match=str(outside)):
            book.encode(np.array([50, outside]))


def test_a_range_of_too_many_codes_has_no_quantizer():
    noise = (NoiseModel(gain=0.001),)
    assert Quantizer.spanning(noise, step=0.5, lowest=[-60_000], highest=[60_000]) is None
