"""The means of regions over time, each computed once; who asks while a pass runs shares the next one.

>>> means = RegionMeans()
>>> means.get(service, source, Shot(), [pixels])                     # doctest: +SKIP
array([[3.1, 2.9, ...]])
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.analysis.passes import UNWATCHED, Watch
from dj_objectstore.widgets.analysis.traces import measure

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.frames.shots import Shot
    from dj_objectstore.widgets.movies.sources import FrameSource

    Pixels = NDArray[np.intp]
    Floats = NDArray[np.float64]

MAX_BYTES = 64_000_000


@dataclass(eq=False)
class _Wish:
    """The regions that one caller waits for, by their keys."""

    movie: Hashable
    regions: dict[bytes, Pixels]
    watch: Watch
    found: dict[bytes, Floats] = field(default_factory=dict)

    @property
    def missing(self) -> dict[bytes, Pixels]:
        return {key: pixels for key, pixels in self.regions.items() if key not in self.found}


class RegionMeans:
    """Computes the means of regions, one pass over a movie at a time, and keeps the last ones."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Floats] = OrderedDict()
        self._waiting: list[_Wish] = []
        self._lock = threading.Lock()
        self._passing = threading.Lock()

    def can_keep(self, regions: int, frames: int) -> bool:
        """Return whether the means of so many regions can be kept at once."""
        return regions * frames * 8 <= self._max_bytes

    def get(
        self,
        service: FrameService,
        source: FrameSource,
        shot: Shot,
        regions: Sequence[Pixels],
        *,
        watch: Watch = UNWATCHED,
    ) -> Floats:
        """Return what `traces.measure` does: float64, shape (regions, frames).

        Raises
        ------
        NoLongerWantedError
            When `watch` says that nobody waits.
        ObjectStoreError
            When the store does not answer, or no frame can be read.
        """
        keys = [hashlib.blake2b(pixels.tobytes(), digest_size=16).digest() for pixels in regions]
        wish = _Wish((source.identity, shot), dict(zip(keys, regions, strict=True)), watch)
        with self._lock:
            self._fill(wish)
            self._waiting.append(wish)
        try:
            if wish.missing:
                with self._passing:
                    self._pass(service, source, shot, wish)
        finally:
            with self._lock:
                self._waiting.remove(wish)
        return np.stack([wish.found[key] for key in keys])

    def _pass(self, service: FrameService, source: FrameSource, shot: Shot, wish: _Wish) -> None:
        """Go through the movie for all who wait for it now; nothing is left to do when another just did."""
        if not wish.missing:
            return
        if not wish.watch.is_wanted():
            raise NoLongerWantedError
        with self._lock:
            together = [other for other in self._waiting if other.movie == wish.movie]
        regions = {key: pixels for other in together for key, pixels in other.missing.items()}
        watch = Watch(
            lambda done, total: [other.watch.report(done, total) for other in together],
            lambda: any(other.watch.is_wanted() for other in together),
        )
        means = measure(service, source, shot, list(regions.values()), watch=watch)
        found = dict(zip(regions, means, strict=True))
        for other in together:
            other.found |= {key: found[key] for key in other.missing}
        with self._lock:
            self._keep(wish.movie, found)

    def _fill(self, wish: _Wish) -> None:
        for key in wish.regions:
            place = (wish.movie, key)
            if place in self._kept:
                self._kept.move_to_end(place)
                wish.found[key] = self._kept[place]

    def _keep(self, movie: Hashable, found: dict[bytes, Floats]) -> None:
        for key, means in found.items():
            self._kept[movie, key] = means.copy()
            self._bytes += means.nbytes
        while self._bytes > self._max_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
