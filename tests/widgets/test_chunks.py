from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ChunkError
from dj_objectstore.widgets.frames.chunks import ChunkCache


def test_a_chunk_that_many_ask_for_is_read_once() -> None:
    cache, started, go = ChunkCache(max_bytes=1000), threading.Event(), threading.Event()
    reads: list[int] = []

    def load() -> np.ndarray:
        reads.append(1)
        started.set()
        go.wait(10)
        return np.ones(10, "u1")

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(cache.get, "a", load) for _ in range(8)]
        started.wait(10)
        go.set()
        chunks = [future.result() for future in waiting]
    assert len(reads) == 1
    assert all(chunk is chunks[0] for chunk in chunks)


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    cache, go = ChunkCache(max_bytes=1000), threading.Event()

    def fail() -> np.ndarray:
        go.wait(10)
        raise ChunkError("chunk 0.0.0 is missing")

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(cache.get, "a", fail) for _ in range(4)]
        go.set()
        for future in waiting:
            with pytest.raises(ChunkError):
                future.result()
    assert cache.get("a", lambda: np.ones(1)).size == 1


def test_chunks_are_read_only() -> None:
    chunk = ChunkCache(max_bytes=100).get("a", lambda: np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        chunk[0] = 2


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), max_size=60))
def test_memory_stays_bounded_and_the_latest_are_kept(asked: list[tuple[int, int]]) -> None:
    cache = ChunkCache(max_bytes=100)
    for key, size in asked:
        cache.get((key, size), lambda size=size: np.zeros(size, "u1"))
        assert cache.nbytes <= 100
        assert (key, size) in cache


def test_a_chunk_larger_than_the_cache_is_given_but_not_kept() -> None:
    cache = ChunkCache(max_bytes=10)
    assert cache.get("big", lambda: np.zeros(11, "u1")).size == 11
    assert "big" not in cache
    assert cache.nbytes == 0
