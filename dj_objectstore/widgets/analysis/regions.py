"""Which pixels lie in a region that was drawn on a picture.

Points are (y, x) at the pixels' edges: (0, 0) is the outer corner of the first pixel, its centre is at
(0.5, 0.5). A pixel belongs to a region when its centre lies inside.

>>> find_pixels("rectangle", [(0, 0), (2, 2)], height=3, width=3)
array([0, 1, 3, 4])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.intp]


def find_pixels(kind: str, points: Sequence[Sequence[float]], *, height: int, width: int) -> Pixels:
    """Return the pixels of a region, as sorted indices into the picture's rows laid end to end.

    Parameters
    ----------
    kind
        ``"rectangle"`` or ``"ellipse"`` between two opposite corners, or ``"polygon"``. A polygon that
        crosses itself holds what an odd number of its windings hold.
    points
        (y, x) each.
    height, width
        Of the picture, in pixels.

    Raises
    ------
    ValueRefusedError
        When no pixel of the picture lies inside.
    """
    corners = np.asarray(points, np.float64)
    first, last = _rows_and_columns(corners, height, width)
    rows, columns = np.arange(first[0], last[0]), np.arange(first[1], last[1])
    inside = INSIDE[kind](corners, rows + 0.5, columns + 0.5)
    found: Pixels = np.flatnonzero(inside)
    if found.size == 0:
        raise ValueRefusedError(
            f"a region must hold the centre of a pixel, this {kind} holds none of the "
            f"{height} x {width} pixels",
            hint="Draw it larger, and inside the picture.",
        )
    return rows[found // len(columns)] * width + columns[found % len(columns)]


def _rows_and_columns(corners: NDArray[np.float64], height: int, width: int) -> tuple[Pixels, Pixels]:
    """Return the first and the past-the-last row and column of the box around the points."""
    size = np.array([height, width])
    first = np.clip(np.floor(corners.min(axis=0)), 0, size).astype(np.intp)
    last = np.clip(np.ceil(corners.max(axis=0)), 0, size).astype(np.intp)
    return first, np.maximum(first, last)


def _in_rectangle(
    corners: NDArray[np.float64], y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.bool_]:
    low, high = corners.min(axis=0), corners.max(axis=0)
    rows, columns = (low[0] <= y) & (y < high[0]), (low[1] <= x) & (x < high[1])
    inside: NDArray[np.bool_] = rows[:, None] & columns
    return inside


def _in_ellipse(
    corners: NDArray[np.float64], y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.bool_]:
    centre, radius = corners.mean(axis=0), np.ptp(corners, axis=0) / 2
    if not (radius > 0).all():
        return np.zeros((len(y), len(x)), bool)
    inside: NDArray[np.bool_] = (((y - centre[0]) / radius[0]) ** 2)[:, None] + (
        (x - centre[1]) / radius[1]
    ) ** 2 <= 1
    return inside


def _in_polygon(
    corners: NDArray[np.float64], y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Row by row: a pixel is inside when an odd number of sides lie to its left."""
    (start_y, start_x), (end_y, end_x) = corners.T, np.roll(corners, -1, axis=0).T
    inside = np.zeros((len(y), len(x)), bool)
    for row, centre in zip(inside, y, strict=True):
        crossing = (start_y <= centre) != (end_y <= centre)
        part = (centre - start_y[crossing]) / (end_y[crossing] - start_y[crossing])
        places = start_x[crossing] + part * (end_x[crossing] - start_x[crossing])
        row[:] = np.searchsorted(np.sort(places), x, side="right") % 2
    return inside


INSIDE = {"rectangle": _in_rectangle, "ellipse": _in_ellipse, "polygon": _in_polygon}
