"""A cache on local disk that processes share: named bytes that never change, of a bounded size in all.

What is found is what was kept under that very name: a file that was damaged, or moved to the place of
another one, is dropped. The least recently used files go first. A folder that is full or can't be written is
no error: then nothing more is kept.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     cache = DiskCache(folder, 10_000)
...     cache.keep("main/a.txt", b"hello")
...     cache.find("main/a.txt"), cache.find("main/b.txt")
(b'hello', None)
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from collections.abc import Iterator

# the layout's version: another one looks elsewhere, and a folder that holds other things loses none of them
_SUBFOLDER = "dj_objectstore-1"
_HEADER = 16
_PART = ".part"
_ABANDONED_SECONDS = 3600


class CacheWarning(UserWarning):
    """The read cache can't be written, so that everything is read from the store."""


class DiskCache:
    """Named bytes in a folder of this machine.

    Parameters
    ----------
    folder
        Where; made when it is first needed, readable by its owner alone.
    size
        Bytes that it may hold. A sweep makes room, down to seven eighths, whenever one process has written a
        sixteenth: two that fill it at once stay within the bound.
    """

    def __init__(self, folder: str, size: int) -> None:
        self._folder = Path(folder) / _SUBFOLDER
        self._size = size
        self._unswept = size  # what other processes left is not known yet
        self._has_warned = False

    def find(self, name: str) -> bytes | None:
        """Return what was kept under `name`, or None."""
        path = self._path(name)
        try:
            with path.open("rb", buffering=0) as file:
                header, data = file.read(_HEADER), file.read()
        except OSError:
            return None
        if header != _check(name, data):
            _remove(path)
            return None
        with suppress(OSError):
            os.utime(path)  # used just now
        return data

    def keep(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, unless there is no room for them."""
        size = len(data) + _HEADER
        if size > self._size:
            return
        try:
            self._write(self._path(name), _check(name, data) + data)
        except OSError as err:
            self._warn(err)
            return
        self._unswept += size
        if self._unswept > self._size // 16:
            self._sweep()

    def _path(self, name: str) -> Path:
        # no other name can be made that leads to the same file
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._folder / digest[:2] / digest[2:]

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file that is there whole or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_PART}")
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(content)
            temporary.replace(path)
        except BaseException:
            _remove(temporary)
            raise

    def _warn(self, err: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            message = f"the read cache in {self._folder} can't be written, reading goes on without it: {err}"
            warnings.warn(message, CacheWarning, stacklevel=4)

    def _sweep(self) -> None:
        """Remove the files that were not used for longest, until there is room."""
        self._unswept = 0
        found = sorted(self._files())
        total = sum(size for _, size, _ in found)
        for used, size, path in found:
            is_abandoned = path.name.endswith(_PART) and used < time.time() - _ABANDONED_SECONDS
            if is_abandoned or total > self._size - self._size // 8:
                _remove(path)
                total -= size

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Give when each file was used last, its bytes, and its path."""
        for folder in _entries(self._folder):
            for entry in _entries(folder.path):
                with suppress(FileNotFoundError):  # another process makes room too
                    stat = entry.stat()
                    yield stat.st_mtime, stat.st_size, Path(entry.path)


def _check(name: str, data: bytes) -> bytes:
    """Return what tells that these bytes were kept under this name."""
    hasher = xxhash.xxh3_128(name.encode())
    hasher.update(b"\0")
    hasher.update(data)
    return hasher.digest()


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as found:
        return list(found)
    return []


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
