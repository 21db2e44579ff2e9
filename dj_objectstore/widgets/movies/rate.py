"""How fast a movie is played at first: at its own rate, as soon as that is known.

>>> from dj_objectstore.widgets.movies.sources import Timing
>>> playing_rate(Timing(frame_rate=20.0)), playing_rate(Timing(frame_rate=2000.0)), playing_rate(Timing())
(20.0, 60.0, 30.0)
"""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.widgets.frames.frames import frame_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.widgets.frames.targets import OpenSource
    from dj_objectstore.widgets.movies.sources import Timing

USUAL_RATE = 30.0
"""Of a movie that has none."""
RATES = (1.0, 60.0)
"""A screen shows no more, and less does not look like playing."""


def playing_rate(timing: Timing) -> float:
    """Return how many frames a second a movie plays at first: its own rate, but 1 to 60; 30 without one."""
    rate = timing.frame_rate
    if timing.times is not None and len(timing.times) > 1:
        interval = float(np.median(np.diff(timing.times)))
        rate = float(f"{1 / interval:.6g}") if interval > 0 else None
    return USUAL_RATE if rate is None else min(max(rate, RATES[0]), RATES[1])


class OwnRate:
    """The rate at which a movie plays at first: known by what was `given`, or once a thread has opened it."""

    def __init__(self, given: Timing, open_source: OpenSource) -> None:
        self._found: Future[float] = Future()
        if given.frame_rate is not None or given.times is not None:
            self._found.set_result(playing_rate(given))
        else:
            frame_service().passes.submit(partial(self._find, open_source))

    def _find(self, open_source: OpenSource) -> None:
        try:
            rate = playing_rate(open_source().facts.timing)
        except ObjectStoreError:
            rate = USUAL_RATE  # whoever shows the movie is told why there is none
        self._found.set_result(rate)

    def get(self, *, seconds: float = 0.0) -> float:
        """Return the rate; the usual one where it does not come within so many `seconds`."""
        try:
            return self._found.result(timeout=seconds)
        except NotInTime:
            return USUAL_RATE

    def tell(self, hear: Callable[[float], None]) -> None:
        """Have `hear` called with the rate, now or from the thread that finds it."""
        self._found.add_done_callback(lambda found: hear(found.result()))
