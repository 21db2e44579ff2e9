"""Variance against mean of a movie's pixels, and the line of photon noise through it.

Two biases are avoided. A pixel's intensity is judged from *other* frames than those that its variance is
taken from, otherwise the noise sorts itself into the bins. And where pixels change faster than the frame
rate follows, the covariance of successive differences is used, in which slow changes cancel: for frames
a, b, c it is (b - a)(b - c), whose mean is the variance of b's own noise (Roll, J. Finance 39, 1127, 1984).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
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
MAX_RELATIVE_ERROR = 0.04
#: with more measurements than these, those at edges can be spared
ENOUGH_PIXELS = 1 << 19
#: and with what is left, the gain of a movie that stands still is to be known as well as this
SPARE_ERROR = 0.025
#: share of the variance up to which change may hide in what chance explains
MAX_HIDDEN_CHANGE = 0.06
#: frames needed for one measurement: one to judge the intensity, three to measure, one to judge again
SPAN = 5
#: with more pixels than these, only every second measurement is taken: neighbours share frames, and tell
#: little more
MANY_PIXELS = 1 << 21
#: one in so many pixels tells how widely the measurements spread
_FEW = 4
_AT_ONCE = 4


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
    """

    pixels: Floats
    mean: Floats
    variance: Floats
    spread: float
    wider: MeanVariance | None = None


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
    usable = [segment for segment in segments if len(segment) >= SPAN]
    stride = 2 if sum(segment.size for segment in usable) > MANY_PIXELS else 1
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="photon-noise") as pool:
        intensities = list(pool.map(partial(_intensity, stride=stride), usable))
        scale = _Scale.of(intensities)
        parts = list(pool.map(partial(_Part.of, scale=scale, stride=stride), usable, intensities))
        whole = _add(pool.map(_Part.tally, parts), rows=6)
        still = not _changes(whole)
        if still and whole[0].sum() < ENOUGH_PIXELS:
            return _choose(whole)
        # what moves, seen or not, does so at edges: so take even surroundings, then the more even ones
        limits = np.full(BINS + 2, np.inf)
        calm: list[MeanVariance] = []
        for _ in range(2):
            pixels, slopes = _add(pool.map(partial(_Part.slopes, limits=limits), parts), rows=2)
            limits = slopes / np.maximum(pixels, 1)
            calm.append(_choose(_add(pool.map(partial(_Part.tally, limits=limits), parts), rows=6)))
    if still and not (len(calm[1].mean) > 2 and fit_line(calm[1]).relative_error < SPARE_ERROR):  # noqa: PLR2004
        return _choose(whole)
    return replace(calm[1], wider=calm[0])


def _add(tallies: Iterable[Floats], *, rows: int) -> Floats:
    return sum(tallies, np.zeros((rows, BINS + 2)))


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


def _intensity(segment: NDArray[np.generic], *, stride: int) -> NDArray[np.float32]:
    """Return the mean of 3 x 3 pixels in the frames just before and after each three that are measured."""
    before, after = segment[: 1 - SPAN : stride], segment[SPAN - 1 :: stride]
    both: NDArray[np.float32] = np.pad(
        np.add(before, after, dtype=np.float32), ((0, 0), (1, 1), (1, 1)), mode="edge"
    )
    rows = both[:, :-2] + both[:, 1:-1]
    rows += both[:, 2:]
    box = rows[:, :, :-2] + rows[:, :, 1:-1]
    box += rows[:, :, 2:]
    box /= 18
    return box


