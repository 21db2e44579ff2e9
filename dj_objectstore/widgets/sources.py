"""Where frames come from: one interface over stored movies and over arrays of any library.

A source gives blocks of whole frames, as codes. It does not cache: `frames` does.

>>> source = ArraySource(np.zeros((100, 64, 64), "uint8"))
>>> source.read_block(0, channel=0).shape
(100, 64, 64)
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import IntegrityError, ObjectStoreError, ValueRefusedError
from dj_objectstore.widgets.axes import Axes, find_axes
from dj_objectstore.widgets.codes import encode_block, format_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from dj_objectstore.widgets.answers import CodeFormat, Photons, Stabilized

MAX_BLOCK_BYTES = 64_000_000
"""A block is never larger, however the array is chunked."""
MEMORY_BLOCK_BYTES = 1_000_000
"""A block of an array that has no chunks."""

_serial = itertools.count()


@dataclass(frozen=True)
class Timing:
    """Seconds of each frame, shape (time,), or frames per second, or neither."""

    frame_rate: float | None = None
    times: np.ndarray | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a movie besides its shape.

    `pixel_size` (y, x) in micrometres; `notes` are (label, text) lines to show.
    """

    title: str = ""
    unit: str = ""
    mode: str = ""
    timing: Timing = field(default_factory=Timing)
    pixel_size: tuple[float, float] | None = None
    photons: Photons | None = None
    stabilized: Stabilized | None = None
    notes: tuple[tuple[str, str], ...] = ()


class FrameSource(ABC):
    """A movie as blocks of `block_frames` frames of `height` x `width` codes in each of `channels` channels.

    Attributes
    ----------
    identity
        Equal for two sources of the same movie: they share decoded blocks.
    code, table
        How a code becomes a value; `table` is float32, shape (levels,), for a look-up.
    dtype
        Of the original values.
    reads_ahead
        Whether reading a block takes long enough to be done before it is asked for.
    """

    identity: Hashable
    frames: int
    height: int
    width: int
    channels: int
    block_frames: int
    code: CodeFormat
    table: np.ndarray | None = None
    dtype: np.dtype[Any]
    facts: Facts
    reads_ahead: bool = True

    @abstractmethod
    def read_block(self, block: int, *, channel: int) -> np.ndarray:
        """Return codes of frames ``block * block_frames`` and on, shape (frames, y, x)."""

    @property
    def blocks(self) -> int:
        """Number of blocks of a channel."""
        return -(-self.frames // self.block_frames)

    def check(self, index: int, channel: int) -> None:
        """Refuse a frame or channel that the movie does not have."""
        if index >= self.frames:
            raise ValueRefusedError(f"the movie has {self.frames} frames, got frame {index}")
        if channel >= self.channels:
            raise ValueRefusedError(f"the movie has {self.channels} channels, got channel {channel}")


class ArraySource(FrameSource):
    """Frames of an array with axes (time[, channel][, z], y, x): numpy, memmap, zarr, dask, xarray, h5py.

    Parameters
    ----------
    array
        Anything with `shape`, `dtype` and basic indexing. Two axes are one frame.
    dims
        Names of the axes; by default those that the array knows, else by position.
    identity
        Of a stored array, so that two handles of it share memory.
    """

    def __init__(
        self,
        array: Any,
        *,
        dims: Sequence[str] | None = None,
        identity: Hashable = None,
        facts: Facts | None = None,
    ) -> None:
        self._array = array
        self.axes = find_axes(array.shape, dims or recorded_dims(array))
        self.dtype = np.dtype(array.dtype)
        self.code = format_of(self.dtype)
        self.frames, self.channels = self.axes.frames, self.axes.channels
        self.height, self.width = self.axes.shape[self.axes.y], self.axes.shape[self.axes.x]
        self.identity = identity or ("array", next(_serial))
        self.block_frames = self._block_frames()
        self.reads_ahead = not isinstance(array, np.ndarray)
        self.facts = facts or Facts(timing=recorded_timing(array, self.axes))

    def read_block(self, block: int, *, channel: int) -> np.ndarray:
        """Return codes of one block, shape (frames, y, x).

        Raises
        ------
        IntegrityError
            When the array can't be read there.
        """
        first = block * self.block_frames
        stop = min(first + self.block_frames, self.frames)
        try:
            values = np.asarray(self._array[self.axes.index(first, stop, channel)])
        except (ValueError, RuntimeError, OSError) as err:
            if isinstance(err, ObjectStoreError):
                raise
            raise IntegrityError(
                f"frames {first}-{stop - 1} of the array can't be read ({type(err).__name__})",
                hint="The data may be damaged: read these frames in Python to see the whole error.",
            ) from err
        return encode_block(self.axes.arrange(values), self.dtype)

    @property
    def stored_planes(self) -> int:
        """Planes of a picture's size that are decoded to read one frame, of all axes of a chunk."""
        chunks = getattr(self._array, "chunks", None) or ()
        lengths = [max(part) if isinstance(part, tuple) else int(part) for part in chunks]
        picture = (self.axes.y, self.axes.x)
        return math.prod(length for axis, length in enumerate(lengths) if axis not in picture)

    def _block_frames(self) -> int:
        frame_bytes = self.height * self.width * np.dtype(self.code.dtype).itemsize
        chunk = _chunk_length(self._array, self.axes)
        wanted = chunk or MEMORY_BLOCK_BYTES // frame_bytes
        return max(1, min(wanted, MAX_BLOCK_BYTES // frame_bytes, self.frames))


def recorded_dims(array: Any) -> tuple[str, ...] | None:
    """Return the names of the axes that an xarray or Zarr array knows, or None."""
    metadata, attrs = getattr(array, "metadata", None), getattr(array, "attrs", None)
    names: Any = getattr(array, "dims", None) or getattr(metadata, "dimension_names", None)
    if names is None and isinstance(attrs, Mapping):
        names = attrs.get("_ARRAY_DIMENSIONS")
    if not isinstance(names, list | tuple) or len(names) != len(array.shape) or None in names:
        return None
    return tuple(str(name) for name in names)


def recorded_timing(array: Any, axes: Axes) -> Timing:
    """Return the seconds that an xarray array's time coordinate holds; dates count from the first."""
    coords = getattr(array, "coords", None)
    if coords is None or axes.time is None or axes.names[axes.time] not in coords:
        return Timing()
    times = np.asarray(coords[axes.names[axes.time]].values)
    if times.dtype.kind in "mM":
        times = (times - times[0]) / np.timedelta64(1, "s")
    if times.ndim != 1 or times.dtype.kind not in "iuf" or not np.isfinite(times).all():
        return Timing()
    return Timing(times=times.astype("<f8"))


def _chunk_length(array: Any, axes: Axes) -> int | None:
    chunks = getattr(array, "chunks", None)
    if not chunks or axes.time is None:
        return None
    length = chunks[axes.time]
    return max(length) if isinstance(length, tuple) else int(length)
