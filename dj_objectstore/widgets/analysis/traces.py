"""The light of regions over time, in photons where the detector is known, with what its noise makes of it.

>>> means = measure(service, source, Shot(), [pixels])  # doctest: +SKIP
>>> trace_of(means[0], pixels=len(pixels), noise=source.noise(0)).band                     # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.passes import UNWATCHED, read_slabs
from dj_objectstore.widgets.movies.codes import decode_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dj_objectstore.widgets.analysis.passes import Watch
    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.frames.shots import Shot
    from dj_objectstore.widgets.messages.answers import Stabilized
    from dj_objectstore.widgets.movies.sources import FrameSource

    Floats = NDArray[np.float64]
    Pixels = NDArray[np.intp]

DEFAULT_BASELINE = 10.0
MAX_VALUES = 250_000_000
"""Of all regions in all frames: 2 GB."""


@dataclass(frozen=True, eq=False)
class RegionTrace:
    """The mean over a region in each frame.

    Attributes
    ----------
    values
        Float64, shape (frames,); NaN for frames that can't be read, or hold NaN.
    band
        Standard deviation that shot and read noise give each value, same shape; None where no noise is known.
    """

    unit: Literal["photons", "counts", "noise", "dF/F"]
    values: Floats
    band: Floats | None


def measure(
    service: FrameService,
    source: FrameSource,
    shot: Shot,
    regions: Sequence[Pixels],
    *,
    watch: Watch = UNWATCHED,
) -> Floats:
    """Return the mean of each region in each frame, from one pass over the movie.

    Parameters
    ----------
    regions
        Pixels of each, as indices into the picture's rows laid end to end; not empty. They may overlap.

    Returns
    -------
    ndarray
        Float64, shape (regions, frames): photons per pixel where the detector is known, else counts. Frames
        that are damaged or missing are NaN.

    Raises
    ------
    ValueRefusedError
        When there would be more than 250 million values.
    NoLongerWantedError
        When `watch` says that nobody waits.
    ObjectStoreError
        When the store does not answer, or no frame can be read.
    """
    if len(regions) * source.frames > MAX_VALUES:
        raise ValueRefusedError(
            f"traces may have {MAX_VALUES:,} values in all, {len(regions)} regions of {source.frames} frames "
            "have more",
            hint="Give fewer masks, or a part of the movie: scrub(movie[:10000], masks=...).",
        )
    pixels = np.concatenate(regions)
    sizes = np.array([len(region) for region in regions])
    starts = np.cumsum(sizes) - sizes
    means = np.full((len(regions), source.frames), np.nan)
    for slab in read_slabs(service, source, shot, pixels=len(pixels), watch=watch):
        if slab.codes is not None:
            codes = slab.codes.reshape(slab.frames, -1)[:, pixels]
            values = _light(source, codes, shot.channel)
            sums = np.add.reduceat(values, starts, axis=1, dtype=np.float64)
            means[:, slab.first : slab.first + slab.frames] = (sums / sizes).T
    return means


def _light(source: FrameSource, codes: NDArray[Any], channel: int) -> NDArray[Any]:
    """Return the photons of codes, as `PhotonMovie.photons` gives them; counts where no noise is known."""
    noise, table = source.noise(channel), source.photon_table(channel)
    if noise is not None and table is not None:
        return np.take(table, codes, mode="clip")
    values = decode_block(codes, source.code, source.table)
    return values if noise is None else (values.astype(np.float64) - noise.offset) / noise.gain


def trace_of(means: Floats, *, pixels: int, noise: Stabilized | None, in_noise: bool = False) -> RegionTrace:
    """Return the trace of a region of `pixels` pixels from its means, with its band.

    A pixel of p photons has the variance ``p + v / g**2`` in photons, of shot noise (Poisson) and of the
    detector's read noise (variance v in counts², gain g); the mean of n independent pixels has 1/n of their
    mean variance: ``(mean + v / g**2) / n``. Of values in units of noise (`in_noise`) it is ``1 / n``.
    """
    if in_noise:
        return RegionTrace("noise", means, np.full_like(means, 1 / np.sqrt(pixels)))
    if noise is None:
        return RegionTrace("counts", means, None)
    variance = (np.maximum(means, 0) + noise.variance / noise.gain**2) / pixels
    return RegionTrace("photons", means, np.sqrt(variance))


def relative(trace: RegionTrace, *, baseline: float = DEFAULT_BASELINE) -> RegionTrace:
    """Return dF/F, ``(trace - rest) / rest``, where `rest` is the `baseline`-th percentile of the trace.

    The band is scaled alike.

    Raises
    ------
    ValueRefusedError
        When the trace does not lie above 0 at rest, or has no values.
    """
    there = trace.values[np.isfinite(trace.values)]
    rest = float(np.percentile(there, baseline)) if there.size else np.nan
    if not rest > 0:
        raise ValueRefusedError(
            f"dF/F needs a trace above 0 at rest, its {baseline:g}th percentile is {rest:.4g} {trace.unit}",
            hint="Choose a higher percentile, or show the mean.",
        )
    band = None if trace.band is None else trace.band / rest
    return RegionTrace("dF/F", trace.values / rest - 1, band)
