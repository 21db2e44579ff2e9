"""Which frames will be wanted next, from those that were.

>>> travel = Travel()
>>> for step in range(3): travel.observe(10 + step, seconds=step / 30)
>>> travel.ahead(per_block=10, frames=1000)
[20, 30, 40]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HORIZON_SECONDS = 0.5
MAX_BLOCKS = 4
PAUSE_SECONDS = 1.0
SMOOTHING = 0.5


@dataclass
class Travel:
    """Position, stride (frames from one wish to the next, signed) and rate (wishes a second)."""

    position: int | None = None
    stride: float = 1.0
    rate: float = 1.0
    _seconds: float = 0.0

    def observe(self, index: int, *, seconds: float) -> None:
        """Take note that frame `index` was wanted at a moment."""
        last, elapsed = self.position, seconds - self._seconds
        self.position, self._seconds = index, seconds
        if last is None or index == last:
            return
        delta = float(index - last)
        turned = (delta > 0) != (self.stride > 0)
        if turned or elapsed > PAUSE_SECONDS:
            self.stride, self.rate = delta, 1.0
            return
        self.stride += SMOOTHING * (delta - self.stride)
        self.rate += SMOOTHING * (1 / max(elapsed, 1e-3) - self.rate)

    def ahead(self, *, per_block: int, frames: int) -> list[int]:
        """Return one frame of each block to have ready, the most urgent first."""
        if self.position is None:
            return []
        step = math.copysign(max(abs(self.stride), per_block), self.stride)
        blocks = math.ceil(abs(self.stride) * self.rate * HORIZON_SECONDS / abs(step)) + 1
        wanted = [round(self.position + step * (n + 1)) for n in range(min(blocks, MAX_BLOCKS))]
        return [index - index % per_block for index in wanted if 0 <= index < frames]
