"""`StagingFileSystem`: writes inside of one object that is being made, until it is closed.

zarr writes in threads of its own, which go on when the block that began it has failed. So whoever finishes or
abandons the object closes it first: then nothing is on its way any more.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from dj_objectstore.store.filesystem import StoreFileSystem
from dj_objectstore.store.mapping import StoreMap

if TYPE_CHECKING:
    from dj_objectstore.store.store import Store

_SECONDS = 60.0


class StagingFileSystem(StoreFileSystem):
    """A writable filesystem rooted at an object; `prefix` is the object's path."""

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(name, *args, **kwargs)
        if not hasattr(self, "_changed"):  # it is called again for a filesystem that a URL names
            self._changed = threading.Condition()
            self._on_their_way = 0

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **kwargs: Any) -> None:
        """Write a file at once; with mode ``create``, only where there is none."""
        with self._changed:
            self._on_their_way += 1
        try:
            super().pipe_file(path, value, mode, **kwargs)
        finally:
            with self._changed:
                self._on_their_way -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Refuse to write from now on, and return once what was on its way has arrived."""
        self.read_only = True
        with self._changed:
            self._changed.wait_for(lambda: not self._on_their_way, _SECONDS)


def staging_map(store: Store, path: str) -> StoreMap:
    """Return the folder of an object that is being made, as a mapping; its ``fs`` is to be closed."""
    return StoreMap(path, StagingFileSystem.of(store, prefix=path, read_only=False))
