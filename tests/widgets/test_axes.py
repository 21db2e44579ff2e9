from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.movies.axes import find_axes


@pytest.mark.parametrize(
    ("shape", "frames", "channels", "others"),
    [
        ((6, 8), 1, 1, ()),
        ((5, 6, 8), 5, 1, ()),
        ((5, 2, 6, 8), 5, 2, ()),
        ((5, 2, 3, 6, 8), 5, 2, (2,)),
        ((4, 5, 2, 3, 6, 8), 5, 2, (0, 3)),
    ],
)
def test_without_names_axes_go_by_position(
    shape: tuple[int, ...], frames: int, channels: int, others: tuple[int, ...]
) -> None:
    axes = find_axes(shape)
    assert (axes.frames, axes.channels, axes.others) == (frames, channels, others)
    assert [shape[axes.y], shape[axes.x]] == [6, 8]


@given(st.permutations(["time", "channel", "z", "y", "x"]), st.integers(2, 5))
def test_named_axes_are_found_in_any_order(order: list[str], ndim: int) -> None:
    lengths = {"time": 5, "channel": 2, "z": 3, "y": 6, "x": 8}
    kept = {2: {"y", "x"}, 3: {"y", "x", "time"}, 4: {"y", "x", "time", "channel"}}.get(ndim, set(lengths))
    dims = [name for name in order if name in kept]
    array = np.arange(np.prod([lengths[name] for name in dims])).reshape([lengths[name] for name in dims])
    axes = find_axes(array.shape, dims)
    block = axes.arrange(array[axes.index(0, 2, axes.channels - 1)])
    for t, y, x in itertools.product(range(len(block)), (0, 5), (0, 7)):
        place = {"time": t, "channel": axes.channels - 1, "z": 0, "y": y, "x": x}
        assert block[t, y, x] == array[tuple(place[name] for name in dims)]


def test_names_that_say_nothing_leave_the_positions() -> None:
    assert find_axes((5, 6, 8), ("a", "b", "c")).time == 0


def test_an_unnamed_axis_beside_a_picture_is_time() -> None:
    assert find_axes((6, 8, 5), ("y", "x", "trial")).time == 2


@pytest.mark.parametrize(("shape", "dims"), [((5,), None), ((), None), ((5, 0, 3), None), ((5, 6), ("y",))])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...], dims: tuple[str, ...] | None) -> None:
    with pytest.raises(ValueRefusedError):
        find_axes(shape, dims)
