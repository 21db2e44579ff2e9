"""`Store`: the files of one store, by keys relative to its location; `open_store` finds it by its name.

>>> store = open_store("scratch", config={"stores": {"scratch": {"protocol": "memory"}}})
>>> store.put("notes/a.txt", b"hello").size
5
>>> store.get("notes/a.txt"), [entry.key for entry in store.list("notes")]
(b'hello', ['notes/a.txt'])
>>> store.delete_tree("notes")
1
"""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dj_objectstore.exceptions import (
    StoreNotConfiguredError,
    UnsafePathError,
    ValueRefusedError,
)
from dj_objectstore.spec.base import Spec, is_same_account
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.backend import Child, Entry
from dj_objectstore.store.files import GuardedUpload, StoreWriter
from dj_objectstore.store.folders import GuardedFolder
from dj_objectstore.store.keys import join_key
from dj_objectstore.store.ledger import Written
from dj_objectstore.store.readable import ReadableStore
from dj_objectstore.store.transfer import Meter, copy_folder, copy_stream, scan_folder
from dj_objectstore.store.uninterrupted import uninterrupted

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable, Mapping

    from dj_objectstore.spec.models import StoreSpec
    from dj_objectstore.store.backend import Upload
    from dj_objectstore.store.filesystem import StoreFileSystem
    from dj_objectstore.store.mapping import StoreMap

__all__ = ["Child", "Entry", "Store", "Written", "open_store", "store_of"]

_DELETED_AT_ONCE = 1000

_stores: dict[str, Store] = {}
_latest: dict[tuple[str, str], Store] = {}


def open_store(name_or_spec: str | StoreSpec | None = None, *, config: Any = None) -> Store:
    """Return the store of a name; the same one for the same settings. Asks the store nothing.

    Parameters
    ----------
    name_or_spec
        A store's name; None or ``""`` for the default store; or a spec, which is taken as it is.
    config
        DataJoint's configuration, or a mapping with ``stores``; by default the configuration of this process.

    Raises
    ------
    StoreNotConfiguredError
        When there is no such store.
    ConfigurationError
        When its settings are wrong.
    """
    spec = name_or_spec if isinstance(name_or_spec, Spec) else resolve_spec(name_or_spec, config)
    store = _stores.setdefault(spec.fingerprint(), Store(spec))
    _latest[spec.name, _canonical(spec.public_settings())] = store
    return store


def store_of(name: str, settings: Mapping[str, Any]) -> Store:
    """Return the store that a handle names, which may come from another process.

    A store of these settings that is open here comes first, then what is configured here under the name, and
    at last the settings themselves, with the credentials of where this runs.
    """
    store = _latest.get((name, _canonical(settings)))
    if store is not None:
        return store
    try:
        return open_store(name)
    except StoreNotConfiguredError:
        return open_store(parse_spec(name, settings))


def _canonical(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, default=str)


