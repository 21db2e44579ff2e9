"""Several movies as one, one after the other.

>>> parts = [ArraySource(np.zeros((n, 8, 8), "u1")) for n in (10, 5)]
>>> both = join_movies(parts, title="two")
>>> both.frames, both.origin(12)[1], both.span(1)
(15, 2, range(10, 15))
"""

from __future__ import annotations

from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.movies.codes import FLOAT, decode_block
from dj_objectstore.widgets.movies.sources import Facts, FrameSource, Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dj_objectstore.widgets.messages.answers import Stabilized

Value = TypeVar("Value")
OPENED_AT_ONCE = 8


class JoinedSource(FrameSource):
    """Movies of the same frame shape, channels and codes; each keeps its own blocks. See `join_movies`."""

    def __init__(self, parts: Sequence[FrameSource], facts: Facts) -> None:
        first = parts[0]
        self._parts = parts
        self._frame_starts = [0, *accumulate(part.frames for part in parts)]
        self._block_starts = [0, *accumulate(part.blocks for part in parts)]
        self.identity = ("joined", *(part.identity for part in parts))
        self.frames = self._frame_starts[-1]
        self.height, self.width, self.channels = first.height, first.width, first.channels
        self.extra_axes, self.channel_names = first.extra_axes, first.channel_names
        self.code, self.table, self.dtype = first.code, first.table, first.dtype
        self.block_frames = max(part.block_frames for part in parts)
        self.chunk_bytes = max(part.chunk_bytes for part in parts)
        self.load_bytes = max(part.load_bytes for part in parts)
        self.hints = tuple(dict.fromkeys(hint for part in parts for hint in part.hints))
        # a version is there when all have it; `origin` leads to theirs
        steps = set.intersection(*(set(part.levels) for part in parts))
        self.levels = dict.fromkeys(sorted(steps), first)
        self.reads_ahead = any(part.reads_ahead for part in parts)
        self.facts = facts

    @property
    def blocks(self) -> int:
        """Number of blocks of a channel."""
        return self._block_starts[-1]

    def span(self, block: int) -> range:
        """Return the frames of a block."""
        number = bisect_right(self._block_starts, block) - 1
        span = self._parts[number].span(block - self._block_starts[number])
        return range(span.start + self._frame_starts[number], span.stop + self._frame_starts[number])

    def locate(self, index: int) -> tuple[int, int]:
        """Return the block that holds a frame, and its place there."""
        number = bisect_right(self._frame_starts, index) - 1
        block, offset = self._parts[number].locate(index - self._frame_starts[number])
        return block + self._block_starts[number], offset

    def origin(self, index: int) -> tuple[FrameSource, int]:
        """Return the movie that holds a frame, and its index there."""
        number = bisect_right(self._frame_starts, index) - 1
        return self._parts[number].origin(index - self._frame_starts[number])

    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return codes of one block, shape (frames, y, x)."""
        number = bisect_right(self._block_starts, block) - 1
        return self._parts[number].read_block(block - self._block_starts[number], channel=channel, at=at)

    def noise(self, channel: int) -> Stabilized | None:
        """Return the noise of the detector in a channel; None where it is not known or differs."""
        models = [part.noise(channel) for part in self._parts]
        return models[0] if all(model == models[0] for model in models) else None

    def photon_table(self, channel: int) -> np.ndarray | None:
        """Return the photons of each code; None where counts travel, or the noise is not always the same."""
        return None if self.noise(channel) is None else self._parts[0].photon_table(channel)


class ValueSource(FrameSource):
    """A movie in values, 32-bit floats, for the company of movies with other codes."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.identity = ("values", source.identity)
        self.frames, self.height, self.width = source.frames, source.height, source.width
        self.channels, self.extra_axes = source.channels, source.extra_axes
        self.channel_names, self.hints = source.channel_names, source.hints
        self.code, self.dtype = FLOAT, source.dtype
        self.block_frames, self.chunk_bytes = source.block_frames, source.chunk_bytes
        self.load_bytes = 5 * source.load_bytes
        self.reads_ahead = source.reads_ahead
        self.facts = source.facts

    @property
    def blocks(self) -> int:
        """Number of blocks of a channel."""
        return self._source.blocks

    def span(self, block: int) -> range:
        """Return the frames of a block."""
        return self._source.span(block)

    def locate(self, index: int) -> tuple[int, int]:
        """Return the block that holds a frame, and its place there."""
        return self._source.locate(index)

    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return values of one block, float32, shape (frames, y, x)."""
        codes = self._source.read_block(block, channel=channel, at=at)
        return decode_block(codes, self._source.code, self._source.table)

    def noise(self, channel: int) -> Stabilized | None:
        """Return the noise of the detector in a channel; None where it is not known."""
        return self._source.noise(channel)


def join_movies(parts: Sequence[FrameSource], *, title: str = "") -> FrameSource:
    """Return movies as one, the frames of the first before those of the second.

    Times that begin anew in a movie go on after those of the one before. Where codes, or what a photon is
    worth, differ between the movies, all are shown in counts.

    Raises
    ------
    ValueRefusedError
        When there is none, or their frames differ in shape, channels or further axes.
    """
    if not parts:
        raise ValueRefusedError("a list of movies must hold at least one")
    for number, part in enumerate(parts):
        _check_alike(parts[0], part, number)
    if len(parts) == 1:
        return parts[0]
    same_codes = all(_codes_equal(parts[0], part) for part in parts)
    return JoinedSource(parts if same_codes else [ValueSource(part) for part in parts], _facts(parts, title))


def open_all(openers: Iterable[Callable[[], Value]]) -> list[Value]:
    """Return what all give, asked several at a time; the first error is raised."""
    with ThreadPoolExecutor(OPENED_AT_ONCE, thread_name_prefix="dj-objectstore-open") as pool:
        return list(pool.map(lambda open_one: open_one(), openers))


def _check_alike(first: FrameSource, part: FrameSource, number: int) -> None:
    def shape(source: FrameSource) -> dict[str, object]:
        more = dict(source.extra_axes)
        return {"y": source.height, "x": source.width, "channels": source.channels, **more}

    if shape(part) != shape(first):
        raise ValueRefusedError(
            f"movies that are shown as one must have frames of one shape: the first has {shape(first)}, "
            f"number {number + 1} has {shape(part)}",
            hint="Show them side by side: scrub(a, b).",
        )


def _codes_equal(a: FrameSource, b: FrameSource) -> bool:
    tables_equal = (a.table is None and b.table is None) or (
        a.table is not None and b.table is not None and np.array_equal(a.table, b.table)
    )
    return a.code == b.code and tables_equal


def _facts(parts: Sequence[FrameSource], title: str) -> Facts:
    facts = [part.facts for part in parts]
    first = facts[0]
    same = all(
        (one.photons, one.stabilized, one.unit) == (first.photons, first.stabilized, first.unit)
        for one in facts
    )
    notes = (
        ("Movies", f"{len(parts)}, one after the other"),
        ("Frames", " + ".join(str(part.frames) for part in parts[:8]) + (" + …" if len(parts) > 8 else "")),  # noqa: PLR2004
        *first.notes,
    )
    return replace(
        first,
        title=title or first.title,
        timing=_timing(parts),
        photons=first.photons if same else None,
        stabilized=first.stabilized if same else None,
        pixel_size=first.pixel_size if all(one.pixel_size == first.pixel_size for one in facts) else None,
        notes=notes,
    )


def _timing(parts: Sequence[FrameSource]) -> Timing:
    rates = {part.facts.timing.frame_rate for part in parts}
    if all(part.facts.timing.times is None for part in parts) and len(rates) == 1:
        return parts[0].facts.timing
    pieces = [_seconds(part) for part in parts]
    found = [piece for piece in pieces if piece is not None]
    if len(found) < len(pieces):
        return Timing()
    times = found[0]
    for piece in found[1:]:
        interval = float(np.median(np.diff(piece))) if len(piece) > 1 else 0.0
        begins_anew = piece[0] <= times[-1]
        times = np.concatenate([times, piece - piece[0] + times[-1] + interval if begins_anew else piece])
    return Timing(times=times)


def _seconds(part: FrameSource) -> np.ndarray | None:
    timing = part.facts.timing
    if timing.times is not None:
        return timing.times
    return np.arange(part.frames) / timing.frame_rate if timing.frame_rate else None
