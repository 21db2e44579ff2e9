"""How many grey levels a photon makes, judged from the movie itself.

>>> import numpy as np
>>> movie = np.random.default_rng(0).poisson(np.linspace(1, 20, 64), (40, 64, 64)) * 10
>>> round(estimate_noise(movie).gain)
10
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.photon.detector import NoiseModel, NoiseNotTrustedWarning, TransferCurve
from dj_objectstore.photon.frames import ArrayFrames
from dj_objectstore.photon.rules import check_array, is_array
from dj_objectstore.photon.saturation import cut_off_share, saturated_share
from dj_objectstore.photon.survey import sample_movie
from dj_objectstore.photon.transfer import MeanVariance, MeanVarianceLine, fit_line, follow_to_rest
from dj_objectstore.photon.variance import SPAN, measure_variance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["NoiseModel", "NoiseNotTrustedWarning", "estimate_noise", "judge_segments"]

#: a fit explains at least this share of how the variance differs between intensities
MIN_GOODNESS = 0.85
#: a larger share of pixels at the highest value, more of them than at the value below, means saturation
MAX_SATURATED_SHARE = 0.001
#: at most this share of pixels may be clearly less noisy than the line says: there compact storage would lose
MAX_QUIET_SHARE = 0.02
#: where the movie moves, the gain at even places and that at less even ones differ by at most this share
MAX_DISAGREEMENT = 0.1
#: bins miss the line by at most so many of their errors, root mean square
MAX_MISFIT = 5.0
#: what rows have in common may be at most so many times the pixels' own noise
MAX_FLICKER = 2.0
#: standard error of the gain, as a share of it
MAX_RELATIVE_ERROR = 0.04
MIN_FRAMES = 10
MIN_BINS = 6


def estimate_noise(movie: Any) -> NoiseModel:
    """Estimate the noise of a detector from a movie, and say how far to trust the estimate.

    Parameters
    ----------
    movie
        Array (time, ..., y, x) of one channel; integers or floats, at least 10 frames to be trusted. Of one
        above 256 MB only samples are read, evenly spread.

    Returns
    -------
    NoiseModel
        With ``trusted`` False and a reason in ``why`` for movies that are short, flat or saturated.

    Raises
    ------
    MovieRefusedError
        For fewer than three axes, NaN or infinity, numbers that are no counts.
    """
    array = movie if is_array(movie) else np.asarray(movie)
    check_array(array, dims=("time", "z", "y", "x") if len(array.shape) == 4 else None)  # noqa: PLR2004  planes
    planes = math.prod(array.shape[1:-2])
    return judge_segments(sample_movie(ArrayFrames(array), array, (1, planes, *array.shape[-2:])))


def judge_segments(segments: Sequence[NDArray[np.generic]]) -> NoiseModel:
    """Estimate the noise from stretches of consecutive frames of one channel, and judge the estimate.

    Parameters
    ----------
    segments
        Arrays (time, y, x) of one dtype; finite. Their sizes may differ.

    Returns
    -------
    NoiseModel
        ``trusted`` is False, and ``why`` says the reason, for movies that are short, flat or saturated,
        or whose variance does not grow with the mean as that of photons.
    """
    longest = max(map(len, segments), default=0)
    frames = longest if longest < SPAN else sum(map(len, segments))
    if frames < MIN_FRAMES:
        return NoiseModel.unknown(
            f"the movie is too short: {frames} frames, and at least {MIN_FRAMES} are needed"
        )
    share = saturated_share(segments)
    if share > MAX_SATURATED_SHARE:
        return NoiseModel.unknown(
            f"the movie is saturated: {share:.1%} of the pixels are at its highest value"
        )
    measured = measure_variance(segments)
    if len(measured.mean) < MIN_BINS:
        return NoiseModel.unknown("the movie is too flat or too small: too few different intensities")
    line = fit_line(measured)
    wider = line if measured.wider is None else fit_line(measured.wider)
    why_not = next(_objections(line, wider, measured), "")
    if line.gain > 0:
        line = follow_to_rest(line, wider)
        why_not = why_not or _darkness_objection(segments, line)
    return NoiseModel(
        gain=line.gain,
        offset=line.zero,
        goodness=line.goodness,
        trusted=not why_not,
        why=why_not or f"variance against mean over {frames} frames is a line (goodness {line.goodness:.2f})",
        curve=TransferCurve(
            *(tuple(column.tolist()) for column in (measured.mean, measured.variance, measured.pixels))
        ),
    )


def _darkness_objection(segments: Sequence[NDArray[np.generic]], line: MeanVarianceLine) -> str:
    share = cut_off_share(segments, gain=line.gain)
    return f"the darkest values were cut off: {share:.0%} of the pixels are at the lowest" if share else ""


def _objections(line: MeanVarianceLine, wider: MeanVarianceLine, measured: MeanVariance) -> Iterator[str]:
    """Yield what speaks against the line, the gravest first."""
    if not line.gain > 0:
        yield "the variance does not grow with the mean, so this is not photon noise"
        return
    if line.relative_error > MAX_RELATIVE_ERROR:
        yield f"the movie is too flat or too short: the gain is uncertain by {line.relative_error:.0%}"
    if line.goodness < MIN_GOODNESS:
        yield f"variance against mean is not a line: goodness {line.goodness:.2f}, below {MIN_GOODNESS}"
    if not abs(wider.gain / line.gain - 1) <= MAX_DISAGREEMENT:
        found = f"{line.gain:.3g}, or {wider.gain:.3g} with more pixels"
        yield f"what moves adds to the noise: the gain is {found}"
    if measured.flicker > MAX_FLICKER:
        yield f"rows flicker or jitter together, {measured.flicker:.1f} times as much as pixels by themselves"
    if line.misfit > MAX_MISFIT:
        yield f"variance against mean is not a line: it is missed by {line.misfit:.0f} times its error"
    if line.quiet_share > MAX_QUIET_SHARE:
        yield f"{line.quiet_share:.1%} of the pixels are less noisy than photons would be"
