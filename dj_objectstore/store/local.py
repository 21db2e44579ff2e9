"""A store in a folder on disk.

A file gets its name by a link from a temporary one in the same folder tree, so that it is whole or not there.
Symlinks are followed as long as they stay inside the location.
"""

# pathlib would rewrite a key's text, and costs more than the calls themselves
# ruff: noqa: PTH103, PTH105, PTH106, PTH108, PTH112, PTH113, PTH116, PTH118, PTH120, PTH123

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from dj_objectstore.exceptions import UnsafePathError
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.store.backend import PAGE, Child, Entry, in_pages
from dj_objectstore.store.folders import DiskFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dj_objectstore.spec.models import FileSpec

TEMPORARY = f"{RESERVED_PREFIX}/tmp"  # noqa: S108 - inside the store
# file systems that know no hard links answer with one of these
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
_ATTEMPTS = 50
_ABANDONED_SECONDS = 24 * 3600


class LocalBackend:
    """The files below a folder."""

    page_size = PAGE

    def __init__(self, spec: FileSpec) -> None:
        self._name = spec.name
        self._location = spec.location
        self._root = os.path.realpath(spec.location)
        self._is_cleared = False

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file, or of a range of it."""
        with self.open(key) as file:
            if start is None and end is None:
                return file.read()
            first, stop, _ = slice(start, end).indices(os.fstat(file.fileno()).st_size)
            file.seek(first)
            return file.read(max(0, stop - first))

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading."""
        return open(self._inside(key), "rb")

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file."""
        upload = self.upload(key, create=create)
        try:
            upload.write(data)
            upload.commit()
        except BaseException:
            upload.abort()
            raise

    def upload(self, key: str, *, create: bool) -> LocalUpload:
        """Begin a file under a temporary name."""
        self._raise_when_unmounted()
        self._clear_temporary()
        return LocalUpload(self._root, self._inside(key), create=create)

    def copy(self, source: str, key: str, size: int) -> bool:
        """Do nothing: the bytes pass through here anyway, and are digested on their way."""
        del source, key, size
        return False

    def info(self, key: str) -> Child:
        """Return what lies at a key."""
        name = key.rpartition("/")[2]
        found = os.stat(self._inside(key))
        if stat.S_ISDIR(found.st_mode):
            return Child(name, is_dir=True)
        return Child(name, is_dir=False, size=found.st_size, modified=_time(found))

    def child_pages(self, key: str) -> Iterator[list[Child]]:
        """Give what lies in a folder; a symlink that leads outside is shown as a file."""
        with os.scandir(self._inside(key)) as found:
            entries = sorted(found, key=_sort_key)
        # looked at page by page: that takes much longer than reading the names
        return in_pages(map(self._child, entries), self.page_size)

    def pages(self, key: str) -> Iterator[list[Entry]]:
        """Give the files below a folder; folders behind symlinks are not entered."""
        return in_pages(self._walk(key), self.page_size)

    def _walk(self, key: str) -> Iterator[Entry]:
        for entry in sorted(self._scan(key), key=_sort_key):
            path = f"{key}/{entry.name}" if key else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(path) if path != TEMPORARY else ()
                continue
            child = self._child(entry)
            if not child.is_dir:
                yield Entry(path, child.size or 0, child.modified)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, and the folders that they leave empty."""
        for key in keys:
            folder, _, name = key.rpartition("/")
            path = os.path.join(self._inside(folder), name)  # a symlink goes, and not what it leads to
            try:
                os.unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                self._raise_when_unmounted()
            except (IsADirectoryError, PermissionError):
                # unlink of a folder; as on an object store, a folder is no file and stays
                if not os.path.isdir(path):
                    raise
            self._prune(folder)

    def url(self, key: str) -> str:
        """Return the ``file://`` URL as fsspec reads it, nothing in it percent-encoded."""
        return f"file://{Path(self._location, key).as_posix()}"

    def missing_location(self) -> bool:
        """Return whether the folder is not there."""
        return not os.path.isdir(self._root)

    def folder(self, key: str) -> DiskFolder:
        """Begin a folder under a temporary name."""
        self._raise_when_unmounted()
        self._clear_temporary()
        return DiskFolder(self._inside(key), os.path.join(self._root, *TEMPORARY.split("/")))

    def delete_folders(self, key: str) -> None:
        """Remove a folder, those below it and those above, as far as they hold no file."""
        for folder, _, _ in os.walk(self._inside(key), topdown=False):
            with suppress(OSError):
                os.rmdir(folder)
        self._prune(key.rpartition("/")[0])

    def _inside(self, key: str) -> str:
        """Return where a key lies on disk, once it is sure that this is inside the location."""
        path = os.path.join(self._root, key) if key else self._root
        real = os.path.realpath(path)
        if real != self._root and not real.startswith(self._root.rstrip(os.sep) + os.sep):
            raise UnsafePathError(
                f"a path must stay inside the store, and {key!r} in store {self._name!r} is a symlink "
                f"that leads out of {self._location}",
                hint="Copy the data into the store, or configure a store where they lie.",
            )
        return path

    def _scan(self, key: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._inside(key)) as found:
                return list(found)
        except (FileNotFoundError, NotADirectoryError):
            self._raise_when_unmounted()
            return []

    def _raise_when_unmounted(self) -> None:
        if self.missing_location():
            raise FileNotFoundError(errno.ENOENT, "the store's location does not exist", self._location)

    def _clear_temporary(self) -> None:
        """Remove, once, what writers left that were killed; a living one writes more often than that."""
        if self._is_cleared:
            return
        self._is_cleared = True
        with suppress(OSError), os.scandir(os.path.join(self._root, *TEMPORARY.split("/"))) as found:
            for entry in found:
                with suppress(OSError):
                    if _last_written(entry) < time.time() - _ABANDONED_SECONDS:
                        (shutil.rmtree if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.path)

    def _child(self, entry: os.DirEntry[str]) -> Child:
        try:
            follow = not entry.is_symlink() or self._leads_inside(entry.path)
            if entry.is_dir(follow_symlinks=follow):
                return Child(entry.name, is_dir=True)
            found = entry.stat(follow_symlinks=follow)
        except FileNotFoundError:
            # a symlink to nothing, or a file that has just gone
            return Child(entry.name, is_dir=False, size=0)
        return Child(entry.name, is_dir=False, size=found.st_size, modified=_time(found))

    def _leads_inside(self, path: str) -> bool:
        return os.path.realpath(path).startswith(self._root.rstrip(os.sep) + os.sep)

    def _prune(self, folder: str) -> None:
        while folder:
            try:
                os.rmdir(os.path.join(self._root, folder))
            except OSError:
                return
            folder = folder.rpartition("/")[0]


