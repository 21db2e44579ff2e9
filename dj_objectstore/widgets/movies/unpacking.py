"""Chunks that would unpack to more memory than they say are refused before they are unpacked.

A few kilobytes can hold gigabytes of zeros. What a compressor's own header tells is believed, as its decoder
believes it; where there is no such header, the bytes are counted without keeping them.

>>> import zlib
>>> refuse_bomb(zlib.compress(bytes(10)), limit=10, name="0.0")
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import zstandard

from dj_objectstore.exceptions import FormatError
from dj_objectstore.objects.object_filesystem import ObjectFileSystem
from dj_objectstore.store.filesystem import StoreFileSystem

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_UNPACKED = 2**30
"""Bytes that a chunk may have, whatever its array says."""
MAX_DEFLATED = 2**28
"""Below that nothing that was deflated is counted: it takes as long as unpacking."""
SLACK = 2**20
MOST_BY_FILTERS = 8
_DEFLATE_RATIO = 1032  # the most that its format can reach
_PIECE = 2**20
_BLOSC_HEADER = 16
_UNKNOWN = -1


def refuse_bomb(data: bytes, *, limit: int, name: str) -> None:
    """Raise when the bytes of a chunk would unpack to more than a limit.

    Parameters
    ----------
    data
        The chunk as it is stored, packed by any of the compressors that Zarr knows, or by none.
    limit
        Bytes.
    name
        What to call it.

    Raises
    ------
    FormatError
        When it would.
    """
    if _is_beyond(data, limit):
        raise FormatError(
            f"{name!r} would unpack to more than {limit:,} bytes, which is more than its array says",
            hint="It is damaged, or made to fill the memory.",
        )


def _is_beyond(data: bytes, limit: int) -> bool:
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return _is_zstd_beyond(data, limit)
    if len(data) >= _BLOSC_HEADER and data[0] in (1, 2):
        plain, _, packed = np.frombuffer(data, "<u4", count=3, offset=4)
        return bool(packed == len(data) and plain > limit)
    if data.startswith((b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
        most = max(limit, MAX_DEFLATED)
        return len(data) * _DEFLATE_RATIO > most and _counts_beyond(_deflate, data, most)
    if data.startswith(b"BZh"):
        return _counts_beyond(bz2.BZ2Decompressor, data, limit)
    if data.startswith(b"\xfd7zXZ\x00"):
        return _counts_beyond(lzma.LZMADecompressor, data, limit)
    return False


def _deflate() -> Any:
    return zlib.decompressobj(wbits=47)  # with the header of gzip or of zlib


def _counts_beyond(make: Callable[[], Any], data: bytes, limit: int) -> bool:
    """Unpack piece by piece, keeping none; what is damaged is left to its decoder to tell."""
    total = 0
    try:
        while data:
            unpacker, rest = make(), data
            while not unpacker.eof:
                piece = unpacker.decompress(rest, _PIECE)
                rest = getattr(unpacker, "unconsumed_tail", b"")  # others keep it themselves
                total += len(piece)
                if total > limit:
                    return True
                if not (piece or rest):
                    return False
            data = unpacker.unused_data  # one packed file may follow upon another
    except (zlib.error, OSError, EOFError, lzma.LZMAError):
        pass
    return False


def _is_zstd_beyond(data: bytes, limit: int) -> bool:
    try:
        told = zstandard.frame_content_size(data)
        if told != _UNKNOWN:
            return told > limit
        total, reader = 0, zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
        while piece := reader.read(_PIECE):
            total += len(piece)
            if total > limit:
                return True
    except zstandard.ZstdError:
        pass
    return False


class _Checking:
    """Looks at what it reads for an array before its codecs do; `limit` is in bytes."""

    limit = MAX_UNPACKED

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """Return the bytes of a file, or of a range of it.

        Raises
        ------
        FormatError
            When they would unpack to more than the limit.
        """
        data: bytes = super().cat_file(path, start, end, **kwargs)  # type: ignore[misc]
        refuse_bomb(data, limit=self.limit, name=path)
        return data

    def expect(self, nbytes: int) -> None:
        """Say how many bytes a chunk has; before its filters are undone it may have more."""
        self.limit = min(MOST_BY_FILTERS * nbytes + SLACK, MAX_UNPACKED)


class CheckedFiles(_Checking, StoreFileSystem):
    """The files of a store."""


class CheckedObject(_Checking, ObjectFileSystem):
    """The files of an object, of which none may be missing."""
