"""Decoded chunks, kept in bounded memory and shared by all views of a movie.

>>> cache = ChunkCache(max_bytes=1000)
>>> cache.get(("movie", 0), lambda: np.zeros(10, "u1")).nbytes
10
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.store.wanted import POLL_SECONDS, NoLongerWantedError, check_wanted, only_while

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from dj_objectstore.store.wanted import IsWanted

Chunk = np.ndarray[Any, np.dtype[Any]]


def always() -> bool:
    """Return True: somebody waits for it in any case."""
    return True


class _Loading:
    """A chunk that one thread reads for all who wait, as long as one of them does."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._waiting: list[IsWanted] = []
        self._chunk: Chunk | None = None
        self._error: BaseException | None = None

    def join(self, is_wanted: IsWanted) -> None:
        self._waiting.append(is_wanted)

    def is_wanted(self) -> bool:
        return any(is_wanted() for is_wanted in self._waiting)

    def finish(self, chunk: Chunk | None, error: BaseException | None) -> None:
        self._chunk, self._error = chunk, error
        self._done.set()

    def result(self, is_wanted: IsWanted) -> Chunk:
        while not self._done.wait(POLL_SECONDS):
            if not is_wanted():
                raise NoLongerWantedError
        if self._chunk is None:
            raise self._error or RuntimeError("a chunk was not loaded")
        return self._chunk


class ChunkCache:
    """The chunks used last, at most `max_bytes` of them; each is read once, however many ask for it."""

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._chunks: OrderedDict[Hashable, Chunk] = OrderedDict()
        self._loading: dict[Hashable, _Loading] = {}
        self._bytes = 0

    @property
    def max_bytes(self) -> int:
        """Bytes that may be kept; what is beyond is forgotten at once when it is set."""
        return self._max_bytes

    @max_bytes.setter
    def max_bytes(self, value: int) -> None:
        with self._lock:
            self._max_bytes = value
            self._forget_oldest()

    @property
    def nbytes(self) -> int:
        """Bytes kept now."""
        return self._bytes

    @property
    def loading(self) -> int:
        """How many chunks are being read."""
        return len(self._loading)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether the chunk is here or on its way."""
        with self._lock:
            return key in self._chunks or key in self._loading

    def get(self, key: Hashable, load: Callable[[], Chunk], *, is_wanted: IsWanted = always) -> Chunk:
        """Return the chunk, read by `load` unless it is here or another thread is reading it.

        The chunk is read-only from then on. An error of `load` is raised to all who wait and is not kept.

        Parameters
        ----------
        is_wanted
            Whether the caller still waits. Reading is given up, down to the request, when nobody does.

        Raises
        ------
        NoLongerWantedError
            When `is_wanted` has become false.
        """
        while True:
            with self._lock:
                if key in self._chunks:
                    self._chunks.move_to_end(key)
                    return self._chunks[key]
                loading = self._loading.get(key)
                if mine := loading is None:
                    loading = self._loading[key] = _Loading()
                loading.join(is_wanted)
            try:
                return self._load(key, loading, load) if mine else loading.result(is_wanted)
            except NoLongerWantedError:
                if not is_wanted():
                    raise
                # it was given up just before this thread joined: once more

    def peek(self, key: Hashable) -> Chunk | None:
        """Return the chunk if it is here, without counting that as a use."""
        with self._lock:
            return self._chunks.get(key)

    def clear(self) -> None:
        """Forget all chunks."""
        with self._lock:
            self._chunks.clear()
            self._bytes = 0

    def _load(self, key: Hashable, loading: _Loading, load: Callable[[], Chunk]) -> Chunk:
        try:
            with only_while(loading.is_wanted):
                check_wanted()
                chunk = load()
        except BaseException as err:
            with self._lock:
                del self._loading[key]
            loading.finish(None, err)
            raise
        chunk.flags.writeable = False
        with self._lock:
            del self._loading[key]
            self._keep(key, chunk)
        loading.finish(chunk, None)
        return chunk

    def _keep(self, key: Hashable, chunk: Chunk) -> None:
        if chunk.nbytes > self._max_bytes:
            return
        self._chunks[key] = chunk
        self._bytes += chunk.nbytes
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        while self._bytes > self._max_bytes:
            _, oldest = self._chunks.popitem(last=False)
            self._bytes -= oldest.nbytes