@dataclass(frozen=True)
class _Scale:
    """Bins of intensity that crowd where photons are few, as their noise does."""

    low: float
    width: float

    @classmethod
    def of(cls, intensities: Sequence[NDArray[np.float32]]) -> _Scale:
        some = [intensity.ravel()[:: max(1, intensity.size // 50_000)] for intensity in intensities]
        if not some:
            return cls(0.0, 1.0)
        low, high = np.quantile(np.concatenate(some), [0.0005, 0.9995])
        return cls(float(low), float(high - low) or 1.0)

    def bins(self, intensity: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the bin of each value, flat: 1 to ``BINS``, 0 below and ``BINS + 1`` above them."""
        place = (intensity.ravel() - np.float32(self.low)) / np.float32(self.width)
        inside = np.sqrt(np.clip(place, 0, 1), out=place)
        inside *= np.float32(BINS)
        return np.where(intensity.ravel() < self.low, 0, inside.astype(np.uint8) + 1).astype(np.uint8)


@dataclass(frozen=True)
class _Part:
    """The measurements in one stretch of frames, flat: bin, slope, b, variance plain and cancelled."""

    bins: NDArray[np.uint8]
    slope: NDArray[np.float32]
    columns: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(
        cls, segment: NDArray[np.generic], intensity: NDArray[np.float32], *, scale: _Scale, stride: int
    ) -> _Part:
        a, b, c = (
            np.asarray(segment[1 + lag : len(segment) - 3 + lag : stride], np.float32).ravel()
            for lag in range(3)
        )
        before, after = b - a, c - b
        variances = ((before**2 + after**2) / 4, -before * after)
        columns = tuple(np.asarray(column, np.float32) for column in (b, *variances))
        return cls(scale.bins(intensity), _slope(intensity), columns)

    def tally(self, *, limits: Floats | None = None) -> Floats:
        """Sum, by bin: pixels, b, variance without and with slow changes cancelled, and squares of both.

        With `limits`, one for each bin, only over pixels that lie on no steeper slope.
        """
        bins, (b, plain, cancelled) = self.bins, self.columns
        if limits is not None:
            even = self._even(limits)
            bins, b, plain, cancelled = bins[even], b[even], plain[even], cancelled[even]
        # for the spread alone, so a part of the pixels will do
        few = slice(None, None, _FEW)
        squares = (_sum_by_bin(bins[few], column[few] ** 2) * _FEW for column in (plain, cancelled))
        return np.stack([*(_sum_by_bin(bins, column) for column in (None, b, plain, cancelled)), *squares])

    def slopes(self, *, limits: Floats) -> Floats:
        """Sum, by bin, pixels on no steeper slope than the limits, and their slopes."""
        even = self._even(limits)
        bins, slope = self.bins[even], self.slope[even]
        return np.stack([_sum_by_bin(bins, None), _sum_by_bin(bins, slope)])

    def _even(self, limits: Floats) -> NDArray[np.intp]:
        return np.flatnonzero(self.slope <= limits.astype(np.float32)[self.bins])


def _sum_by_bin(bins: NDArray[np.uint8], values: NDArray[np.float32] | None) -> Floats:
    return np.bincount(bins, weights=values, minlength=BINS + 2).astype(np.float64, copy=False)


def _slope(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared slope at each pixel, flat; it comes from other frames than the variance."""
    slope = np.zeros_like(intensity)
    slope[:, 1:-1] += (intensity[:, 2:] - intensity[:, :-2]) ** 2
    slope[:, :, 1:-1] += (intensity[:, :, 2:] - intensity[:, :, :-2]) ** 2
    return slope.ravel()


def _changes(tally: Floats) -> bool:
    """Return whether the movie changes so fast that it adds to the variance of differences."""
    return _compare(tally[:, tally[0] >= MIN_PIXELS_PER_BIN])[1]


def _choose(tally: Floats) -> MeanVariance:
    """Cancel slow changes where there are any; otherwise take the measure that is half as uncertain."""
    tally = tally[:, tally[0] >= MIN_PIXELS_PER_BIN]
    spreads, changes = _compare(tally)
    pixels = tally[0]
    mean, plain, cancelled = tally[1:4] / pixels
    # overlapping triples share frames; their measurements are that much less independent
    if changes:
        return MeanVariance(pixels, mean, cancelled, 1.2 * spreads[1])
    return MeanVariance(pixels, mean, plain, 1.2 * spreads[0])


def _compare(tally: Floats) -> tuple[list[float], bool]:
    """Return the spread of both measures, and whether they differ, or too few pixels tell."""
    pixels, total = tally[0], tally[0].sum()
    _, plain, cancelled = tally[1:4] / pixels
    spreads = [
        math.sqrt(np.sum(np.maximum(square - value**2 * pixels, 0)) / max(np.sum(value**2 * pixels), 1e-12))
        for value, square in ((plain, tally[4]), (cancelled, tally[5]))
    ]
    change = float(np.sum((plain - cancelled) * pixels) / max(np.sum(plain * pixels), 1e-12))
    chance = 3 * spreads[1] / math.sqrt(max(total, 1))
    return spreads, change > max(0.003, chance) or change + chance > MAX_HIDDEN_CHANGE
