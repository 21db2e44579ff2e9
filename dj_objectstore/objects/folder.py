"""A folder of the store as a mapping of bytes, which keeps a list of what was written into it.

The photon writer and reader know only mappings; this one lies in a store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

import xxhash

from dj_objectstore.exceptions import ObjectNotFoundError
from dj_objectstore.objects.manifest import ManifestFile

if TYPE_CHECKING:
    from dj_objectstore.store.store import Store


class ObjectFolder(MutableMapping[str, bytes]):
    """The files below `path` in `store`, by their relative names.

    Writing is for an object that is being made: a file may be rewritten, the last write wins.
    """

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._path = path
        self._written: dict[str, ManifestFile] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> bytes:
        try:
            return self._store.get(self._store.safe_join(self._path, name))
        except ObjectNotFoundError as err:
            raise KeyError(name) from err

    def __setitem__(self, name: str, data: bytes) -> None:
        self._store.put(self._store.safe_join(self._path, name), data, overwrite=True)
        entry = ManifestFile(name, len(data), xxhash.xxh3_128_hexdigest(data))
        with self._lock:
            self._written[name] = entry

    def __delitem__(self, name: str) -> None:
        self._store.delete([self._store.safe_join(self._path, name)])
        with self._lock:
            self._written.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._store.exists(self._store.safe_join(self._path, name))

    def __iter__(self) -> Iterator[str]:
        start = len(self._path) + 1
        return (entry.key[start:] for entry in self._store.list(f"{self._path}/"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def written(self) -> list[ManifestFile]:
        """What was written through this mapping, with sizes and digests."""
        with self._lock:
            return sorted(self._written.values())
