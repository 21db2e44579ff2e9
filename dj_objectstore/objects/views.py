"""Lazy views of a stored Zarr: zarr, dask, xarray. Each library is imported when its view is asked for."""

from __future__ import annotations

import io
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import (
    ConfigurationError,
    FormatError,
    StoreAccessError,
    ValueRefusedError,
)
from dj_objectstore.store.files import StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import dask.array
    import h5py
    import xarray
    import zarr
    from upath import UPath

    from dj_objectstore.objects.movie import PhotonMovie
    from dj_objectstore.objects.ref import ObjectRef


def open_zarr(ref: ObjectRef, component: str | None = None) -> zarr.Array[Any] | zarr.Group:
    """Open the Zarr array or group of a folder object, or that in its folder `component`, read-only.

    Raises
    ------
    FormatError
        When the object is not a Zarr array or group.
    ObjectNotFoundError
        When the object is gone.
    """
    import zarr

    try:
        return zarr.open(ref.fsmap_of(component), mode="r")
    except FileNotFoundError as err:
        if not ref.exists(component):
            raise ref.missing(component) from err
        raise FormatError(
            f"{ref.key(component)!r} in store {ref.store!r} is not a Zarr array or group",
            hint="Look what it holds with listdir(), and open a file of it with open().",
        ) from err


def open_array(ref: ObjectRef, component: str | None) -> zarr.Array[Any]:
    """Return the array itself, or the one at `component` of a group."""
    import zarr

    node = open_zarr(ref, component)
    if isinstance(node, zarr.Group):
        names = ", ".join(sorted(name for name, _ in node.members(max_depth=None)))
        raise ValueRefusedError(
            f"{ref.key(component)!r} is a Zarr group: say which array of it is meant",
            hint=f"Give component=, one of: {names}.",
        )
    return node


def to_dask(ref: ObjectRef, component: str | None) -> dask.array.Array:
    """Return a stored array as a dask array with the stored chunks."""
    import dask.array
    from dask.base import tokenize

    array = open_array(ref, component)
    name = f"objectstore-{tokenize(ref.store, ref.path, component)}"
    lazy: dask.array.Array = dask.array.from_array(array, chunks=array.chunks, name=name)  # type: ignore[no-untyped-call]
    return lazy


def to_xarray(ref: ObjectRef) -> xarray.Dataset | xarray.DataArray:
    """Return a Zarr group as a Dataset, a bare array as a DataArray with its recorded dimension names."""
    import xarray
    import zarr

    node = open_zarr(ref)
    if isinstance(node, zarr.Group):
        is_consolidated = node.metadata.consolidated_metadata is not None
        dataset: xarray.Dataset = xarray.open_zarr(ref.fsmap, consolidated=is_consolidated, chunks={})
        return dataset
    return xarray.DataArray(
        to_dask(ref, None), dims=array_dims(node), name=node.basename or None, attrs=plain_attrs(node)
    )


def to_numpy(ref: ObjectRef, component: str | None) -> np.ndarray:
    """Return a whole stored array in memory."""
    return np.asarray(open_array(ref, component)[...])


def open_hdf5(ref: ObjectRef, subpath: str | None) -> h5py.File:
    """Open a stored HDF5 file; what is read of it is fetched in ranges."""
    try:
        import h5py
    except ImportError as err:
        raise ConfigurationError(
            "HDF5 files are read by h5py, which is not installed",
            hint="pip install 'dj-objectstore[io]'",
        ) from err
    key, store = ref.key(subpath), ref.reading
    # ranges hold no file open: h5py never closes what it is given
    stream = StoreReader(partial(store.get, key), store.info(key).size or 0, name=key)
    try:
        return h5py.File(io.BufferedReader(stream), "r")
    except OSError as err:
        if isinstance(err, StoreAccessError):
            raise
        raise FormatError(
            f"{key!r} in store {ref.store!r} is not an HDF5 file ({err})",
            hint="Look what it holds with listdir(), and open a file of it with open().",
        ) from err


