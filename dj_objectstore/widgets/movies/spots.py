"""Where a frame is found: in which block, of which of several movies, and of which coarser version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dj_objectstore.widgets.frames.binning import bin_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np

    from dj_objectstore.widgets.frames.shots import Shot
    from dj_objectstore.widgets.movies.sources import FrameSource

    Peek = Callable[[Hashable], np.ndarray | None]
    """Gives a block that is in memory."""


@dataclass(frozen=True)
class Spot:
    """Block `block` of `source`, binned by `shot.step`; the frame is number `offset` in it.

    `span` are the frames of the block, as numbered in the movie that was asked.
    """

    source: FrameSource
    block: int
    offset: int
    span: range
    shot: Shot

    @property
    def key(self) -> Hashable:
        """Equal for equal decoded blocks."""
        return self.source.identity, self.block, self.shot.channel, self.shot.at, self.shot.step

    def read(self, peek: Peek) -> np.ndarray:
        """Return the codes of the block, shape (frames, y, x), from memory where it is there unbinned."""
        whole = replace(self, shot=replace(self.shot, step=1))
        kept = peek(whole.key)
        if kept is None:
            kept = self.source.read_block(self.block, channel=self.shot.channel, at=self.shot.at)
        return bin_frames(kept, self.shot.step)


def find_spot(source: FrameSource, index: int, shot: Shot) -> Spot:
    """Return where frame `index` of a movie is found; the frame must exist."""
    origin, inner = source.origin(index)
    found, step = origin.coarser(shot.step)
    block, offset = found.locate(inner)
    span = found.span(block)
    shift = index - inner
    missing = len(found.extra_axes) - len(shot.at)
    return Spot(
        found,
        block,
        offset,
        range(span.start + shift, span.stop + shift),
        replace(shot, at=(*shot.at, *[0] * missing), step=step, mean=1),
    )


def find_span(source: FrameSource, index: int, step: int) -> range:
    """Return the frames that are decoded together with one of them."""
    origin, inner = source.origin(index)
    found, _ = origin.coarser(step)
    span = found.span(found.locate(inner)[0])
    return range(span.start + index - inner, span.stop + index - inner)


def find_spots(source: FrameSource, index: int, shot: Shot) -> list[Spot]:
    """Return where all frames are found that a shot of frame `index` needs, one for each block."""
    found = [find_spot(source, index, shot)]
    first = max(0, index - shot.mean + 1)
    while found[-1].span.start > first:
        found.append(find_spot(source, found[-1].span.start - 1, shot))
    return found
