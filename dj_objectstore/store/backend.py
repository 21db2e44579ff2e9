"""What a protocol does for a store: one small interface, with keys relative to the store's location.

Keys come from `join_key` and are safe. Errors are those of the library underneath; `failures` names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

# size of the parts of an upload, and of the blocks that a file is read in
PART = 8 * 2**20
# files that a service is asked to list with one request
PAGE = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A file in a listing: its key, bytes, and when it was written (UTC, by the store's clock)."""

    key: str
    size: int
    modified: datetime | None


@dataclass(frozen=True)
class Child:
    """What lies directly in a folder; a folder has neither size nor time."""

    name: str
    is_dir: bool
    size: int | None = None
    modified: datetime | None = None


class Upload(Protocol):
    """An object that is being written; it has its name once it is committed, and never in part."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send more bytes."""

    def commit(self) -> None:
        """Give the object its name."""

    def abort(self) -> None:
        """Leave nothing behind."""


class FolderUpload(Protocol):
    """A new folder that is being written; its files have names relative to it.

    Attributes
    ----------
    at_once
        Files that are best written at the same time.
    """

    at_once: int

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file at once."""

    def upload(self, name: str) -> Upload:
        """Begin a file that is written in parts."""

    def make_folder(self, name: str) -> None:
        """Make an empty folder in it, where there are folders."""

    def commit(self) -> None:
        """Give the folder its name, where it had none yet."""

    def abort(self) -> None:
        """Give up what has no name yet."""


class Backend(Protocol):
    """A protocol's side of a store."""

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file from `start` up to `end`, counted from its end where negative."""

    def open(self, key: str) -> IO[bytes] | None:
        """Open a file for reading; None when it is best read in ranges."""

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file at once; with `create`, FileExistsError where there is one."""

    def upload(self, key: str, *, create: bool) -> Upload:
        """Begin a file that is written in parts."""

    def copy(self, source: str, key: str, size: int) -> bool:
        """Copy a file of the same account on the server, `source` with its bucket; False: it can't."""

    def info(self, key: str) -> Child:
        """Return what lies at a key; FileNotFoundError for nothing."""

    def child_pages(self, key: str) -> Iterator[list[Child]]:
        """Give what lies directly in a folder, page by page; FileNotFoundError without such a folder."""

    def pages(self, key: str) -> Iterator[list[Entry]]:
        """Give every file below a folder, sorted by key, page by page; never from a cache."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files; those that are not there are fine."""

    def folder(self, key: str) -> FolderUpload:
        """Begin a new folder; FileExistsError where there is one and this can be known."""

    def delete_folders(self, key: str) -> None:
        """Remove a folder and those below it that hold no file, where there are folders."""

    def url(self, key: str) -> str:
        """Return the address that fsspec knows a key by."""

    def missing_location(self) -> bool:
        """Return whether the location itself is not there."""


def in_pages(found: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give what a listing found in lists of `size`."""
    left = iter(found)
    while page := list(islice(left, size)):
        yield page
