"""A store on any fsspec filesystem whose keys lie below a root, such as a bucket."""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from dj_objectstore.store.backend import PAGE, PART, Child, Entry, in_pages
from dj_objectstore.store.failures import BEYOND_END_CODES, response_code
from dj_objectstore.store.folders import KeyedFolder
from dj_objectstore.store.wanted import cat_while_wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import fsspec

    from dj_objectstore.store.backend import Upload

_THREADS = 8


class RemoteBackend:
    """The files below `root` of an fsspec filesystem."""

    page_size = PAGE

    def __init__(self, fs: fsspec.AbstractFileSystem, root: str) -> None:
        self._fs = fs
        self._root = root.rstrip("/")

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file, or of a range of it."""
        return cat_while_wanted(self._fs, self._path(key), start=start, end=end)

    def open(self, key: str) -> IO[bytes] | None:
        """Leave it to ranges."""
        del key
        return None

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file in one request, or in concurrent parts."""
        self._fs.pipe_file(
            self._path(key), data, mode="create" if create else "overwrite", **self._write_options(key)
        )

    def upload(self, key: str, *, create: bool) -> Upload:
        """Begin a file that is sent in parts."""
        stream = self._fs.open(
            self._path(key), "xb" if create else "wb", block_size=PART, **self._write_options(key)
        )
        return FsspecUpload(stream)

    def copy(self, source: str, key: str, size: int) -> bool:
        """Leave it to a service that can."""
        del source, key, size
        return False

    def info(self, key: str) -> Child:
        """Return what lies at a key."""
        if not key:
            return Child("", is_dir=True)
        return _child(self._fs.info(self._path(key)))

    def child_pages(self, key: str) -> Iterator[list[Child]]:
        """Give what lies directly in a folder."""
        return in_pages(self._children(key), self.page_size)

    def _children(self, key: str) -> list[Child]:
        path = self._path(key)
        try:
            found = self._fs.ls(path, detail=True)
        except FileNotFoundError:
            if key:
                raise
            return []
        if key and [info["name"].strip("/") for info in found if info["type"] == "file"] == [path.strip("/")]:
            raise NotADirectoryError(errno.ENOTDIR, "this is a file", key)
        children = [_child(info) for info in found if info["name"].strip("/") != path.strip("/")]
        return sorted(children, key=lambda child: child.name)

    def pages(self, key: str) -> Iterator[list[Entry]]:
        """Give the files below a folder."""
        return in_pages(self._files(key), self.page_size)

    def _files(self, key: str) -> Iterator[Entry]:
        root = len(self._root.strip("/")) + 1
        path = self._path(key)
        for name, info in sorted(self._fs.find(path, detail=True).items()):
            if name.strip("/") != path.strip("/"):
                yield Entry(name.strip("/")[root:], info["size"], _time(info))

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, one request each."""
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(self._delete_one, keys))

    def url(self, key: str) -> str:
        """Return the URL as fsspec reads it."""
        return str(self._fs.unstrip_protocol(self._path(key)))

    def missing_location(self) -> bool:
        """Return False: there are no folders to be missing."""
        return False

    def folder(self, key: str) -> KeyedFolder:
        """Begin a folder, which is the files in it."""
        return KeyedFolder(self, key)

    def delete_folders(self, key: str) -> None:
        """Do nothing: a folder goes with its last file."""

    def _read_range(self, key: str, start: int | None, end: int | None) -> bytes:
        """Read a range as a slice takes it, of a service that knows none from the end."""
        first = start or 0
        if first < 0 or (end is not None and end < 0):
            size = self.info(key).size
            if size is None:
                raise FileNotFoundError(errno.ENOENT, "there is no file", key)
            first, end, _ = slice(start, end).indices(size)
        if end is not None and end <= first:
            return b""
        try:
            return self._read_bytes(key, first, end)
        except Exception as err:
            if response_code(err) in BEYOND_END_CODES:
                return b""  # as for a slice
            raise

    def _read_bytes(self, key: str, start: int, end: int | None) -> bytes:
        return cat_while_wanted(self._fs, self._path(key), start=start, end=end)

    def _delete_one(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root

    def _write_options(self, key: str) -> dict[str, Any]:
        """Return the library's own options for writing a key."""
        del key
        return {}


class FsspecUpload:
    """An upload in parts, by a file object of fsspec's that knows `discard`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send more bytes."""
        self._stream.write(data)

    def commit(self) -> None:
        """Put the parts together."""
        self._stream.close()

    def abort(self) -> None:
        """Forget the parts."""
        if not self._stream.closed:
            # closing would commit what has been sent
            self._stream.closed = True
            self._stream.discard()


def _child(info: dict[str, Any]) -> Child:
    name = info["name"].rstrip("/").rpartition("/")[2]
    if info["type"] == "directory":
        return Child(name, is_dir=True)
    return Child(name, is_dir=False, size=info["size"], modified=_time(info))


def _time(info: dict[str, Any]) -> datetime | None:
    """Return when a file was written; each library of fsspec's has its own name and type for it."""
    for name in ("LastModified", "mtime", "last_modified", "updated", "created"):
        value = info.get(name)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
    return None
