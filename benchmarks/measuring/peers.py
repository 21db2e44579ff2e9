"""Three ways to keep a movie in a folder: this package, and the two that it is measured against.

Each has `encode(movie, folder)`, `decode(folder)` and `frame(folder, index)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import zarr
from numcodecs import Blosc

from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from measuring.folder import FolderFiles

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Movie = NDArray[np.generic]

REFERENCE_FRAMES = 100


@dataclass(frozen=True)
class Compact:
    """This package; the noise is estimated from the movie unless it is given."""

    noise: NoiseModel | None = None
    frames_per_chunk: int | None = None
    threads: int | None = None
    name = "compact"

    def encode(self, movie: Movie, folder: Path) -> None:
        write_movie(
            movie,
            FolderFiles(folder),
            noise=self.noise,
            frames_per_chunk=self.frames_per_chunk,
            threads=self.threads,
        )

    def decode(self, folder: Path) -> Movie:
        return MovieReader(FolderFiles(folder)).read()

    def opened(self, folder: Path):
        reader = MovieReader(FolderFiles(folder))
        reader.read(0)
        return reader.read


@dataclass(frozen=True)
class Float64:
    """float64 Anscombe of gain 1, Blosc zstd 5 with bit shuffle, 100 frames a chunk, through zarr-python."""

    name = "float64 layout"

    def encode(self, movie: Movie, folder: Path) -> None:
        array = zarr.create_array(
            folder,
            shape=movie.shape,
            chunks=(min(REFERENCE_FRAMES, len(movie)), *movie.shape[1:]),
            dtype="<f8",
            zarr_format=2,
            fill_value=None,
            filters=None,
            compressors=Blosc(cname="zstd", clevel=5, shuffle=Blosc.BITSHUFFLE),
            overwrite=True,
        )
        for start in range(0, len(movie), REFERENCE_FRAMES):
            part = movie[start : start + REFERENCE_FRAMES]
            array[start : start + len(part)] = 2 * np.sqrt(np.maximum(part, 0) + 0.375)
        array.attrs["original_dtype"] = movie.dtype.name

    def decode(self, folder: Path) -> Movie:
        array = zarr.open_array(folder, mode="r")
        counts = np.empty(array.shape, array.attrs["original_dtype"])
        for start in range(0, len(counts), REFERENCE_FRAMES):
            part = array[start : start + REFERENCE_FRAMES]
            counts[start : start + len(part)] = np.rint((part / 2) ** 2 - 0.375)
        return counts

    def opened(self, folder: Path):
        array = zarr.open_array(folder, mode="r")
        return lambda index: np.rint((array[index] / 2) ** 2 - 0.375).astype("i2")


@dataclass(frozen=True)
class AnscombeTransform:
    """`anscombe-transform` in zarr 3, with its own defaults and the noise given."""

    noise: NoiseModel
    name = "anscombe-transform"

    def encode(self, movie: Movie, folder: Path) -> None:
        from anscombe_transform import AnscombeTransformV3

        codec = AnscombeTransformV3(
            zero_level=round(self.noise.offset), conversion_gain=float(self.noise.gain)
        )
        zarr.create_array(folder, data=movie, filters=[codec], overwrite=True)

    def decode(self, folder: Path) -> Movie:
        return np.asarray(self.opened(folder)(...))

    def opened(self, folder: Path):
        import anscombe_transform  # noqa: F401  registers its codec

        return zarr.open_array(folder, mode="r").__getitem__
