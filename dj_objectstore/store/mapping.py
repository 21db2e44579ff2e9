"""`StoreMap`: a folder of a store as fsspec's mapping, for zarr, xarray and dask.

zarr 3 takes no path beside a mapping of fsspec's, and ``da.from_zarr(..., component=)`` hands it one. What is
a path as well, dask and xarray open by its URL: so the mapping has one, by which this process finds the very
same filesystem.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import fsspec

if TYPE_CHECKING:
    from dj_objectstore.store.filesystem import StoreFileSystem

PROTOCOL = "djstore"

_by_handle: WeakValueDictionary[str, StoreFileSystem] = WeakValueDictionary()
# a mapping may be gone by the time that its URL is opened
_recent: deque[StoreFileSystem] = deque(maxlen=16)


class StoreMap(fsspec.FSMap):  # type: ignore[misc]
    """The files below a key, by their names relative to it.

    Parameters
    ----------
    root
        The key.
    fs
        The store's filesystem.
    """

    fs: StoreFileSystem

    def __init__(self, root: str, fs: StoreFileSystem) -> None:
        super().__init__(root, fs)

    def __fspath__(self) -> str:
        """Return the URL by which this process opens the same folder."""
        return self.fs.unstrip_protocol(self.root)

    def __reduce__(self) -> tuple[Any, ...]:
        return StoreMap, (self.root, self.fs)

    def __repr__(self) -> str:
        return f"StoreMap({self.root!r}, {self.fs!r})"


def new_handle(fs: StoreFileSystem) -> str:
    """Return a new name for a filesystem, by which `filesystem_of` finds it."""
    handle = secrets.token_hex(8)
    _by_handle[handle] = fs
    return handle


def keep(fs: StoreFileSystem) -> None:
    """Keep a filesystem for a moment, although nobody else may."""
    _recent.append(fs)


def filesystem_of(handle: str) -> StoreFileSystem | None:
    """Return the filesystem of a handle, or None when it is gone or of another process."""
    return _by_handle.get(handle)
