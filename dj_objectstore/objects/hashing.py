"""Content hashes of files, taken while they pass.

>>> reader = HashingReader(io.BytesIO(b"abc"), "md5")
>>> reader.read(), reader.hash
(b'abc', 'md5:900150983cd24fb0d6963f7d28e17f72')
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
from typing import IO, Any

import xxhash

from dj_objectstore.exceptions import ValueRefusedError

HASHES = ("sha256", "md5", "xxh3", "blake3")


def check_hash_name(name: str) -> None:
    """Refuse a hash that is not known, or whose library is not installed."""
    if name not in HASHES:
        raise ValueRefusedError(f"hash must be one of {', '.join(HASHES)}, got {name!r}")
    if name == "blake3" and importlib.util.find_spec("blake3") is None:
        raise ValueRefusedError("the hash blake3 needs the package blake3", hint="pip install blake3")


class HashingReader(io.RawIOBase):
    """A binary stream that hashes what is read from it."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._hasher = _new_hasher(name)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes, and return how many there were."""
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self._hasher.update(data)
        return len(data)

    @property
    def hash(self) -> str:
        """``name:hex`` of what has been read."""
        return f"{self._name}:{self._hasher.hexdigest()}"


def _new_hasher(name: str) -> Any:
    if name == "xxh3":
        return xxhash.xxh3_128()
    if name == "blake3":
        return importlib.import_module("blake3").blake3()
    return hashlib.new(name, usedforsecurity=False)
