"""The photon-transfer curve as a picture."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.photon import NoiseModel, estimate_noise

pytest.importorskip("matplotlib")


def test_an_estimate_draws_its_pixels_and_its_line(real_movie):
    noise = estimate_noise(real_movie)
    ax = noise.plot()
    (line,) = ax.lines
    mean, variance = line.get_data()
    assert np.allclose(variance, noise.gain * (np.asarray(mean) - noise.offset))
    (points,) = ax.collections
    assert len(points.get_offsets()) == len(noise.curve.mean)
    assert "grey levels per photon" in ax.get_title()


def test_it_is_drawn_where_it_is_told():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert NoiseModel(gain=2.0, offset=1.0).plot(ax) is ax


def test_an_estimate_shows_itself_as_a_picture(real_movie):
    shown = estimate_noise(real_movie)._repr_mimebundle_()
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert "gain=" in shown["text/plain"]


def test_values_that_were_given_show_as_text():
    assert set(NoiseModel(gain=2.0)._repr_mimebundle_()) == {"text/plain"}


def test_an_estimate_that_is_not_trusted_says_so():
    movie = np.random.default_rng(0).poisson(10, (40, 64, 64))
    noise = estimate_noise(movie)
    assert not noise.trusted
    assert "not trusted" in noise.plot().get_title()


def test_nothing_to_plot_is_an_error():
    with pytest.raises(ValueRefusedError, match="too short"):
        estimate_noise(np.zeros((2, 8, 8), "u2")).plot()
