"""The chunks of a stored movie: fetched, checked, decompressed down to codes."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ChunkError
from dj_objectstore.photon.chunks import (
    DELTA_U1,
    SHUFFLE_U2,
    DamagedChunkError,
    accumulate,
    checksum,
    decompress,
    decompress_codes,
    undo_filters,
    unshuffle,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dj_objectstore.photon.format import ArrayFormat, MovieAttributes


class StoredChunks:
    """Decodes chunks; keeps none.

    Parameters
    ----------
    source
        The movie's files by key.
    array, attributes
        Their description.
    """

    def __init__(self, source: Mapping[str, bytes], array: ArrayFormat, attributes: MovieAttributes) -> None:
        self._source = source
        self._array = array
        self._attributes = attributes

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Type of a decoded chunk: of codes, in a lossless movie of counts, in a reference one of floats."""
        compact = self._attributes.mode == "compact"
        name = str(self._scale.get("astype", "<u2")) if compact else self._array.dtype
        return np.dtype(name).newbyteorder("=")

    @cached_property
    def _scale(self) -> Mapping[str, Any]:
        """The filter between codes and stabilised floats; empty if somebody stored the floats."""
        first = next(iter(self._array.filters), {})
        return first if first.get("id") == "fixedscaleoffset" else {}

    def decode(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Return a whole chunk, with its padding, read-only.

        Raises
        ------
        ChunkError
            If it is missing or damaged.
        """
        try:
            data = self._source[self._array.key(index)]
        except KeyError as err:
            raise self._error(index, "is missing") from err
        try:
            self._check_sum(index, data)
            plain = self._decompress(bytes(data))
        except DamagedChunkError as err:
            raise self._error(index, f"is damaged: {err}") from err
        return np.frombuffer(plain, self.dtype).reshape(self._array.chunks, order=self._array.order)

    def _check_sum(self, index: tuple[int, ...], data: bytes) -> None:
        sums = self._attributes.checksums
        if sums is None:
            return
        place = int(np.ravel_multi_index(index, self._array.grid))
        if place >= len(sums) or sums[place] != checksum(data):
            raise DamagedChunkError("its bytes are not those that were written")

    def _decompress(self, data: bytes) -> bytes:
        compressor, filters = self._array.compressor, self._array.filters
        pixels = math.prod(self._array.chunks)
        if self._attributes.mode == "compact" and not self._scale:
            size = pixels * np.dtype(self._array.dtype).itemsize
            return self._codes_of_floats(
                undo_filters(decompress(data, compressor=compressor, size=size), filters)
            )
        size = pixels * self.dtype.itemsize
        if self._scale and compressor is not None and compressor["id"] == "zstd":
            plain = decompress_codes(data, size=size)
        else:
            plain = decompress(data, compressor=compressor, size=size)
        rest = filters[1:] if self._scale else filters
        if list(rest) == [SHUFFLE_U2]:
            return unshuffle(plain)
        if list(rest) == [DELTA_U1]:
            return accumulate(plain)
        return np.ascontiguousarray(undo_filters(plain, rest)).tobytes() if rest else plain

    def _codes_of_floats(self, values: Any) -> bytes:
        floats = np.frombuffer(values, self._array.dtype)
        codes = np.rint(floats / (self._attributes.step or 1)) - (self._attributes.first_code or 0)
        return codes.astype(self.dtype).tobytes()

    def _error(self, index: tuple[int, ...], what: str) -> ChunkError:
        first = index[0] * self._array.chunks[0]
        last = min(first + self._array.chunks[0], self._array.shape[0]) - 1
        return ChunkError(
            f"chunk {self._array.key(index)} (frames {first}-{last}) {what}",
            hint="Restore this file from a copy of the store, or insert the movie again.",
        )
