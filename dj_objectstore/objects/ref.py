"""`ObjectRef`: the handle that a fetched ``<object@>`` field gives.

It is a DataJoint ``ObjectRef`` that names its data by store and path alone: fetching, printing and pickling
it ask the store nothing, and nothing outside the object can be reached through it.

>>> ref = (Recording & key).fetch1("files")     # doctest: +SKIP
>>> ref.listdir()                               # doctest: +SKIP
['notes.txt', 'settings.json']
"""

from __future__ import annotations

import io
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Self

from datajoint.objectref import ObjectRef as _DataJointRef

from dj_objectstore.exceptions import (
    ConfigurationError,
    ObjectNotFoundError,
    ReadOnlyError,
    UnsafePathError,
    ValueRefusedError,
)
from dj_objectstore.objects.cached import reading
from dj_objectstore.objects.manifest import manifest_key
from dj_objectstore.objects.object_filesystem import ObjectFileSystem
from dj_objectstore.objects.row_json import StoredObject, checked_row
from dj_objectstore.store.mapping import StoreMap
from dj_objectstore.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import dask.array
    import fsspec
    import h5py
    import numpy as np
    import xarray
    import zarr
    from upath import UPath


class _OfRow:
    """What a row's JSON says of its object, read when it is asked for: most of what is fetched never is."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, ref: Any, owner: type | None = None) -> Any:
        return self if ref is None else getattr(ref._stored, self._name)  # noqa: SLF001 - the two make one thing


class ObjectRef(_DataJointRef):  # type: ignore[misc]
    """Handle to a stored file or folder: metadata without a request, data when they are asked for.

    Attributes
    ----------
    path : str
        Key relative to the store's location.
    store : str or None
        Name of the store.
    size : int or None
        Bytes stored, of all files of a folder.
    ext : str or None
        Extension with its dot.
    is_dir : bool
        Whether the object is a folder.
    timestamp : datetime or None
        When it was written, UTC.
    item_count : int or None
        Number of files of a folder.
    mime_type, hash, digest : str or None
        Of a file, where known.
    """

    path = _OfRow()
    store = _OfRow()
    size = _OfRow()
    ext = _OfRow()
    is_dir = _OfRow()
    timestamp = _OfRow()
    item_count = _OfRow()
    mime_type = _OfRow()
    hash = _OfRow()
    digest = _OfRow()

    def __init__(
        self, stored: StoredObject | Mapping[str, Any], *, config: Any = None, opened: Store | None = None
    ) -> None:
        self._row = stored
        self._config = config
        self._opened = opened

    @cached_property
    def _stored(self) -> StoredObject:
        row = self._row
        return row if isinstance(row, StoredObject) else StoredObject.from_json(row)

    @classmethod
    def from_json(
        cls, json_data: str | Mapping[str, Any], backend: Any = None, *, config: Any = None
    ) -> Self:
        """Make a handle from a row's JSON; `backend` is DataJoint's and not used."""
        del backend
        return cls(checked_row(json_data), config=config)

    def to_json(self) -> dict[str, Any]:
        """Return the row's JSON."""
        return self._stored.to_json()

    @property
    def opened(self) -> Store:
        """The store that holds the object.

        Raises
        ------
        StoreNotConfiguredError
            When no store of this name is configured here.
        """
        return self._opened or open_store(self.store, config=self._config)

    @property
    def reading(self) -> Store:
        """The store to read the object through: with its read cache, where it has one."""
        return reading(self.opened, self._stored)

    # -- identity ------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectRef) and (self.store, self.path) == (other.store, other.path)

    def __hash__(self) -> int:
        return hash((self.store, self.path))

    def __repr__(self) -> str:
        kind = "folder" if self.is_dir else "file"
        return f"{type(self).__name__}({kind} {self.path!r} in store {self.store!r}, {self._size_text()})"

    def __str__(self) -> str:
        return repr(self)

    def _size_text(self) -> str:
        return "size not known" if self.size is None else f"{self.size:,} bytes"

    def __reduce__(self) -> tuple[Any, ...]:
        # a store pickles as its name and its settings without secrets
        try:
            opened = self.opened
        except ConfigurationError:
            opened = None
        return _rebuild, (type(self), self.to_json(), opened)

    # -- addresses -----------------------------------------------------------------------------------------

    def key(self, subpath: str | None = None) -> str:
        """Return the key of the object, or of `subpath` inside it, relative to the store's location.

        Raises
        ------
        UnsafePathError
            When `subpath` would leave the object.
        ValueRefusedError
            When a subpath of a file is asked for.
        """
        if not subpath:
            return self.opened.safe_join(self.path)
        if not self.is_dir:
            raise ValueRefusedError(f"a file has no subpath, got {subpath!r}", hint="Leave the subpath out.")
        try:
            return self.opened.safe_join(self.path, *str(subpath).strip("/").split("/"))
        except UnsafePathError as err:
            raise UnsafePathError(
                f"a subpath must stay inside the object, got {subpath!r} "
                f"(object {self.path!r}, store {self.store!r})",
                hint="Use a name that listdir() gives.",
            ) from err

    @property
    def url(self) -> str:
        """The object's URL, such as ``s3://bucket/location/path``."""
        return self.opened.url(self.key())

    @url.setter
    def url(self, value: str | None) -> None:
        """Take what DataJoint's initialiser assigns: the address follows from store and path."""

    @property
    def full_path(self) -> str:
        """The path on disk for a local store, the URL elsewhere."""
        return self.url.removeprefix("file://")

    @property
    def fs(self) -> fsspec.AbstractFileSystem:
        """The object's filesystem, read-only; paths are keys relative to the store's location.

        A file that was written with the object and is gone is an IntegrityError.
        """
        return ObjectFileSystem.of(self.opened, prefix=self.key())

    @property
    def fsmap(self) -> fsspec.FSMap:
        """The object as a read-only mapping for ``zarr.open``, ``xarray.open_zarr``, ``da.from_zarr``."""
        return self.fsmap_of()

    def fsmap_of(self, subpath: str | None = None) -> fsspec.FSMap:
        """Return the folder `subpath` of the object as a read-only mapping."""
        return StoreMap(self.key(subpath), self.fs)

    def upath(self) -> UPath:
        """Return the object as a read-only path of universal_pathlib.

        Raises
        ------
        ConfigurationError
            When universal_pathlib is not installed.
        """
        from dj_objectstore.objects import views

        return views.upath(self)

    # -- reading -------------------------------------------------------------------------------------------

    def read(self, subpath: str | None = None) -> bytes:
        """Return the bytes of a file, or of a file at `subpath` of a folder."""
        if self.is_dir and not subpath:
            raise ValueRefusedError(
                f"a folder can't be read as bytes: {self.path!r}",
                hint="Name a file in it: ref.read(ref.listdir()[0]).",
            )
        return self.reading.get(self.key(subpath))

    def open(self, subpath: str | None = None, mode: str = "rb") -> IO[Any]:
        """Open a file for reading, in binary (``"rb"``) or as UTF-8 text (``"r"``)."""
        if mode not in ("rb", "r", "rt"):
            raise ReadOnlyError(
                f"a stored object is immutable and opens with 'rb' or 'r', got mode {mode!r}",
                hint="Insert a new object, or replace the field with update1.",
            )
        stream = self.reading.open(self.key(subpath))
        return stream if mode == "rb" else io.TextIOWrapper(stream, encoding="utf-8")

    def listdir(self, subpath: str = "") -> list[str]:
        """Return the names directly inside a folder, sorted."""
        if not self.is_dir:
            raise ValueRefusedError(f"a file can't be listed: {self.path!r}", hint="Use read() or open().")
        if self.item_count == 0:
            return []  # a store without folders keeps nothing of an empty one
        return sorted(child.name for child in self.reading.children(self.key(subpath)))

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Walk a folder from its root as ``os.walk`` does, with paths relative to the object."""
        if not self.is_dir:
            raise ValueRefusedError(f"a file can't be walked: {self.path!r}", hint="Use read() or open().")
        if self.item_count == 0:
            yield "", [], []  # a store without folders keeps nothing of an empty one
            return
        pending = [""]
        while pending:
            folder = pending.pop()
            children = self.reading.children(self.key(folder))
            folders = [child.name for child in children if child.is_dir]
            yield folder, folders, [child.name for child in children if not child.is_dir]
            pending += [f"{folder}/{name}".lstrip("/") for name in reversed(folders)]

    def find(self, subpath: str = "") -> Iterator[str]:
        """Give, lazily, the files below a folder or below `subpath` in it, by their paths in the object."""
        if not self.is_dir:
            raise ValueRefusedError(f"a file can't be searched: {self.path!r}", hint="Use read() or open().")
        start = len(self.key()) + 1
        return (entry.key[start:] for entry in self.reading.list(f"{self.key(subpath)}/"))

    def exists(self, subpath: str | None = None) -> bool:
        """Return whether the object (or `subpath` of it) is in the store, a file or a folder."""
        if self.item_count == 0 and not subpath:
            return self.opened.exists(manifest_key(self.key()))
        try:
            self.opened.info(self.key(subpath))
        except ObjectNotFoundError:
            return False
        return True

    def download(self, destination: Path | str, subpath: str | None = None) -> Path:
        """Copy the object, or one file or folder of it, to disk and return where it lies.

        Parameters
        ----------
        destination
            A folder, into which it goes under its stored name, or the path of the new file or folder.
        subpath
            File or folder inside a folder object.
        """
        from dj_objectstore.objects.download import download

        return download(self.opened, self.key(subpath), destination)

    def verify(self, read_data: bool = False) -> bool:  # noqa: FBT001, FBT002 - the name and place that users know
        """Check that what is stored is what was written.

        Parameters
        ----------
        read_data
            Also read every file and compare its digest; by default sizes from one listing.

        Returns
        -------
        bool
            True when every file is as it was written. A warning is given where nothing was recorded.

        Raises
        ------
        IntegrityError
            Naming each file that is missing, extra, of another size, or changed.
        """
        from dj_objectstore.objects.verify import verify_object

        return verify_object(self, read_data=read_data)

    # -- views ---------------------------------------------------------------------------------------------

    def open_zarr(self, component: str | None = None) -> zarr.Array[Any] | zarr.Group:
        """Open the object's Zarr array or group, or the one in its folder `component`, for reading."""
        from dj_objectstore.objects import views

        return views.open_zarr(self, component)

    def to_dask(self, component: str | None = None) -> dask.array.Array:
        """Return a Zarr array (of a group: the one at `component`) as a dask array with the stored chunks."""
        from dj_objectstore.objects import views

        return views.to_dask(self, component)

    def to_xarray(self) -> xarray.Dataset | xarray.DataArray:
        """Return a Zarr group as a Dataset, a Zarr array as a DataArray; both lazy."""
        from dj_objectstore.objects import views

        return views.to_xarray(self)

    def to_numpy(self, component: str | None = None) -> np.ndarray:
        """Return a whole Zarr array, or the one at `component` of a group, in memory."""
        from dj_objectstore.objects import views

        return views.to_numpy(self, component)

    def open_hdf5(self, subpath: str | None = None) -> h5py.File:
        """Open an HDF5 file, or the one at `subpath` of a folder, for reading; only what is used is read.

        Raises
        ------
        FormatError
            When it is no HDF5 file.
        """
        from dj_objectstore.objects import views

        return views.open_hdf5(self, subpath)

    # -- widgets: one late call each, through the public door ----------------------------------------------

    def browse(self) -> Any:
        """Show the object in the browser widget."""
        import dj_objectstore

        return dj_objectstore.browse(self)

    def scrub(self) -> Any:
        """Show the movie or Zarr array in the scrubber widget."""
        import dj_objectstore

        return dj_objectstore.scrub(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        import dj_objectstore

        return dj_objectstore._mimebundle(self, include, exclude)  # noqa: SLF001 - the door's own back entrance

    # -- errors --------------------------------------------------------------------------------------------

    def missing(self, subpath: str | None = None) -> ObjectNotFoundError:
        """Return the error to raise when the object, or a part of it, is gone from its store."""
        return ObjectNotFoundError(
            f"the object {self.key(subpath)!r} is not in store {self.store!r}",
            hint="It was removed, or the store's location has changed; restore it, or correct the row.",
        )


def _rebuild(cls: type[ObjectRef], data: dict[str, Any], opened: Store | None) -> ObjectRef:
    return cls(StoredObject.from_json(data), opened=opened)
