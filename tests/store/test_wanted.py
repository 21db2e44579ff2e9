from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest
import zarr
from fsspec.asyn import get_loop

from dj_objectstore.store.store import open_store
from dj_objectstore.store.wanted import (
    NoLongerWantedError,
    check_wanted,
    only_while,
    run_while_wanted,
    wish_of_caller,
)


def test_without_a_wish_everything_is_wanted() -> None:
    check_wanted()
    assert wish_of_caller()()


def test_a_wish_holds_inside_its_block_alone() -> None:
    with only_while(lambda: False):
        with pytest.raises(NoLongerWantedError):
            check_wanted()
        with only_while(lambda: True):
            check_wanted()
        assert not wish_of_caller()()
    check_wanted()


def test_a_request_is_cancelled_where_it_runs_when_nobody_waits() -> None:
    started, ended = threading.Event(), []

    async def request() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with only_while(lambda: not started.is_set()), pytest.raises(NoLongerWantedError):
        run_while_wanted(get_loop(), request)

    async def settle() -> list[str]:
        return ended

    assert asyncio.run_coroutine_threadsafe(settle(), get_loop()).result(20) == ["cancelled"]


def test_what_a_request_gives_or_raises_is_passed_on() -> None:
    async def give(value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def time_out() -> None:
        raise TimeoutError("the store's own")

    with only_while(lambda: True):
        assert run_while_wanted(get_loop(), give, 3) == 3
        with pytest.raises(TimeoutError, match="the store's own"):
            run_while_wanted(get_loop(), time_out)


def test_zarr_takes_the_wish_along_to_its_threads(tmp_path: Any) -> None:
    store = open_store("main", config={"stores": {"main": {"protocol": "file", "location": str(tmp_path)}}})
    values = np.arange(200, dtype="u2").reshape(20, 10)
    zarr.create_array(store.fsmap("a.zarr", writable=True), data=values, chunks=(2, 10))
    array: Any = zarr.open(store.fsmap("a.zarr"), mode="r")
    with only_while(lambda: False), pytest.raises(NoLongerWantedError):
        array[...]
    with only_while(lambda: True):
        np.testing.assert_array_equal(array[...], values)