def upath(ref: ObjectRef) -> UPath:
    """Return an object as a path of universal_pathlib on the object's own filesystem."""
    try:
        from dj_objectstore.objects.object_path import build_path
    except ImportError as err:
        raise ConfigurationError(
            "upath() needs universal_pathlib, which is not installed", hint="pip install universal_pathlib"
        ) from err
    return build_path(ref.fs, ref.key())


def movie_to_dask(movie: PhotonMovie) -> dask.array.Array:
    """Return a movie in counts as a dask array whose chunks are the stored ones."""
    import dask.array
    from dask.base import tokenize

    name = f"objectstore-{tokenize(movie.store, movie.path)}"
    lazy: dask.array.Array = dask.array.from_array(  # type: ignore[no-untyped-call]
        movie, chunks=movie.chunks, name=name, asarray=False, fancy=False
    )
    return lazy


def movie_to_xarray(movie: PhotonMovie) -> xarray.DataArray:
    """Return a movie in counts, in seconds and micrometres where known, its noise as attributes."""
    import xarray

    field = movie.path.rsplit("/", 1)[-1].removesuffix(movie.ext or "").rsplit("_", 1)[0]
    array = xarray.DataArray(movie.to_dask(), dims=movie.dims, name=field, attrs=_noise_attrs(movie))
    if movie.times is not None:
        array = array.assign_coords(time=("time", movie.times, {"units": "s"}))
    if movie.reader.pixel_size is not None:
        for axis, size in zip(("y", "x"), movie.reader.pixel_size, strict=True):
            positions = np.arange(array.sizes[axis]) * size
            array = array.assign_coords({axis: (axis, positions, {"units": "um"})})
    return array


def zarr_files(node: zarr.Array[Any] | zarr.Group) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Give every file of a Zarr node, by its name relative to the node, with a function that opens it."""
    from zarr.core.buffer import default_buffer_prototype
    from zarr.core.sync import sync

    store, prefix = node.store_path.store, node.store_path.path
    start = f"{prefix}/" if prefix else ""

    async def names() -> list[str]:
        return [key async for key in store.list_prefix(start)]

    def open_file(key: str) -> IO[bytes]:
        found = sync(store.get(key, prototype=default_buffer_prototype()))
        if found is None:
            raise ValueRefusedError(f"the Zarr changed while it was copied: {key!r} is gone")
        return io.BytesIO(found.to_bytes())

    return ((key[len(start) :], partial(open_file, key)) for key in sorted(sync(names())))


def _noise_attrs(movie: PhotonMovie) -> dict[str, Any]:
    noise = movie.noise
    if noise is None:
        return {}
    names = ("gain", "offset", "variance")
    if isinstance(noise, tuple):
        return {name: [getattr(model, name) for model in noise] for name in names}
    return {name: getattr(noise, name) for name in names}


def array_dims(array: zarr.Array[Any]) -> tuple[str, ...]:
    """Return the names of an array's axes: those recorded, else ``dim_0`` and so on, as xarray has them."""
    return recorded_dims(array) or tuple(f"dim_{axis}" for axis in range(array.ndim))


def recorded_dims(array: zarr.Array[Any]) -> tuple[str, ...] | None:
    """Return the names of an array's axes where all of them are recorded."""
    recorded = array.attrs.get("_ARRAY_DIMENSIONS") or getattr(array.metadata, "dimension_names", None)
    if not isinstance(recorded, (list, tuple)) or None in recorded:
        return None
    return tuple(map(str, recorded))


def plain_attrs(array: zarr.Array[Any]) -> dict[str, Any]:
    """Return an array's attributes without those that xarray keeps for itself."""
    return {name: value for name, value in array.attrs.asdict().items() if name != "_ARRAY_DIMENSIONS"}
