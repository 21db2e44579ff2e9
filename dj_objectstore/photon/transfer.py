"""The line of photon noise through a photon-transfer curve: variance against mean.

>>> import numpy as np
>>> pixels, mean = np.full(9, 1e4), np.linspace(110, 200, 9)
>>> line = fit_line(MeanVariance(pixels, mean, 20.0 * (mean - 100), spread=1.5))
>>> round(line.gain), round(line.zero)
(20, 100)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: a line is a model: a bin may miss it by this share without being more than that
TOLERANCE = 0.02
#: of what more even places take away from the gain, the share that is left there: measured on simulations
LEFT_OVER = 0.6


@dataclass(frozen=True)
class MeanVariance:
    """Mean and variance of pixels in bins of intensity.

    Parameters
    ----------
    pixels, mean, variance
        One entry a bin: number of measurements, mean grey level, variance in grey levels squared.
    spread
        Standard deviation of a single measurement of variance, as a multiple of the variance.
    wider
        Where the movie changes: the same of more pixels, that lie at less even places.
    flicker
        What whole rows change by together, in variances of the pixels' own noise; no part of `variance`.
    """

    pixels: Floats
    mean: Floats
    variance: Floats
    spread: float
    wider: MeanVariance | None = None
    flicker: float = 0.0


@dataclass(frozen=True)
class MeanVarianceLine:
    """The line ``variance = gain * (mean - zero)``, and how far to believe it.

    Parameters
    ----------
    gain, zero
        Slope in grey levels, and the grey level at which the variance vanishes.
    goodness
        0 to 1, share of the differences in variance that the line explains.
    relative_error
        Standard error of the gain as a share of it.
    quiet_share
        Share of pixels in bins that are clearly less noisy than the line.
    misfit
        By how many of their errors the bins miss the line, root mean square.
    """

    gain: float
    zero: float
    goodness: float
    relative_error: float
    quiet_share: float
    misfit: float


def fit_line(measured: MeanVariance) -> MeanVarianceLine:
    """Fit the line of photon noise from below: what moves or blinks only ever adds variance."""
    mean, variance = measured.mean, measured.variance
    fitted, weight = np.abs(variance), np.ones_like(mean)
    for _ in range(40):
        # errors from the fit, not from the bin: a bin that is low by chance must not gain weight by it
        error = fitted * np.hypot(measured.spread / np.sqrt(measured.pixels), TOLERANCE)
        scaled = weight / np.maximum(error, 1e-12) ** 2
        centre, level = np.average(mean, weights=scaled), np.average(variance, weights=scaled)
        leverage = float(np.sum(scaled * (mean - centre) ** 2)) or math.nan
        gain = float(np.sum(scaled * (mean - centre) * (variance - level))) / leverage
        line = level + gain * (mean - centre)
        fitted = np.maximum(np.abs(line), 1e-3 * abs(level))
        excess = (variance - line) / np.maximum(error, 1e-12)
        weight = np.where(excess > 1, 1 / np.maximum(excess, 1) ** 2, 1.0)
    if not gain > 0:
        return MeanVarianceLine(gain, math.nan, 0.0, math.inf, 0.0, math.inf)
    quiet = (variance < 0.8 * line) & (excess < -3)  # noqa: PLR2004  three standard errors
    return MeanVarianceLine(
        gain=gain,
        zero=float(centre - level / gain),
        goodness=_goodness(variance, line, scaled),
        relative_error=1 / math.sqrt(leverage) / gain,
        quiet_share=float(measured.pixels[quiet].sum() / measured.pixels.sum()),
        misfit=float(np.sqrt(np.mean(excess**2))),
    )


def follow_to_rest(line: MeanVarianceLine, wider: MeanVarianceLine) -> MeanVarianceLine:
    """Return the line where nothing moves, from those at even places and at less even ones.

    Motion adds variance by the slope of the scene squared; what is left of it at even places is a share of
    what they take away. Where they take nothing away, `line` comes back.
    """
    taken = wider.gain - line.gain
    if not taken > 0:
        return line
    gain = line.gain - LEFT_OVER * taken
    level = line.gain * line.zero - LEFT_OVER * (wider.gain * wider.zero - line.gain * line.zero)
    return replace(line, gain=gain, zero=level / gain)


def _goodness(variance: Floats, line: Floats, weight: Floats) -> float:
    scatter = np.sum(weight * (variance - line) ** 2)
    total = np.sum(weight * (variance - np.average(variance, weights=weight)) ** 2)
    return float(np.clip(1 - scatter / total, 0, 1)) if total > 0 else 0.0
