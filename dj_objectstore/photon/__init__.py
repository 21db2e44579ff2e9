"""Movies of photon counts, stored at the shot-noise limit.

Numpy arrays in, a mapping of bytes out, and back; no database and no store. The format is a Zarr v2 array,
specified in ``docs/photon-format.md``.

>>> import numpy as np
>>> movie = np.random.default_rng(0).poisson(np.linspace(1, 20, 64), (40, 64, 64)) * 10
>>> files = {}
>>> write_movie(movie.astype("uint16"), files).mode
'compact'
>>> MovieReader(files).read(3).shape
(64, 64)
"""

from dj_objectstore.photon.check import check_movie
from dj_objectstore.photon.noise import NoiseModel, NoiseNotTrustedWarning, estimate_noise
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.writer import MovieSummary, write_movie

__all__ = [
    "MovieReader",
    "MovieSummary",
    "NoiseModel",
    "NoiseNotTrustedWarning",
    "check_movie",
    "estimate_noise",
    "write_movie",
]
