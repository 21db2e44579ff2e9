"""The mean of the last frames, kept up as frames go by: one frame is added and one taken away.

>>> window = Window()
>>> values = lambda index: np.full((1, 1), float(index))
>>> window.mean(9, 4, values)[0, 0], window.mean(10, 4, values)[0, 0]
(np.float32(7.5), np.float32(8.5))
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Frame = np.ndarray
    Values = Callable[[int], Frame]


class Window:
    """The sum of the frames from one to another, float64, so that nothing is lost in a long movie."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sum: Frame | None = None
        self._span = range(0)

    def mean(self, index: int, n: int, values: Values) -> Frame:
        """Return the mean of the `n` frames ending at `index`, fewer at the start, float32.

        Parameters
        ----------
        values
            Gives a frame's values, shape (y, x). Where one is not finite the mean is made anew, over those
            frames that have a value there.
        """
        span = range(max(0, index - n + 1), index + 1)
        with self._lock:
            steps = self._steps(span)
            self._span = range(0)  # until it is done: an error on the way leaves a sum of nothing
            if not self._walk(steps, values):
                return _of_finite(span, values)
            self._span = span
            return self._quotient(len(span))

    def _steps(self, span: range) -> list[tuple[int, int]]:
        """Return which frames to add (1) and to take away (-1); all anew where that is less."""
        old = self._span
        added = [(frame, 1) for frame in span if frame not in old]
        removed = [(frame, -1) for frame in old if frame not in span]
        if old and len(added) + len(removed) < len(span):
            return added + removed
        self._sum = None
        return [(frame, 1) for frame in span]

    def _walk(self, steps: list[tuple[int, int]], values: Values) -> bool:
        for index, sign in steps:
            frame = values(index)
            if not np.isfinite(frame).all():
                return False
            if self._sum is None:
                self._sum = np.zeros(frame.shape, "f8")
            (np.add if sign > 0 else np.subtract)(self._sum, frame, out=self._sum)
        return True

    def _quotient(self, n: int) -> Frame:
        total = self._sum if self._sum is not None else np.zeros((0, 0))
        with np.errstate(over="ignore"):
            return np.asarray(total / n).astype("<f4")


def _of_finite(span: range, values: Values) -> Frame:
    """Return the mean over the frames that have a value; NaN where none has."""
    first = values(span.start)
    total, count = np.zeros(first.shape, "f8"), np.zeros(first.shape, "u4")
    for index in span:
        frame = values(index)
        there = ~np.isnan(frame)
        np.add(total, frame, out=total, where=there)
        count += there
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        return (total / count).astype("<f4")
