"""`ReadableStore`: what of a store is looked at and read; `Store` adds writing."""

from __future__ import annotations

import io
from functools import partial
from itertools import chain
from typing import IO, TYPE_CHECKING

from dj_objectstore.exceptions import ObjectNotFoundError
from dj_objectstore.store.backend import Child, Entry
from dj_objectstore.store.connection import Connection
from dj_objectstore.store.files import StoreReader
from dj_objectstore.store.keys import join_key
from dj_objectstore.store.wanted import check_wanted

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator

    from dj_objectstore.spec.models import StoreSpec
    from dj_objectstore.store.backend import Backend

_READ_BUFFER = 2**18


class ReadableStore:
    """The files of one store, as far as nothing is written.

    Parameters
    ----------
    spec
        The store's settings.
    """

    def __init__(self, spec: StoreSpec) -> None:
        self.spec = spec
        self._connection = Connection(spec)
        self._access = self._connection.access

    def __repr__(self) -> str:
        return f"Store({self.name!r}, {self.spec.place})"

    @property
    def name(self) -> str:
        """The store's name in the configuration."""
        return self.spec.name

    def safe_join(self, *parts: str) -> str:
        """Join parts to a key; see `join_key`."""
        return join_key(*parts)

    def url(self, key: str) -> str:
        """Return the URL of a key, as fsspec reads it."""
        return self._backend.url(join_key(key))

    def get(self, key: str, start: int | None = None, end: int | None = None) -> bytes:
        """Return a file's bytes, or those of a range as a slice takes it.

        Raises
        ------
        ObjectNotFoundError
            When there is no file.
        """
        key = join_key(key)
        check_wanted()
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
        return chain.from_iterable(self.pages(prefix))

    def pages(self, prefix: str = "") -> Iterator[builtins.list[Entry]]:
        """Give what `list` gives in pages of at most a thousand, each asked for when it is wanted."""
        key = join_key(prefix)
        is_folder = not key or prefix.endswith("/")
        found = False
        with self._access(key):
            for page in filter(None, self._backend.pages(key)):
                found = True
                yield page
        if found or is_folder:
            return
        try:
            child = self.info(key)
        except ObjectNotFoundError:
            return
        if not child.is_dir:
            yield [Entry(key, child.size or 0, child.modified)]

    def children(self, key: str = "") -> builtins.list[Child]:
        """Return what lies directly in a folder, sorted by name; never from a cache.

        Raises
        ------
        ObjectNotFoundError
            When there is no such folder.
        """
        return sorted(chain.from_iterable(self.child_pages(key)), key=lambda child: child.name)

    def child_pages(self, key: str = "") -> Iterator[builtins.list[Child]]:
        """Give what lies directly in a folder in pages of at most a thousand, in the order of the store.

        Each page is asked for when it is wanted: the first costs one request, however much the folder holds.

        Raises
        ------
        ObjectNotFoundError
            When there is no such folder; raised with the first page.
        """
        key = join_key(key)
        with self._access(key):
            yield from filter(None, self._backend.child_pages(key))

    @property
    def _backend(self) -> Backend:
        return self._connection.backend
