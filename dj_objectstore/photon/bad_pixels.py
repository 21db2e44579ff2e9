"""Pixels of a detector that do not see the scene: dead, hot, stuck at one value.

>>> import numpy as np
>>> movie = np.random.default_rng(0).poisson(9, (20, 16, 16))
>>> movie[:, 5, 7] = 4095
>>> np.argwhere(find_bad_pixels(movie)).tolist()
[[5, 7]]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Segment = NDArray[np.generic]

#: times that its neighbours must have changed before a pixel that never did is stuck
_CHANGES = 9
#: standard errors by which a bad pixel lies outside of the range of its neighbours
_OUTSIDE = 6.0


def find_bad_pixels(segment: Segment) -> NDArray[np.bool_]:
    """Return, shape (y, x), the pixels that do not see the scene as their neighbours do.

    Those are stuck at one value while their neighbours change, or are much brighter or darker than
    all of them. At few photons a pixel may be dark for long by chance: that makes none of them bad.
    """
    changes = np.count_nonzero(segment[1:] != segment[:-1], axis=0).astype(np.float32)
    stuck = (changes == 0) & (np.mean(_neighbours(changes), axis=0) > _CHANGES)
    difference = np.subtract(segment[1:], segment[:-1], dtype=np.float32)
    variance = np.einsum("tyx,tyx->yx", difference, difference) / (2 * len(difference))
    around = np.maximum(np.mean(_neighbours(variance), axis=0), variance.mean())
    margin = _OUTSIDE * np.sqrt(around / len(segment))
    mean = segment.mean(axis=0, dtype=np.float32)
    neighbours = _neighbours(mean)
    apart = (mean - margin > np.max(neighbours, axis=0)) | (mean + margin < np.min(neighbours, axis=0))
    bad: NDArray[np.bool_] = stuck | apart
    return bad


def _neighbours(image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return eight images: what lies around each pixel; at the border, its own row or column again."""
    height, width = image.shape
    wide = np.pad(image, 1, mode="edge")
    places = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    return [wide[y : y + height, x : x + width] for y, x in places]


def grow(bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return these pixels (y, x) and the eight around each."""
    wide = np.pad(bad, 1)
    rows = wide[:-2] | wide[1:-1] | wide[2:]
    grown: NDArray[np.bool_] = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return grown
