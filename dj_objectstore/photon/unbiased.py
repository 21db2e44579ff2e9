"""The exact unbiased inverse of the stabilising transform, for data that were denoised after it.

A denoiser that works on stabilised values estimates the *mean of phi*, and phi of a mean is not the mean of
phi: the plain inverse would make dark pixels darker. The exact unbiased inverse maps the mean of phi of
pixels with L photons back to L (M. Makitalo and A. Foi, IEEE Trans. Image Process. 22, 91, 2013, "Optimal
inversion of the generalized Anscombe transformation for Poisson-Gaussian noise"). As they do, it is
tabulated from the expectation itself, here that of this package's phi, which goes on below the offset.

>>> from dj_objectstore.photon.detector import NoiseModel
>>> round(float(unbiased_inverse(10.0, NoiseModel(gain=2.0))) / 2, 1)
24.9
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.photon.anscombe import destabilize, stabilize

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dj_objectstore.photon.detector import NoiseModel

    Floats = NDArray[np.float64]

#: photons up to which the expectation is summed; above, the series in 1 / photons is exact to 1e-4
_MOST_PHOTONS = 60.0
_KNOTS = 600
_NODES = 32


def unbiased_inverse(stabilized: ArrayLike, noise: NoiseModel) -> Floats:
    """Return the mean grey level of pixels whose stabilised values have this mean.

    Parameters
    ----------
    stabilized
        Denoised stabilised values, any shape.
    noise
        The model that they were stabilised with.

    Returns
    -------
    ndarray
        Grey levels, float64, same shape; not below the offset.
    """
    phi = np.asarray(stabilized, np.float64)
    photons, means = _expectations(noise.variance / noise.gain**2)
    near = np.interp(phi, means, photons)
    # E[phi] = phi(L) - 1 / (4 sqrt(L)) + ..., so the plain inverse is low by 1/4 photon
    far = (destabilize(phi, noise) - noise.offset) / noise.gain + 0.25
    step = photons[-1] - (_plain(means[-1], noise) + 0.25)
    result: Floats = noise.offset + noise.gain * np.where(phi <= means[-1], near, far + step)
    return result


def _plain(phi: float, noise: NoiseModel) -> float:
    return float((destabilize(phi, noise) - noise.offset) / noise.gain)


@lru_cache(maxsize=32)
def _expectations(variance: float) -> tuple[Floats, Floats]:
    """Return numbers of photons, and the mean of phi for each, with a read variance in photons squared."""
    from dj_objectstore.photon.detector import NoiseModel

    unit = NoiseModel(gain=1.0, variance=variance)
    photons = _MOST_PHOTONS * np.linspace(0, 1, _KNOTS) ** 2
    counts = np.arange(int(_MOST_PHOTONS + 12 * np.sqrt(_MOST_PHOTONS)))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    read = stabilize(counts[:, None] + np.sqrt(variance) * nodes, unit) @ (weights / weights.sum())
    return photons, _poisson(photons, counts) @ read


def _poisson(photons: Floats, counts: NDArray[np.intp]) -> Floats:
    """Return the probability of each count (column) at each mean number of photons (row)."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where(counts == 0, 0.0, counts * np.log(photons)[:, None])
    result: Floats = np.exp(exponent - photons[:, None] - log_factorial)
    return result
