"""Two things timed turn by turn, so that whatever else the machine does slows both."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Ratio:
    """How many times faster the first of two was, one entry for each turn; seconds of each, by turn."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def turns(self) -> list[float]:
        return sorted(b / a for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def middle(self) -> float:
        return median(self.turns)

    @property
    def spread(self) -> tuple[float, float]:
        return self.turns[0], self.turns[-1]


def time_pairs(
    ours: Callable[[], object],
    theirs: Sequence[Callable[[], object]],
    *,
    turns: int,
    after: Callable[[], object] = lambda: None,
) -> list[Ratio]:
    """Run `ours` and each of `theirs` once for warmth, then `turns` times in turn; `after` each, untimed."""
    runs = (ours, *theirs)
    for run in runs:
        run()
        after()
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(turns):
        for run, times in zip(runs, seconds, strict=True):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
            after()
    return [Ratio(tuple(seconds[0]), tuple(other)) for other in seconds[1:]]
