"""A first look at a movie: its extremes, and stretches of frames from which to judge its noise."""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.photon.frames import WALK_BYTES, ArrayFrames
from dj_objectstore.photon.rules import check_finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Block = NDArray[np.generic]
    Levels = NDArray[np.generic]

#: pixels of one channel from which its noise is judged: enough for 1 % of the gain
SAMPLE_PIXELS = 1 << 22
_WINDOW = 256
_SEGMENT_PIXELS = 1 << 19
_SEGMENT_FRAMES = 12
_AT_ONCE = 2
#: a movie of so many bytes is looked at as a whole to judge its noise: it takes no time
_WALKED_BYTES = 256 << 20
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Survey:
    """What a first look found.

    Parameters
    ----------
    lowest, highest
        Extremes of each channel.
    segments
        For each channel, stretches (time, y, x) of consecutive frames.
    """

    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    segments: tuple[tuple[Block, ...], ...]


def survey_movie(source: ArrayFrames, frame_shape: tuple[int, ...], *, threads: int = _AT_ONCE) -> Survey:
    """Look at every frame of an array once; ``frame_shape`` is (channel, z, y, x).

    Raises
    ------
    MovieRefusedError
        For NaN and infinity.
    """
    walk = walk_length(source.dtype.itemsize, frame_shape)
    blocks = (block.reshape(len(block), *frame_shape) for block in source.blocks(walk))
    return _survey_blocks(blocks, length=source.length, threads=threads)


def sample_movie(source: ArrayFrames, array: Any, frame_shape: tuple[int, ...]) -> tuple[Block, ...]:
    """Take stretches of frames of one channel, and read no more than those of a large movie.

    Parameters
    ----------
    source, array
        The movie, to walk over and to slice.
    frame_shape
        (1, z, y, x).

    Raises
    ------
    MovieRefusedError
        For NaN and infinity where they are seen.
    """
    if source.length * source.dtype.itemsize * math.prod(frame_shape) <= _WALKED_BYTES:
        return survey_movie(source, frame_shape).segments[0]
    high, wide = (min(size, _WINDOW) for size in frame_shape[-2:])
    span = min(_segment_frames(high, wide), source.length)
    count = min(math.ceil(SAMPLE_PIXELS / (span * high * wide)), source.length // span)
    sampler = SegmentSampler(count * span)
    for number in range(count):
        start = (source.length - span) * number // max(count - 1, 1)
        block = np.asarray(array[start : start + span]).reshape(span, *frame_shape)
        check_finite(float(block.min()), float(block.max()))
        sampler.add(block)
    return tuple(sampler.segments(1)[0])


def _segment_frames(high: int, wide: int) -> int:
    return max(_SEGMENT_PIXELS // (high * wide), _SEGMENT_FRAMES)


def walk_length(itemsize: int, frame_shape: Sequence[int]) -> int:
    """Return how many frames are looked at together."""
    return max(WALK_BYTES // (itemsize * math.prod(frame_shape)), _SEGMENT_FRAMES)


def _survey_blocks(blocks: Iterable[Block], *, length: int, threads: int) -> Survey:
    """Look at blocks (time, channel, z, y, x), ``length`` frames in all of them."""
    extremes: list[tuple[Levels, Levels]] = []
    pending: deque[Future[tuple[Levels, Levels]]] = deque()
    sampler = SegmentSampler(length)
    with ThreadPoolExecutor(threads, thread_name_prefix="photon-survey") as pool:
        for block in blocks:
            pending.append(pool.submit(_find_extremes, block))
            if len(pending) > threads:
                extremes.append(pending.popleft().result())
            sampler.add(block)
        extremes += [future.result() for future in pending]
    lows, highs = zip(*extremes, strict=True)
    lowest, highest = np.min(lows, axis=0), np.max(highs, axis=0)
    return Survey(
        tuple(map(float, lowest)),
        tuple(map(float, highest)),
        tuple(map(tuple, sampler.segments(len(lowest)))),
    )


def _find_extremes(block: Block) -> tuple[Levels, Levels]:
    """Return the lowest and the highest grey level of each channel."""
    low, high = block.min(axis=(0, 2, 3, 4)), block.max(axis=(0, 2, 3, 4))
    check_finite(float(low.min()), float(high.max()))
    return low, high


class SegmentSampler:
    """Takes windows of consecutive frames, spread evenly over time, planes and the field of view."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._seen = 0
        self._taken = 0
        self._segments: list[Block] = []

    def add(self, block: Block) -> None:
        """Take from these frames their share."""
        frames, _, _, height, width = block.shape
        high, wide = min(height, _WINDOW), min(width, _WINDOW)
        span = min(_segment_frames(high, wide), frames)
        wanted = math.ceil(SAMPLE_PIXELS / (span * high * wide))
        self._seen += frames
        share = round(wanted * self._seen / self._length) - self._taken
        if share < 1:
            return
        self._taken += share
        if share * span >= frames and high == height and wide == width:
            self._take(block, high, wide)  # all of a small movie
            return
        count = min(share, max(1, frames // span))
        for number in range(count):
            start = (frames - span) * number // max(count - 1, 1)
            self._take(block[start : start + span], high, wide)

    def _take(self, frames: Block, high: int, wide: int) -> None:
        _, _, planes, height, width = frames.shape
        # the golden ratio and its square leave no part of a plane long unvisited
        place = len(self._segments) + 1
        top = int((place * _GOLDEN % 1) * (height - high + 1))
        left = int((place * _GOLDEN**2 % 1) * (width - wide + 1))
        # a copy: a view would keep the whole block alive
        self._segments.append(frames[:, :, place % planes, top : top + high, left : left + wide].copy())

    def segments(self, channels: int) -> list[list[Block]]:
        """Return what was taken, by channel."""
        return [[segment[:, channel] for segment in self._segments] for channel in range(channels)]
