"""`FileSystemHandle`: which store a filesystem is of, where in it it is rooted, its pickle and its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from fsspec.spec import AbstractFileSystem
from fsspec.utils import stringify_path

from dj_objectstore.exceptions import ReadOnlyError, UnsafePathError
from dj_objectstore.store.keys import join_key
from dj_objectstore.store.ledger import WriteLedger
from dj_objectstore.store.mapping import PROTOCOL, filesystem_of, keep, new_handle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.store.store import Store


class FileSystemHandle(AbstractFileSystem):  # type: ignore[misc]
    """The name of a store, and where in it a filesystem is rooted; see `StoreFileSystem`."""

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
    def of(cls, store: Store, *, prefix: str = "", read_only: bool = True) -> Self:
        """Return the filesystem of an open store."""
        fs = cls(store.name, store.spec.public_settings(), prefix=prefix, read_only=read_only)
        fs._store = store
        return fs

    @property
    def store(self) -> Store:
        """The store, as it is known where this runs."""
        from dj_objectstore.store.store import store_of

        if self._store is None:
            self._store = store_of(self.name, self.settings)
        return self._store

    def scoped(self, prefix: str) -> Self:
        """Return a read-only filesystem that knows only what lies at `prefix` and below."""
        return type(self).of(self.store, prefix=self._key(prefix))

    def recording(self, prefix: str) -> Self:
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
        is_same = isinstance(other, FileSystemHandle) and self._identity == other._identity
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


def _rebuild(
    cls: type[FileSystemHandle],
    name: str,
    settings: Mapping[str, Any],
    prefix: str,
    read_only: bool,  # noqa: FBT001 - a pickle gives it by its place
) -> FileSystemHandle:
    return cls(name, settings, prefix=prefix, read_only=read_only)
