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

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Chunk = np.ndarray[Any, np.dtype[Any]]


class _Loading:
    """A chunk that one thread reads and others wait for."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._chunk: Chunk | None = None
        self._error: BaseException | None = None

    def finish(self, chunk: Chunk | None, error: BaseException | None) -> None:
        self._chunk, self._error = chunk, error
        self._done.set()

    def result(self) -> Chunk:
        self._done.wait()
        if self._chunk is None:
            raise self._error or RuntimeError("a chunk was not loaded")
        return self._chunk


class ChunkCache:
    """The chunks used last, at most `max_bytes` of them; each is read once, however many ask for it."""

    def __init__(self, *, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._chunks: OrderedDict[Hashable, Chunk] = OrderedDict()
        self._loading: dict[Hashable, _Loading] = {}
        self._bytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes kept now."""
        return self._bytes

    def __contains__(self, key: Hashable) -> bool:
        """Return whether the chunk is here or on its way."""
        with self._lock:
            return key in self._chunks or key in self._loading

    def get(self, key: Hashable, load: Callable[[], Chunk]) -> Chunk:
        """Return the chunk, read by `load` unless it is here or another thread is reading it.

        The chunk is read-only from then on. An error of `load` is raised to all who wait and is not kept.
        """
        with self._lock:
            if key in self._chunks:
                self._chunks.move_to_end(key)
                return self._chunks[key]
            loading = self._loading.get(key)
            if mine := loading is None:
                loading = self._loading[key] = _Loading()
        return self._load(key, loading, load) if mine else loading.result()

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
        if chunk.nbytes > self.max_bytes:
            return
        self._chunks[key] = chunk
        self._bytes += chunk.nbytes
        while self._bytes > self.max_bytes:
            _, oldest = self._chunks.popitem(last=False)
            self._bytes -= oldest.nbytes
