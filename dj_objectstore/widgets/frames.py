"""The frame service: reads frames for all widgets of a process, on threads of its own.

Decoded blocks are kept in bounded memory and shared by all views of a movie. A `FrameLane` is the queue of
one view: of the frames that wait there only the newest is read, and what will be wanted next is read ahead.

>>> service = frame_service()
>>> service.read(source, 17, channel=0)            # doctest: +SKIP
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.widgets.answers import SUPERSEDED, Failure
from dj_objectstore.widgets.chunks import ChunkCache
from dj_objectstore.widgets.travel import Travel
from dj_objectstore.widgets.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from dj_objectstore.widgets.sources import FrameSource

CACHE_BYTES = 256_000_000
FRAME_THREADS = 4
AHEAD_THREADS = 2
REQUEST_THREADS = 3
LANE_RUNNING = 2
"""Frames of one lane that are read at once, so that a slow one does not hold up the newest."""


class FrameService:
    """Cache and threads that the widgets of a process share.

    Attributes
    ----------
    requests
        Threads for what is not a frame: lists, previews, descriptions.
    """

    def __init__(self, *, cache_bytes: int = CACHE_BYTES) -> None:
        self.cache = ChunkCache(max_bytes=cache_bytes)
        self.frames = Workers("frames", threads=FRAME_THREADS)
        self.requests = Workers("requests", threads=REQUEST_THREADS)
        self._ahead = Workers("ahead", threads=AHEAD_THREADS)

    def read(self, source: FrameSource, index: int, *, channel: int) -> np.ndarray:
        """Return the codes of one frame, shape (y, x), read-only; waits for its block to be decoded.

        Raises
        ------
        ValueRefusedError
            When the movie has no such frame or channel.
        ObjectStoreError
            When the store or the data do not give it.
        """
        source.check(index, channel)
        block, offset = divmod(index, source.block_frames)
        frame: np.ndarray = self._block(source, block, channel)[offset]
        return frame

    def read_once(self, source: FrameSource, index: int, *, channel: int) -> np.ndarray:
        """Return the codes of a frame as `read` does, without keeping its block: to look a movie over."""
        source.check(index, channel)
        block, offset = divmod(index, source.block_frames)
        kept = self.cache.peek((source.identity, block, channel))
        frame: np.ndarray = (source.read_block(block, channel=channel) if kept is None else kept)[offset]
        return frame

    def read_ahead(
        self, source: FrameSource, indices: list[int], *, channel: int, is_wanted: Callable[[], bool]
    ) -> None:
        """Have the blocks of `indices` decoded, unless `is_wanted` has become false by then."""
        for index in indices if source.reads_ahead else ():
            block = index // source.block_frames
            if (source.identity, block, channel) not in self.cache:
                self._ahead.submit(partial(self._have_ready, source, block, channel, is_wanted))

    def close(self) -> None:
        """End all threads and forget all blocks."""
        for workers in (self.frames, self.requests, self._ahead):
            workers.close()
        self.cache.clear()

    def _block(self, source: FrameSource, block: int, channel: int) -> np.ndarray:
        key = (source.identity, block, channel)
        return self.cache.get(key, lambda: source.read_block(block, channel=channel))

    def _have_ready(
        self, source: FrameSource, block: int, channel: int, is_wanted: Callable[[], bool]
    ) -> None:
        if not is_wanted():
            return
        try:
            self._block(source, block, channel)
        except ObjectStoreError:
            return  # the request for the frame itself will tell


@dataclass(frozen=True)
class FrameWish:
    """A frame that a view asked for; `answer` is called once, from a thread of the service."""

    index: int
    channel: int
    answer: Callable[[np.ndarray | Failure | Exception], None]
    is_cancelled: Callable[[], bool] = lambda: False


class FrameLane:
    """The frames that one view asks of one movie: the latest wins.

    Parameters
    ----------
    get_source
        Opens the movie; called on a thread of the service, and may raise.
    """

    def __init__(self, service: FrameService, get_source: Callable[[], FrameSource]) -> None:
        self._service = service
        self._get_source = get_source
        self._lock = threading.Lock()
        self._waiting: FrameWish | None = None
        self._running = 0
        self._travel = Travel()
        self._turn = 0

    def ask(self, wish: FrameWish) -> None:
        """Read a frame soon; one that still waited is answered with `SUPERSEDED`."""
        with self._lock:
            dropped, self._waiting = self._waiting, wish
            start = self._running < LANE_RUNNING
            self._running += start
        if start:
            self._service.frames.submit(self._work)
        if dropped is not None:
            self._service.frames.submit(lambda: dropped.answer(SUPERSEDED))

    def _work(self) -> None:
        while (wish := self._take()) is not None:
            self._serve(wish)

    def _take(self) -> FrameWish | None:
        with self._lock:
            wish, self._waiting = self._waiting, None
            self._running -= wish is None
            return wish

    def _serve(self, wish: FrameWish) -> None:
        if wish.is_cancelled():
            return
        try:
            source = self._get_source()
            frame = self._service.read(source, wish.index, channel=wish.channel)
        except Exception as err:  # noqa: BLE001 - the message edge: the view is told, whatever it is
            wish.answer(err)
            return
        wish.answer(frame)
        self._look_ahead(source, wish)

    def _look_ahead(self, source: FrameSource, wish: FrameWish) -> None:
        with self._lock:
            self._travel.observe(wish.index, seconds=time.monotonic())
            self._turn += 1
            turn = self._turn
            wanted = self._travel.ahead(per_block=source.block_frames, frames=source.frames)
        self._service.read_ahead(
            source,
            wanted,
            channel=wish.channel,
            is_wanted=lambda: self._turn - turn < source.block_frames,
        )


_service: FrameService | None = None
_service_lock = threading.Lock()


def frame_service() -> FrameService:
    """Return the service of this process; a forked child gets its own."""
    global _service  # noqa: PLW0603 - one for each process
    with _service_lock:
        if _service is None:
            _service = FrameService()
        return _service


def close_frame_service() -> None:
    """End the service of this process; the next use starts a new one."""
    global _service
    with _service_lock:
        service, _service = _service, None
    if service is not None:
        service.close()


def _forget_after_fork() -> None:
    """Threads do not survive a fork, and locks may have been held by them."""
    global _service, _service_lock
    _service, _service_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
