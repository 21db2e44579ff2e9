"""``xr.open_dataset(movie)`` and ``xr.open_dataset(ref)``: xarray finds this through its entry point.

>>> xr.open_dataset(movie)                # lazy; counts, noise as attributes  # doctest: +SKIP
>>> xr.open_dataset(ref, group="trials")  # a stored Zarr, or a group in it  # doctest: +SKIP
>>> xr.open_dataset(ref, chunks={})       # the same as dask, by stored chunks  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint, ZarrBackendEntrypoint
from xarray.core import indexing

from dj_objectstore.exceptions import FormatError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.views import array_dims, open_zarr, plain_attrs, recorded_dims

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ObjectStoreBackend(BackendEntrypoint):
    """Opens `ObjectRef` and `PhotonMovie` handles."""

    description: ClassVar[str] = "Open objects and photon movies that were fetched from a DataJoint pipeline"

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return True for handles; paths are left to other backends."""
        return isinstance(filename_or_obj, ObjectRef)

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        mask_and_scale: Any = True,
        decode_times: Any = True,
        concat_characters: Any = True,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        use_cftime: Any = None,
        decode_timedelta: Any = None,
        group: str | None = None,
    ) -> xr.Dataset:
        """Return a lazy dataset.

        Parameters
        ----------
        filename_or_obj
            A `PhotonMovie`: its counts under the name of its field; seconds and micrometres as coordinates.
            Another `ObjectRef`: its Zarr group, of version 2 or 3; of an array alone, ``data``.
        mask_and_scale, decode_times, concat_characters, decode_coords, use_cftime, decode_timedelta
            How a Zarr group is decoded, as for every backend of xarray's.
        drop_variables
            Names to leave out.
        group
            Folder of a group or array inside the object.

        Raises
        ------
        ValueRefusedError
            For anything else, and for a group of a movie.
        FormatError
            When the object is no Zarr, or its arrays don't name their dimensions.
        """
        if not isinstance(filename_or_obj, ObjectRef):
            raise ValueRefusedError(
                f"engine='dj_objectstore' opens fetched objects, got {type(filename_or_obj).__name__}",
                hint="Fetch the field first, and give what fetch1 returns.",
            )
        decoders = {
            "mask_and_scale": mask_and_scale,
            "decode_times": decode_times,
            "concat_characters": concat_characters,
            "decode_coords": decode_coords,
            "use_cftime": use_cftime,
            "decode_timedelta": decode_timedelta,
        }
        dataset = _open(filename_or_obj, group, decoders)
        dataset.encoding["source"] = f"{filename_or_obj.store}:{filename_or_obj.path}"
        return dataset.drop_vars(_names(drop_variables), errors="ignore")


class _StoredArray(BackendArray):
    """A movie or a Zarr array that xarray indexes lazily."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._array.__getitem__
        )


def _open(ref: ObjectRef, group: str | None, decoders: dict[str, Any]) -> xr.Dataset:
    if isinstance(ref, PhotonMovie):
        if group is not None:
            raise ValueRefusedError(f"a movie has no groups, got group={group!r}", hint="Leave it out.")
        return _open_movie(ref)
    import zarr

    node = open_zarr(ref, group)
    if isinstance(node, zarr.Array):
        return xr.Dataset({"data": _lazy(node, array_dims(node), plain_attrs(node))})
    # asked first, because xarray warns where it tries in vain
    is_consolidated = node.metadata.consolidated_metadata is not None
    try:
        return ZarrBackendEntrypoint().open_dataset(
            ref.fsmap_of(group), consolidated=is_consolidated, **decoders
        )
    except (KeyError, TypeError) as err:  # the one in version 3, the other in version 2
        unnamed = sorted(name for name, array in node.arrays() if recorded_dims(array) is None)
        if not unnamed:
            raise
        raise FormatError(
            f"xarray needs the names of an array's dimensions, and arrays of {ref.key(group)!r} in store "
            f"{ref.store!r} lack them: {', '.join(unnamed)}",
            hint="Open them with open_zarr() or to_dask().",
        ) from err


def _lazy(array: Any, dims: Sequence[str], attrs: dict[str, Any]) -> xr.Variable:
    """Return a variable that is read when it is used, by stored chunks where dask is asked for."""
    chunks = dict(zip(dims, array.chunks, strict=True))
    return xr.Variable(
        dims, indexing.LazilyIndexedArray(_StoredArray(array)), attrs, {"preferred_chunks": chunks}
    )


def _open_movie(movie: PhotonMovie) -> xr.Dataset:
    lazy = movie.to_xarray()
    return xr.Dataset({lazy.name: _lazy(movie, movie.dims, lazy.attrs)}, coords=lazy.coords)


def _names(names: str | Iterable[str] | None) -> list[str]:
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)
