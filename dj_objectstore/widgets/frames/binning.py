"""Frames binned on the way: the mean of `step` x `step` codes, exact to half a code.

>>> bin_frames(np.array([[[1, 3, 5], [3, 5, 7]]], "u1"), 2)
array([[[3, 6]]], dtype=uint8)
"""

from __future__ import annotations

import numpy as np


def bin_frames(frames: np.ndarray, step: int) -> np.ndarray:
    """Return frames, shape (frames, y, x), with bins of `step` x `step` pixels as one.

    Bins at the lower and right edge may be smaller: the shape is ``ceil(y / step)`` x ``ceil(x / step)``.
    Integers are rounded half up; of floats NaN is left out, and a bin of nothing else is NaN.
    """
    if step == 1:
        return frames
    if frames.dtype.kind == "f":
        return _bin_floats(frames, step)
    counts = _pixels(frames.shape, step)
    # 1024 pixels of 16 bits fit into 32
    sums = _sums(frames, step, np.dtype("u4"))
    sums += counts // 2
    sums //= counts
    return sums.astype(frames.dtype)


def _bin_floats(frames: np.ndarray, step: int) -> np.ndarray:
    if not np.isnan(frames).any():
        counts = _pixels(frames.shape, step).astype("f4")
        with np.errstate(invalid="ignore", over="ignore"):
            means: np.ndarray = (_sums(frames, step, np.dtype("f8")) / counts).astype(frames.dtype)
        return means
    there = ~np.isnan(frames)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = _sums(np.where(there, frames, 0), step, np.dtype("f8"))
        found: np.ndarray = (sums / _sums(there, step, np.dtype("u4"))).astype(frames.dtype)
    return found


def _sums(frames: np.ndarray, step: int, dtype: np.dtype[np.generic]) -> np.ndarray:
    """Add up bins by rows, then by columns: each pass runs along whole rows."""
    height, width = (-(-side // step) for side in frames.shape[1:])
    rows = np.zeros((len(frames), height, frames.shape[2]), dtype)
    for offset in range(min(step, frames.shape[1])):
        part = frames[:, offset::step]
        np.add(rows[:, : part.shape[1]], part, out=rows[:, : part.shape[1]], casting="unsafe")
    bins = np.zeros((len(frames), height, width), dtype)
    for offset in range(min(step, frames.shape[2])):
        part = rows[:, :, offset::step]
        bins[:, :, : part.shape[2]] += part
    return bins


def _pixels(shape: tuple[int, ...], step: int) -> np.ndarray:
    """Return how many pixels each bin has, shape (y, x)."""
    sizes = [np.minimum(step, side - np.arange(0, side, step)) for side in shape[1:]]
    return np.outer(*sizes).astype("u4")
