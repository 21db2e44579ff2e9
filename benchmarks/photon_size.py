"""How small a movie of photon counts becomes, against raw integers and the float64 layout.

``python benchmarks/photon_size.py [movie.npz]`` measures the project's own crop of a real two-photon movie,
or another one: an ``.npz`` with the key ``movie``, or an ``.npy``.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import dj_objectstore
from dj_objectstore.photon import MovieReader, write_movie

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEMO = Path(dj_objectstore.__file__).parent / "demo" / "data" / "two_photon.npz"
#: what the project promises of the compact mode on a real movie
AT_LEAST = {"raw": 4.0, "float64": 12.0}
_MODES = ("compact", "lossless", "reference")


@dataclass(frozen=True)
class Size:
    """What one mode makes of a movie; `raw` and `float64` say how many times smaller it is than those."""

    mode: str
    stored: int
    raw: float
    float64: float
    write_mb_s: float
    read_mb_s: float


def measure_sizes(movie: NDArray[np.generic]) -> list[Size]:
    """Store a movie (time, y, x) in every mode, and compare the bytes of all files."""
    stored: dict[str, int] = {}
    speeds: dict[str, tuple[float, float]] = {}
    for mode in _MODES:
        files: dict[str, bytes] = {}
        start = time.perf_counter()
        stored[mode] = write_movie(movie, files, mode=mode).size
        written = time.perf_counter()
        MovieReader(files).read()
        read = time.perf_counter()
        speeds[mode] = movie.nbytes / 1e6 / (written - start), movie.nbytes / 1e6 / (read - written)
    return [
        Size(mode, size, movie.nbytes / size, stored["reference"] / size, *speeds[mode])
        for mode, size in stored.items()
    ]


def load_movie(path: Path = DEMO) -> NDArray[np.generic]:
    """Return the movie (time, y, x) of an ``.npz`` or ``.npy``."""
    found = np.load(path)
    return found if isinstance(found, np.ndarray) else found["movie"]


def main(arguments: list[str]) -> int:
    """Print the table; 1 if the compact mode is larger than promised."""
    movie = load_movie(*map(Path, arguments[:1]))
    shape = " x ".join(map(str, movie.shape))
    print(f"photon movie, {shape} {movie.dtype}, {movie.nbytes / 1e6:.1f} MB raw")
    print(f"{'mode':<10}{'MB':>8}{'raw / it':>11}{'float64 / it':>14}{'write MB/s':>12}{'read MB/s':>11}")
    sizes = measure_sizes(movie)
    for size in sizes:
        ratios = f"{size.raw:>10.2f}x{size.float64:>13.2f}x"
        speed = f"{size.write_mb_s:>12.0f}{size.read_mb_s:>11.0f}"
        print(f"{size.mode:<10}{size.stored / 1e6:>8.2f}{ratios}{speed}")
    compact = sizes[0]
    kept = compact.raw >= AT_LEAST["raw"] and compact.float64 >= AT_LEAST["float64"]
    print(f"compact: at least {AT_LEAST['raw']:g}x and {AT_LEAST['float64']:g}x: {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
