from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from dj_objectstore.exceptions import StoreUnavailableError
from dj_objectstore.widgets.analysis import head_start
from dj_objectstore.widgets.analysis.head_start import give_head_start, pack
from dj_objectstore.widgets.frames.describe import describe
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.movies.sources import ArraySource
from dj_objectstore.widgets.scrubber import scrub
from held_movie import read_held

MOVIE = np.random.default_rng(7).integers(0, 4000, (30, 6, 8), "u2")


@pytest.fixture(autouse=True)
def _without_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_start.give_head_start, "__kwdefaults__", {"seconds": 60.0})


def test_a_scrubber_brings_the_frame_that_it_shows_first() -> None:
    header, _, frames = read_held(scrub(MOVIE, position=7).head_start)
    assert [frame["index"] for frame in header["frames"]] == [7]
    assert header["describe"]["frames"] == 30
    assert header["describe"]["projections"] is True
    np.testing.assert_array_equal(frames[0], MOVIE[7])


@pytest.mark.parametrize(
    "options",
    [{"position": 30}, {"projection": "mean"}, {"rolling": 3}, {"embed_frames": 2}],
    ids=["beyond its end", "a projection", "a mean of frames", "frames that are saved"],
)
def test_what_does_not_begin_with_a_plain_frame_brings_none(options: dict[str, Any]) -> None:
    assert scrub(MOVIE, **options).head_start == b""


def test_a_large_frame_is_asked_for_as_any_other() -> None:
    assert scrub(np.zeros((2, 1000, 1000), "u2")).head_start == b""


def test_nobody_waits_for_a_slow_store() -> None:
    go = threading.Event()

    def open_late() -> ArraySource:
        go.wait(30)
        return ArraySource(MOVIE)

    source = ArraySource(MOVIE)
    assert give_head_start(lambda: describe(frame_service(), source), open_late, 0, seconds=0.01) == b""
    go.set()


def test_a_movie_that_can_not_be_opened_is_told_of_later() -> None:
    def fail() -> ArraySource:
        raise StoreUnavailableError("the store does not answer")

    assert give_head_start(lambda: pytest.fail("described"), fail, 0) == b""


def test_what_is_packed_is_read_back() -> None:
    source = ArraySource(MOVIE)
    answer = describe(frame_service(), source)
    header, buffers, frames = read_held(pack(answer, {3: MOVIE[3], 1: MOVIE[1]}))
    assert header["describe"] == answer.result.to_json()
    assert buffers == [bytes(buffer) for buffer in answer.buffers]
    assert [frame["index"] for frame in header["frames"]] == [3, 1]
    np.testing.assert_array_equal(frames, MOVIE[[3, 1]])
