"""Going once through a whole movie, in bounded memory.

>>> for slab in read_slabs(source, Shot(), pixels=512 * 512):     # doctest: +SKIP
...     total += slab.codes.sum(axis=0)
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import IntegrityError
from dj_objectstore.store.wanted import NoLongerWantedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.frames.shots import Shot
    from dj_objectstore.widgets.movies.sources import FrameSource

SLAB_PIXELS = 2_000_000
"""Pixels that are worked on at once: what is computed from them is several times larger than they."""
READERS = 4
"""Blocks that are read while another is worked on."""


@dataclass(frozen=True)
class Watch:
    """Who waits for a pass: `report` is told (done, total) blocks, `is_wanted` whether they still wait."""

    report: Callable[[int, int], object] = lambda _done, _total: None
    is_wanted: Callable[[], bool] = lambda: True


UNWATCHED = Watch()


@dataclass(frozen=True)
class Slab:
    """Frames `first` and on, as codes of shape (frames, y, x); None where they are damaged or missing."""

    first: int
    frames: int
    codes: np.ndarray | None


def read_slabs(
    service: FrameService, source: FrameSource, shot: Shot, *, pixels: int, watch: Watch = UNWATCHED
) -> Iterator[Slab]:
    """Give all frames of a movie in order; nothing of it is kept in the cache.

    Parameters
    ----------
    pixels
        How many of a frame's are used: slabs have fewer frames the more they are.

    Raises
    ------
    NoLongerWantedError
        When `watch` says that nobody waits.
    ObjectStoreError
        When the store does not answer, or no block of the movie can be read.
    """
    at_once = max(1, SLAB_PIXELS // pixels)
    readable, error = 0, None
    for block, outcome in enumerate(_read_blocks(service, source, shot, watch)):
        span = source.span(block)
        if isinstance(outcome, IntegrityError):
            error = outcome
            yield Slab(span.start, len(span), None)
            continue
        readable += 1
        for start in range(0, len(outcome), at_once):
            codes = outcome[start : start + at_once]
            yield Slab(span.start + start, len(codes), codes)
    if not readable and error is not None:
        raise error


def _read_blocks(
    service: FrameService, source: FrameSource, shot: Shot, watch: Watch
) -> Iterator[np.ndarray | IntegrityError]:
    """Give each block, or why it can't be read; the next ones are read meanwhile."""
    going = True

    def is_wanted() -> bool:
        return going and watch.is_wanted()

    def read(block: int) -> np.ndarray | IntegrityError:
        try:
            return service.read_block(source, block, shot, is_wanted=is_wanted)
        except IntegrityError as err:
            return err

    readers = min(READERS, service.room(source))
    with ThreadPoolExecutor(readers, thread_name_prefix="dj-objectstore-pass") as pool:
        ahead = deque(pool.submit(read, block) for block in range(min(readers, source.blocks)))
        try:
            for block in range(source.blocks):
                outcome = ahead.popleft().result()
                if block + readers < source.blocks:
                    ahead.append(pool.submit(read, block + readers))
                yield outcome
                watch.report(block + 1, source.blocks)
                if not watch.is_wanted():
                    raise NoLongerWantedError
        finally:
            going = False
            pool.shutdown(cancel_futures=True)
