"""`PhotonMovie`: the handle that a fetched ``<photon@>`` field gives, and how a movie is written.

>>> movie = (Recording & key).fetch1("movie")     # doctest: +SKIP
>>> movie[100].mean(), movie.photons[100].mean()  # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dj_objectstore.exceptions import (
    MovieRefusedError,
    ObjectNotFoundError,
    StoreAccessError,
    ValueRefusedError,
)
from dj_objectstore.objects.folder import ObjectFolder
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.source import Photon
from dj_objectstore.objects.upload import write_manifest
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.photon.check import check_movie
from dj_objectstore.photon.noise import NoiseModel
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.tiff import is_tiff, open_tiff
from dj_objectstore.photon.unbiased import unbiased_inverse
from dj_objectstore.photon.verify import verify_movie
from dj_objectstore.photon.writer import MovieSummary, write_movie

if TYPE_CHECKING:
    import dask.array
    import xarray

    from dj_objectstore.objects.row_json import StoredObject
    from dj_objectstore.store.store import Store

EXT = ".zarr"


class MovieView:
    """A movie read in another unit than counts, by the same indices."""

    def __init__(self, movie: PhotonMovie, kind: str) -> None:
        self._movie = movie
        self._kind = kind

    def __getitem__(self, key: Any) -> np.ndarray:
        return self._movie.reader.read(key, self._kind)

    def __repr__(self) -> str:
        return f"<{self._kind} of {self._movie!r}>"

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, as of the movie."""
        return self._movie.shape


class PhotonMovie(ObjectRef):
    """Handle to a stored movie of photon-limited data, axes (time[, channel][, z], y, x).

    ``movie[t]``, slices and regions give counts in the original dtype; only the chunks that they need are
    read. ``movie.photons[...]``, ``movie.stabilized[...]`` and ``movie.codes[...]`` give the same in photons
    (float32), in units of the noise (float), and as stored.

    It has no ``len`` and is no array by itself, so that NumPy keeps it as one value and reads nothing, as in
    DataJoint's ``to_arrays``: ``movie[...]`` or ``to_numpy()`` gives all of it.
    """

    @cached_property
    def reader(self) -> MovieReader:
        """The reader of the stored movie.

        Raises
        ------
        ObjectNotFoundError
            When the movie is gone from its store.
        """
        reader = MovieReader(ObjectFolder(self.reading, self.key()))
        try:
            _ = reader.shape  # reads the metadata, once
        except ObjectNotFoundError as err:
            raise self.missing() from err
        return reader

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes ``dims``."""
        return tuple(self.reader.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the original counts."""
        return self.reader.dtype

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes: time, channel, z, y, x."""
        return tuple(self.reader.dims)

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of one stored chunk."""
        return tuple(self.reader.chunks)

    @property
    def noise(self) -> NoiseModel | tuple[NoiseModel, ...] | None:
        """Gain, offset and read variance it was stored with, one for each channel; None if lossless."""
        return self.reader.noise

    @property
    def times(self) -> np.ndarray | None:
        """Seconds of each frame, shape (time,), where they or a frame rate are known."""
        reader = self.reader
        if reader.times is not None:
            return np.asarray(reader.times)
        return np.arange(self.shape[0]) / reader.frame_rate if reader.frame_rate else None

    def __getitem__(self, key: Any) -> np.ndarray:
        return self.reader.read(key)

    def to_numpy(self, component: str | None = None) -> np.ndarray:
        """Return the whole movie in counts, in memory."""
        del component
        return self[...]

    def frame(self, index: int) -> np.ndarray:
        """Return one frame in counts."""
        return self[index]

    @property
    def photons(self) -> MovieView:
        """The movie in photons: counts less the offset, divided by the gain; float32, unrounded."""
        return MovieView(self, "photons")

    @property
    def stabilized(self) -> MovieView:
        """The movie in units in which its shot noise has a standard deviation of 1."""
        return MovieView(self, "stabilized")

    @property
    def codes(self) -> MovieView:
        """The movie as it is stored."""
        return MovieView(self, "codes")

    def denoised_inverse(
        self, denoised: Any, *, kind: Literal["photons", "counts"] = "photons", channel: int = 0
    ) -> np.ndarray:
        """Return denoised stabilised values as photons or counts, without the bias of the plain inverse.

        The exact unbiased inverse of Makitalo and Foi (IEEE Trans. Image Process. 22, 91, 2013), for what a
        denoiser made of ``movie.stabilized[...]``. Single pixels that were not denoised are
        decoded by ``movie.photons`` and ``movie[...]``.

        Parameters
        ----------
        denoised
            Stabilised values of any shape, of one channel.
        kind
            ``"photons"``, or ``"counts"`` in grey levels, unrounded.
        channel
            Whose noise model applies.

        Returns
        -------
        ndarray
            float32, same shape.

        Raises
        ------
        ValueRefusedError
            Where the detector's noise is not known.
        """
        noise = self.noise[channel] if isinstance(self.noise, tuple) else self.noise
        if noise is None:
            raise ValueRefusedError(
                "the inverse needs the detector's noise, which is not known for this movie",
                hint="Insert the movie again with gain, offset and variance.",
            )
        levels = unbiased_inverse(denoised, noise)
        values = levels if kind == "counts" else (levels - noise.offset) / noise.gain
        return values.astype(np.float32)

    def to_dask(self, component: str | None = None) -> dask.array.Array:
        """Return the movie in counts as a dask array whose chunks are the stored ones."""
        del component
        from dj_objectstore.objects import views

        return views.movie_to_dask(self)

    def to_xarray(self) -> xarray.DataArray:
        """Return the movie in counts as a lazy DataArray, in seconds and micrometres where known."""
        from dj_objectstore.objects import views

        return views.movie_to_xarray(self)

    def thumbnail(self) -> bytes | None:
        """Return the PNG that was made when the movie was written, or None; no other data are read."""
        try:
            return self.opened.get(thumbnail_key(self.path))
        except StoreAccessError:
            return None


