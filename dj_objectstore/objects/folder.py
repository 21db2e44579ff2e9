"""A folder of the store as a mapping of bytes, which keeps a list of what was written into it.

The photon writer and reader know only mappings; this one lies in a store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectNotFoundError
from dj_objectstore.objects.manifest import ManifestFile
from dj_objectstore.store.ledger import WriteLedger, Written

if TYPE_CHECKING:
    from dj_objectstore.store.store import Store


class ObjectFolder(MutableMapping[str, bytes]):
    """The files below `path` in `store`, by their relative names.

    Writing is for an object that is being made: a file may be rewritten, the last write wins.
    """

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._path = path
        self._ledger = WriteLedger()

    def __getitem__(self, name: str) -> bytes:
        try:
            return self._store.get(self._store.safe_join(self._path, name))
        except ObjectNotFoundError as err:
            raise KeyError(name) from err

    def __setitem__(self, name: str, data: bytes) -> None:
        written = self._store.put(self._store.safe_join(self._path, name), data, overwrite=True)
        self._ledger.record(name, written)

    def __delitem__(self, name: str) -> None:
        self._store.delete([self._store.safe_join(self._path, name)])
        self._ledger.forget(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._store.exists(self._store.safe_join(self._path, name))

    def __iter__(self) -> Iterator[str]:
        start = len(self._path) + 1
        return (entry.key[start:] for entry in self._store.list(f"{self._path}/"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __reduce__(self) -> tuple[object, ...]:
        # to a worker; what that one writes comes back through `adopt`
        return type(self), (self._store, self._path)

    def adopt(self, files: Iterable[ManifestFile]) -> None:
        """Note files that another process has written through its own copy of this mapping."""
        for file in files:
            self._ledger.record(file.path, Written(file.size, file.digest or ""))

    @property
    def written(self) -> list[ManifestFile]:
        """What was written through this mapping, with sizes and digests."""
        return [ManifestFile(name, *written) for name, written in self._ledger.written().items()]
