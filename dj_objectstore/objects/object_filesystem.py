"""`ObjectFileSystem`: the files of one stored object, of which none may silently be missing.

A Zarr array reads a chunk that is not there as its fill value. But the manifest of an object tells which
files were written: a file that it lists and the store lacks is an error here, never pixels.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import IntegrityError, ObjectNotFoundError
from dj_objectstore.objects.cached import reading_folder
from dj_objectstore.objects.manifest import manifest_key, parse_manifest
from dj_objectstore.store.filesystem import StoreFileSystem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.store.store import Store


class ObjectFileSystem(StoreFileSystem):
    """A read-only filesystem rooted at an object; `prefix` is the object's path."""

    _reading: Store | None = None

    @property
    def store(self) -> Store:
        """The store, with its read cache where it has one."""
        if self._reading is None:
            self._reading = reading_folder(super().store, self.prefix)
        return self._reading

    def _key(self, path: Any) -> str:
        """Return a path as a safe key inside the object; ``ref.url`` and ``ref.full_path`` are paths too."""
        name = self._strip_protocol(path)
        if not name.startswith(self.prefix):
            url = self.store.url(self.prefix)
            for root in (url, url.removeprefix("file://").strip("/")):
                if name == root or name.startswith(f"{root}/"):
                    name = f"{self.prefix}{name[len(root) :]}"
        return super()._key(name)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """Return the bytes of a file, or of a range of it.

        Raises
        ------
        IntegrityError
            When the manifest lists the file, and the store lacks it.
        """
        with self._nothing_lost(path):
            return super().cat_file(path, start, end, **kwargs)

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Return name, size, type and modification time of what lies at `path`; errors as `cat_file`."""
        with self._nothing_lost(path):
            return super().info(path, **kwargs)

    @contextmanager
    def _nothing_lost(self, path: str) -> Iterator[None]:
        try:
            yield
        except ObjectNotFoundError as err:
            name = self._recorded(self._key(path))
            if name in self._listed:
                raise IntegrityError(
                    f"the file {name!r} of the object {self.prefix!r} is missing from store {self.name!r}",
                    hint="Restore it from a copy; verify() tells what else is missing.",
                ) from err
            raise

    @cached_property
    def _listed(self) -> frozenset[str]:
        """The files that were written, by the manifest; none where there is no manifest."""
        try:
            manifest = parse_manifest(self.store.get(manifest_key(self.prefix)))
        except ObjectNotFoundError:
            return frozenset()
        return frozenset(file.path for file in manifest.files)
