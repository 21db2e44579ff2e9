"""`StoreFileSystem`: a store as one synchronous fsspec filesystem, for zarr, xarray, dask and users.

It holds the store's name, its settings without secrets, and the key that it is rooted at; the store itself is
looked up where it is used. So it pickles small and without a secret, works in a worker and after a fork, and
what is written through it can be counted: libraries wrap it, and never rebuild it.

Paths are keys relative to the store's location.
"""

# ruff: noqa: FBT001, FBT002 - the signatures are fsspec's

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.registry import register_implementation
from fsspec.utils import isfilelike, stringify_path

from dj_objectstore.exceptions import ObjectNotFoundError, StoreAccessError
from dj_objectstore.store.files import TextWriter
from dj_objectstore.store.filesystem_handle import FileSystemHandle
from dj_objectstore.store.mapping import PROTOCOL
from dj_objectstore.store.transfer import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dj_objectstore.store.backend import Child
    from dj_objectstore.store.ledger import Written

_COPY_BLOCK = 2**20


class StoreFileSystem(FileSystemHandle):
    """A store, or an object in it, as a filesystem.

    Parameters
    ----------
    name
        The store's name.
    settings
        The store's settings without secrets, for where no store of this name is configured.
    prefix
        Key of the object that everything must lie in; ``""`` for the whole store.
    read_only
        Whether writing is refused with `ReadOnlyError`.

    Attributes
    ----------
    ledger : WriteLedger
        What was written through this filesystem, by paths relative to `prefix`.
    """

    def expand_path(
        self, path: Any, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any
    ) -> Any:
        """Expand patterns, as fsspec does, but a file with the very name of the pattern is that file."""
        if isinstance(path, str) and not recursive and set("*?[") & set(path) and self.exists(path):
            return [self._strip_protocol(path)]
        return super().expand_path(path, recursive=recursive, maxdepth=maxdepth, **kwargs)

    # -- looking -------------------------------------------------------------------------------------------

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """List a folder, or the file at `path`."""
        del kwargs
        key = self._key(path)
        try:
            children = self.store.children(key)
        except ObjectNotFoundError:
            found = [self.info(key)]
        else:
            found = [_info(f"{key}/{child.name}" if key else child.name, child) for child in children]
        return found if detail else [one["name"] for one in found]

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Return name, size, type and modification time of what lies at `path`."""
        del kwargs
        key = self._key(path)
        return _info(key, self.store.info(key))

    def exists(self, path: str, **kwargs: Any) -> bool:
        """Return whether anything lies at `path`; an error is not an answer."""
        return self._type(path, **kwargs) is not None

    def isfile(self, path: str) -> bool:
        """Return whether a file lies at `path`."""
        return bool(self._type(path) == "file")

    def isdir(self, path: str) -> bool:
        """Return whether a folder lies at `path`."""
        return bool(self._type(path) == "directory")

    def _type(self, path: str, **kwargs: Any) -> Any:
        try:
            return self.info(path, **kwargs)["type"]
        except ObjectNotFoundError:
            return None

    def modified(self, path: str) -> datetime | None:
        """Return when a file was written, UTC."""
        modified: datetime | None = self.info(path)["modified"]
        return modified

    def find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the files below `path`, from one listing; with `withdirs` their folders too."""
        del kwargs
        key = self._key(path)
        found: dict[str, dict[str, Any]] = {}
        for entry in self.store.list(key):
            for folder in _folders(key, entry.key) if withdirs else ():
                found.setdefault(folder, {"name": folder, "size": 0, "type": "directory", "modified": None})
            found[entry.key] = {
                "name": entry.key,
                "size": entry.size,
                "type": "file",
                "modified": entry.modified,
            }
        depth = key.count("/") + 1 if key else 0
        names = sorted(name for name in found if maxdepth is None or name.count("/") + 1 - depth <= maxdepth)
        return {name: found[name] for name in names} if detail else names

    def du(self, path: str, total: bool = True, maxdepth: int | None = None, **kwargs: Any) -> Any:
        """Return the bytes of the files below `path`, from one listing."""
        found = self.find(path, maxdepth=maxdepth, detail=True, **kwargs)
        sizes = {name: info["size"] for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    # -- reading -------------------------------------------------------------------------------------------

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """Return the bytes of a file, or of a range of it."""
        del kwargs
        return self.store.get(self._key(path), start, end)

    def get_file(self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any) -> None:
        """Copy a file to disk, where it has its name once it is whole."""
        if isfilelike(lpath) or kwargs.get("outfile") is not None or self.isdir(rpath):
            super().get_file(rpath, lpath, callback=callback, **kwargs)
            return
        with whole_file(stringify_path(lpath)) as temporary:
            super().get_file(rpath, temporary, callback=callback, **kwargs)

    def open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        """Open a file: ``rb``, ``wb``, ``xb``, or as text.

        A file that is written gets its name when it is closed without an error; an exception inside the
        ``with`` block leaves nothing behind.
        """
        if kwargs.get("compression") and "r" not in mode:
            # fsspec's compressors never close the file below them, and what is not closed is not there
            raise StoreAccessError(
                f"a file is written as it is, got compression {kwargs['compression']!r} for {path!r}",
                hint="Compress inside of it: with fs.open(path, 'wb') as f, gzip.open(f, 'wb') as z: ...",
            )
        if "b" in mode or set(mode) & set("ra+"):
            return super().open(path, mode, **kwargs)
        text = {name: kwargs.pop(name) for name in ("encoding", "errors", "newline") if name in kwargs}
        return TextWriter(self.open(path, mode.replace("t", "") + "b", **kwargs), **text)

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> IO[bytes]:
        del kwargs
        if mode == "rb":
            return self.store.open(self._key(path))
        key = self._writable_key(path)
        if mode not in ("wb", "xb"):
            raise StoreAccessError(
                f"a file in a store is written anew, as 'wb' or 'xb', got mode {mode!r}",
                hint="Read the file, and write it whole.",
            )

        def done(written: Written) -> None:
            self.ledger.record(self._recorded(key), written)

        writer: Any = self.store.writer(key, overwrite=mode == "wb", done=done)
        return writer  # type: ignore[no-any-return]

    # -- writing -------------------------------------------------------------------------------------------

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **kwargs: Any) -> None:
        """Write a file at once; with mode ``create``, only where there is none."""
        del kwargs
        key = self._writable_key(path)
        written = self.store.put(key, value, overwrite=mode != "create")
        self.ledger.record(self._recorded(key), written)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy a file."""
        del kwargs
        with self.open(path1, "rb") as source, self.open(path2, "wb") as sink:
            while block := source.read(_COPY_BLOCK):
                sink.write(block)

    def rm_file(self, path: str) -> None:
        """Remove a file."""
        self._remove([self._writable_key(path)])

    _rm = rm_file

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Remove files, with `recursive` folders too.

        Raises
        ------
        ObjectNotFoundError
            When a folder is to be removed and nothing is there.
        """
        del maxdepth
        self._refuse_when_read_only(path)
        for one in path if isinstance(path, list) else [path]:
            key = self._writable_key(one)
            found = [entry.key for entry in self.store.list(key)] if recursive else [key]
            if not found:
                self.store.info(key)
            self._remove(found)

    def _remove(self, keys: list[str]) -> None:
        self.store.delete(keys)
        for key in keys:
            self.ledger.forget(self._recorded(key))

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Do nothing: a folder is there with its first file."""
        del create_parents, kwargs
        self._refuse_when_read_only(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Do nothing: a folder is there with its first file."""
        del exist_ok
        self._refuse_when_read_only(path)

    def rmdir(self, path: str) -> None:
        """Do nothing: a folder goes with its last file."""
        self._refuse_when_read_only(path)


def _info(key: str, child: Child) -> dict[str, Any]:
    kind = "directory" if child.is_dir else "file"
    return {"name": key, "size": child.size or 0, "type": kind, "modified": child.modified}


def _folders(root: str, key: str) -> Iterator[str]:
    """Give the folders between `root` and a file, `root` included."""
    at = len(root)
    while at >= 0:
        if at:
            yield key[:at]
        at = key.find("/", at + 1)


register_implementation(PROTOCOL, StoreFileSystem, clobber=True)
