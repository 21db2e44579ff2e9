"""The noise of a detector: grey levels per photon, zero level, read variance.

>>> NoiseModel(gain=85.0, offset=10.0).photons(180.0)
2.0
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class NoiseNotTrustedWarning(UserWarning):
    """A movie was stored losslessly, because nobody knows its noise well enough to store it compactly."""


@dataclass(frozen=True)
class TransferCurve:
    """The photon-transfer curve of a movie: variance of pixels against their mean, in bins of intensity.

    Parameters
    ----------
    mean, variance
        Grey levels, and grey levels squared; one entry for each bin.
    pixels
        How many measurements are in each bin.
    """

    mean: tuple[float, ...]
    variance: tuple[float, ...]
    pixels: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """How the variance of a pixel grows with its mean: ``variance = gain * (mean - offset) + variance``.

    Parameters
    ----------
    gain
        Grey levels per photon; above 0.
    offset
        Grey level of zero photons. An estimate can't tell it from the read variance (the line gives
        only ``gain * offset - variance``) and puts all of it here.
    variance
        Read variance in grey levels squared; 0 or above.
    goodness
        0 to 1: the share of the differences in variance between intensities that the line explains.
        1 for values that were given.
    trusted
        True if a movie may be stored compactly on the strength of these values.
    why
        In words, where the values come from, or why they are not trusted.
    curve
        What an estimate was fitted to; None for values that were given or read from a stored movie.

    Raises
    ------
    ValueRefusedError
        For values that no detector has. A model that is not trusted may hold NaN.
    """

    gain: float
    offset: float = 0.0
    variance: float = 0.0
    goodness: float = 1.0
    trusted: bool = True
    why: str = "given"
    curve: TransferCurve | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.trusted:
            return
        hint = "Give the detector's grey levels per photon, its zero level, and its read variance."
        if not (math.isfinite(self.gain) and self.gain > 0):
            raise ValueRefusedError(f"gain must be a number above 0, got {self.gain!r}", hint=hint)
        if not math.isfinite(self.offset):
            raise ValueRefusedError(f"offset must be a finite number, got {self.offset!r}", hint=hint)
        if not (math.isfinite(self.variance) and self.variance >= 0):
            raise ValueRefusedError(f"variance must be 0 or above, got {self.variance!r}", hint=hint)

    @classmethod
    def unknown(cls, why: str) -> NoiseModel:
        """Return the model of a detector about which nothing is known, and why."""
        return cls(gain=math.nan, offset=math.nan, goodness=0.0, trusted=False, why=why)

    def photons(self, counts: float) -> float:
        """Return how many photons a grey level stands for; below the offset it is negative."""
        return (counts - self.offset) / self.gain

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the photon-transfer curve, variance against mean, with the line of this model.

        Parameters
        ----------
        ax
            Where to draw; by default a new figure, which is ``plot().figure``.

        Raises
        ------
        ValueRefusedError
            Without matplotlib, or for a model that has neither a curve nor a gain.
        """
        from dj_objectstore.photon.plot import plot_noise

        return plot_noise(self, ax)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return text, and the plot of an estimate where matplotlib is installed."""
        del include, exclude
        from dj_objectstore.photon.plot import draw_png

        png = draw_png(self)
        return {"text/plain": repr(self)} | ({} if png is None else {"image/png": png})
