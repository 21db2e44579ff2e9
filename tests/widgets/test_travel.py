from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.widgets.frames.travel import MAX_BLOCKS, Travel, blocks_after


def travel_over(indices: list[int], *, interval: float = 0.03) -> Travel:
    travel = Travel()
    for turn, index in enumerate(indices):
        travel.observe(index, seconds=turn * interval)
    return travel


def blocks_of(per_block: int, frames: int) -> Callable[[int], range]:
    """Blocks of a length, but for the last one."""
    return lambda n: range(n - n % per_block, min(n - n % per_block + per_block, frames))


def ahead(travel: Travel, *, per_block: int, frames: int) -> list[int]:
    return travel.ahead(span_of=blocks_of(per_block, frames), frames=frames)


def test_going_forward_the_next_blocks_are_wanted() -> None:
    assert ahead(travel_over([10, 11, 12]), per_block=10, frames=1000)[0] == 20


def test_going_backward_the_previous_blocks_are_wanted() -> None:
    assert ahead(travel_over([52, 51, 50]), per_block=10, frames=1000)[0] == 40


def test_turning_round_is_noticed_at_once() -> None:
    assert ahead(travel_over([10, 20, 30, 29]), per_block=10, frames=1000)[0] == 10


def test_long_strides_land_where_the_next_ones_will() -> None:
    assert ahead(travel_over([0, 100, 200, 300]), per_block=10, frames=10_000)[0] in range(350, 410)


@pytest.mark.parametrize("indices", [[10, 700], [700, 10], [10, 700, 30], [10, 300, 800]])
def test_after_a_jump_nothing_is_guessed(indices: list[int]) -> None:
    assert ahead(travel_over(indices), per_block=10, frames=1000) == []


def test_faster_travel_reaches_further() -> None:
    slow = ahead(travel_over([10, 11, 12, 13], interval=0.5), per_block=10, frames=1000)
    fast = ahead(travel_over([10, 14, 18, 22], interval=0.02), per_block=10, frames=1000)
    assert len(fast) > len(slow)


@pytest.mark.parametrize("indices", [[], [999], [998, 999], [1, 0]])
def test_nothing_outside_the_movie_is_wanted(indices: list[int]) -> None:
    assert ahead(travel_over(indices), per_block=10, frames=1000) == []


@given(st.lists(st.integers(0, 499), max_size=20), st.integers(1, 60), st.floats(0, 3))
def test_what_is_wanted_is_always_the_first_frame_of_a_few_blocks(
    indices: list[int], per_block: int, interval: float
) -> None:
    wanted = ahead(travel_over(indices, interval=interval), per_block=per_block, frames=500)
    assert len(wanted) <= MAX_BLOCKS
    assert all(0 <= index < 500 and index % per_block == 0 for index in wanted)


@given(st.integers(1, 12), st.integers(1, 200), st.integers(0, 199), st.booleans(), st.integers(1, 40))
def test_what_is_played_next_is_each_block_once_and_in_order(
    per_block: int, frames: int, index: int, loop: bool, at_most: int
) -> None:
    index %= frames
    span_of = blocks_of(per_block, frames)
    found = blocks_after(index, span_of=span_of, frames=frames, loop=loop, at_most=at_most)
    here = index // per_block
    blocks = -(-frames // per_block)
    following = [(here + n + 1) % blocks if loop else here + n + 1 for n in range(blocks - 1)]
    expected = [block * per_block for block in following if block < blocks]
    assert found == expected[:at_most]
