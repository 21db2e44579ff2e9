"""What a protocol does for a store: one small interface, with keys relative to the store's location.

Keys come from `join_key` and are safe. Errors are those of the library underneath; `failures` names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

# size of the parts of an upload, and of the blocks that a file is read in
PART = 8 * 2**20
# files that a service is asked to list with one request
PAGE = 1000


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

    def write(self, data: bytes | memoryview) -> None:
        """Send more bytes."""

    def commit(self) -> None:
        """Give the object its name."""

    def abort(self) -> None:
        """Leave nothing behind."""


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

    def info(self, key: str) -> Child:
        """Return what lies at a key; FileNotFoundError for nothing."""

    def children(self, key: str) -> list[Child]:
        """Return what lies directly in a folder; FileNotFoundError when there is no such folder."""

    def walk(self, key: str) -> Iterator[Entry]:
        """Give every file below a folder, sorted by key; never from a cache."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files; those that are not there are fine."""

    def make_folder(self, key: str) -> None:
        """Make an empty folder, where there are folders."""

    def delete_folders(self, key: str) -> None:
        """Remove a folder and those below it that hold no file, where there are folders."""

    def url(self, key: str) -> str:
        """Return the address that fsspec knows a key by."""

    def missing_location(self) -> bool:
        """Return whether the location itself is not there."""
