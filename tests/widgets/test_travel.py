from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.widgets.travel import MAX_BLOCKS, Travel


def travel_over(indices: list[int], *, interval: float = 0.03) -> Travel:
    travel = Travel()
    for turn, index in enumerate(indices):
        travel.observe(index, seconds=turn * interval)
    return travel


def test_going_forward_the_next_blocks_are_wanted() -> None:
    assert travel_over([10, 11, 12]).ahead(per_block=10, frames=1000)[0] == 20


def test_going_backward_the_previous_blocks_are_wanted() -> None:
    assert travel_over([52, 51, 50]).ahead(per_block=10, frames=1000)[0] == 40


def test_turning_round_is_noticed_at_once() -> None:
    assert travel_over([10, 20, 30, 29]).ahead(per_block=10, frames=1000)[0] == 10


def test_long_strides_land_where_the_next_ones_will() -> None:
    assert travel_over([0, 100, 200, 300]).ahead(per_block=10, frames=10_000)[0] in range(350, 410)


def test_faster_travel_reaches_further() -> None:
    slow = travel_over([10, 11, 12, 13], interval=0.5).ahead(per_block=10, frames=1000)
    fast = travel_over([10, 14, 18, 22], interval=0.02).ahead(per_block=10, frames=1000)
    assert len(fast) > len(slow)


@pytest.mark.parametrize("indices", [[], [999], [998, 999], [1, 0]])
def test_nothing_outside_the_movie_is_wanted(indices: list[int]) -> None:
    assert travel_over(indices).ahead(per_block=10, frames=1000) == []


@given(st.lists(st.integers(0, 499), max_size=20), st.integers(1, 60), st.floats(0, 3))
def test_what_is_wanted_is_always_the_first_frame_of_a_few_blocks(
    indices: list[int], per_block: int, interval: float
) -> None:
    wanted = travel_over(indices, interval=interval).ahead(per_block=per_block, frames=500)
    assert len(wanted) <= MAX_BLOCKS
    assert all(0 <= index < 500 and index % per_block == 0 for index in wanted)
