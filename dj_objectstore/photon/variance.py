"""Variance against mean of a movie's pixels, and the line of photon noise through it.

Two biases are avoided. A pixel's intensity is judged from *other* frames than those that its variance is
taken from, otherwise the noise sorts itself into the bins. And where pixels change faster than the frame
rate follows, the covariance of successive differences is used, in which slow changes cancel: for frames
a, b, c it is (b - a)(b - c), whose mean is the variance of b's own noise (Roll, J. Finance 39, 1127, 1984).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BINS = 48
MIN_PIXELS_PER_BIN = 200
#: a line is a model: a bin may miss it by this share without being more than that
TOLERANCE = 0.02
MAX_RELATIVE_ERROR = 0.05
#: frames needed for one measurement: one to judge the intensity, three to measure, one to judge again
SPAN = 5


@dataclass(frozen=True)
class MeanVariance:
    """Mean and variance of pixels in bins of intensity.

    Parameters
    ----------
    pixels, mean, variance
        One entry a bin: number of measurements, mean grey level, variance in grey levels squared.
    spread
        Standard deviation of a single measurement of variance, as a multiple of the variance.
    """

    pixels: Floats
    mean: Floats
    variance: Floats
    spread: float


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
    """

    gain: float
    zero: float
    goodness: float
    relative_error: float
    quiet_share: float


def measure_variance(segments: Sequence[NDArray[np.generic]]) -> MeanVariance:
    """Measure the variance of pixels in bins of intensity.

    Parameters
    ----------
    segments
        Stretches (time, y, x) of consecutive frames; those of fewer than five frames are passed over.
    """
    usable = [np.asarray(segment, np.float32) for segment in segments if len(segment) >= SPAN]
    intensities = [_intensity(segment) for segment in usable]
    edges = _edges(intensities)
    tally = np.zeros((6, len(edges) + 1))
    for segment, intensity in zip(usable, intensities, strict=True):
        tally += _tally(segment, np.searchsorted(edges, intensity.ravel()), len(edges) + 1)
    return _choose(tally[:, tally[0] >= MIN_PIXELS_PER_BIN])


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
        return MeanVarianceLine(gain, math.nan, 0.0, math.inf, 0.0)
    quiet = (variance < 0.8 * line) & (excess < -3)  # noqa: PLR2004  three standard errors
    return MeanVarianceLine(
        gain=gain,
        zero=float(centre - level / gain),
        goodness=_goodness(variance, line, scaled),
        relative_error=1 / math.sqrt(leverage) / gain,
        quiet_share=float(measured.pixels[quiet].sum() / measured.pixels.sum()),
    )


def _goodness(variance: Floats, line: Floats, weight: Floats) -> float:
    scatter = np.sum(weight * (variance - line) ** 2)
    total = np.sum(weight * (variance - np.average(variance, weights=weight)) ** 2)
    return float(np.clip(1 - scatter / total, 0, 1)) if total > 0 else 0.0


def _intensity(segment: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of 3 x 3 pixels in the frames just before and after each three that are measured."""
    blurred = _blur(segment)
    return np.asarray((blurred[: 1 - SPAN] + blurred[SPAN - 1 :]) / 2, np.float32)


def _blur(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    padded: NDArray[np.float32] = np.pad(frames, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return np.asarray((rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9, np.float32)


def _edges(intensities: Iterable[NDArray[np.float32]]) -> Floats:
    """Return edges that crowd where photons are few, as their noise does."""
    some = [intensity.ravel()[:: max(1, intensity.size // 50_000)] for intensity in intensities]
    if not some:
        return np.zeros(1)
    low, high = np.quantile(np.concatenate(some), [0.0005, 0.9995])
    edges: Floats = low + (high - low) * np.linspace(0, 1, BINS + 1) ** 2
    return edges


def _tally(segment: NDArray[np.float32], bins: NDArray[np.intp], size: int) -> Floats:
    """Sum, by bin: pixels, b, variance without and with slow changes cancelled, and the squares of both."""
    a, b, c = (segment[1 + lag : len(segment) - 3 + lag].ravel() for lag in range(3))
    plain = ((b - a) ** 2 + (c - b) ** 2) / 4
    cancelled = (b - a) * (b - c)
    columns = [None, b, plain, cancelled, plain**2, cancelled**2]
    return np.stack([np.bincount(bins, weights=column, minlength=size) for column in columns])


def _choose(tally: Floats) -> MeanVariance:
    """Cancel slow changes where there are any; otherwise take the measure that is half as uncertain."""
    pixels, total = tally[0], tally[0].sum()
    mean, plain, cancelled = tally[1:4] / pixels
    spreads = [
        math.sqrt(np.sum(np.maximum(square - value**2 * pixels, 0)) / max(np.sum(value**2 * pixels), 1e-12))
        for value, square in ((plain, tally[4]), (cancelled, tally[5]))
    ]
    change = np.sum((plain - cancelled) * pixels) / max(np.sum(plain * pixels), 1e-12)
    if change > max(0.01, 3 * spreads[1] / math.sqrt(max(total, 1))):
        # overlapping triples share frames; their measurements are that much less independent
        return MeanVariance(pixels, mean, cancelled, 1.2 * spreads[1])
    return MeanVariance(pixels, mean, plain, 1.2 * spreads[0])
