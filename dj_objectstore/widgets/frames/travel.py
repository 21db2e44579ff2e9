"""Which frames will be wanted next, from those that were.

>>> travel = Travel()
>>> for step in range(3): travel.observe(10 + step, seconds=step / 30)
>>> travel.ahead(span_of=lambda index: range(index // 10 * 10, index // 10 * 10 + 10), frames=1000)
[20, 30, 40, 50]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    SpanOf = Callable[[int], range]
    """The frames that are read together with one of them."""

HORIZON_SECONDS = 1.0
MAX_BLOCKS = 8
PAUSE_SECONDS = 1.0
SMOOTHING = 0.5
STEADY = 2
"""More long strides the same way than these are a journey; fewer are jumps, and the next may go anywhere."""


@dataclass
class Travel:
    """Position, stride (frames from one wish to the next, signed) and rate (wishes a second)."""

    position: int | None = None
    stride: float = 1.0
    rate: float = 1.0
    _seconds: float = 0.0
    _strides: int = 0

    def observe(self, index: int, *, seconds: float) -> None:
        """Take note that frame `index` was wanted at a moment."""
        last, elapsed = self.position, seconds - self._seconds
        self.position, self._seconds = index, seconds
        if last is None or index == last:
            return
        delta = float(index - last)
        turned = (delta > 0) != (self.stride > 0)
        if turned or elapsed > PAUSE_SECONDS:
            self.stride, self.rate, self._strides = delta, 1.0, 1
            return
        self._strides += 1
        self.stride += SMOOTHING * (delta - self.stride)
        self.rate += SMOOTHING * (1 / max(elapsed, 1e-3) - self.rate)

    def ahead(self, *, span_of: SpanOf, frames: int, at_most: int = MAX_BLOCKS) -> list[int]:
        """Return the first frame of each block to have ready, the most urgent first."""
        if self.position is None:
            return []
        if abs(self.stride) > len(span_of(self.position)) and self._strides <= STEADY:
            return []
        reach = abs(self.stride) * self.rate * HORIZON_SECONDS
        step = max(abs(self.stride), len(span_of(self.position)))
        blocks = min(math.ceil(reach / step) + 1, MAX_BLOCKS, at_most)
        wanted: list[int] = []
        here: float = self.position
        while len(wanted) < blocks:
            here = self._beyond(here, span_of(round(here)))
            if not 0 <= round(here) < frames:
                break
            wanted.append(span_of(round(here)).start)
        return wanted

    def _beyond(self, here: float, span: range) -> float:
        """Return where the next block begins, or where the next stride lands beyond this one."""
        if abs(self.stride) > len(span):
            return here + self.stride
        return span.stop if self.stride > 0 else span.start - 1


def blocks_after(index: int, *, span_of: SpanOf, frames: int, loop: bool, at_most: int) -> list[int]:
    """Return the first frame of each of the next blocks of a movie that is played on from `index`.

    >>> tens = lambda n: range(n // 10 * 10, n // 10 * 10 + 10)
    >>> blocks_after(25, span_of=tens, frames=40, loop=True, at_most=3)
    [30, 0, 10]
    """
    home = span_of(index).start
    found: list[int] = []
    following = span_of(index).stop
    while len(found) < at_most:
        if following >= frames:
            if not loop:
                break
            following = 0
        span = span_of(following)
        if span.start == home or span.start in found:
            break
        found.append(span.start)
        following = span.stop
    return found
