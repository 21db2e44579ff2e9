"""The three ways to store a chunk of grey levels: compact codes, the integers themselves, stabilised floats.

A coder turns one chunk into bytes, says how ``.zarray`` describes them, and counts what the attributes need.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.chunks import (
    BLOSC,
    DELTA_U1,
    SHUFFLE_U2,
    ZSTD,
    compress_codes,
    compress_numbers,
    difference,
    shuffle,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dj_objectstore.photon.anscombe import Quantizer
    from dj_objectstore.photon.detector import NoiseModel
    from dj_objectstore.photon.format import Mode

    Block = NDArray[np.generic]
    Floats = NDArray[np.float64]
    #: what a chunk's pixels add to the mean grey level of each code; tallies of one channel are added up
    Tally = NDArray[Any]

#: integers of at most so many bytes are looked up in a table of all their values
_TABLE_BYTES = 2


class Coder(Protocol):
    """One way to store chunks."""

    mode: Mode
    compressor: Mapping[str, Any]

    @property
    def dtype(self) -> str:
        """What a Zarr reader sees."""

    @property
    def filters(self) -> tuple[Mapping[str, Any], ...]:
        """What a Zarr reader undoes, the last one first."""

    @property
    def itemsize(self) -> int:
        """Bytes of a pixel before compression."""

    def encode(self, block: Block, *, channel: int) -> tuple[bytes, Tally | None]:
        """Return the stored bytes of a whole chunk (time, y, x)."""


class CompactCoder:
    """Codes of the quantised Anscombe transform, as zstd frames.

    Parameters
    ----------
    quantizer
        What gives grey levels their codes.
    dtype
        Type of the grey levels.
    tally_every
        The first frame of every so many is tallied.
    differences
        Whether codes of one byte are stored as differences from pixel to pixel.
    """

    mode: Mode = "compact"
    dtype = "<f8"
    compressor: Mapping[str, Any] = ZSTD

    def __init__(
        self,
        quantizer: Quantizer,
        dtype: np.dtype[np.generic],
        *,
        tally_every: int = 1,
        differences: bool = False,
    ) -> None:
        self.quantizer = quantizer
        self._differences = differences
        self._every = tally_every
        self.itemsize = quantizer.dtype.itemsize
        self._tabulated = dtype.kind in "ui" and dtype.itemsize <= _TABLE_BYTES
        self._bits = np.dtype(f"u{dtype.itemsize}")
        self._native = dtype.newbyteorder("=")

    @property
    def filters(self) -> tuple[Mapping[str, Any], ...]:
        """The filters that turn codes into stabilised floats for any Zarr reader."""
        scale = {
            "id": "fixedscaleoffset",
            "scale": 1 / self.quantizer.step,
            "offset": self.quantizer.first_code * self.quantizer.step,
            "dtype": self.dtype,
            "astype": self.quantizer.dtype.str,
        }
        if self.itemsize > 1:
            return (scale, SHUFFLE_U2)
        return (scale, DELTA_U1) if self._differences else (scale,)

    def encode(self, block: Block, *, channel: int) -> tuple[bytes, Tally]:
        """Return the compressed codes of a whole chunk, and their tally.

        Raises
        ------
        MovieRefusedError
            For a value that no code stands for.
        """
        if self._tabulated:
            codes, tally = self._look_up(block, channel)
        else:
            codes = self.quantizer.encode(block, channel=channel)
            tally = self._count(codes[:: self._every], block[:: self._every])
        if self.itemsize > 1:
            return compress_codes(shuffle(codes)), tally
        return compress_codes(difference(codes) if self._differences else codes), tally

    def mean_levels(self, tally: Tally, *, channel: int) -> Floats:
        """Return the mean grey level of each code from the sum of all tallies, of the middle where none is.

        Shape (n_codes,), up to the highest code that occurs where every frame was tallied.
        """
        middle = self.quantizer.midpoints(channel=channel)
        if self._tabulated:
            levels, codes, _ = self._tables[channel]
            tally = _sum_by_code(codes, tally.astype(np.float64), levels, self.quantizer.n_codes)
        pixels, total = tally
        used = int(np.flatnonzero(pixels)[-1]) + 1 if self._every == 1 else len(pixels)
        means: Floats = np.where(pixels > 0, total / np.maximum(pixels, 1), middle)[:used]
        return means

    def _look_up(self, block: Block, channel: int) -> tuple[NDArray[np.unsignedinteger], Tally]:
        levels, codes, valid = self._tables[channel]
        if not valid.all() and not all(
            valid[_bits(level, self._bits)] for level in (block.min(), block.max())
        ):
            self.quantizer.encode(block, channel=channel)  # raises, and says for which values
        bits = np.ascontiguousarray(block, self._native).view(self._bits)
        found = np.empty(block.shape, codes.dtype)
        for frame, out in zip(bits, found, strict=True):
            # frame by frame: numpy widens the indices first, and so they stay in the cache
            np.take(codes, frame, out=out, mode="wrap")
        return found, np.bincount(bits[:: self._every].reshape(-1), minlength=len(levels))

    @cached_property
    def _tables(self) -> Sequence[tuple[Floats, NDArray[np.unsignedinteger], NDArray[np.bool_]]]:
        """For each channel, by the bits of a grey level: the level, its code, and whether it has one."""
        levels = np.arange(1 << (8 * self._bits.itemsize), dtype=self._bits).view(self._native)
        tables = []
        for noise in self.quantizer.noise:
            exact = np.rint(stabilize(levels, noise) / self.quantizer.step) - self.quantizer.first_code
            valid = (exact >= 0) & (exact < self.quantizer.n_codes)
            codes = np.where(valid, exact, 0).astype(self.quantizer.dtype)
            tables.append((levels.astype(np.float64), codes, valid))
        return tables

    def _count(self, codes: NDArray[np.unsignedinteger], block: Block) -> Tally:
        flat, levels = codes.reshape(-1), block.astype(np.float64).reshape(-1)
        return _sum_by_code(flat, np.ones_like(levels), levels, self.quantizer.n_codes)


def _bits(level: Any, bits: np.dtype[np.unsignedinteger]) -> int:
    """Return the place of a grey level in a table by bits."""
    return int(np.asarray(level).view(bits))


def _sum_by_code(codes: NDArray[np.unsignedinteger], pixels: Floats, levels: Floats, n_codes: int) -> Floats:
    """Return, for each code, how many pixels have it and the sum of their grey levels; (2, n_codes)."""
    weights = (pixels, pixels * levels)
    return np.stack([np.bincount(codes, weights=weight, minlength=n_codes) for weight in weights])


class LosslessCoder:
    """The numbers as they came, as Blosc."""

    mode: Mode = "lossless"
    compressor: Mapping[str, Any] = BLOSC
    filters: tuple[Mapping[str, Any], ...] = ()

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        self._dtype = dtype.newbyteorder("<")
        self.dtype = self._dtype.str
        self.itemsize = dtype.itemsize

    def encode(self, block: Block, *, channel: int) -> tuple[bytes, None]:  # noqa: ARG002  all channels alike
        """Return the compressed numbers of a whole chunk."""
        return compress_numbers(block.astype(self._dtype, copy=False)), None


class ReferenceCoder:
    """Stabilised values as 64-bit floats, as Blosc: the layout of the format's first version."""

    mode: Mode = "reference"
    dtype = "<f8"
    compressor: Mapping[str, Any] = BLOSC
    filters: tuple[Mapping[str, Any], ...] = ()
    itemsize = 8

    def __init__(self, noise: Sequence[NoiseModel]) -> None:
        self._noise = noise

    def encode(self, block: Block, *, channel: int) -> tuple[bytes, None]:
        """Return the compressed stabilised values of a whole chunk."""
        return compress_numbers(stabilize(block, self._noise[channel]).astype(self.dtype, copy=False)), None
