"""Where frames come from: one interface over stored movies and over arrays of any library.

A source gives blocks of whole frames, as codes. It does not cache: `frames` does.

>>> source = ArraySource(np.zeros((100, 64, 64), "uint8"))
>>> source.read_block(0).shape
(100, 64, 64)
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dj_objectstore.exceptions import IntegrityError, ObjectStoreError, ValueRefusedError
from dj_objectstore.widgets.frames.shots import FIRST, Shot
from dj_objectstore.widgets.movies.axes import Axes, find_axes
from dj_objectstore.widgets.movies.codes import encode_block, format_of
from dj_objectstore.widgets.movies.layout import is_in_memory, layout_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from dj_objectstore.widgets.messages.answers import CodeFormat, Photons, Stabilized

MAX_FRAME_BYTES = 268_435_456
"""A frame of 8192 x 8192 floats: more would neither fit the cache nor a page."""
BINNED_SIDE = 1024
"""Frames up to this size need no coarser versions."""
COARSEST_SIDE = 512
STEPS = (2, 4, 8, 16, 32)

_serial = itertools.count()


@dataclass(frozen=True)
class Timing:
    """Seconds of each frame, shape (time,), or frames per second, or neither."""

    frame_rate: float | None = None
    times: np.ndarray | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a movie besides its shape.

    `unit` of its values: counts, standard deviations of the noise, or unknown; `pixel_size` (y, x) in
    micrometres; `notes` are (label, text) lines to show.
    """

    title: str = ""
    unit: Literal["counts", "noise", ""] = ""
    mode: str = ""
    timing: Timing = field(default_factory=Timing)
    pixel_size: tuple[float, float] | None = None
    photons: Photons | None = None
    stabilized: Stabilized | None = None
    notes: tuple[tuple[str, str], ...] = ()


