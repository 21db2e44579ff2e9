"""Read a movie that was written by `write_movie`: any frame, as counts, photons or stabilised values.

>>> import numpy as np
>>> from dj_objectstore.photon.writer import write_movie
>>> files = {}
>>> _ = write_movie(np.full((3, 8, 8), 7, "u2"), files, mode="lossless")
>>> MovieReader(files).read(1)[0, 0]
np.uint16(7)
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import (
    ChunkError,
    FormatError,
    IntegrityError,
    ObjectNotFoundError,
    ValueRefusedError,
)
from dj_objectstore.photon.anscombe import MAX_CODES, Quantizer, destabilize, stabilize
from dj_objectstore.photon.chunks import (
    DamagedChunkError,
    checksum,
    decompress,
    decompress_codes,
    undo_filters,
    unshuffle,
)
from dj_objectstore.photon.format import ArrayFormat, Mode, MovieAttributes
from dj_objectstore.photon.selection import Piece, Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dj_objectstore.photon.detector import NoiseModel

    Array = NDArray[np.generic]

KINDS = ("counts", "photons", "stabilized", "codes")
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
        try:
            data = self._source[".zattrs"]
        except KeyError as err:
            raise IntegrityError(
                "the movie's .zattrs is missing: it was never finished, or was deleted",
                hint="Write it again.",
            ) from err
        attributes = MovieAttributes.from_json(data, n_axes=len(self._array.shape))
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

    @cached_property
    def code_dtype(self) -> np.dtype[Any]:
        """Type of `chunk_codes`: of codes, of a lossless movie's counts, of a reference one's floats."""
        dtype = self._array.dtype if self.mode != "compact" else str(self._scale.get("astype", "<u2"))
        return np.dtype(dtype).newbyteorder("=")

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
        selection = Selection.of(key, shape=self.shape, chunks=self.chunks)
        stored = np.empty(selection.shape, self.code_dtype)

        def fill(piece: Piece) -> None:
            stored[_grid(piece.outside)] = self.chunk_codes(piece.chunk)[_grid(piece.inside)]

        pieces = list(selection.pieces())
        if len(pieces) == 1:
            fill(pieces[0])
        elif pieces:
            with ThreadPoolExecutor(min(_AT_ONCE, len(pieces)), thread_name_prefix="photon-reader") as pool:
                list(pool.map(fill, pieces))
        return selection.drop(self._decode(stored, kind, selection))

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
        return self._tables(channel)[kind][: self.n_codes].astype(np.float32)

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
        whole = self._decode_chunk(index)
        ends = zip(index, self.chunks, self.shape, strict=True)
        return whole[tuple(slice(0, min(chunk, size - i * chunk)) for i, chunk, size in ends)]

    def _decode_chunk(self, index: tuple[int, ...]) -> NDArray[Any]:
        key = self._array.key(index)
        try:
            data = self._source[key]
        except KeyError as err:
            raise self._chunk_error(index, "is missing") from err
        try:
            self._check_sum(index, data)
            plain = self._decompress(bytes(data))
        except DamagedChunkError as err:
            raise self._chunk_error(index, f"is damaged: {err}") from err
        return np.frombuffer(plain, self.code_dtype).reshape(self.chunks, order=self._array.order)

    def _check_sum(self, index: tuple[int, ...], data: bytes) -> None:
        sums = self._attributes.checksums
        if sums is None:
            return
        place = int(np.ravel_multi_index(index, self._array.grid))
        if place >= len(sums) or sums[place] != checksum(data):
            raise DamagedChunkError("its bytes are not those that were written")

    def _decompress(self, data: bytes) -> bytes:
        """Return the bytes of what the chunk stores, native codes in a compact movie."""
        compressor, filters = self._array.compressor, self._array.filters
        size = math.prod(self.chunks) * self.code_dtype.itemsize
        if self.mode != "compact":
            plain = decompress(data, compressor=compressor, size=size)
            return np.ascontiguousarray(undo_filters(plain, filters)).tobytes() if filters else plain
        if not filters or filters[0].get("id") != "fixedscaleoffset":
            return self._codes_of_floats(
                undo_filters(decompress(data, compressor=compressor, size=4 * size), filters)
            )
        if compressor is not None and compressor["id"] == "zstd":
            plain = decompress_codes(data, size=size)
        else:
            plain = decompress(data, compressor=compressor, size=size)
        rest = filters[1:]
        if rest and rest[0] == {"id": "shuffle", "elementsize": 2} and len(rest) == 1:
            return unshuffle(plain)
        return np.ascontiguousarray(undo_filters(plain, rest)).tobytes() if rest else plain

    def _codes_of_floats(self, values: Any) -> bytes:
        """Return the codes of a chunk that somebody stored as stabilised floats."""
        floats = np.frombuffer(values, self._array.dtype)
        codes = np.rint(floats / (self._attributes.step or 1)) - (self._attributes.first_code or 0)
        return codes.astype(self.code_dtype).tobytes()

    @cached_property
    def _scale(self) -> Mapping[str, Any]:
        """The filter that tells the type of a code."""
        for config in self._array.filters:
            if config.get("id") == "fixedscaleoffset":
                return config
        return {}

    def _chunk_error(self, index: tuple[int, ...], what: str) -> ChunkError:
        first = index[0] * self.chunks[0]
        last = min(first + self.chunks[0], self.shape[0]) - 1
        return ChunkError(
            f"chunk {self._array.key(index)} (frames {first}-{last}) {what}",
            hint="Restore this file from a copy of the store, or insert the movie again.",
        )

    def _decode(self, stored: NDArray[Any], kind: str, selection: Selection) -> NDArray[Any]:
        """Return what was stored as the kind that was asked for, channel by channel."""
        if kind == "codes" or (kind == "counts" and self.mode == "lossless"):
            return stored
        if not self._attributes.has_channels:
            return self._decode_channel(stored, kind, 0)
        axis = self.dims.index("channel")
        channels = [
            self._decode_channel(stored.take([place], axis), kind, int(channel))
            for place, channel in enumerate(selection.indices[axis])
        ]
        return np.concatenate(channels, axis) if channels else self._decode_channel(stored, kind, 0)

    def _decode_channel(self, stored: NDArray[Any], kind: str, channel: int) -> NDArray[Any]:
        if self.mode == "compact":
            # no code lies beyond its table, which is as long as the codes' type allows
            return np.take(self._tables(channel)[kind], stored, mode="clip")
        if self.mode == "reference":
            return self._from_stabilized(stored, kind, self._noise(channel))
        noise = self._noise(channel)
        if kind == "photons":
            return ((stored.astype(np.float64) - noise.offset) / noise.gain).astype(np.float32)
        return stabilize(stored, noise).astype(np.float32)

    def _from_stabilized(self, stored: NDArray[Any], kind: str, noise: NoiseModel) -> NDArray[Any]:
        if kind == "stabilized":
            return stored.astype(np.float32)
        counts = destabilize(stored, noise)
        if kind == "photons":
            return ((counts - noise.offset) / noise.gain).astype(np.float32)
        return _round(counts, self.dtype)

    def _noise(self, channel: int) -> NoiseModel:
        if not self._attributes.trusted:
            raise ValueRefusedError(
                "photons and stabilised values need the detector's noise, which is not known for this movie",
                hint="Use counts, or insert the movie again with gain, offset and variance.",
            )
        return self._attributes.noise[channel]

    def _tables(self, channel: int) -> dict[str, NDArray[Any]]:
        """Return by kind the value of each code that the codes' type can hold."""
        return self._all_tables[channel]

    @cached_property
    def _all_tables(self) -> tuple[dict[str, NDArray[Any]], ...]:
        attributes = self._attributes
        if attributes.step is None or attributes.first_code is None or not attributes.trusted:
            raise FormatError(
                "a compact movie needs its step, its first code and its noise", hint="Restore .zattrs."
            )
        n_codes = 256 if self.code_dtype.itemsize == 1 else MAX_CODES
        quantizer = Quantizer(attributes.noise, attributes.step, attributes.first_code, n_codes)
        tables: list[dict[str, NDArray[Any]]] = []
        for channel, (noise, means) in enumerate(
            zip(attributes.noise, attributes.inverse_tables, strict=True)
        ):
            counts = quantizer.midpoints(channel=channel)
            counts[: len(means)] = means
            tables.append(
                {
                    "counts": _round(counts, self.dtype),
                    "photons": ((counts - noise.offset) / noise.gain).astype(np.float32),
                    "stabilized": quantizer.values().astype(np.float32),
                }
            )
        return tuple(tables)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueRefusedError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")


def _round(counts: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return counts in their original type, the nearest that it can hold."""
    if dtype.kind == "f":
        return counts.astype(dtype)
    limits = np.iinfo(dtype)
    # 2**63 and 2**64 are floats, but one more than their types can hold
    top = np.nextafter(float(limits.max), 0) if dtype.itemsize == 8 else limits.max  # noqa: PLR2004  bytes
    return np.clip(np.rint(counts), limits.min, top).astype(dtype)


def _grid(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an index of slices and at most one list per axis; several lists span a grid."""
    if sum(not isinstance(part, slice) for part in parts) < 2:  # noqa: PLR2004  numpy mixes one list with slices
        return parts
    return np.ix_(*(np.arange(part.start, part.stop) if isinstance(part, slice) else part for part in parts))
