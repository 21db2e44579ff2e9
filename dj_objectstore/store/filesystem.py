"""`StoreFileSystem`: a store as one synchronous fsspec filesystem, for zarr, xarray, dask and users.

It holds the store's name, its settings without secrets, and the key that it is rooted at; the store itself is
looked up where it is used. So it pickles small and without a secret, works in a worker and after a fork, and
what is written through it can be counted: libraries wrap it, and never rebuild it.

Paths are keys relative to the store's location.
"""

# ruff: noqa: FBT001, FBT002 - the signatures are fsspec's

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Self

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.registry import register_implementation
from fsspec.spec import AbstractFileSystem
from fsspec.utils import isfilelike, stringify_path

from dj_objectstore.exceptions import ObjectNotFoundError, ReadOnlyError, StoreAccessError, UnsafePathError
from dj_objectstore.store.files import TextWriter
from dj_objectstore.store.keys import join_key
from dj_objectstore.store.ledger import WriteLedger, Written
from dj_objectstore.store.mapping import PROTOCOL, filesystem_of, keep, new_handle
from dj_objectstore.store.transfer import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from dj_objectstore.store.backend import Child
    from dj_objectstore.store.store import Store

_COPY_BLOCK = 2**20


class StoreFileSystem(AbstractFileSystem):  # type: ignore[misc]
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

    protocol = PROTOCOL
    root_marker = ""
    cachable = False

    def __new__(cls, name: str, *args: Any, **kwargs: Any) -> Self:
        """Return the filesystem that already has this handle, when it is named by one in a URL."""
        del args, kwargs
        found: Self = filesystem_of(name) or super().__new__(cls)
        return found

    def __init__(
        self,
        name: str,
        settings: Mapping[str, Any] | None = None,
        *,
        prefix: str = "",
        read_only: bool = True,
        **options: Any,
    ) -> None:
        del options  # such as fsspec's `asynchronous`
        if self._cached:
            return
        super().__init__()
        self.name = name
        self.settings = dict(settings or {})
        self.prefix = join_key(prefix)
        self.read_only = read_only
        self.ledger = WriteLedger()
        self._store: Store | None = None
        self._handle = ""

    @classmethod
    def of(cls, store: Store, *, prefix: str = "", read_only: bool = True) -> StoreFileSystem:
        """Return the filesystem of an open store."""
        fs: StoreFileSystem = cls(
            store.name, store.spec.public_settings(), prefix=prefix, read_only=read_only
        )
        fs._store = store
        return fs

    @property
    def store(self) -> Store:
        """The store, as it is known where this runs."""
        from dj_objectstore.store.store import store_of

        if self._store is None:
            self._store = store_of(self.name, self.settings)
        return self._store

    def scoped(self, prefix: str) -> StoreFileSystem:
        """Return a read-only filesystem that knows only what lies at `prefix` and below."""
        return type(self).of(self.store, prefix=self._key(prefix))

    def recording(self, prefix: str) -> StoreFileSystem:
        """Return a filesystem that writes at `prefix` and below, and records it in a `ledger` of its own."""
        return type(self).of(self.store, prefix=self._key(prefix), read_only=False)

    # -- identity ------------------------------------------------------------------------------------------

    @property
    def _identity(self) -> tuple[Any, ...]:
        return self.name, tuple(sorted(map(repr, self.settings.items()))), self.prefix, self.read_only

    @property
    def fsid(self) -> str:
        """A name for the filesystem: that of its store."""
        return f"{self.protocol}_{self.name}"

    def __eq__(self, other: object) -> bool:
        # two that write have ledgers of their own
        is_same = isinstance(other, StoreFileSystem) and self._identity == other._identity
        return self is other or (is_same and self.read_only)

    def __hash__(self) -> int:
        return hash(self._identity)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return self._identity

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.name, self.settings, self.prefix, self.read_only)

    def __repr__(self) -> str:
        where = f", prefix={self.prefix!r}" if self.prefix else ""
        return f"StoreFileSystem({self.name!r}{where}, read_only={self.read_only})"

    __str__ = __repr__

    # -- paths ---------------------------------------------------------------------------------------------

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        text = stringify_path(path)
        if text.startswith(f"{PROTOCOL}://"):
            text = text.removeprefix(f"{PROTOCOL}://").partition("/")[2]
        # the filesystem is rooted at the store: a leading slash is that root
        return text.strip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        return {"name": path.removeprefix(f"{PROTOCOL}://").partition("/")[0]}

    def unstrip_protocol(self, name: str) -> str:
        """Return the URL by which this process opens a path on this very filesystem."""
        if not self._handle:
            self._handle = new_handle(self)
        keep(self)
        return f"{PROTOCOL}://{self._handle}/{self._strip_protocol(name)}"

    def _key(self, path: Any) -> str:
        """Return a path as a safe key inside the prefix."""
        key = join_key(self._strip_protocol(path))
        if self.prefix and key != self.prefix and not key.startswith(f"{self.prefix}/"):
            raise UnsafePathError(
                f"a path must stay inside the object {self.prefix!r} of store {self.name!r}, got {key!r}",
                hint="Open the store itself to reach its other files.",
            )
        return key

    def _writable_key(self, path: Any) -> str:
        self._refuse_when_read_only(path)
        return self._key(path)

    def _refuse_when_read_only(self, path: Any) -> None:
        if self.read_only:
            raise ReadOnlyError(
                f"stored objects are immutable, and {self._strip_protocol(path)!r} in store {self.name!r} "
                "was to be written",
                hint="Insert a new object, replace the field with update1, or use a staged insert.",
            )

    def _recorded(self, key: str) -> str:
        return key[len(self.prefix) + 1 :] if self.prefix else key

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


def _rebuild(
    cls: type[StoreFileSystem],
    name: str,
    settings: Mapping[str, Any],
    prefix: str,
    read_only: bool,
) -> StoreFileSystem:
    fs: StoreFileSystem = cls(name, settings, prefix=prefix, read_only=read_only)
    return fs


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