class FrameSource(ABC):
    """A movie as blocks of frames of `height` x `width` codes, in each of `channels` channels.

    Attributes
    ----------
    identity
        Equal for two sources of the same movie: they share decoded blocks.
    block_frames
        Frames of a block; the last one may have fewer. Ask `span` and `locate`, which all sources know.
    code, table
        How a code becomes a value; `table` is float32, shape (levels,), for a look-up.
    dtype
        Of the original values.
    extra_axes
        Name and length of the axes that are neither time, channel nor picture.
    channel_names
        Names of the channels, or none.
    hints
        Sentences to say once, such as that the layout will be slow.
    chunk_bytes, load_bytes
        Bytes of a decoded chunk, and of all that is in use while a block is read.
    levels
        Coarser versions of the movie that are stored, by their step.
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
    extra_axes: tuple[tuple[str, int], ...] = ()
    channel_names: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    chunk_bytes: int = 0
    load_bytes: int = 0
    levels: Mapping[int, FrameSource] = {}
    reads_ahead: bool = True

    @abstractmethod
    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return codes of the frames ``span(block)``, shape (frames, y, x), at positions of `extra_axes`."""

    @property
    def blocks(self) -> int:
        """Number of blocks of a channel."""
        return -(-self.frames // self.block_frames)

    def span(self, block: int) -> range:
        """Return the frames of a block."""
        first = block * self.block_frames
        return range(first, min(first + self.block_frames, self.frames))

    def locate(self, index: int) -> tuple[int, int]:
        """Return the block that holds a frame, and its place there."""
        return divmod(index, self.block_frames)

    def origin(self, index: int) -> tuple[FrameSource, int]:
        """Return the movie that holds a frame, and its index there: itself, but for a list of movies."""
        return self, index

    def coarser(self, step: int) -> tuple[FrameSource, int]:
        """Return the coarsest stored version that is fine enough for a step, and the step that is left."""
        best = max((level for level in self.levels if step % level == 0), default=1)
        return (self.levels[best], step // best) if best > 1 else (self, step)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame of codes."""
        return self.height * self.width * np.dtype(self.code.dtype).itemsize

    @property
    def steps(self) -> tuple[int, ...]:
        """Binnings that make sense for frames of this size."""
        side = max(self.height, self.width)
        return tuple(step for step in STEPS if step * COARSEST_SIDE <= side) if side > BINNED_SIDE else ()

    def noise(self, channel: int) -> Stabilized | None:
        """Return the noise of the detector in a channel; None where it is not known."""
        del channel
        return self.facts.stabilized

    def photon_table(self, channel: int) -> np.ndarray | None:
        """Return the photons of each code, unrounded, float32; None where counts are all that is known."""
        del channel
        return None

    def check(self, index: int, shot: Shot = FIRST) -> None:
        """Refuse a frame, channel or position that the movie does not have."""
        if index >= self.frames:
            raise ValueRefusedError(f"the movie has {self.frames} frames, got frame {index}")
        if shot.channel >= self.channels:
            raise ValueRefusedError(f"the movie has {self.channels} channels, got channel {shot.channel}")
        if len(shot.at) > len(self.extra_axes):
            raise ValueRefusedError(
                f"the movie has {len(self.extra_axes)} more axes, got {len(shot.at)} positions"
            )
        for (name, length), position in zip(self.extra_axes, shot.at, strict=False):
            if position >= length:
                raise ValueRefusedError(f"the axis {name} has {length} positions, got {position}")


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

    Raises
    ------
    ValueRefusedError
        When it is no movie, or a frame of it is larger than 256 MiB.
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
        check_frame_size(self)
        self.extra_axes = self.axes.extra
        self.identity = identity or ("array", next(_serial))
        self.layout = layout_of(array, self.axes)
        self.block_frames = self.layout.block_frames(frames=self.frames, frame_bytes=self.frame_bytes)
        self.chunk_bytes = self.layout.chunk_bytes
        self.load_bytes = self.layout.load_bytes(self.block_frames * self.frame_bytes)
        self.reads_ahead = not is_in_memory(array)
        self.hints = self.layout.hints if self.reads_ahead else ()
        self.channel_names = _recorded_channels(array, self.axes)
        self.facts = facts or Facts(timing=recorded_timing(array, self.axes))

    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return codes of one block, shape (frames, y, x).

        Raises
        ------
        IntegrityError
            When the array can't be read there.
        """
        span = self.span(block)
        try:
            values = np.asarray(self._array[self.axes.index(span.start, span.stop, channel, at)])
        except (ValueError, RuntimeError, OSError) as err:
            if isinstance(err, ObjectStoreError):
                raise
            raise IntegrityError(
                f"frames {span.start}-{span.stop - 1} of the array can't be read ({type(err).__name__})",
                hint="The data may be damaged: read these frames in Python to see the whole error.",
            ) from err
        return encode_block(self.axes.arrange(values), self.dtype)

    @property
    def stored_planes(self) -> int:
        """Planes of a picture's size that are decoded to read one frame, of all axes of a chunk."""
        return self.layout.planes


def check_frame_size(source: FrameSource) -> None:
    """Refuse frames that are too large to be shown, before any is read."""
    if source.frame_bytes > MAX_FRAME_BYTES:
        raise ValueRefusedError(
            f"a frame must be at most {MAX_FRAME_BYTES // 2**20} MiB to be shown, got {source.height} x "
            f"{source.width} pixels of {source.dtype} ({source.frame_bytes / 2**20:.0f} MiB)",
            hint="Show a part of it, such as array[..., :4096, :4096], or every second pixel.",
        )


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


def _recorded_channels(array: Any, axes: Axes) -> tuple[str, ...]:
    """Return the names that an xarray array's channel coordinate holds."""
    coords = getattr(array, "coords", None)
    if coords is None or axes.channel is None or axes.names[axes.channel] not in coords:
        return ()
    names = np.asarray(coords[axes.names[axes.channel]].values)
    return tuple(map(str, names.tolist())) if names.dtype.kind in "UOT" else ()
