"""Movies for the tests of the photon format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import dj_objectstore

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DEMO = Path(dj_objectstore.__file__).parent / "demo" / "data"


@pytest.fixture(scope="session")
def real_movie() -> NDArray[np.int16]:
    """A crop of a real two-photon movie, (time, y, x)."""
    with np.load(DEMO / "two_photon.npz") as file:
        return file["movie"]


@pytest.fixture
def make_movie() -> Callable[..., NDArray[np.generic]]:
    """Return a function that makes a movie of photons as a detector would."""
    return poisson_movie


def poisson_movie(
    shape: tuple[int, ...] = (40, 48, 48),
    *,
    gain: float = 20.0,
    offset: float = 0.0,
    read: float = 0.0,
    photons: float = 10.0,
    dtype: str = "int32",
    seed: int = 0,
) -> NDArray[np.generic]:
    rng = np.random.default_rng(seed)
    field = photons * np.linspace(0.1, 2, shape[-1])
    counts = rng.poisson(field, shape) * gain + offset + rng.normal(0, read, shape)
    return counts.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(counts).astype(dtype)
