"""``xr.open_dataset(movie)`` and ``xr.open_dataset(ref)``: xarray finds this through its entry point.

>>> xr.open_dataset(movie)               # lazy; counts, noise as attributes  # doctest: +SKIP
>>> xr.open_dataset(movie, chunks={})    # the same as dask, by stored chunks  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.ref import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable


class ObjectStoreBackend(BackendEntrypoint):
    """Opens `ObjectRef` and `PhotonMovie` handles."""

    description: ClassVar[str] = "Open objects and photon movies that were fetched from a DataJoint pipeline"
    open_dataset_parameters: ClassVar[tuple[str, ...] | None] = ("filename_or_obj", "drop_variables")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return True for handles; paths are left to other backends."""
        return isinstance(filename_or_obj, ObjectRef)

    def open_dataset(
        self, filename_or_obj: Any, *, drop_variables: str | Iterable[str] | None = None
    ) -> xr.Dataset:
        """Return a lazy dataset.

        Parameters
        ----------
        filename_or_obj
            A `PhotonMovie`: its counts under the name of its field; seconds and micrometres as coordinates.
            Another `ObjectRef`: its Zarr group or array.
        drop_variables
            Names to leave out.

        Raises
        ------
        ValueRefusedError
            For anything else.
        """
        if not isinstance(filename_or_obj, ObjectRef):
            raise ValueRefusedError(
                f"engine='dj_objectstore' opens fetched objects, got {type(filename_or_obj).__name__}",
                hint="Fetch the field first, and give what fetch1 returns.",
            )
        dataset = _open(filename_or_obj)
        dataset.encoding["source"] = f"{filename_or_obj.store}:{filename_or_obj.path}"
        return dataset.drop_vars(_names(drop_variables), errors="ignore")


class _MovieArray(BackendArray):
    """A movie that xarray indexes lazily."""

    def __init__(self, movie: PhotonMovie) -> None:
        self._movie = movie
        self.shape = movie.shape
        self.dtype = movie.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._movie.__getitem__
        )


def _open(ref: ObjectRef) -> xr.Dataset:
    if isinstance(ref, PhotonMovie):
        return _open_movie(ref)
    found = ref.to_xarray()
    return found.to_dataset(name=found.name or "data") if isinstance(found, xr.DataArray) else found


def _open_movie(movie: PhotonMovie) -> xr.Dataset:
    lazy = movie.to_xarray()
    array = indexing.LazilyIndexedArray(_MovieArray(movie))
    chunks = dict(zip(movie.dims, movie.chunks, strict=True))
    variable = xr.Variable(movie.dims, array, lazy.attrs, {"preferred_chunks": chunks})
    return xr.Dataset({lazy.name: variable}, coords=lazy.coords)


def _names(names: str | Iterable[str] | None) -> list[str]:
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)
