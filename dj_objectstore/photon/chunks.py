"""The bytes of one chunk: codes as a checked zstd frame, numbers as Blosc, and both ways back.

zstd's own checksum is that of the decoded codes: no damaged frame ever gives other pixels. A few bits of a
frame mean nothing to a decoder, so the checksum of the stored bytes is kept beside it (`checksum`), which
also tells a chunk that lies in another's place, and covers Blosc, which has none.

>>> decompress_codes(compress_codes(b"codes"), size=5)
b'codes'
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: the codes are noise, near their order-0 entropy: matches are not worth looking for, at any level
_PARAMETERS = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_FAST,
    min_match=7,
    hash_log=6,
    window_log=17,
    target_length=0,
    write_checksum=True,
    write_content_size=True,
)

ZSTD = {"id": "zstd", "level": 1}
SHUFFLE_U2 = {"id": "shuffle", "elementsize": 2}
DELTA_U1 = {"id": "delta", "dtype": "|u1", "astype": "|u1"}
BLOSC = {"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 2, "blocksize": 0}
_BLOSC_HEADER = 16


def _codec(config: Mapping[str, Any]) -> Any:
    # late: importing it takes longer than the rest of the package
    import numcodecs

    return numcodecs.get_codec(dict(config))


class DamagedChunkError(ValueError):
    """The bytes are not those of a whole chunk; the reader says of which one."""


def checksum(stored: bytes) -> int:
    """Return the CRC-32 (that of zip and PNG) of a chunk's stored bytes."""
    return zlib.crc32(stored)


def compress_codes(codes: Any) -> bytes:
    """Return one zstd frame of bytes, or of an array's, with their number and their checksum."""
    return zstandard.ZstdCompressor(compression_params=_PARAMETERS).compress(codes)


def decompress_codes(frame: bytes, *, size: int) -> bytes:
    """Return the ``size`` bytes of a frame that ``compress_codes`` made.

    Raises
    ------
    DamagedChunkError
        If the frame has no checksum, is of another size, or its content is not what was compressed.
    """
    try:
        header = zstandard.get_frame_parameters(frame)
        # the size first: a damaged one may ask for more memory than there is
        if not header.has_checksum or header.content_size != size:
            raise DamagedChunkError(f"its header is not that of {size} bytes with a checksum")
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as err:
        raise DamagedChunkError(str(err)) from err


def shuffle(codes: NDArray[np.uint16]) -> bytes:
    """Return the low bytes of all codes, then the high ones: what zstd needs to see them apart."""
    return np.ascontiguousarray(codes.reshape(-1).view(np.uint8).reshape(-1, 2).T).tobytes()


def unshuffle(data: bytes) -> bytes:
    """Return the codes' bytes in their own order."""
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(2, -1).T).tobytes()


def difference(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each code less the one before it, modulo 256, flat; the first as it is."""
    flat = codes.reshape(-1)
    differences = flat.copy()
    differences[1:] -= flat[:-1]
    return differences


def accumulate(data: bytes) -> bytes:
    """Return the codes of their differences."""
    return np.cumsum(np.frombuffer(data, np.uint8), dtype=np.uint8).tobytes()


def compress_numbers(values: NDArray[np.generic]) -> bytes:
    """Return numbers as Blosc: zstd, level 5, bit shuffle by the item size."""
    return bytes(_codec(BLOSC).encode(np.ascontiguousarray(values)))


def decompress(data: bytes, *, compressor: Mapping[str, Any] | None, size: int) -> bytes:
    """Undo any compressor that numcodecs knows.

    Raises
    ------
    DamagedChunkError
        If the bytes can't be decompressed, or are not ``size`` afterwards.
    """
    if compressor is None:
        plain = data
    else:
        if compressor["id"] == "blosc":
            _check_blosc(data, size=size)
        try:
            plain = bytes(_codec(compressor).decode(data))
        except (RuntimeError, ValueError, OSError, EOFError, MemoryError) as err:
            raise DamagedChunkError(str(err)) from err
    if len(plain) != size:
        raise DamagedChunkError(f"it holds {len(plain)} bytes, expected {size}")
    return plain


def undo_filters(data: bytes, filters: Sequence[Mapping[str, Any]]) -> Any:
    """Undo filters, the last one first, with numcodecs; bytes or an array come out."""
    result: Any = data
    for config in reversed(filters):
        result = _codec(config).decode(result)
    return result


def _check_blosc(data: bytes, *, size: int) -> None:
    """Refuse sizes that are not true before Blosc's decoder believes them."""
    if len(data) < _BLOSC_HEADER:
        raise DamagedChunkError(f"it is cut short: {len(data)} bytes")
    plain, _, packed = np.frombuffer(data, "<u4", count=3, offset=4)
    if plain != size or packed != len(data):
        raise DamagedChunkError(f"it says {packed} bytes for {plain}, found {len(data)} for {size}")
