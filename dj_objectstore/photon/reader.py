"""Read a movie that was written by `write_movie`: any frame, as counts, photons or stabilised values.

>>> import numpy as np
>>> from dj_objectstore.photon.writer import write_movie
>>> files = {}
>>> _ = write_movie(np.full((3, 8, 8), 7, "u2"), files, mode="lossless")
>>> MovieReader(files).read(1)[0, 0]
np.uint16(7)
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import (
    IntegrityError,
    ObjectNotFoundError,
    ValueRefusedError,
)
from dj_objectstore.photon.format import ArrayFormat, Mode, MovieAttributes
from dj_objectstore.photon.selection import Piece, Selection
from dj_objectstore.photon.stored import StoredChunks
from dj_objectstore.photon.units import KINDS, Units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dj_objectstore.photon.detector import NoiseModel

    Array = NDArray[np.generic]

#: chunks that one call fetches and decodes at once; zstd and the store both leave Python meanwhile
_AT_ONCE = 8


class MovieReader:
    """A stored movie. Nothing is read before it is needed, and no chunk is kept. Safe to share by threads.

    Parameters
    ----------
    source
        The movie's files by key: ``.zarray``, ``.zattrs`` and chunks.

    Raises
    ------
    ObjectNotFoundError, FormatError, IntegrityError
        By anything that needs the description, if there is none, if it is of another kind or version, or if
        the movie was never finished.
    """

    def __init__(self, source: Mapping[str, bytes]) -> None:
        self._source = source

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self._source).__name__})"

    @cached_property
    def _array(self) -> ArrayFormat:
        try:
            data = self._source[".zarray"]
        except KeyError as err:
            raise ObjectNotFoundError(
                "no movie lies here: .zarray is missing",
                hint="It was deleted, or never finished; see verify().",
            ) from err
        return ArrayFormat.from_json(data)

    @cached_property
    def _attributes(self) -> MovieAttributes:
        n_axes = len(self._array.shape)  # first: where nothing lies at all, that is what to say
        try:
            data = self._source[".zattrs"]
        except KeyError as err:
            raise IntegrityError(
                "the movie's .zattrs is missing: it was never finished, or was deleted",
                hint="Write it again.",
            ) from err
        attributes = MovieAttributes.from_json(data, n_axes=n_axes)
        if not attributes.complete:
            raise IntegrityError(
                "the movie was never finished: .zattrs says complete: false", hint="Write it again."
            )
        return attributes

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of (time[, channel][, z], y, x)."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the counts: that of the movie that was written."""
        return np.dtype(self._attributes.original_dtype)

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes."""
        return self._attributes.dims

    @property
    def chunks(self) -> tuple[int, ...]:
        """Sizes of a chunk."""
        return self._array.chunks

    @property
    def mode(self) -> Mode:
        """How the movie is stored: ``"compact"``, ``"lossless"`` or ``"reference"``."""
        return self._attributes.mode

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """Everything in ``.zattrs``."""
        return dict(self._attributes.extra)

    @property
    def noise(self) -> NoiseModel | tuple[NoiseModel, ...] | None:
        """The detector's noise, one per channel where there is an axis of channels; None if unknown."""
        if not self._attributes.trusted:
            return None
        return self._attributes.noise if self._attributes.has_channels else self._attributes.noise[0]

    @property
    def frame_rate(self) -> float | None:
        """Frames a second."""
        return self._attributes.frame_rate

    @cached_property
    def times(self) -> NDArray[np.float64] | None:
        """Seconds of each frame, shape (time,)."""
        times = self._attributes.times
        return None if times is None else np.asarray(times, np.float64)

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        """Micrometres (y, x)."""
        return self._attributes.pixel_size

    @property
    def step(self) -> float | None:
        """Width of a code in standard deviations of the noise; None unless compact."""
        return self._attributes.step

    @property
    def n_codes(self) -> int | None:
        """How many codes the tables have entries for; None unless compact."""
        return len(self._attributes.inverse_tables[0]) if self.mode == "compact" else None

    @property
    def code_dtype(self) -> np.dtype[Any]:
        """Type of `chunk_codes`: of codes, of a lossless movie's counts, of a reference one's floats."""
        return self._store.dtype

    @cached_property
    def _store(self) -> StoredChunks:
        return StoredChunks(self._source, self._array, self._attributes)

    @cached_property
    def _units(self) -> Units:
        return Units(self._attributes, self.code_dtype)

    def read(self, key: Any = ..., kind: str = "counts") -> NDArray[Any]:
        """Return a part of the movie.

        Parameters
        ----------
        key
            Integers, slices and an ellipsis as in numpy; for time also a list of integers or booleans.
        kind
            ``"counts"``: grey levels in the original dtype, rounded. ``"photons"``: float32, unrounded.
            ``"stabilized"``: float32 in standard deviations of the noise. ``"codes"``: as stored, see
            `code_dtype`.

        Raises
        ------
        ChunkError
            If a chunk is missing or damaged; never pixels instead.
        ValueRefusedError
            For photons and stabilised values of a movie whose noise is not known.
        IndexError
            For places that don't exist.
        """
        _check_kind(kind)
        self._units.require(kind)
        selection = Selection.of(key, shape=self.shape, chunks=self.chunks)
        values = np.empty(selection.shape, self._units.dtype(kind))

        def fill(piece: Piece) -> None:
            stored = self.chunk_codes(piece.chunk)[_grid(piece.inside)]
            values[_grid(piece.outside)] = self._convert(stored, kind, selection, piece)

        pieces = list(selection.pieces())
        if len(pieces) == 1:
            fill(pieces[0])
        elif pieces:
            with ThreadPoolExecutor(min(_AT_ONCE, len(pieces)), thread_name_prefix="photon-reader") as pool:
                list(pool.map(fill, pieces))
        return selection.drop(values)

    def _convert(self, stored: Array, kind: str, selection: Selection, piece: Piece) -> Array:
        """Return a part of one chunk in the unit asked for, channel by channel."""
        if not self._attributes.has_channels:
            return self._units.convert(stored, kind, channel=0)
        axis = self.dims.index("channel")
        channels = selection.indices[axis][piece.outside[axis]]
        if len(channels) == 1:
            return self._units.convert(stored, kind, channel=int(channels[0]))
        parts = np.split(stored, len(channels), axis)
        return np.concatenate(
            [
                self._units.convert(part, kind, channel=int(n))
                for part, n in zip(parts, channels, strict=True)
            ],
            axis,
        )

    def frame(self, index: int, kind: str = "counts") -> NDArray[Any]:
        """Return one frame, ([channel, ][z, ]y, x); see `read`."""
        return self.read(index, kind)

    def table(self, kind: str = "counts", *, channel: int = 0) -> NDArray[np.float32] | None:
        """Return the value of each code, float32 of shape (n_codes,); None unless the movie is compact."""
        _check_kind(kind)
        if self.mode != "compact":
            return None
        if kind == "codes":
            return np.arange(self.n_codes or 0, dtype=np.float32)
        return self._units.tables[channel][kind][: self.n_codes].astype(np.float32)

    def chunk_codes(self, chunk_index: tuple[int, ...]) -> NDArray[Any]:
        """Return one decoded chunk, without the padding of the last ones.

        Parameters
        ----------
        chunk_index
            One number per axis.

        Returns
        -------
        ndarray
            Of `code_dtype`, read-only; up to `chunks` in size.

        Raises
        ------
        ChunkError
            If it is missing or damaged.
        """
        index = tuple(map(int, chunk_index))
        if len(index) != len(self.shape) or any(
            not 0 <= i < n for i, n in zip(index, self._array.grid, strict=True)
        ):
            raise IndexError(f"the movie has {self._array.grid} chunks, got {index}")
        whole = self._store.decode(index)
        ends = zip(index, self.chunks, self.shape, strict=True)
        return whole[tuple(slice(0, min(chunk, size - i * chunk)) for i, chunk, size in ends)]


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueRefusedError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")


def _grid(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an index of slices and at most one list per axis; several lists span a grid."""
    if sum(not isinstance(part, slice) for part in parts) < 2:  # noqa: PLR2004  numpy mixes one list with slices
        return parts
    return np.ix_(*(np.arange(part.start, part.stop) if isinstance(part, slice) else part for part in parts))
