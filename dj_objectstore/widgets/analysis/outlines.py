"""The outlines of masks, along the edges of their pixels.

>>> trace_rings(np.array([0]), width=10)[0].tolist()
[[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Corner = tuple[int, int]

RIGHT, DOWN, LEFT, UP = (0, 1), (1, 0), (0, -1), (-1, 0)
TURNS = {way: ((way[1], -way[0]), way, (-way[1], way[0])) for way in (RIGHT, DOWN, LEFT, UP)}
"""Ways on from a corner, right first, so that pixels that touch at a corner alone stay apart."""


def trace_rings(pixels: NDArray[np.intp], *, width: int) -> list[NDArray[np.float32]]:
    """Return the closed lines around a mask and around its holes.

    Parameters
    ----------
    pixels
        Indices into the picture's rows laid end to end; not empty.
    width
        Of the picture, in pixels.

    Returns
    -------
    list of ndarray
        For each line its corners (y, x) at the pixels' edges, float32 of shape (points, 2); clockwise around
        the mask, the other way around a hole. The first point is not repeated.
    """
    sides = _sides(*np.divmod(pixels, width))
    rings = []
    while sides:
        start = next(iter(sides))
        rings.append(np.array(_follow(sides, start), np.float32))
    return rings


def _sides(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> dict[Corner, set[Corner]]:
    """Return the ways that lead from each corner along the edge of the mask, the mask on the right."""
    top, left = int(rows.min()) - 1, int(columns.min()) - 1
    mask = np.zeros((int(rows.max()) - top + 2, int(columns.max()) - left + 2), bool)
    mask[rows - top, columns - left] = True
    inner = mask[1:-1, 1:-1]
    edges = {
        RIGHT: (inner & ~mask[:-2, 1:-1], (0, 0)),
        DOWN: (inner & ~mask[1:-1, 2:], (0, 1)),
        LEFT: (inner & ~mask[2:, 1:-1], (1, 1)),
        UP: (inner & ~mask[1:-1, :-2], (1, 0)),
    }
    sides: dict[Corner, set[Corner]] = {}
    for way, (edge, (down, right)) in edges.items():
        for row, column in np.argwhere(edge).tolist():
            corner = (row + top + 1 + down, column + left + 1 + right)
            sides.setdefault(corner, set()).add(way)
    return sides


def _follow(sides: dict[Corner, set[Corner]], start: Corner) -> list[Corner]:
    """Return the corners at which one line turns, taking its sides away."""
    corner, way = start, next(iter(sides[start]))
    first = way
    turns: list[Corner] = []
    while True:
        _take(sides, corner, way)
        corner = (corner[0] + way[0], corner[1] + way[1])
        open_ways = sides.get(corner, set()) | ({first} if corner == start else set())
        following = next(turn for turn in TURNS[way] if turn in open_ways)
        if following != way:
            turns.append(corner)
        if corner == start and following == first:
            return turns
        way = following


def _take(sides: dict[Corner, set[Corner]], corner: Corner, way: Corner) -> None:
    sides[corner].discard(way)
    if not sides[corner]:
        del sides[corner]
