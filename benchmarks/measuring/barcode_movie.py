"""A photon-limited movie whose frames say their own number: ten bars at the top, the lowest bit first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from dj_objectstore import Photon
from dj_objectstore.objects.movie import write_photon

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dj_objectstore.store.store import Store

GAIN, OFFSET = 40, 100
BRIGHT = 60
"""Photons of a light bar, above everything in the scene."""
BAR_ROWS = 64
REPEAT = 50


def make_movie(frames: int, side: int) -> NDArray[np.int16]:
    """Return blurred cells that blink, with shot noise; int16, shape (frames, side, side)."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    scene = np.full((side, side), 2.0, np.float32)
    for cy, cx in rng.uniform(0, side, (60, 2)):
        scene += 12 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 120)
    drawn = rng.poisson(scene, (REPEAT, side, side)).astype(np.int16)
    movie = np.empty((frames, side, side), np.int16)
    bits = (np.arange(frames)[:, None] >> np.arange(10)) & 1
    for index in range(frames):
        movie[index] = np.roll(drawn[index % REPEAT], index * 7, axis=1)
        movie[index, :BAR_ROWS] = np.repeat(bits[index], -(-side // 10))[:side] * BRIGHT
    movie *= GAIN
    movie += OFFSET
    return movie


def store_movie(
    store: Store, name: str, movie: NDArray[np.int16], *, frames_per_chunk: int
) -> dict[str, Any]:
    """Write a compact movie into a store, and return what its row would hold."""
    photon = Photon(movie, gain=GAIN, offset=OFFSET, frames_per_chunk=frames_per_chunk, frame_rate=30.0)
    return write_photon(store, name, photon).to_json()


def store_plainly(path: Path, movie: NDArray[np.int16], *, frames_per_chunk: int) -> str:
    """Write a movie as zarr does by itself, in whole frames, and return where it lies."""
    chunks = (frames_per_chunk, *movie.shape[1:])
    zarr.create_array(path, data=movie, chunks=chunks, dimension_names=("time", "y", "x"))
    return str(path)
