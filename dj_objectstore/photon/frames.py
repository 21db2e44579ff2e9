"""Movies as the writer reads them: one walk over blocks of frames, whatever holds them.

Arrays that lie in chunks of their own (zarr, dask, h5py) are read along those, each chunk once.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon.rules import check_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Block = NDArray[np.generic]

#: bytes of one step of a walk, where the source has no chunks to follow
WALK_BYTES = 16 << 20
#: bytes of a source's own chunk that are read at once to read it only once
MAX_SOURCE_CHUNK = 256 << 20
#: bytes of an iterator that are read ahead, to see the noise before the first chunk is written
READ_AHEAD = 64 << 20
#: arrays on disk or in a graph of tasks, up to this size, are read once instead of twice
KEEP_BYTES = 32 << 20


class Frames(Protocol):
    """A movie to walk over."""

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of one frame, ([channel, ][z, ]y, x)."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of a pixel."""

    @property
    def length(self) -> int | None:
        """How many frames there are; None if only the end will tell."""

    def blocks(self, length: int | None = None) -> Iterator[Block]:
        """Yield the frames in order, ``length`` at a time (the last block may be shorter)."""


class ArrayFrames:
    """An array that can be walked over any number of times."""

    def __init__(self, array: Any) -> None:
        in_memory = isinstance(array, np.ndarray)
        nbytes = np.dtype(array.dtype).itemsize * int(np.prod(array.shape))
        self._array = np.asarray(array[:]) if in_memory or nbytes <= KEEP_BYTES else array
        self.frame_shape: tuple[int, ...] = tuple(map(int, array.shape[1:]))
        self.dtype = np.dtype(array.dtype)
        self.length: int = int(array.shape[0])

    def blocks(self, length: int | None = None) -> Iterator[Block]:
        """Yield the frames in order; those of a numpy array are views."""
        ends = self._source_ends()
        if ends is not None:
            pieces = (np.asarray(self._array[start:end]) for start, end in itertools.pairwise([0, *ends]))
            yield from pieces if length is None else regroup(pieces, length)
            return
        step = length or max(1, WALK_BYTES // (self.dtype.itemsize * int(np.prod(self.frame_shape))))
        for start in range(0, self.length, step):
            yield np.asarray(self._array[start : start + step])

    def _source_ends(self) -> list[int] | None:
        """Return where the source's own chunks end in time; None if it has none, or they are too large."""
        chunks = None if isinstance(self._array, np.ndarray) else getattr(self._array, "chunks", None)
        if not chunks:
            return None
        first = chunks[0]
        if isinstance(first, tuple):  # dask: the length of each chunk
            ends = list(itertools.accumulate(first))
            longest = max(first)
        else:  # zarr, h5py: one length
            ends = [*range(first, self.length, first), self.length]
            longest = first
        size = longest * self.dtype.itemsize * int(np.prod(self.frame_shape))
        return ends if size <= MAX_SOURCE_CHUNK else None


class StreamFrames:
    """An iterator of frames or blocks, of which the beginning has been read ahead."""

    length = None

    def __init__(self, ahead: list[Block], rest: Iterator[Block]) -> None:
        self.ahead = ahead
        self._rest = rest
        self.frame_shape: tuple[int, ...] = ahead[0].shape[1:]
        self.dtype = ahead[0].dtype

    def blocks(self, length: int | None = None) -> Iterator[Block]:
        """Yield the frames in order, once; what was read ahead is given up as it goes."""
        pieces = itertools.chain(self._drain(), self._rest)
        yield from pieces if length is None else regroup(pieces, length)

    def _drain(self) -> Iterator[Block]:
        while self.ahead:
            yield self.ahead.pop(0)


def read_ahead(frames: Iterable[Any], *, n_axes: int | None) -> ArrayFrames | StreamFrames:
    """Begin an iterator; one that ends soon is an array.

    Parameters
    ----------
    frames
        Frames, or blocks of frames with time first; all of one shape and type.
    n_axes
        Axes of the movie; None if a frame is (y, x).
    """
    blocks = _as_blocks(frames, n_axes=n_axes)
    ahead: list[Block] = []
    size = 0
    for block in blocks:
        ahead.append(block)
        size += block.nbytes
        if size >= READ_AHEAD:
            return StreamFrames(ahead, blocks)
    if not ahead:
        raise MovieRefusedError("a movie has at least one frame, got an iterator without any")
    return ArrayFrames(np.concatenate(ahead))


def regroup(blocks: Iterable[Block], length: int) -> Iterator[Block]:
    """Yield the same frames, ``length`` at a time; the last block may be shorter."""
    held: list[Block] = []
    count = 0
    for given in blocks:
        block = given
        while count + len(block) >= length:
            held.append(block[: length - count])
            block = block[length - count :]
            yield held[0] if len(held) == 1 else np.concatenate(held)
            held, count = [], 0
        if len(block):
            held.append(block)
            count += len(block)
    if held:
        yield np.concatenate(held)


def _as_blocks(frames: Iterable[Any], *, n_axes: int | None) -> Iterator[Block]:
    """Yield each item as a block, as a copy: an acquisition may use its buffer again."""
    first: Block | None = None
    count = 0
    for item in frames:
        array = np.array(item)
        check_dtype(array.dtype)
        axes = n_axes or 3
        if array.ndim not in (axes - 1, axes) or 0 in array.shape:
            raise MovieRefusedError(
                f"an iterator yields frames of {axes - 1} axes or blocks of {axes}, got shape {array.shape}",
                hint="Name the axes of the whole movie, for example dims=('time', 'z', 'y', 'x').",
            )
        block = array if array.ndim == axes else array[None]
        first = block if first is None else first
        if block.shape[1:] != first.shape[1:] or block.dtype != first.dtype:
            raise MovieRefusedError(
                f"all frames must be alike: the first is {first.shape[1:]} {first.dtype}, "
                f"frame {count} is {block.shape[1:]} {block.dtype}",
                hint="Crop or convert the frames before they are stored.",
            )
        count += len(block)
        yield block
