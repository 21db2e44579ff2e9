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

import io
import json
import os
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dj_objectstore.exceptions import (
    ObjectNotFoundError,
    StoreNotConfiguredError,
    UnsafePathError,
    ValueRefusedError,
)
from dj_objectstore.spec.base import Spec
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.backend import Child, Entry
from dj_objectstore.store.failures import access
from dj_objectstore.store.files import GuardedUpload, StoreReader, StoreWriter
from dj_objectstore.store.identity import Identity
from dj_objectstore.store.keys import join_key
from dj_objectstore.store.ledger import Written
from dj_objectstore.store.protocols import open_backend
from dj_objectstore.store.transfer import Meter, copy_folder, copy_stream, scan_folder
from dj_objectstore.store.uninterrupted import uninterrupted

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from dj_objectstore.spec.models import StoreSpec
    from dj_objectstore.store.backend import Backend, Upload
    from dj_objectstore.store.filesystem import StoreFileSystem
    from dj_objectstore.store.mapping import StoreMap

__all__ = ["Child", "Entry", "Store", "Written", "open_store", "store_of"]

_READ_BUFFER = 2**18
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


class Store:
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

    def __init__(self, spec: StoreSpec) -> None:
        self.spec = spec
        self._backends: dict[int, Backend] = {}
        self._identity = Identity(spec, self._read_unasked, self._create_unasked)

    def __repr__(self) -> str:
        return f"Store({self.name!r}, {self.spec.place})"

    def __reduce__(self) -> tuple[Any, ...]:
        return store_of, (self.name, self.spec.public_settings())

    @property
    def name(self) -> str:
        """The store's name in the configuration."""
        return self.spec.name

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

    def safe_join(self, *parts: str) -> str:
        """Join parts to a key; see `join_key`."""
        return join_key(*parts)

    def url(self, key: str) -> str:
        """Return the URL of a key, as fsspec reads it."""
        return self._backend.url(join_key(key))

    # -- reading -------------------------------------------------------------------------------------------

    def get(self, key: str, start: int | None = None, end: int | None = None) -> bytes:
        """Return a file's bytes, or those of a range as a slice takes it.

        Raises
        ------
        ObjectNotFoundError
            When there is no file.
        """
        key = join_key(key)
        with self._access(key):
            return self._backend.read(key, start, end)

    def open(self, key: str) -> IO[bytes]:
        """Open a file for reading; seekable, read in blocks.

        Raises
        ------
        ObjectNotFoundError
            When there is no file.
        """
        key = join_key(key)
        with self._access(key):
            file = self._backend.open(key)
        if file is not None:
            return file
        found = self.info(key)
        if found.is_dir:
            raise ObjectNotFoundError(
                f"there is no file at {key!r} in store {self.name!r}, it is a folder",
                hint="Name a file in it.",
            )
        reader = StoreReader(partial(self.get, key), found.size or 0, name=key)
        return io.BufferedReader(reader, _READ_BUFFER)

    def info(self, key: str) -> Child:
        """Return what lies at a key, a file or a folder.

        Raises
        ------
        ObjectNotFoundError
            When nothing does.
        """
        key = join_key(key)
        with self._access(key):
            return self._backend.info(key)

    def exists(self, key: str) -> bool:
        """Return whether there is a file at a key; a folder is none."""
        try:
            return not self.info(key).is_dir
        except ObjectNotFoundError:
            return False

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Give the files in a folder and below it, sorted by key, and the file at `prefix` itself.

        Nothing is cached; what can't be listed is an error, and never an empty listing. With a slash at its
        end `prefix` is a folder alone.
        """
        key = join_key(prefix)
        is_folder = not key or prefix.endswith("/")
        found = False
        with self._access(key):
            for entry in self._backend.walk(key):
                found = True
                yield entry
        if found or is_folder:
            return
        try:
            child = self.info(key)
        except ObjectNotFoundError:
            return
        if not child.is_dir:
            yield Entry(key, child.size or 0, child.modified)

    def children(self, key: str = "") -> builtins.list[Child]:
        """Return what lies directly in a folder, sorted by name; never from a cache.

        Raises
        ------
        ObjectNotFoundError
            When there is no such folder.
        """
        key = join_key(key)
        with self._access(key):
            return sorted(self._backend.children(key), key=lambda child: child.name)

    # -- writing -------------------------------------------------------------------------------------------

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
            for name in found.empty if found.files else ["", *found.empty]:
                self._backend.make_folder(join_key(key, name))
        return copy_folder(found, lambda name: self.writer(join_key(key, name)), progress)

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

    # -- the protocol's side -------------------------------------------------------------------------------

    @property
    def _backend(self) -> Backend:
        """The protocol's side, one for each process: connections don't survive a fork."""
        pid = os.getpid()
        backend = self._backends.get(pid)
        # the backends of a parent stay: closing their connections would reach into the parent's
        return backend or self._backends.setdefault(pid, open_backend(self.spec))

    def _access(self, key: str, *, writing: bool = False) -> AbstractContextManager[None]:
        self._identity.settle(writing=writing)
        return self._access_unasked(key)

    def _read_unasked(self, key: str) -> bytes:
        with self._access_unasked(key):
            return self._backend.read(key, None, None)

    def _create_unasked(self, key: str, data: bytes) -> None:
        with self._access_unasked(key):
            self._backend.write(key, data, create=True)

    def _access_unasked(self, key: str) -> AbstractContextManager[None]:
        """Translate errors, without asking which project the store belongs to."""
        return access(self.spec, key, missing_location=self._backend.missing_location)

    def _file_key(self, key: str) -> str:
        joined = join_key(key)
        if not joined:
            raise UnsafePathError(
                f"a file must have a name, got {key!r} in store {self.name!r}",
                hint="Name a file or a folder.",
            )
        return joined
