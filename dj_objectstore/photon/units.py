"""What is stored, in the units people ask for: counts, photons, stabilised values."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import FormatError, ValueRefusedError
from dj_objectstore.photon.anscombe import MAX_CODES, Quantizer, destabilize, stabilize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dj_objectstore.photon.detector import NoiseModel
    from dj_objectstore.photon.format import MovieAttributes

    Array = NDArray[Any]

KINDS = ("counts", "photons", "stabilized", "codes")


class Units:
    """Converts what the chunks of a movie hold.

    Parameters
    ----------
    attributes
        Of the movie.
    stored
        Type of a decoded chunk.
    """

    def __init__(self, attributes: MovieAttributes, stored: np.dtype[Any]) -> None:
        self._attributes = attributes
        self._stored = stored

    def dtype(self, kind: str) -> np.dtype[Any]:
        """Return the type of values of this kind."""
        if kind == "counts":
            return np.dtype(self._attributes.original_dtype)
        return self._stored if kind == "codes" else np.dtype(np.float32)

    def require(self, kind: str) -> None:
        """Refuse photons and stabilised values of a movie whose noise is not known (ValueRefusedError)."""
        if kind in ("photons", "stabilized") and not self._attributes.trusted:
            raise ValueRefusedError(
                "photons and stabilised values need the detector's noise, which is not known for this movie",
                hint="Use counts, or insert the movie again with gain, offset and variance.",
            )

    def convert(self, stored: Array, kind: str, *, channel: int) -> Array:
        """Return stored values of one channel in this unit; same shape."""
        mode = self._attributes.mode
        if kind == "codes" or (kind == "counts" and mode == "lossless"):
            return stored
        if mode == "compact":
            return _look_up(self.tables[channel][kind], stored)
        noise = self._attributes.noise[channel]
        if kind == "stabilized":
            phi = stored if mode == "reference" else stabilize(stored, noise)
            return phi.astype(np.float32)
        counts = destabilize(stored, noise) if mode == "reference" else stored.astype(np.float64)
        return _photons(counts, noise) if kind == "photons" else _round(counts, self.dtype(kind))

    @cached_property
    def tables(self) -> tuple[dict[str, Array], ...]:
        """For each channel and kind, the value of every code that the codes' type can hold."""
        attributes = self._attributes
        if attributes.step is None or attributes.first_code is None or not attributes.trusted:
            raise FormatError(
                "a compact movie needs its step, its first code and its noise", hint="Restore .zattrs."
            )
        n_codes = 256 if self._stored.itemsize == 1 else MAX_CODES
        quantizer = Quantizer(attributes.noise, attributes.step, attributes.first_code, n_codes)
        tables: list[dict[str, Array]] = []
        for channel, means in enumerate(attributes.inverse_tables):
            counts = quantizer.midpoints(channel=channel)
            counts[: len(means)] = means
            tables.append(
                {
                    "counts": _round(counts, self.dtype("counts")),
                    "photons": _photons(counts, attributes.noise[channel]),
                    "stabilized": quantizer.values().astype(np.float32),
                }
            )
        return tuple(tables)


def _look_up(table: Array, codes: Array) -> Array:
    """Return the value of each code, frame by frame: numpy widens the codes first, at 8 bytes a pixel."""
    values = np.empty(codes.shape, table.dtype)
    for frame, found in zip(codes, values, strict=True):
        np.take(table, frame, out=found, mode="clip")
    return values


def _photons(counts: NDArray[np.float64], noise: NoiseModel) -> Array:
    return ((counts - noise.offset) / noise.gain).astype(np.float32)


def _round(counts: NDArray[np.float64], dtype: np.dtype[Any]) -> Array:
    """Return counts in their original type, the nearest that it can hold."""
    if dtype.kind == "f":
        return counts.astype(dtype)
    limits = np.iinfo(dtype)
    # 2**63 and 2**64 are floats, but one more than their types can hold
    top = np.nextafter(float(limits.max), 0) if dtype.itemsize == 8 else limits.max  # noqa: PLR2004  bytes
    return np.clip(np.rint(counts), limits.min, top).astype(dtype)
