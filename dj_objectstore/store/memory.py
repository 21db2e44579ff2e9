"""Stores in the memory of this process, for tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dj_objectstore.store.remote import RemoteBackend

if TYPE_CHECKING:
    from dj_objectstore.spec.models import MemorySpec

_LOCK = threading.Lock()


class MemoryBackend(RemoteBackend):
    """Files in fsspec's memory, which all stores of one name share."""

    def __init__(self, spec: MemorySpec) -> None:
        from fsspec.implementations.memory import MemoryFileSystem

        super().__init__(MemoryFileSystem(), f"/{spec.name}/{spec.location}")

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file; of two that create it at once, one fails."""
        with _LOCK:
            super().write(key, data, create=create)

    def upload(self, key: str, *, create: bool) -> MemoryUpload:
        """Begin a file that appears when it is whole."""
        return MemoryUpload(self, key, create=create)


class MemoryUpload:
    """A file that is collected before it is written."""

    def __init__(self, backend: MemoryBackend, key: str, *, create: bool) -> None:
        self._backend = backend
        self._key = key
        self._create = create
        self._data = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Collect more bytes."""
        self._data += data

    def commit(self) -> None:
        """Write them."""
        self._backend.write(self._key, bytes(self._data), create=self._create)

    def abort(self) -> None:
        """Forget them."""
        self._data.clear()
