"""A movie's description with some of its frames in one piece of bytes, which a page has from the beginning.

>>> given = pack(describe(service, source), {17: service.read(source, 17)})       # doctest: +SKIP
"""

from __future__ import annotations

import json
import struct
from queue import Empty, Queue
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.widgets.frames.frames import frame_service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from dj_objectstore.widgets.messages.answers import Answer
    from dj_objectstore.widgets.movies.sources import FrameSource

HEAD_START_SECONDS = 0.06
MAX_HEAD_START_BYTES = 600_000
"""A notebook that is saved with the state of its widgets holds them too."""


def pack(description: Answer, frames: Mapping[int, NDArray[np.generic]]) -> bytes:
    """Return a description and frames by their index as the page reads them.

    A JSON header with its length (uint32, little-endian) before it, the buffers of the description, the codes
    of the frames, each with axes (y, x).
    """
    buffers = [bytes(buffer) for buffer in description.buffers]
    codes = {index: np.ascontiguousarray(frame) for index, frame in frames.items()}
    header = {
        "describe": description.result.to_json(),
        "buffers": [len(buffer) for buffer in buffers],
        "frames": [
            {"index": index, "dtype": frame.dtype.newbyteorder("<").str, "shape": list(frame.shape)}
            for index, frame in codes.items()
        ],
    }
    text = json.dumps(header).encode()
    return b"".join(
        [struct.pack("<I", len(text)), text, *buffers, *(frame.tobytes() for frame in codes.values())]
    )


def give_head_start(
    describe: Callable[[], Answer],
    get_source: Callable[[], FrameSource],
    position: int,
    *,
    seconds: float = HEAD_START_SECONDS,
) -> bytes:
    """Return what shows the frame at `position` before the page has asked for anything.

    Parameters
    ----------
    seconds
        What takes longer is asked for by the page, as all other frames are: nobody waits for a slow store.

    Returns
    -------
    bytes
        As `pack` makes them; none where it takes longer, can't be read, or is large.
    """
    arrived: Queue[bytes] = Queue()

    def read() -> None:
        try:
            arrived.put(_head(describe, get_source(), position))
        except ObjectStoreError:
            arrived.put(b"")  # the page asks again, and is told why

    frame_service().requests.submit(read)
    try:
        return arrived.get(timeout=seconds)
    except Empty:
        return b""


def _head(describe: Callable[[], Answer], source: FrameSource, position: int) -> bytes:
    is_large = source.frame_bytes > MAX_HEAD_START_BYTES or source.steps
    if is_large or not 0 <= position < source.frames:
        return b""
    frame = frame_service().read(source, position)
    return pack(describe(), {position: frame})
