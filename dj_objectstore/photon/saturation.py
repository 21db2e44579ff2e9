"""Grey levels that were cut off at the ends of what a detector or a file can hold.

>>> import numpy as np
>>> bright = np.minimum(np.random.default_rng(0).poisson(240, (20, 16, 16)), 255)
>>> saturated_share([bright]) > 0.1
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.photon.bad_pixels import find_bad_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Segments = Sequence[NDArray[np.generic]]

#: fewer pixels at the lowest level do not bend the line
_MIN_DARK_SHARE = 0.02
#: grey levels above the lowest, in photons, that tell how crowded they are
_NEAR = 0.1
#: more pixels at the lowest level than this share of those that a photon's width of levels would hold if
#: they were all as crowded as those just above it: a pile
_PILE = 0.4
#: levels that are photons are a photon apart, within this share
_SPACING = 0.08


def saturated_share(segments: Segments) -> float:
    """Return the share of pixels at the highest value, if more lie there than just below; otherwise 0.

    Parameters
    ----------
    segments
        Frames (time, y, x); pixels that are stuck do not count.
    """
    levels = _good_levels(segments)
    highest = levels.max()
    top = int(np.count_nonzero(levels == highest))
    lower = levels[levels < highest]
    if not lower.size:
        return 0.0  # one value everywhere is a flat movie
    below = int(np.count_nonzero(lower == lower.max()))
    return top / levels.size if top > below else 0.0


def cut_off_share(segments: Segments, *, gain: float) -> float:
    """Return the share of pixels at the lowest value, if darker ones were cut off there; otherwise 0.

    Noise that is cut off piles up at the lowest level, and the levels just above it are crowded too. Pixels
    without a photon lie at a level of their own, by one photon below the next.

    Parameters
    ----------
    segments
        As of `saturated_share`.
    gain
        Grey levels of a photon by the line of variance against mean.
    """
    levels = _good_levels(segments)
    lowest = levels.min()
    share = float(np.count_nonzero(levels == lowest)) / levels.size
    above = levels[levels > lowest]
    if share < _MIN_DARK_SHARE or not above.size:
        return 0.0
    next_one = float(above.min()) - float(lowest)
    width = max(_NEAR * gain, next_one)
    crowd = np.count_nonzero(above <= lowest + width) / levels.size * gain / width
    if next_one < gain / 2:
        return share if share > _PILE * crowd else 0.0
    # whole numbers may be rounded
    slack = _SPACING * gain + (0.5 if next_one > 1 else 0.0)
    return share if abs(next_one - gain) > slack else 0.0


def _good_levels(segments: Segments) -> NDArray[np.generic]:
    """Return the levels of all pixels that are not bad, flat."""
    kept = []
    for segment in segments:
        bad = find_bad_pixels(segment) if len(segment) > 1 else np.zeros(segment.shape[1:], bool)
        kept.append(segment[:, ~bad].ravel() if bad.any() else segment.ravel())
    return np.concatenate(kept)
