"""Frames on their way to the page: as they are, or packed for a line that is slower than the packing.

>>> codes = np.arange(40_000, dtype="u2").reshape(200, 200) % 50
>>> encoding, data = pack_frame(codes, "deflate")
>>> encoding, len(data) < codes.nbytes / 2
('deflate', True)
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dj_objectstore.widgets.messages.answers import Buffer
    from dj_objectstore.widgets.messages.protocol import Encoding

SMALLEST = 4096
"""Bytes below which a frame takes as long packed as not."""
WORTH = 0.9
"""A frame that would keep more of its bytes than this is sent as it is."""


def pack_frame(frame: np.ndarray, wanted: Encoding) -> tuple[Encoding, Buffer]:
    """Return how the codes of a frame, shape (y, x), are encoded, and their bytes.

    ``"raw"`` are the codes, little-endian, C order. ``"deflate"`` are their bytes as a raw deflate stream
    (RFC 1951, no header), one plane for each byte of a code, the lowest first: noise fills one plane and
    leaves the others nearly empty. Repeats, which noise has none of, are not looked for.

    Parameters
    ----------
    wanted
        What the page asked for; a frame that does not get smaller, or is small, stays raw.
    """
    raw = _bytes_of(frame)
    if wanted == "raw" or raw.nbytes < SMALLEST:
        return "raw", raw
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
    packed = packer.compress(_planes(raw, frame.dtype.itemsize)) + packer.flush()
    return ("deflate", packed) if len(packed) <= WORTH * raw.nbytes else ("raw", raw)


def _bytes_of(frame: np.ndarray) -> memoryview:
    """Return the bytes of a frame, without a copy where it lies in one piece."""
    little = frame.astype(frame.dtype.newbyteorder("<"), copy=False)
    return np.ascontiguousarray(little).reshape(-1).view("u1").data


def _planes(raw: memoryview, itemsize: int) -> memoryview:
    if itemsize == 1:
        return raw
    planes = np.frombuffer(raw, "u1").reshape(-1, itemsize).T
    return np.ascontiguousarray(planes).reshape(-1).data
