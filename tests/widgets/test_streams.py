from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.widgets.streams import PlayClock


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
    assert looping.upcoming(per_block=10)[0] == 0
    assert ending.upcoming(per_block=10) == []


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
