"""What the chunks of an array mean for moving about in it: how much is read at once, and at what cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dj_objectstore.widgets.movies.axes import Axes

MAX_BLOCK_BYTES = 128_000_000
"""A block is never larger, however the array is chunked."""
SMALL_BLOCK_BYTES = 1_000_000
"""A block of an array that has no chunks."""
SLOW_BYTES = 64_000_000
SLOW_PLANES = 16
SLOW_PIECES = 64
PIECES_AT_ONCE = 10
"""Chunks that zarr decodes at the same time."""


@dataclass(frozen=True)
class Layout:
    """How pictures lie in chunks: one chunk holds `planes` of them, or parts; one picture lies in `pieces`.

    `itemsize` is in bytes, as stored.
    """

    height: int
    width: int
    itemsize: int
    time_chunk: int | None = None
    planes: int = 1
    pieces: int = 1

    @property
    def plane_bytes(self) -> int:
        """Bytes of a picture as stored, decoded."""
        return self.height * self.width * self.itemsize

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a decoded chunk, about: the chunks at the edge are counted as full."""
        return self.planes * self.plane_bytes // self.pieces

    def load_bytes(self, block_bytes: int) -> int:
        """Bytes in use while a block is decoded."""
        return block_bytes + self.chunk_bytes * min(self.pieces, PIECES_AT_ONCE)

    def block_frames(self, *, frames: int, frame_bytes: int) -> int:
        """Return how many frames to decode at once: those of a chunk, or of an even part of a large one."""
        most = max(1, MAX_BLOCK_BYTES // frame_bytes)
        if self.time_chunk is None:
            return max(1, min(frames, SMALL_BLOCK_BYTES // frame_bytes))
        if self.time_chunk <= most:
            return min(frames, self.time_chunk)
        parts = math.ceil(self.time_chunk / most)
        even = next((n for n in range(parts, 2 * parts) if self.time_chunk % n == 0), parts)
        return min(frames, math.ceil(self.time_chunk / even))

    @property
    def hints(self) -> tuple[str, ...]:
        """Sentences for a layout that will be slow, with what to do about it."""
        found = []
        if self.planes >= SLOW_PLANES and self.planes * self.plane_bytes > SLOW_BYTES:
            good = max(1, min(self.planes, SLOW_BYTES // 16 // self.plane_bytes))
            found.append(
                f"Moving about will be slow: {self.planes * self.plane_bytes / 1e6:.0f} MB must be decoded "
                f"to show one frame, because a chunk holds {self.planes}. Store it with about {good} frames "
                "a chunk, as a <photon@> field does."
            )
        if self.pieces > SLOW_PIECES:
            found.append(
                f"Moving about will be slow over a network: a frame lies in {self.pieces} chunks, each a "
                "request of its own. Store it in chunks of whole frames."
            )
        return tuple(found)


def layout_of(array: Any, axes: Axes) -> Layout:
    """Return the layout of an array; one that has no chunks is a row of pictures."""
    height, width = axes.shape[axes.y], axes.shape[axes.x]
    itemsize = int(array.dtype.itemsize)
    chunks = chunk_lengths(array)
    if not chunks:
        return Layout(height, width, itemsize)
    picture = (axes.y, axes.x)
    return Layout(
        height,
        width,
        itemsize,
        time_chunk=None if axes.time is None else chunks[axes.time],
        planes=math.prod(length for axis, length in enumerate(chunks) if axis not in picture),
        pieces=math.prod(math.ceil(axes.shape[axis] / chunks[axis]) for axis in picture),
    )


def chunk_lengths(array: Any) -> tuple[int, ...]:
    """Return the largest chunk along each axis; nothing for arrays without chunks."""
    chunks = getattr(array, "chunks", None) or _encoded_chunks(array)
    if not isinstance(chunks, tuple | list) or len(chunks) != len(array.shape):
        return ()
    lengths = [max(part, default=1) if isinstance(part, tuple) else int(part) for part in chunks]
    return tuple(max(1, length) for length in lengths)


def is_in_memory(array: Any) -> bool:
    """Return whether an array's values are at hand: numpy's, mapped ones too, and xarray's of them."""
    variable = getattr(array, "variable", None)
    return isinstance(array, np.ndarray) or isinstance(getattr(variable, "_data", None), np.ndarray)


def _encoded_chunks(array: Any) -> Any:
    """Return the stored chunks of an array that xarray reads lazily without dask."""
    encoding = getattr(array, "encoding", None)
    if not isinstance(encoding, dict) or is_in_memory(array):
        return None
    return encoding.get("chunks") or encoding.get("chunksizes")
