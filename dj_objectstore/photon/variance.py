"""Variance against mean of a movie's pixels: its photon-transfer curve.

What biases it is avoided. A pixel's intensity is judged from *other* frames than those that its variance is
taken from, otherwise the noise sorts itself into the bins. Where pixels change faster than the frame rate
follows, the covariance of successive differences is used, in which slow changes cancel: for frames a, b, c
it is (b - a)(b - c), whose mean is the variance of b's own noise (Roll, J. Finance 39, 1127, 1984). What
flickers or jitters in whole rows is predicted from the rest of the row. Frames that move are laid on each
other, and even places are preferred. Bad pixels and what touches them are left out.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.photon.alignment import align_frames, align_rows
from dj_objectstore.photon.bad_pixels import find_bad_pixels, grow
from dj_objectstore.photon.transfer import MeanVariance, fit_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Images = NDArray[np.float32]

BINS = 48
MIN_PIXELS_PER_BIN = 200
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
#: measurements that share one alignment
_TOGETHER = 8
#: one in so many pixels tells how widely the measurements spread
_FEW = 4
_AT_ONCE = 4
#: sums by bin: pixels, b, variance plain and cancelled, squares of both, what rows have in common
_SUMS = 7
#: a pixel that makes up more than this of its row's fit can't be predicted by the others
_MAX_LEVERAGE = np.float32(0.5)
_TINY = np.float32(1e-20)


def measure_variance(segments: Sequence[NDArray[np.generic]]) -> MeanVariance:
    """Measure the variance of pixels in bins of intensity.

    Parameters
    ----------
    segments
        Stretches (time, y, x) of consecutive frames; those of fewer than five frames are passed over.
    """
    usable = [segment for segment in segments if len(segment) >= SPAN]
    measured, still = _measure(usable)
    if still:
        return measured
    return _measure([part for segment in usable for part in _align(segment)])[0]


def _align(segment: NDArray[np.generic]) -> Iterator[NDArray[np.generic]]:
    """Yield short stretches, each with its frames laid on each other; no measurement is lost or repeated."""
    rows = align_rows(segment)
    for start in range(0, len(segment) - SPAN + 1, _TOGETHER):
        yield align_frames(rows[start : start + _TOGETHER + SPAN - 1])


def _measure(usable: Sequence[NDArray[np.generic]]) -> tuple[MeanVariance, bool]:
    """Return the curve, and whether the movie stands still."""
    stride = 2 if sum(segment.size for segment in usable) > MANY_PIXELS else 1
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="photon-noise") as pool:
        intensities = list(pool.map(partial(_intensity, stride=stride), usable))
        scale = _Scale.of(intensities)
        parts = list(pool.map(partial(_Part.of, scale=scale, stride=stride), usable, intensities))
        whole = _add(pool.map(_Part.tally, parts), rows=_SUMS)
        still = not _changes(whole)
        if still and whole[0].sum() < ENOUGH_PIXELS:
            return _choose(whole), True
        # what moves, seen or not, does so at edges: so take even surroundings, then the more even ones
        limits = np.full(BINS + 2, np.inf)
        calm: list[MeanVariance] = []
        for _ in range(2):
            pixels, slopes = _add(pool.map(partial(_Part.slopes, limits=limits), parts), rows=2)
            limits = slopes / np.maximum(pixels, 1)
            calm.append(_choose(_add(pool.map(partial(_Part.tally, limits=limits), parts), rows=_SUMS)))
    if still and not (len(calm[1].mean) > 2 and fit_line(calm[1]).relative_error < SPARE_ERROR):  # noqa: PLR2004
        return _choose(whole), True
    return replace(calm[1], wider=calm[0]), still


def _add(tallies: Iterable[Floats], *, rows: int) -> Floats:
    return sum(tallies, np.zeros((rows, BINS + 2)))


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
    """The measurements in one stretch of frames, flat.

    Parameters
    ----------
    bins, slope
        Bin of intensity, and how much the scene changes from pixel to pixel, squared.
    columns
        b; variance plain and cancelled; variance that the row has in common.
    """

    bins: NDArray[np.uint8]
    slope: Images
    columns: tuple[Images, ...]

    @classmethod
    def of(cls, segment: NDArray[np.generic], intensity: Images, *, scale: _Scale, stride: int) -> _Part:
        a, b, c = (
            np.asarray(segment[1 + lag : len(segment) - 3 + lag : stride], np.float32) for lag in range(3)
        )
        before, after = b - a, c - b
        own_before, own_after = _own(before, intensity), _own(after, intensity)
        plain = (before * own_before + after * own_after) / 4
        cancelled = (before * own_after + after * own_before) / -2
        common = (before**2 + after**2) / 4 - plain
        found = (b, plain, cancelled, common)
        columns = tuple(np.asarray(column, np.float32).ravel() for column in found)
        bins, slope, bad = scale.bins(intensity), _slope(intensity), find_bad_pixels(segment)
        if bad.any():
            good = np.flatnonzero(np.broadcast_to(~grow(bad), b.shape))
            bins, slope, columns = bins[good], slope[good], tuple(column[good] for column in columns)
        return cls(bins, slope, columns)

    def tally(self, *, limits: Floats | None = None) -> Floats:
        """Sum by bin, as in `_SUMS`; with `limits`, one a bin, only pixels that lie on no steeper slope."""
        bins, columns = self.bins, self.columns
        if limits is not None:
            even = self._even(limits)
            bins, columns = bins[even], tuple(column[even] for column in columns)
        # for the spread alone, so a part of the pixels will do
        few = slice(None, None, _FEW)
        squares = [_sum_by_bin(bins[few], column[few] ** 2) * _FEW for column in columns[1:3]]
        sums = [_sum_by_bin(bins, column) for column in (None, *columns)]
        return np.stack([*sums[:4], *squares, sums[4]])

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


def _own(difference: Images, intensity: Images) -> Images:
    """Return, of differences between frames (time, y, x), what the rest of their row does not tell.

    Each pixel is predicted from the *others* of its row, by a line in the intensity: this is the residual of
    a fit to the whole row, divided by one minus the leverage. So its product with the difference has the
    variance of the pixel's own noise as its mean, whatever the row has in common.
    """
    light = intensity - intensity.mean(axis=2, keepdims=True)
    power = np.maximum(np.einsum("tyx,tyx->ty", light, light), _TINY)[..., None]
    slope = np.einsum("tyx,tyx->ty", light, difference)[..., None] / power
    own: Images = difference - difference.mean(axis=2, keepdims=True) - light * slope
    leverage = light * light / power + np.float32(1 / intensity.shape[2])
    own /= 1 - np.minimum(leverage, _MAX_LEVERAGE)
    return own


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
    return MeanVariance(
        pixels,
        mean,
        cancelled if changes else plain,
        spread=1.2 * spreads[changes],
        flicker=float(tally[6].sum() / max(tally[2].sum(), 1e-12)),
    )


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
