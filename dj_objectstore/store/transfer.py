"""Copying files, streams and folders into a store, in bounded memory."""

# a folder is scanned by text paths, as os.scandir gives them
# ruff: noqa: PTH110, PTH123

from __future__ import annotations

import os
import secrets
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.store.backend import PART

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dj_objectstore.store.files import StoreWriter
    from dj_objectstore.store.folders import GuardedFolder
    from dj_objectstore.store.ledger import Written

    Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True)
class LocalFolder:
    """What a folder on disk holds: its files with their bytes, and its folders that hold none, by name."""

    files: dict[str, tuple[str, int]]
    empty: list[str]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files.values())


class Meter:
    """Adds up the bytes of several transfers, and reports them."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total = total
        self._done = 0
        self._progress = progress
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Report `count` more bytes."""
        if self._progress is None:
            return
        with self._lock:
            self._done += count
            self._progress(self._done, max(self._total, self._done))


def copy_stream(stream: Any, writer: StoreWriter, meter: Meter) -> Written:
    """Copy a binary stream, from where it stands to its end.

    Raises
    ------
    ValueRefusedError
        When it gives something that is not bytes.
    """
    with writer:
        while block := stream.read(PART):
            if not isinstance(block, (bytes, bytearray, memoryview)):
                raise ValueRefusedError(
                    f"a stream must give bytes, this one gives {type(block).__name__}",
                    hint='Open the file with mode "rb".',
                )
            writer.write(block)
            meter.add(len(block))
    if writer.written is None:
        raise AssertionError("a writer that was closed without an error has written")
    return writer.written


def copy_folder(
    folder: LocalFolder, target: GuardedFolder, progress: Progress | None
) -> list[tuple[str, int, str]]:
    """Copy the files of a folder, several at a time; the first failure ends it."""
    meter = Meter(folder.size, progress)
    names = iter(sorted(folder.files))

    def copy_next(thread: int) -> list[tuple[str, int, str]]:
        del thread  # they share the names: each takes the next one
        try:
            return [(name, *_copy_file(*folder.files[name], target, name, meter)) for name in names]
        except BaseException:
            deque(names, 0)
            raise

    with target, ThreadPoolExecutor(target.at_once, thread_name_prefix="upload") as pool:
        for name in folder.empty:
            target.make_folder(name)
        try:
            return sorted(chain.from_iterable(pool.map(copy_next, range(target.at_once))))
        except BaseException:
            deque(names, 0)
            raise


def _copy_file(path: str, size: int, target: GuardedFolder, name: str, meter: Meter) -> Written:
    with open(path, "rb", buffering=0) as file:
        if size > PART:
            return copy_stream(file, target.writer(name), meter)
        data = file.read()
    written = target.write(name, data)
    meter.add(written.size)
    return written


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[str]:
    """Give a temporary name beside `path`, and rename it when the block ends well."""
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{secrets.token_hex(6)}.part")
    try:
        yield str(temporary)
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def scan_folder(path: str | os.PathLike[str]) -> LocalFolder:
    """Return what a folder on disk holds.

    Raises
    ------
    ValueRefusedError
        When it is no folder; for a symlink that leaves the folder, leads to nothing or runs in a circle; for
        a name that is not Unicode; for what is neither file nor folder.
    """
    root = Path(path)
    if not root.is_dir():
        raise ValueRefusedError(f"there is no folder at {str(root)!r}", hint="Give the path of a folder.")
    real = os.path.realpath(root)
    found = LocalFolder({}, [])
    _scan(found, real, real, "", {real})
    return found


def _scan(found: LocalFolder, root: str, folder: str, name: str, above: set[str]) -> None:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    if not entries and name:
        found.empty.append(name)
    for entry in entries:
        below = f"{name}/{entry.name}" if name else entry.name
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        problem = next(_problems(root, entry, real, below, above), None)
        if problem:
            raise ValueRefusedError(
                f"{problem}: {below!r} in the folder {root}", hint="Remove it, or copy the data in."
            )
        if entry.is_dir():
            _scan(found, root, real, below, above | {real})
        else:
            found.files[below] = (real, entry.stat().st_size)


def _problems(root: str, entry: os.DirEntry[str], real: str, name: str, above: set[str]) -> Iterator[str]:
    if entry.is_symlink():
        if not real.startswith(root.rstrip(os.sep) + os.sep):
            yield "a symlink must stay inside the folder, and this one leaves it"
        elif not os.path.exists(real):
            yield "a symlink must lead to a file, and this one leads to nothing"
        elif real in above:
            yield "a symlink must not lead to a folder that holds it"
    if not (entry.is_file() or entry.is_dir()):
        yield "a folder must hold files and folders, and this is neither"
    if not name.isascii() and "\\udc" in ascii(name):
        yield "a file's name must be Unicode, and this one is not"