class Store(ReadableStore):
    """The files of one store. May be shared by threads, and used after a fork.

    Parameters
    ----------
    spec
        The store's settings; `open_store` finds them by a name.

    Notes
    -----
    Keys are relative to the store's location. Every method raises `UnsafePathError` for a key that would
    leave it, and `StoreUnavailableError` when the store can't be reached, refuses, or is not there.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return store_of, (self.name, self.spec.public_settings())

    @property
    def fs(self) -> StoreFileSystem:
        """The store as a read-only fsspec filesystem; its `recording` gives one that writes."""
        from dj_objectstore.store.filesystem import StoreFileSystem

        return StoreFileSystem.of(self)

    def fsmap(self, key: str, *, writable: bool = False) -> StoreMap:
        """Return the folder at `key` as a mapping for zarr, xarray and dask.

        With `writable` it writes, and ``fsmap.fs.ledger`` holds what was written. Nothing outside of the
        folder can be named through it.
        """
        from dj_objectstore.store.mapping import StoreMap

        key = join_key(key)
        return StoreMap(key, self.fs.recording(key) if writable else self.fs.scoped(key))

    def put(self, key: str, data: bytes, *, overwrite: bool = False) -> Written:
        """Write a file at once.

        Raises
        ------
        ObjectExistsError
            When there is a file already, and `overwrite` is false.
        """
        key = self._file_key(key)
        data = bytes(data)
        with self._access(key, writing=True):
            uninterrupted(lambda: self._backend.write(key, data, create=not overwrite))
        return Written.of(data)

    def writer(
        self, key: str, *, overwrite: bool = False, done: Callable[[Written], None] | None = None
    ) -> StoreWriter:
        """Open a file for writing: it is there, whole, once it is closed without an error."""
        key = self._file_key(key)

        def begin() -> Upload:
            with self._access(key, writing=True):
                return GuardedUpload(
                    self._backend.upload(key, create=not overwrite), partial(self._access, key)
                )

        def write_whole(data: bytes) -> None:
            self.put(key, data, overwrite=overwrite)

        return StoreWriter(begin, write_whole, name=key, done=done)

    def put_file(
        self, key: str, path: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None
    ) -> Written:
        """Copy a file on disk to a new key, in bounded memory.

        Parameters
        ----------
        key
            Where to.
        path
            The file.
        progress
            Called with the bytes sent and the bytes in all.

        Returns
        -------
        Written
            The bytes stored and their xxh3-128 digest in hex.

        Raises
        ------
        ValueRefusedError
            When there is no file at `path`.
        ObjectExistsError
            When there is a file at `key` already.
        """
        if not Path(path).is_file():
            raise ValueRefusedError(
                f"there is no file at {os.fspath(path)!r}", hint="Give the path of a file."
            )
        with Path(path).open("rb") as file:
            return copy_stream(file, self.writer(key), Meter(os.fstat(file.fileno()).st_size, progress))

    def put_stream(
        self, key: str, stream: IO[bytes], *, progress: Callable[[int, int], None] | None = None
    ) -> Written:
        """Copy a binary stream, from where it stands to its end, to a new key, in bounded memory."""
        return copy_stream(stream, self.writer(key), Meter(0, progress))

    def put_folder(
        self, key: str, folder: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None
    ) -> builtins.list[tuple[str, int, str]]:
        """Copy a folder on disk below a new key, several files at a time.

        Parameters
        ----------
        key
            The folder in the store.
        folder
            The folder on disk. Symlinks are followed inside of it, empty files are kept, and empty folders
            where the store has folders.
        progress
            Called with the bytes sent and the bytes in all; one call at a time.

        Returns
        -------
        list of (str, int, str)
            Of every file: its path relative to the folder, bytes, and xxh3-128 digest in hex.

        Raises
        ------
        ValueRefusedError
            For a symlink that leaves the folder, and what is neither file nor folder; nothing is sent then.
        """
        key = self._file_key(key)
        found = scan_folder(folder)
        for name in (*found.files, *found.empty):
            join_key(key, name)
        with self._access(key, writing=True):
            target = self._backend.folder(key)
        return copy_folder(
            found,
            GuardedFolder(target, lambda name: self._access(f"{key}/{name}" if name else key)),
            progress,
        )

    def copy_from(self, other: Store, source: str, key: str, size: int) -> bool:
        """Copy a file of this store or another one to a new key, without a byte passing through here.

        Parameters
        ----------
        other, source
            The store that holds the file, and its key there.
        key
            Where to; what lies there already is overwritten.
        size
            Bytes of the file.

        Returns
        -------
        bool
            False when the server can't do it, or does not serve both stores with the same credentials.
        """
        key, source = self._file_key(key), other.safe_join(source)
        root = getattr(other.spec, "keys_root", None)
        if root is None or not is_same_account(self.spec, other.spec):
            return False
        with self._access(key, writing=True):
            return self._backend.copy(f"{root}/{source}", key, size)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, many with one request; those that are not there are fine."""
        batch: builtins.list[str] = []
        for key in keys:
            batch.append(self._file_key(key))
            if len(batch) == _DELETED_AT_ONCE:
                self._delete_batch(batch)
                batch = []
        self._delete_batch(batch)

    def delete_tree(self, key: str) -> int:
        """Remove the folder or file at a key with everything below it, and return how many files went."""
        key = self._file_key(key)
        found = [entry.key for entry in self.list(f"{key}/")]
        if self.exists(key):
            found.append(key)
        self.delete(found)
        with self._access(key):
            self._backend.delete_folders(key)
        return len(found)

    def _delete_batch(self, keys: builtins.list[str]) -> None:
        if keys:
            with self._access(keys[0]):
                self._backend.delete(keys)

    def _file_key(self, key: str) -> str:
        joined = join_key(key)
        if not joined:
            raise UnsafePathError(
                f"a file must have a name, got {key!r} in store {self.name!r}",
                hint="Name a file or a folder.",
            )
        return joined
