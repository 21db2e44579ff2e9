"""Frames laid on each other by whole pixels, which leaves their noise as it is.

Before the noise of a moving movie is measured, the rows of a bidirectional scan are put where the others
are, and then each frame where its neighbours are. What is left is motion of less than a pixel.

>>> import numpy as np
>>> scene = np.random.default_rng(0).poisson(50, (1, 64, 64))
>>> moved = np.concatenate([scene, np.roll(scene, 3, axis=2)] * 3)
>>> bool((np.diff(align_frames(moved), axis=0) == 0).all())
True
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Segment = NDArray[np.generic]

#: pixels that rows or frames may be apart
REACH = 8
#: the middle of a frame tells where all of it is
_VIEW = 128
#: how often frames are laid on the mean of the others
_PASSES = 2
#: standard errors by which frames must look more alike before one is moved
_CLEAR = 6.0
#: odd rows are moved where that takes away this share of how they differ from the others
_WORTH = 0.2


def align_rows(segment: Segment) -> Segment:
    """Move odd rows by whole pixels to where even rows are, as in a scan of two directions; same dtype.

    Parameters
    ----------
    segment
        Frames (time, y, x).

    Returns
    -------
    ndarray
        The segment itself where that helps little; otherwise narrower by the shift.
    """
    mean = segment.mean(axis=0, dtype=np.float32)
    even, odd = mean[::2], mean[1::2]
    rows, width = min(len(even) - 1, len(odd)), mean.shape[1]
    reach = min(REACH, width // 4)
    if rows < 1 or reach < 1:
        return segment
    between = (even[:rows] + even[1 : rows + 1])[:, reach : width - reach] / 2
    shifts = range(-reach, reach + 1)
    differences = [
        float(((odd[:rows, reach + shift : width - reach + shift] - between) ** 2).mean()) for shift in shifts
    ]
    shift = shifts[int(np.argmin(differences))]
    if shift == 0 or min(differences) > (1 - _WORTH) * differences[reach]:
        return segment
    aligned = np.empty((*segment.shape[:2], width - abs(shift)), segment.dtype)
    aligned[:, ::2] = segment[:, ::2, max(-shift, 0) : width - max(shift, 0)]
    aligned[:, 1::2] = segment[:, 1::2, max(shift, 0) : width - max(-shift, 0)]
    return aligned


def align_frames(segment: Segment) -> Segment:
    """Move frames by whole pixels to where the others are, and leave out what not all of them show.

    Parameters
    ----------
    segment
        A few frames (time, y, x); same dtype comes back.
    """
    height, width = segment.shape[1:]
    reach = min(REACH, height // 4, width // 4)
    if reach < 1:
        return segment
    shifts = _find_shifts(segment, reach)
    shifts -= shifts.min(axis=0)
    tall, wide = height - int(shifts[:, 0].max()), width - int(shifts[:, 1].max())
    return np.stack(
        [frame[y : y + tall, x : x + wide] for frame, (y, x) in zip(segment, shifts, strict=True)]
    )


def _find_shifts(segment: Segment, reach: int) -> NDArray[np.intp]:
    """Return the rows and columns by which each frame lies off the mean of all, by cross-correlation."""
    height, width = segment.shape[1:]
    top, left = max(0, (height - _VIEW) // 2), max(0, (width - _VIEW) // 2)
    view = np.asarray(segment[:, top : top + _VIEW, left : left + _VIEW], np.float32)
    view = (view - view.mean()) * np.hanning(view.shape[1])[:, None].astype(np.float32)
    view *= np.hanning(view.shape[2]).astype(np.float32)
    spectra, noise = np.fft.rfft2(view), float(np.square(np.diff(view, axis=0)).mean()) / 2
    rows, columns = np.fft.fftfreq(view.shape[1])[:, None], np.fft.rfftfreq(view.shape[2])
    shifts = np.zeros((len(segment), 2), np.intp)
    for _ in range(_PASSES):
        turns = shifts[:, :1, None] * rows + shifts[:, 1:, None] * columns
        mean = (spectra * np.exp(2j * np.pi * turns)).mean(axis=0)
        found = np.fft.irfft2(spectra * mean.conj(), s=view.shape[1:])
        near = np.roll(found, (reach, reach), axis=(1, 2))[:, : 2 * reach + 1, : 2 * reach + 1]
        flat = near.reshape(len(near), -1)
        power = float(np.square(np.fft.irfft2(mean, s=view.shape[1:])).sum())
        clear = flat.max(axis=1) - found[:, 0, 0] > _CLEAR * math.sqrt(noise * power)
        places = np.stack(np.divmod(flat.argmax(axis=1), 2 * reach + 1), axis=1) - reach
        shifts = np.where(clear[:, None], places, 0)
    return shifts
