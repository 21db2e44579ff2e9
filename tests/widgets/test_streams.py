from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ChunkError
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.frames.streams import PlayClock
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Page


def tens(index: int) -> range:
    return range(index // 10 * 10, index // 10 * 10 + 10)


def ticks(clock: PlayClock, moments: list[float]) -> list[int]:
    found = [clock.next(now=moment) for moment in moments]
    return [index for index, _ in filter(None, found)]


def test_holding_time_leaves_late_frames_out() -> None:
    clock = PlayClock(start=0, frames=100, fps=10, loop=False, keep="time")
    assert ticks(clock, [5.0, 5.05, 5.55, 6.0]) == [0, 1, 5, 10]


def test_keeping_frames_leaves_none_out() -> None:
    clock = PlayClock(start=3, frames=100, fps=10, loop=False, keep="frames")
    assert ticks(clock, [5.0, 9.0, 20.0, 20.0]) == [3, 4, 5, 6]


def test_frames_that_were_kept_waiting_are_not_made_up_for_in_a_burst() -> None:
    clock = PlayClock(start=0, frames=100, fps=10, loop=False, keep="frames")
    clock.next(now=0.0)
    assert clock.next(now=7.0) == (1, 7.0)
    assert clock.next(now=7.0) == (2, 7.1)


def test_the_last_frame_is_shown_before_the_end() -> None:
    clock = PlayClock(start=0, frames=5, fps=10, loop=False, keep="time")
    assert ticks(clock, [0.0, 3.0, 3.0]) == [0, 4]
    assert clock.next(now=3.0) is None


def test_a_loop_goes_on_at_the_first_frame() -> None:
    clock = PlayClock(start=3, frames=5, fps=10, loop=True, keep="frames")
    assert ticks(clock, [0.0] * 8) == [3, 4, 0, 1, 2, 3, 4, 0]


def test_read_ahead_goes_round_with_a_loop_and_stops_without() -> None:
    looping = PlayClock(start=95, frames=100, fps=30, loop=True, keep="time")
    ending = PlayClock(start=95, frames=100, fps=30, loop=False, keep="time")
    looping.next(now=0.0), ending.next(now=0.0)
    assert looping.upcoming(span_of=tens, at_most=9)[0] == 0
    assert ending.upcoming(span_of=tens, at_most=9) == []


def test_read_ahead_reaches_two_seconds_as_far_as_there_is_room() -> None:
    clock = PlayClock(start=0, frames=1000, fps=30, loop=False, keep="time")
    clock.next(now=0.0)
    assert clock.upcoming(span_of=tens, at_most=99) == list(range(10, 80, 10))
    assert clock.upcoming(span_of=tens, at_most=2) == [10, 20]


@given(
    st.integers(1, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))),
    st.floats(0.1, 200),
    st.sampled_from(["time", "frames"]),
    st.lists(st.floats(0, 2), max_size=120),
)
def test_without_a_loop_frames_only_go_forward_and_are_never_due_before_the_rate_allows(
    span: tuple[int, int], fps: float, keep: str, waits: list[float]
) -> None:
    frames, start = span
    clock = PlayClock(start=start, frames=frames, fps=fps, loop=False, keep=keep)
    now, seen = 0.0, []
    for wait in waits:
        now += wait
        if (found := clock.next(now=now)) is not None:
            seen.append(found)
            now = max(now, found[1])
    indices = [index for index, _ in seen]
    assert indices == sorted(set(indices))
    assert all(start <= index < frames for index in indices)
    assert all(due >= (index - start) / fps - 1e-6 for index, due in seen)


class Damaged:
    """Frames that hold their numbers, 0 to 39, in chunks of ten of which one can't be read."""

    shape, dtype, chunks = (40, 2, 4, 6), np.dtype("u2"), (10, 1, 4, 6)

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        if index[0].start == 10:
            raise ChunkError("chunk 1.0.0.0 (frames 10-19) is damaged", hint="Restore it.")
        numbers = np.arange(index[0].start, index[0].stop, dtype="u2") + 100 * index[1]
        return np.ascontiguousarray(np.broadcast_to(numbers[:, None, None], (len(numbers), 4, 6)))


def play_all(page: Page, **more: Any) -> tuple[list[tuple[dict[str, Any], np.ndarray]], list[dict[str, Any]]]:
    """The frames that were streamed from 0, and the events in between."""
    page.send(
        kind="play", id=1, stream=3, fps=1000.0, loop=False, credit=256, keep="frames", **{"from": 0}, **more
    )
    frames: list[tuple[dict[str, Any], np.ndarray]] = []
    events: list[dict[str, Any]] = []
    while True:
        message, buffers = page.hear(lambda message: message["kind"] in ("frame", "event", "end"))
        match message["kind"]:
            case "frame":
                codes = np.frombuffer(buffers[0], message["dtype"]).reshape(message["shape"])
                frames.append((message, codes))
            case "event":
                events.append(message)
            case _:
                assert message["reason"] == "end"
                return frames, events


@pytest.fixture
def player(page: Page) -> Iterator[Page]:
    source = ArraySource(Damaged())
    page.channel = Channel(post=page.post, targets=Targets(main=lambda: source))
    yield page
    page.channel.close()


def test_frames_that_are_damaged_are_told_once_and_the_rest_is_played(player: Page) -> None:
    frames, events = play_all(player)
    assert [message["index"] for message, _ in frames] == [*range(10), *range(20, 40)]
    (event,) = events
    assert (event["name"], event["view"]) == ("unavailable", "a1")
    error = {"code": "chunk", "message": "chunk 1.0.0.0 (frames 10-19) is damaged", "hint": "Restore it."}
    assert event["data"] == {"stream": 3, "from": 10, "to": 20, "error": error}


def test_a_stream_shows_the_channel_the_step_and_the_mean_that_were_asked_for(player: Page) -> None:
    frames, _ = play_all(player, channel=1, step=2)
    message, codes = frames[-1]
    assert (message["index"], message["shape"], message["step"]) == (39, [2, 3], 2)
    assert (codes == 139).all()
    frames, events = play_all(player, mean=4)
    assert [message["index"] for message, _ in frames] == [*range(10), *range(23, 40)]
    assert [event["data"]["from"] for event in events] == list(range(10, 23))
    message, codes = frames[10]
    assert (message["dtype"], message["step"]) == ("<f4", 1)
    assert (codes == 21.5).all()
