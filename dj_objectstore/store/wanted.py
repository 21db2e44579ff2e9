"""Reading that ends when nobody waits for it any more, down to the request on its way to the store.

Whoever reads for somebody says so once, and needs to hand nothing through the libraries in between: the
question is kept with the thread, and zarr and asyncio take it along to theirs.

>>> with only_while(lambda: True):
...     check_wanted()
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    import fsspec

    IsWanted = Callable[[], bool]

Result = TypeVar("Result")
POLL_SECONDS = 0.05
"""How often a request that is on its way looks whether it is still wanted."""

_is_wanted: ContextVar[IsWanted | None] = ContextVar("is_wanted", default=None)


class NoLongerWantedError(Exception):
    """Nobody waits for what was to be read; an agreement between threads, which no user meets."""


@contextmanager
def only_while(is_wanted: IsWanted) -> Iterator[None]:
    """Have what is read in the block given up once `is_wanted` is false."""
    before = _is_wanted.set(is_wanted)
    try:
        yield
    finally:
        _is_wanted.reset(before)


def check_wanted() -> None:
    """Raise `NoLongerWantedError` once nobody waits for what is read here."""
    is_wanted = _is_wanted.get()
    if is_wanted is not None and not is_wanted():
        raise NoLongerWantedError


def wish_of_caller() -> IsWanted:
    """Return the question of the block in which this is called, to hand it to other threads."""
    return _is_wanted.get() or (lambda: True)


def run_while_wanted(loop: Any, ask: Callable[..., Coroutine[Any, Any, Result]], *args: Any) -> Result:
    """Return what a coroutine gives on fsspec's thread; it is cancelled once nobody waits for it."""
    is_wanted = _is_wanted.get()
    if is_wanted is None:
        from fsspec.asyn import sync

        answer: Result = sync(loop, ask, *args)
        return answer
    request = asyncio.run_coroutine_threadsafe(ask(*args), loop)
    while True:
        try:
            return request.result(POLL_SECONDS)
        except TimeoutError:
            if request.done():
                raise  # the store's own time-out
            if not is_wanted():
                request.cancel()
                raise NoLongerWantedError from None


def cat_while_wanted(fs: fsspec.AbstractFileSystem, path: str, **options: Any) -> bytes:
    """Return ``fs.cat_file(path, **options)``; the request itself is cancelled when nobody waits for it.

    Filesystems that are not asynchronous end what they have begun.
    """
    if _is_wanted.get() is None or not fs.async_impl:
        return bytes(fs.cat_file(path, **options))
    return bytes(run_while_wanted(fs.loop, lambda: fs._cat_file(path, **options)))  # noqa: SLF001 - fsspec's interface
