from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.outlines import trace_rings
from dj_objectstore.widgets.analysis.regions import find_pixels

PLACES = st.floats(-3, 15, width=32)
POINTS = st.tuples(PLACES, PLACES)


def picture(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    mask = np.zeros(height * width, bool)
    mask[pixels] = True
    return mask.reshape(height, width)


def winds_around(y: float, x: float, points: Any) -> bool:
    """The even-odd rule, one pixel and one side at a time."""
    inside = False
    for (ay, ax), (by, bx) in zip(points, [*points[1:], points[0]], strict=True):
        if (ay <= y) != (by <= y) and ax + (y - ay) / (by - ay) * (bx - ax) <= x:
            inside = not inside
    return inside


def test_a_rectangle_holds_the_pixels_whose_centres_it_holds() -> None:
    pixels = find_pixels("rectangle", [(3.5, 1.0), (1.2, 4.4)], height=6, width=8)
    expected = np.zeros((6, 8), bool)
    expected[1:3, 1:4] = True
    np.testing.assert_array_equal(picture(pixels, 6, 8), expected)


def test_an_ellipse_holds_the_pixels_whose_centres_it_holds() -> None:
    pixels = find_pixels("ellipse", [(0.0, 0.0), (10.0, 6.0)], height=12, width=8)
    y, x = np.mgrid[:12, :8] + 0.5
    expected = ((y - 5) / 5) ** 2 + ((x - 3) / 3) ** 2 <= 1
    np.testing.assert_array_equal(picture(pixels, 12, 8), expected)


@given(st.lists(POINTS, min_size=3, max_size=12))
def test_a_polygon_holds_what_an_odd_number_of_its_windings_hold(points: list[tuple[float, float]]) -> None:
    expected = np.array([[winds_around(y + 0.5, x + 0.5, points) for x in range(11)] for y in range(9)])
    if not expected.any():
        with pytest.raises(ValueRefusedError, match="holds none of the 9 x 11 pixels"):
            find_pixels("polygon", points, height=9, width=11)
    else:
        np.testing.assert_array_equal(
            picture(find_pixels("polygon", points, height=9, width=11), 9, 11), expected
        )


@given(st.sampled_from(["rectangle", "ellipse"]), POINTS, POINTS)
def test_pixels_are_sorted_and_of_the_picture(kind: str, first: Any, second: Any) -> None:
    try:
        pixels = find_pixels(kind, [first, second], height=9, width=11)
    except ValueRefusedError:
        return
    assert (np.diff(pixels) > 0).all()
    assert pixels[0] >= 0
    assert pixels[-1] < 99


@pytest.mark.parametrize("kind", ["rectangle", "ellipse", "polygon"])
@pytest.mark.parametrize("points", [[(20, 20), (30, 30)], [(-5, -5), (-1, -1)], [(1.1, 1.1), (1.2, 1.2)]])
def test_a_region_without_a_pixel_is_refused_with_the_remedy(kind: str, points: Any) -> None:
    if kind == "polygon":
        points = [*points, (points[0][0], points[1][1])]
    with pytest.raises(ValueRefusedError, match=r"6 x 8 pixels\nDraw it larger"):
        find_pixels(kind, points, height=6, width=8)


@given(hnp.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_the_rings_of_a_mask_hold_its_pixels_and_no_other(mask: np.ndarray) -> None:
    """Holes and pixels that touch at a corner alone included: the rings of one mask, taken together."""
    if not mask.any():
        return
    inside = np.zeros(mask.shape, int)
    for ring in trace_rings(np.flatnonzero(mask), width=mask.shape[1]):
        assert len(ring) >= 4
        inside += np.array(
            [
                [winds_around(y + 0.5, x + 0.5, ring.tolist()) for x in range(mask.shape[1])]
                for y in range(mask.shape[0])
            ]
        )
    np.testing.assert_array_equal(inside % 2 == 1, mask)


@given(hnp.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_rings_turn_at_each_of_their_points(mask: np.ndarray) -> None:
    if not mask.any():
        return
    for ring in trace_rings(np.flatnonzero(mask), width=mask.shape[1]):
        sides = np.roll(ring, -1, axis=0) - ring
        assert (np.count_nonzero(sides, axis=1) == 1).all()
        assert (np.argmax(sides != 0, axis=1) != np.roll(np.argmax(sides != 0, axis=1), 1)).all()


def test_pixels_that_touch_at_a_corner_have_rings_of_their_own() -> None:
    assert len(trace_rings(np.array([0, 3]), width=2)) == 2
    assert len(trace_rings(np.array([1, 2]), width=2)) == 2