class LocalUpload:
    """A file that is written under a temporary name in the store's own folder tree."""

    def __init__(self, root: str, path: str, *, create: bool) -> None:
        self._path = path
        self._create = create
        if create and os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        folder = os.path.join(root, *TEMPORARY.split("/"))
        os.makedirs(folder, exist_ok=True)
        self._temporary = os.path.join(folder, secrets.token_hex(12))
        self._file: IO[bytes] = open(self._temporary, "xb", buffering=0)  # noqa: SIM115 - closed below

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write more bytes, all of them."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def commit(self) -> None:
        """Link the file to its name."""
        self._file.close()
        folder = os.path.dirname(self._path)
        for attempt in range(_ATTEMPTS):
            try:
                os.makedirs(folder, exist_ok=True)
                self._name()
                break
            except (FileNotFoundError, FileExistsError):
                # whoever removed the last file of the folder removed the folder too, just now
                if attempt == _ATTEMPTS - 1 or os.path.lexists(self._path) or os.path.isfile(folder):
                    raise
        self.abort()

    def abort(self) -> None:
        """Remove the temporary file."""
        self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._temporary)

    def _name(self) -> None:
        if not self._create:
            os.replace(self._temporary, self._path)
            return
        try:
            os.link(self._temporary, self._path)
        except OSError as err:
            if err.errno not in _NO_LINKS:
                raise
            self._name_without_links()

    def _name_without_links(self) -> None:
        """Take the name, then put the file there: without hard links it is empty for a moment."""
        os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            os.replace(self._temporary, self._path)
        except BaseException:
            os.unlink(self._path)
            raise


def _last_written(entry: os.DirEntry[str]) -> float:
    """Return when a file, or anything in a folder, was last written."""
    below = (os.path.join(folder, name) for folder, _, names in os.walk(entry.path) for name in (".", *names))
    return max((os.stat(path).st_mtime for path in below), default=entry.stat().st_mtime)


def _sort_key(entry: os.DirEntry[str]) -> str:
    # so that the files come sorted by their whole key, as object stores list them
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name


def _time(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
