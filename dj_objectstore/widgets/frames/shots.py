"""Which picture of each moment of a movie is meant, and how it is made.

>>> Shot(channel=1, step=2)
Shot(channel=1, at=(), step=2, mean=1)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """What a view shows of each frame.

    `at` are positions on the axes that are neither time, channel nor picture (0 where left out); pixels are
    binned `step` x `step`; with `mean` above 1 it is the mean of as many frames, the last of them the one
    asked for.
    """

    channel: int = 0
    at: tuple[int, ...] = ()
    step: int = 1
    mean: int = 1


FIRST = Shot()
