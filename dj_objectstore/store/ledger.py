"""What was written through a filesystem: sizes and digests, for a manifest.

>>> ledger = WriteLedger()
>>> ledger.record("a.txt", Written(2, xxhash.xxh3_128_hexdigest(b"hi")))
>>> ledger.written()["a.txt"].size
2
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import xxhash


class Written(NamedTuple):
    """Bytes that were sent, and their xxh3-128 digest in hex."""

    size: int
    digest: str

    @classmethod
    def of(cls, data: bytes | memoryview) -> Written:
        """Return what writing `data` at once records."""
        return cls(len(data), xxhash.xxh3_128_hexdigest(data))


class WriteLedger:
    """Files by their path: the last write of each counts, and what was deleted is gone. Safe in threads."""

    def __init__(self) -> None:
        self._written: dict[str, Written] = {}
        self._lock = threading.Lock()

    def record(self, path: str, written: Written) -> None:
        """Enter a file that has just been written."""
        with self._lock:
            self._written[path] = written

    def forget(self, path: str) -> None:
        """Drop a file that has just been deleted."""
        with self._lock:
            self._written.pop(path, None)

    def written(self) -> dict[str, Written]:
        """Return the files that are there now, sorted by path."""
        with self._lock:
            return dict(sorted(self._written.items()))
