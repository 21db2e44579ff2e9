"""Which objects of a store are being written just now, by the markers of the writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_objectstore.maintenance.orphans import is_live
from dj_objectstore.store.inflight import FOLDER, Marker

if TYPE_CHECKING:
    from datetime import datetime

    from dj_objectstore.store.store import Store


class LiveMarkers:
    """The markers that are not stale, as one listing tells them.

    Parameters
    ----------
    store
        The store; its markers are listed now.
    now
        The store's time, UTC; where it is not known, the earliest that it can be.
    """

    def __init__(self, store: Store, *, now: datetime) -> None:
        self._keys = {
            entry.key
            for entry in store.list(f"{FOLDER}/")
            if entry.modified is None or is_live(entry.modified, now=now)
        }

    def has(self, path: str) -> bool:
        """Return whether the object at a path is being written."""
        return bool(self._keys) and Marker(path, "", "", {}).marker_key in self._keys
