"""A movie in one picture: mean, maximum and standard deviation of each pixel over time.

>>> project(service, source, Shot()).mean.shape    # doctest: +SKIP
(512, 512)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.widgets.analysis.passes import UNWATCHED, read_slabs
from dj_objectstore.widgets.movies.codes import decode_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dj_objectstore.widgets.analysis.passes import Watch
    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.frames.shots import Shot
    from dj_objectstore.widgets.movies.sources import FrameSource

    Floats = NDArray[np.float64]


CACHED_PIXELS = 300_000
"""Pixels that are worked on at once: what is computed from them stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Projections:
    """Pictures of `frames` frames: `mean`, `max` and `std`, float32, shape (y, x), in counts."""

    frames: int
    mean: NDArray[np.float32]
    max: NDArray[np.float32]
    std: NDArray[np.float32]


def project(
    service: FrameService, source: FrameSource, shot: Shot, *, watch: Watch = UNWATCHED
) -> Projections:
    """Return all projections, from one pass over the movie.

    The standard deviation is that of the frames themselves (divided by their number), like numpy's. What is
    NaN or infinite is left out, and so are frames that are damaged; a pixel without a value is NaN.

    Raises
    ------
    NoLongerWantedError
        When `watch` says that nobody waits.
    ObjectStoreError
        When the store does not answer, or no frame can be read.
    """
    rows = max(1, CACHED_PIXELS // source.width)
    bands = [slice(top, min(top + rows, source.height)) for top in range(0, source.height, rows)]
    moments = [_Moments(band.stop - band.start, source.width) for band in bands]
    frames = 0
    for slab in read_slabs(service, source, shot, pixels=source.height * source.width, watch=watch):
        if slab.codes is not None:
            frames += slab.frames
            for band, part in zip(bands, moments, strict=True):
                part.add(decode_block(slab.codes[:, band], source.code, source.table))
    pictures = [part.finish() for part in moments]
    mean, highest, std = (np.concatenate(parts) for parts in zip(*pictures, strict=True))
    return Projections(frames, mean, highest, std)


class _Moments:
    """Sums over frames of a band of rows.

    They are relative to the first frame, so that a small spread on a large offset is not lost.
    """

    def __init__(self, height: int, width: int) -> None:
        self._count: Floats | float = 0.0
        self._first: NDArray[np.float32] | None = None
        self._sum = np.zeros((height, width))
        self._squares = np.zeros((height, width))
        self._max = np.full((height, width), -np.inf, np.float32)
        self._at_once = max(1, CACHED_PIXELS // (height * width))

    def add(self, values: NDArray[np.float32]) -> None:
        for start in range(0, len(values), self._at_once):
            self._add(values[start : start + self._at_once])

    def _add(self, values: NDArray[np.float32]) -> None:
        there = np.isfinite(values)
        is_whole = bool(there.all())
        highest = values if is_whole else np.where(there, values, -np.inf)
        np.maximum(self._max, highest.max(axis=0), out=self._max)
        deviations = values.astype(np.float64)
        if self._first is None:
            self._first = np.where(there[0], values[0], np.float32(0))
        deviations -= self._first
        if is_whole:
            self._count += len(values)
        else:
            deviations[~there] = 0
            self._count += there.sum(axis=0)
        self._sum += deviations.sum(axis=0)
        self._squares += np.einsum("tyx,tyx->yx", deviations, deviations)

    def finish(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return mean, maximum and standard deviation."""
        count = np.broadcast_to(np.float64(self._count), self._sum.shape)
        empty, count = count == 0, np.maximum(count, 1)
        mean = self._sum / count
        std = np.sqrt(np.maximum(self._squares / count - mean**2, 0))
        mean += 0 if self._first is None else self._first
        for picture in (mean, std, self._max):
            picture[empty] = np.nan
        return mean.astype("f4"), self._max, std.astype("f4")
