"""Markers of writes in flight: who is writing which object since when, for the collector to leave it alone.

One small JSON file for each object, ``_dj_objectstore/inflight/{token}.json``. It is written before the
first byte, rewritten every minute while the write lasts, and removed when the row is committed or the data
are gone. What a dead process or a lost answer leaves behind keeps its marker, and so is recorded.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import FormatError, StoreAccessError
from dj_objectstore.paths.layout import RESERVED_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dj_objectstore.store.store import Store

FOLDER = f"{RESERVED_PREFIX}/inflight"
SECONDS_BETWEEN_BEATS = 60.0


@dataclass(frozen=True)
class Marker:
    """Who writes an object.

    Parameters
    ----------
    path
        The object's key relative to the store's location.
    schema, table
        SQL names of the row's table.
    key
        The row's primary key, as text.
    host, pid
        The process that writes.
    started
        When it began, UTC, by that process's clock.
    """

    path: str
    schema: str
    table: str
    key: Mapping[str, str]
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def marker_key(self) -> str:
        """Where the marker lies: by the object's token."""
        name = self.path.rpartition("/")[2].partition(".")[0]
        return f"{FOLDER}/{name.rpartition('_')[2]}.json"


def build_marker(marker: Marker) -> bytes:
    """Write a marker as JSON."""
    document = {
        "path": marker.path,
        "schema": marker.schema,
        "table": marker.table,
        "key": dict(marker.key),
        "host": marker.host,
        "pid": marker.pid,
        "started": marker.started.isoformat(),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def parse_marker(data: bytes) -> Marker:
    """Read a marker.

    Raises
    ------
    FormatError
        When it is none.
    """
    try:
        document = json.loads(data)
        return Marker(**{**document, "started": datetime.fromisoformat(document["started"])})
    except (ValueError, TypeError, KeyError) as err:
        raise FormatError(
            f"a marker of a write in flight must be JSON with path and started, this one is not ({err!r})",
            hint="Leave it: the collector keeps what it can't read.",
        ) from err


class Pulse:
    """Rewrites the markers of this process while their writes last."""

    def __init__(self) -> None:
        self._alive: dict[str, tuple[Store, Marker]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, store: Store, marker: Marker) -> None:
        """Write a marker, and keep it fresh from now on."""
        store.put(marker.marker_key, build_marker(marker))
        with self._lock:
            self._alive[marker.path] = (store, marker)
            if self._thread is None:
                self._stop = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._stop,), daemon=True)
                self._thread.start()

    def rest(self, paths: Iterable[str]) -> None:
        """Stop keeping the markers of these objects fresh; they stay until `remove_markers`."""
        with self._lock:
            for path in paths:
                self._alive.pop(path, None)
            if not self._alive and self._thread is not None:
                self._stop.set()
                self._thread = None

    def beat(self) -> None:
        """Rewrite every marker whose write lasts."""
        with self._lock:
            alive = list(self._alive.values())
        for store, marker in alive:
            try:
                store.put(marker.marker_key, build_marker(marker), overwrite=True)
            except StoreAccessError:
                continue  # the next beat may reach the store again, and the write itself will tell
            with self._lock:
                is_over = marker.path not in self._alive
            if is_over:
                store.delete([marker.marker_key])

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(SECONDS_BETWEEN_BEATS):
            self.beat()


_pulses: dict[int, Pulse] = {}


def pulse() -> Pulse:
    """Return the pulse of this process; a forked child has its own."""
    return _pulses.setdefault(os.getpid(), Pulse())
