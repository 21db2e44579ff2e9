"""Two-photon movies whose photons are known: cells light up in a dim field that moves, and are read noisily.

>>> movie = simulate_movie((20, 64, 64), photons=5.0, gain=85.0)
>>> movie.shape, movie.dtype
((20, 64, 64), dtype('int16'))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: pixels that a frame may be shifted by
_REACH = 4
#: standard deviation of its steps in an animal that is awake, pixels a frame
AWAKE = 0.3
_CELL_RADIUS = 5.0
#: light of a cell at rest, of the order of its surroundings'; chosen so that the codes of 8 photons per pixel
#: have the entropy of those of the real movie: 3.6 bits
CONTRAST = 0.4


def simulate_movie(
    shape: tuple[int, int, int],
    *,
    photons: float,
    gain: float,
    offset: float = 0.0,
    read: float = 0.0,
    motion: float = 0.0,
    contrast: float = CONTRAST,
    dtype: str = "int16",
    seed: int = 0,
) -> NDArray[np.generic]:
    """Return a movie (time, y, x) in grey levels.

    Parameters
    ----------
    photons
        Mean number per pixel.
    gain, offset, read
        Grey levels per photon, grey level of none, standard deviation of reading in grey levels.
    motion
        Pixels by which the field moves from frame to frame, standard deviation of a random walk.
    contrast
        Light of a cell at rest, of the order of its surroundings'.
    """
    rng = np.random.default_rng(seed)
    length, height, width = shape
    tall, wide = height + 2 * _REACH, width + 2 * _REACH
    resting, cells = _draw_field((tall, wide), contrast, rng)
    scale = photons / (resting.mean() + 0.15 * cells.sum(axis=0).mean())
    activity = _draw_activity(length, len(cells), rng)
    limits = np.iinfo(dtype)
    movie = np.empty(shape, dtype)
    place = np.full(2, float(_REACH))
    for number in range(length):
        light = (resting + np.tensordot(activity[number], cells, 1)) * scale
        if motion:
            place = np.clip(place + rng.normal(0, motion, 2), 0, 2 * _REACH - 1)
        seen = _look_at(light, place, (height, width))
        levels = rng.poisson(seen) * gain + offset
        if read:
            levels = levels + rng.normal(0, read, seen.shape)
        movie[number] = np.clip(np.rint(levels), limits.min, limits.max)
    return movie


def _look_at(
    light: NDArray[np.float64], place: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return a window of a field, its corner between pixels: bilinear."""
    (top, left), (down, right) = place.astype(int), place % 1
    rows = light[top : top + shape[0] + 1] * (1 - down)
    rows[: shape[0]] += light[top + 1 : top + 1 + shape[0]] * down
    window = rows[: shape[0], left : left + shape[1]] * (1 - right)
    window += rows[: shape[0], left + 1 : left + 1 + shape[1]] * right
    return window


def _draw_field(
    shape: tuple[int, int], contrast: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the light of a scene at rest (y, x), and that of each active cell (cell, y, x)."""
    rows, columns = np.indices(shape)
    resting = 0.3 + 0.2 * np.sin(rows / 37) * np.cos(columns / 53) + 0.2 * columns / shape[1]
    count = max(3, min(40, shape[0] * shape[1] // 1500))
    cells = []
    for number in range(4 * count):
        y, x = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        distance = np.hypot(rows - y, columns - x)
        disc = rng.gamma(2.0, contrast / 2) / (1 + np.exp(np.minimum((distance - _CELL_RADIUS) * 1.5, 50)))
        resting += disc
        if number < count:
            cells.append(disc)
    return resting, np.asarray(cells)


def _draw_activity(length: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return dF/F of each cell (time, cell): sparse spikes that decay over 20 frames."""
    spikes = (rng.random((length, count)) < 0.01) * rng.gamma(2.0, 0.5, (length, count))
    for number in range(1, length):
        spikes[number] += spikes[number - 1] * np.exp(-1 / 20)
    return spikes
