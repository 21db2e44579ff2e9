"""A movie with frames in one piece of bytes, read as the page reads it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np


def read_held(data: bytes) -> tuple[dict[str, Any], list[bytes], list[np.ndarray]]:
    """Return the header, the description's buffers, and the frames."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    at, buffers, frames = 4 + length, [], []
    for size in header["buffers"]:
        buffers.append(data[at : at + size])
        at += size
    for frame in header["frames"]:
        size = np.dtype(frame["dtype"]).itemsize * int(np.prod(frame["shape"]))
        frames.append(np.frombuffer(data[at : at + size], frame["dtype"]).reshape(frame["shape"]))
        at += size
    assert at == len(data)
    return header, buffers, frames
