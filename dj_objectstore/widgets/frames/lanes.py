"""The queue of one view: of the frames that wait there only the newest is read.

>>> lane = FrameLane(service, lambda: source)                                     # doctest: +SKIP
>>> lane.ask(FrameWish(17, Shot(), answer=print))                                 # doctest: +SKIP
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.frames.travel import MAX_BLOCKS, Travel
from dj_objectstore.widgets.messages.answers import SUPERSEDED, Failure
from dj_objectstore.widgets.movies.spots import find_span, find_spots

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np

    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.frames.shots import Shot
    from dj_objectstore.widgets.movies.sources import FrameSource

LANE_RUNNING = 2
"""Frames of one lane that are read at once, so that a slow one does not hold up the newest."""


@dataclass(frozen=True)
class FrameWish:
    """A frame that a view asked for; `answer` is called once, from a thread of the service."""

    index: int
    shot: Shot
    answer: Callable[[np.ndarray | Failure | Exception], None]
    is_cancelled: Callable[[], bool] = lambda: False


@dataclass(eq=False)
class _Reading:
    """A wish that is being read, the blocks that it needs, and whether it has to make way."""

    wish: FrameWish
    blocks: frozenset[Hashable] = field(default=frozenset())
    is_given_up: bool = False


class FrameLane:
    """The frames that one view asks of one channel of a movie: the latest wins.

    What is asked for while others are read takes the place of the newest of them, unless both need the same
    block; the oldest is read to its end, so that a picture follows the slider however fast it goes.

    Parameters
    ----------
    get_source
        Opens the movie; called on a thread of the service, and may raise.
    """

    def __init__(self, service: FrameService, get_source: Callable[[], FrameSource]) -> None:
        self._service = service
        self._get_source = get_source
        self._lock = threading.Lock()
        self._source: FrameSource | None = None
        self._waiting: FrameWish | None = None
        self._reading: list[_Reading] = []
        self._running = 0
        self._travel = Travel()
        self._reach = 0
        self._closed = False

    def ask(self, wish: FrameWish) -> None:
        """Read a frame soon; one that still waited is answered with `SUPERSEDED`."""
        with self._lock:
            dropped, self._waiting = self._waiting, wish
            start = self._running < LANE_RUNNING
            self._running += start
            if not start:
                self._make_way(wish)
        if start:
            self._service.frames.submit(self._work)
        if dropped is not None:
            self._service.frames.submit(lambda: dropped.answer(SUPERSEDED))

    def close(self) -> None:
        """Give up all that is read and read ahead."""
        self._closed = True

    def _make_way(self, wish: FrameWish) -> None:
        if len(self._reading) < LANE_RUNNING or self._source is None:
            return
        newest = self._reading[-1]
        if wish.index >= self._source.frames or not newest.blocks & _blocks(self._source, wish):
            newest.is_given_up = True

    def _work(self) -> None:
        while (wish := self._take()) is not None:
            if not wish.is_cancelled():
                self._serve(wish)

    def _take(self) -> FrameWish | None:
        with self._lock:
            wish, self._waiting = self._waiting, None
            self._running -= wish is None
            return wish

    def _serve(self, wish: FrameWish) -> None:
        try:
            source = self._get_source()
            frame = self._read(source, wish)
        except NoLongerWantedError:
            wish.answer(SUPERSEDED)
            return
        except Exception as err:  # noqa: BLE001 - the message edge: the view is told, whatever it is
            wish.answer(err)
            return
        wish.answer(frame)
        self._look_ahead(source, wish)

    def _read(self, source: FrameSource, wish: FrameWish) -> np.ndarray:
        source.check(wish.index, wish.shot)
        reading = _Reading(wish, _blocks(source, wish))
        with self._lock:
            self._source = source
            self._reading.append(reading)

        def is_wanted() -> bool:
            return not (reading.is_given_up or self._closed or wish.is_cancelled())

        try:
            return self._service.read(source, wish.index, wish.shot, is_wanted=is_wanted)
        finally:
            with self._lock:
                self._reading.remove(reading)

    def _look_ahead(self, source: FrameSource, wish: FrameWish) -> None:
        def span_of(index: int) -> range:
            return find_span(source, index, wish.shot.step)

        with self._lock:
            self._travel.observe(wish.index, seconds=time.monotonic())
            room = self._service.room(source, wish.shot.step)
            wanted = self._travel.ahead(span_of=span_of, frames=source.frames, at_most=room)
            self._reach = round(MAX_BLOCKS * max(abs(self._travel.stride), len(span_of(wish.index))))
        self._service.read_ahead(source, wanted, wish.shot, is_wanted=self._is_ahead)

    def _is_ahead(self, index: int) -> bool:
        """Return whether a frame still lies in the direction of travel, and not too far."""
        position = self._travel.position
        if position is None or self._closed:
            return False
        distance = index - position if self._travel.stride > 0 else position - index
        return -1 <= distance <= self._reach


def _blocks(source: FrameSource, wish: FrameWish) -> frozenset[Hashable]:
    return frozenset(spot.key for spot in find_spots(source, wish.index, wish.shot))
