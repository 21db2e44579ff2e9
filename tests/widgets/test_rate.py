"""The rate at which a scrubber plays before anybody has chosen one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from ipywidgets import Widget

from dj_objectstore.objects.movie import PhotonMovie, write_photon
from dj_objectstore.objects.source import Photon
from dj_objectstore.widgets.analysis import code_line as code_lines
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.movies.rate import OwnRate
from dj_objectstore.widgets.scrubber import scrub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.store.store import Store

MOVIE = np.random.default_rng(9).integers(1, 4000, (30, 6, 8), "u2")


@pytest.fixture(autouse=True)
def _close_widgets() -> Iterator[None]:
    yield
    Widget.close_all()


@pytest.mark.parametrize(
    ("known", "fps"),
    [
        ({}, 30.0),
        ({"frame_rate": 12.5}, 12.5),
        ({"frame_rate": 1000.0}, 60.0),
        ({"frame_rate": 0.1}, 1.0),
        ({"times": np.r_[0:15, 100:115] / 8}, 8.0),
        ({"times": np.zeros(30)}, 30.0),
        ({"frame_rate": 12.5, "fps": 5}, 5.0),
    ],
)
def test_it_begins_at_the_rate_of_its_movie(page: Any, known: dict[str, Any], fps: float) -> None:
    assert scrub(MOVIE, **known).fps == fps
    known.pop("fps", None)
    widget = scrub(MOVIE, **known)
    widget._channel._post, page.channel = page.post, widget._channel
    assert page.ask("describe")[0]["fps"] == widget.fps


def test_a_stored_movie_tells_its_rate(store: Store, config: dict[str, Any], wait_until: Any) -> None:
    photon = Photon(MOVIE, gain=20.0, offset=100.0, variance=0.0, frame_rate=12.0)
    widget = scrub(
        PhotonMovie(write_photon(store, "lab/Scan/scan=2/movie_Ab3dE5gH.zarr", photon), config=config)
    )
    assert widget._call.rate.get(seconds=20) == 12
    wait_until(lambda: widget.fps == 12)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A movie of 12.5 frames a second opens when this is set, and not before."""
    gate, find = threading.Event(), OwnRate._find

    def wait(self: OwnRate, open_source: Any) -> None:
        gate.wait(20)
        find(self, open_source)

    monkeypatch.setattr(OwnRate, "_find", wait)
    monkeypatch.setattr(code_lines, "RATE_SECONDS", 0.0)
    yield gate
    gate.set()


TIMED = xr.DataArray(MOVIE, dims=("time", "y", "x"), coords={"time": np.arange(30) / 12.5})


def test_a_rate_that_is_known_late_is_taken_then(slow: threading.Event, wait_until: Any) -> None:
    widget = scrub(TIMED)
    assert (widget.fps, widget.code) == (30.0, "djo.scrub(movie)")
    slow.set()
    wait_until(lambda: widget.fps == 12.5)
    assert widget.code == "djo.scrub(movie)"


def test_a_rate_that_was_chosen_stays(slow: threading.Event) -> None:
    widgets = [scrub(TIMED) for _ in range(3)] + [scrub(TIMED, fps=30)]
    widgets[0].fps = 7
    widgets[1].fps = 30
    widgets[2].set_state({"fps": 9.0})
    slow.set()
    for widget in widgets:
        widget._call.rate.get(seconds=20)
    frame_service().passes.close(wait_seconds=20)
    assert [widget.fps for widget in widgets] == [7, 30, 9, 30]
    assert widgets[1].code == "djo.scrub(movie, fps=30.0)"


def test_a_movie_that_can_not_be_opened_has_the_usual_rate(movie: PhotonMovie, store: Store) -> None:
    store.delete_tree(movie.path)
    assert scrub(movie).fps == 30
