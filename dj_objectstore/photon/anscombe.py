"""The generalised Anscombe transform, which gives photon noise unit variance, and its quantised table.

With gain g, offset o and read variance v, for grey levels x at or above o::

    phi(x) = (2 / g) * sqrt(g * (x - o) + 3/8 * g**2 + v)

(F. J. Anscombe, Biometrika 35, 246, 1948; F. Murtagh et al., A&A Suppl. 112, 179, 1995). Below o, where
the root would end, phi goes on as its own tangent at o, so that dark and negative values survive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import MovieRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from dj_objectstore.photon.detector import NoiseModel

    Floats = NDArray[np.float64]

MAX_CODES = 65536
#: codes kept below zero for values that an unfinished acquisition may still bring
RESERVE_BELOW = -8192


def stabilize(counts: ArrayLike, noise: NoiseModel) -> Floats:
    """Return phi of grey levels: floats in units of one standard deviation of the noise.

    Parameters
    ----------
    counts
        Grey levels, any shape, any number type.
    noise
        Gain, offset and read variance.
    """
    light = np.asarray(counts, np.float64) - noise.offset
    root = _dark_root(noise)
    above = 2 / noise.gain * np.sqrt(noise.gain * np.maximum(light, 0) + root**2)
    result: Floats = above + np.minimum(light, 0) / root
    return result


def destabilize(stabilized: ArrayLike, noise: NoiseModel) -> Floats:
    """Return the grey levels of which ``stabilize`` gives these values; same shape."""
    phi = np.asarray(stabilized, np.float64)
    root = _dark_root(noise)
    dark = 2 / noise.gain * root
    above = ((noise.gain / 2 * np.maximum(phi, dark)) ** 2 - root**2) / noise.gain
    result: Floats = noise.offset + above + np.minimum(phi - dark, 0) * root
    return result


def _dark_root(noise: NoiseModel) -> float:
    """Return the standard deviation, in grey levels, that the transform assumes in the dark."""
    return math.sqrt(0.375 * noise.gain**2 + noise.variance)


@dataclass(frozen=True)
class Quantizer:
    """Integer codes of stabilised values: ``code = round(phi / step) - first_code``.

    Parameters
    ----------
    noise
        One model for each channel; a single one for a movie without channels.
    step
        Width of a code in standard deviations of the noise.
    first_code
        ``round(phi / step)`` of the lowest value.
    n_codes
        How many codes there are, at most 65536.
    """

    noise: tuple[NoiseModel, ...]
    step: float
    first_code: int
    n_codes: int

    @classmethod
    def spanning(
        cls, noise: Sequence[NoiseModel], *, step: float, lowest: Sequence[float], highest: Sequence[float]
    ) -> Quantizer | None:
        """Return the quantizer from ``lowest`` to ``highest`` of each channel, None if too many codes."""
        first = min(_code(low, model, step) for low, model in zip(lowest, noise, strict=True))
        last = max(_code(high, model, step) for high, model in zip(highest, noise, strict=True))
        return cls(tuple(noise), step, first, last - first + 1) if last - first < MAX_CODES else None

    @classmethod
    def unbounded(
        cls, noise: Sequence[NoiseModel], *, step: float, lowest: float, highest: float
    ) -> Quantizer:
        """Return the quantizer of values not seen yet: all of a dtype's, or as many as there are codes."""
        first = max(min(_code(lowest, model, step) for model in noise), RESERVE_BELOW)
        last = max(_code(highest, model, step) for model in noise)
        return cls(tuple(noise), step, first, min(max(last - first + 1, 1), MAX_CODES))

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """The type of a code: ``|u1``, or ``<u2`` above 256 codes."""
        return np.dtype("|u1" if self.n_codes <= 256 else "<u2")  # noqa: PLR2004  a byte's values

    def encode(self, counts: NDArray[np.generic], *, channel: int = 0) -> NDArray[np.unsignedinteger]:
        """Return the codes of grey levels; same shape.

        Raises
        ------
        MovieRefusedError
            For a value that no code stands for, which would come back as another.
        """
        codes = np.rint(stabilize(counts, self.noise[channel]) / self.step)
        np.subtract(codes, self.first_code, out=codes)
        if codes.size and not (codes.min() >= 0 and codes.max() < self.n_codes):
            raise MovieRefusedError(
                f"grey levels must lie within the {self.n_codes} codes laid out for this movie, "
                f"got {np.min(counts)} to {np.max(counts)}",
                hint="Use a larger step or gain, or mode='lossless'.",
            )
        return codes.astype(self.dtype)

    def values(self) -> Floats:
        """Return the stabilised value of each code, shape (n_codes,)."""
        return np.arange(self.first_code, self.first_code + self.n_codes, dtype=np.float64) * self.step

    def midpoints(self, *, channel: int = 0) -> Floats:
        """Return the grey level in the middle of each code, float64 of shape (n_codes,)."""
        return destabilize(self.values(), self.noise[channel])


def _code(counts: float, noise: NoiseModel, step: float) -> int:
    return round(float(np.rint(stabilize(counts, noise) / step)))