def as_photon(value: Any) -> Photon:
    """Return an inserted value as a `Photon`, checked as far as that is possible without reading it all.

    Raises
    ------
    MovieRefusedError
        For fewer than three axes, NaN, object dtype, or what is not an array at all.
    """
    photon = value if isinstance(value, Photon) else Photon(value)
    if is_tiff(photon.frames):
        photon = _open_tiff(photon)
    check_movie(photon.frames, **writer_options(photon))
    return photon


def _open_tiff(photon: Photon) -> Photon:
    """Return a movie whose frames are those of its TIFF file, with what the file says of them."""
    frames = open_tiff(photon.frames)
    rate = photon.frame_rate or (frames.frame_rate if photon.times is None else None)
    return replace(photon, frames=frames, dims=photon.dims or frames.dims, frame_rate=rate)


def write_photon(store: Store, path: str, photon: Photon) -> StoredObject:
    """Write a movie to the new folder `path`, with its manifest and thumbnail, and return its metadata.

    Raises
    ------
    IntegrityError
        With ``verify``, when a frame that was read back is not the one that was written.
    """
    folder = ObjectFolder(store, path)
    with progress_bar("Storing movie", unit=" frames") as advance:
        summary = write_movie(
            photon.frames, folder, **writer_options(photon), client=photon.client, progress=advance
        )
    if photon.verify:
        verify_movie(photon.frames, MovieReader(folder))
    return finish_photon(store, path, folder, summary)


def finish_photon(store: Store, path: str, folder: ObjectFolder, summary: MovieSummary) -> StoredObject:
    """Write what lies beside a movie that has been written, and return its metadata."""
    store.put(thumbnail_key(path), summary.thumbnail)
    return write_manifest(store, path, folder.written, ext=EXT)


def thumbnail_key(path: str) -> str:
    """Return where the thumbnail of the movie at `path` lies: by its token, away from the movie."""
    token = path.rsplit("/", 1)[-1].removesuffix(EXT).rsplit("_", 1)[-1]
    return f"{RESERVED_PREFIX}/thumbs/{token}/thumbnail.png"


def writer_options(photon: Photon) -> dict[str, Any]:
    """Return what the photon writer takes beside the frames."""
    options = {field.name: getattr(photon, field.name) for field in fields(photon)}
    given = {name: options.pop(name) for name in ("gain", "offset", "variance")}
    if given["gain"] is None and (given["offset"] is not None or given["variance"] is not None):
        raise MovieRefusedError(
            "offset and variance go with a gain, and no gain was given",
            hint="Give the gain in grey levels per photon, or none of the three to estimate them.",
        )
    for name in ("frames", "client", "verify"):
        del options[name]
    known = {name: value for name, value in given.items() if value is not None}
    return {**options, "noise": NoiseModel(**known) if known else None}
