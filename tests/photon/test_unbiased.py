"""The exact unbiased inverse, against simulation and against the closed form of Makitalo and Foi."""

from __future__ import annotations

import numpy as np
import pytest

from dj_objectstore.photon import NoiseModel
from dj_objectstore.photon.anscombe import destabilize, stabilize
from dj_objectstore.photon.unbiased import unbiased_inverse

NOISES = (NoiseModel(gain=1.0), NoiseModel(gain=85.0, offset=12.0, variance=85.0**2 * 0.3))


@pytest.mark.parametrize("noise", NOISES, ids=["poisson", "read"])
@pytest.mark.parametrize("photons", [0.2, 1.0, 4.0, 30.0, 59.0, 61.0, 300.0])
def test_the_mean_of_stabilised_values_gives_the_mean_of_the_counts(noise, photons):
    rng = np.random.default_rng(1)
    counts = rng.poisson(photons, 2_000_000) * noise.gain + noise.offset
    counts = counts + rng.normal(0, noise.variance**0.5, counts.size)
    found = (unbiased_inverse(stabilize(counts, noise).mean(), noise) - noise.offset) / noise.gain
    assert found == pytest.approx(photons, rel=0.002, abs=0.002)


@pytest.mark.parametrize("photons", [3.0, 10.0, 40.0])
def test_it_is_the_closed_form_of_makitalo_and_foi(photons):
    noise = NOISES[0]
    phi = stabilize(np.random.default_rng(2).poisson(photons, 1_000_000), noise).mean()
    root = np.sqrt(1.5)
    closed = phi**2 / 4 + root / 4 / phi - 11 / 8 / phi**2 + 5 / 8 * root / phi**3 - 1 / 8
    assert unbiased_inverse(phi, noise) == pytest.approx(closed, rel=0.003)


def test_the_plain_inverse_would_be_low():
    noise = NOISES[0]
    phi = stabilize(np.random.default_rng(2).poisson(2.0, 1_000_000), noise).mean()
    assert destabilize(phi, noise) < 1.8 < unbiased_inverse(phi, noise)


def test_it_grows_without_a_step():
    noise = NOISES[1]
    found = unbiased_inverse(np.linspace(0, 40, 4000), noise)
    assert np.all(np.diff(found) >= 0)
    assert np.diff(found).max() < 20 * 0.01 * 85 * 1.5
