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
from dj_objectstore.photon.rules import check_array
from dj_objectstore.photon.survey import survey_movie
from dj_objectstore.photon.variance import (
    MAX_RELATIVE_ERROR,
    MeanVariance,
    MeanVarianceLine,
    fit_line,
    measure_variance,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

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
MIN_FRAMES = 10
MIN_BINS = 6


def estimate_noise(movie: Any) -> NoiseModel:
    """Estimate the noise of a detector from a movie, and say how far to trust the estimate.

    Parameters
    ----------
    movie
        Array (time, ..., y, x) of one channel; integers or floats, at least 10 frames to be trusted.

    Returns
    -------
    NoiseModel
        With ``trusted`` False and a reason in ``why`` for movies that are short, flat or saturated.

    Raises
    ------
    MovieRefusedError
        For fewer than three axes, NaN or infinity, numbers that are no counts.
    """
    dims = ("time", "z", "y", "x") if np.ndim(movie) == 4 else None  # noqa: PLR2004  one more than a movie has
    check_array(movie, dims=dims)
    planes = math.prod(movie.shape[1:-2])
    survey = survey_movie(ArrayFrames(movie), (1, planes, *movie.shape[-2:]))
    return judge_segments(survey.segments[0])


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
    frames = sum(len(segment) for segment in segments)
    if frames < MIN_FRAMES:
        return NoiseModel.unknown(
            f"the movie is too short: {frames} frames, at least {MIN_FRAMES} are needed"
        )
    share = _saturated_share(segments)
    if share > MAX_SATURATED_SHARE:
        return NoiseModel.unknown(
            f"the movie is saturated: {share:.1%} of the pixels are at its highest value"
        )
    measured = measure_variance(segments)
    if len(measured.mean) < MIN_BINS:
        return NoiseModel.unknown("the movie is too flat or too small: too few different intensities")
    line = fit_line(measured)
    why_not = _objection(line, measured)
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


def _objection(line: MeanVarianceLine, measured: MeanVariance) -> str:
    if not line.gain > 0:
        return "the variance does not grow with the mean, so this is not photon noise"
    if line.relative_error > MAX_RELATIVE_ERROR:
        return f"the movie is too flat or too short: the gain is uncertain by {line.relative_error:.0%}"
    if line.goodness < MIN_GOODNESS:
        return f"variance against mean is not a line: goodness {line.goodness:.2f}, below {MIN_GOODNESS}"
    wider = line.gain if measured.wider is None else fit_line(measured.wider).gain
    if not abs(wider / line.gain - 1) <= MAX_DISAGREEMENT:
        return f"what moves adds to the noise: the gain is {line.gain:.3g}, or {wider:.3g} with more pixels"
    if line.quiet_share > MAX_QUIET_SHARE:
        return f"{line.quiet_share:.1%} of the pixels are less noisy than photons would be"
    return ""


def _saturated_share(segments: Sequence[NDArray[np.generic]]) -> float:
    """Return the share of pixels at the highest value, if more lie there than just below; otherwise 0."""
    highest = max(segment.max() for segment in segments)
    top = sum(int(np.count_nonzero(segment == highest)) for segment in segments)
    total = sum(segment.size for segment in segments)
    if top <= MAX_SATURATED_SHARE * total:
        return 0.0
    lower = [segment[segment < highest] for segment in segments]
    second = max((values.max() for values in lower if values.size), default=None)
    if second is None:
        return 0.0  # one value everywhere is a flat movie
    below = sum(int(np.count_nonzero(values == second)) for values in lower)
    return top / total if top > below else 0.0
