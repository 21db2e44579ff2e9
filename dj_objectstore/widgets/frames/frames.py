"""The frame service: reads frames for all widgets of a process, on threads of its own.

Decoded blocks are kept in bounded memory and shared by all views of a movie. What nobody waits for any more
is given up, down to the request to the store.

>>> service = frame_service()
>>> service.read(source, 17, Shot(channel=1))            # doctest: +SKIP
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.store.wanted import POLL_SECONDS, NoLongerWantedError, only_while
from dj_objectstore.widgets.frames.attention import Attention
from dj_objectstore.widgets.frames.budget import MemoryBudget
from dj_objectstore.widgets.frames.chunks import ChunkCache, always
from dj_objectstore.widgets.frames.rolling import Window
from dj_objectstore.widgets.frames.shots import FIRST, Shot
from dj_objectstore.widgets.frames.workers import Workers
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.spots import find_spot

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np

    from dj_objectstore.store.wanted import IsWanted
    from dj_objectstore.widgets.movies.sources import FrameSource
    from dj_objectstore.widgets.movies.spots import Spot

CACHE_BYTES = 256_000_000
LARGEST_CHUNK = 4
"""A chunk may decode to so many times the bytes of the cache."""
FRAME_THREADS = 8
AHEAD_THREADS = 8
REQUEST_THREADS = 3
PASS_THREADS = 8
"""Most of them wait for another's pass, to share the next one."""
MAX_WINDOWS = 4
"""Rolling means that are kept up."""


class FrameService:
    """Cache and threads that the widgets of a process share.

    Attributes
    ----------
    frames, requests, passes
        Threads for frames, for what is none (lists, previews, descriptions), and for what goes through all
        of a movie.
    attention
        Paid while a page asks.
    """

    def __init__(self, *, cache_bytes: int = CACHE_BYTES) -> None:
        self.attention = Attention()
        self.cache = ChunkCache(max_bytes=cache_bytes)
        self.frames = Workers("frames", threads=FRAME_THREADS)
        self.requests = Workers("requests", threads=REQUEST_THREADS)
        self.passes = Workers("passes", threads=PASS_THREADS)
        self._ahead = Workers("ahead", threads=AHEAD_THREADS)
        self._budget = MemoryBudget(cache_bytes)
        self._lock = threading.Lock()
        self._queued: set[Hashable] = set()
        self._windows: OrderedDict[Hashable, Window] = OrderedDict()
        self._closed = False

    @property
    def cache_bytes(self) -> int:
        """Bytes of decoded frames that are kept; as many may be in use while others are decoded."""
        return self.cache.max_bytes

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self.cache.max_bytes = self._budget.limit = value

    def read(
        self, source: FrameSource, index: int, shot: Shot = FIRST, *, is_wanted: IsWanted = always
    ) -> np.ndarray:
        """Return one frame, shape (y, x), read-only; waits for its block to be decoded.

        Codes as `source.code` says; with ``shot.mean`` above 1 the mean value in counts, float32.

        Parameters
        ----------
        is_wanted
            Whether the caller still waits; asked while it takes long.

        Raises
        ------
        ValueRefusedError
            When the movie has no such frame, channel or position, or its chunks are too large.
        ObjectStoreError
            When the store or the data do not give it.
        NoLongerWantedError
            When `is_wanted` has become false.
        """
        source.check(index, shot)
        if shot.mean > 1:
            values = partial(self._values, source, shot, is_wanted)
            return self._window(source, shot).mean(index, shot.mean, values)
        spot = find_spot(source, index, shot)
        frame: np.ndarray = self._block(spot, is_wanted)[spot.offset]
        return frame

    def read_once(
        self, source: FrameSource, index: int, shot: Shot = FIRST, *, is_wanted: IsWanted = always
    ) -> np.ndarray:
        """Return the codes of a frame as `read` does, without keeping its block: to look a movie over."""
        source.check(index, shot)
        spot = find_spot(source, index, shot)
        frame: np.ndarray = self._once(spot, is_wanted)[spot.offset]
        return frame

    def read_block(
        self, source: FrameSource, block: int, shot: Shot = FIRST, *, is_wanted: IsWanted = always
    ) -> np.ndarray:
        """Return the codes of a block, shape (frames, y, x), without keeping it: to go through a movie."""
        first = source.span(block).start
        source.check(first, shot)
        return self._once(find_spot(source, first, shot), is_wanted)

    def read_ahead(
        self, source: FrameSource, indices: list[int], shot: Shot, *, is_wanted: Callable[[int], bool]
    ) -> None:
        """Have the blocks of `indices` decoded, each as long as `is_wanted` says so of its index."""
        for index in indices if source.reads_ahead else ():
            spot = find_spot(source, index, shot)
            with self._lock:
                is_new = spot.key not in self._queued and spot.key not in self.cache
                if is_new:
                    self._queued.add(spot.key)
            if is_new:
                self._ahead.submit(partial(self._have_ready, spot, partial(is_wanted, index)))

    def room(self, source: FrameSource, step: int = 1) -> int:
        """Return how many blocks of a movie may be read ahead: half of what is kept."""
        block_bytes = source.block_frames * source.frame_bytes // step**2
        return max(1, self.cache_bytes // 2 // max(1, block_bytes))

    def await_quiet(self, is_wanted: IsWanted) -> None:
        """Return when no frame is being read: before work that may wait.

        Raises
        ------
        NoLongerWantedError
            When `is_wanted` has become false.
        """
        pause = threading.Event()
        while self.cache.loading:
            if not is_wanted():
                raise NoLongerWantedError
            pause.wait(POLL_SECONDS)

    def close(self) -> None:
        """Give up what is being read, end all threads and forget all blocks."""
        self._closed = True
        self.attention.close()
        for workers in (self.frames, self.requests, self.passes, self._ahead):
            workers.close()
        self.cache.clear()
        self._queued.clear()
        self._windows.clear()

    def _block(self, spot: Spot, is_wanted: IsWanted) -> np.ndarray:
        return self.cache.get(
            spot.key, lambda: self._load(spot), is_wanted=lambda: is_wanted() and not self._closed
        )

    def _once(self, spot: Spot, is_wanted: IsWanted) -> np.ndarray:
        kept = self.cache.peek(spot.key)
        if kept is not None:
            return kept
        with only_while(is_wanted):
            return self._load(spot)

    def _load(self, spot: Spot) -> np.ndarray:
        limit = LARGEST_CHUNK * self.cache_bytes
        if spot.source.chunk_bytes > limit:
            raise ValueRefusedError(
                f"a chunk of this movie decodes to {spot.source.chunk_bytes / 1e6:,.0f} MB, "
                f"and {limit / 1e6:,.0f} MB are allowed",
                hint="Store it in smaller chunks, of about ten frames, or give scrub() more cache_bytes.",
            )
        with self._budget.taking(spot.source.load_bytes):
            return spot.read(self.cache.peek)

    def _have_ready(self, spot: Spot, is_wanted: IsWanted) -> None:
        try:
            if is_wanted():
                self._block(spot, is_wanted)
        except (ObjectStoreError, NoLongerWantedError):
            return  # the request for the frame itself will tell
        finally:
            with self._lock:
                self._queued.discard(spot.key)

    def _window(self, source: FrameSource, shot: Shot) -> Window:
        key = (source.identity, shot)
        with self._lock:
            window = self._windows.setdefault(key, Window())
            self._windows.move_to_end(key)
            while len(self._windows) > MAX_WINDOWS:
                self._windows.popitem(last=False)
            return window

    def _values(self, source: FrameSource, shot: Shot, is_wanted: IsWanted, index: int) -> np.ndarray:
        spot = find_spot(source, index, shot)
        return decode_block(self._block(spot, is_wanted)[spot.offset], source.code, source.table)


_service: FrameService | None = None
_service_lock = threading.Lock()


def frame_service() -> FrameService:
    """Return the service of this process; a forked child gets its own."""
    global _service  # noqa: PLW0603 - one for each process
    with _service_lock:
        if _service is None:
            _service = FrameService()
            # a thread that is inside of a library when the interpreter goes would take the process down
            atexit.register(close_frame_service)
        return _service


def close_frame_service() -> None:
    """End the service of this process; the next use starts a new one."""
    global _service
    with _service_lock:
        service, _service = _service, None
    atexit.unregister(close_frame_service)
    if service is not None:
        service.close()


def _forget_after_fork() -> None:
    """Threads do not survive a fork, and locks may have been held by them."""
    global _service, _service_lock
    _service, _service_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
