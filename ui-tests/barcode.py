"""A movie whose frames say their own number: ten bars, dark for 0 and light for 1, the lowest bit first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 10
HALF = 127
MAKE = """
import numpy as np
import dj_objectstore as djo

def bars(frames, height=60, width=80):
    bits = (np.arange(frames)[:, None] >> np.arange(10)) & 1
    line = np.repeat(bits, width // 10, axis=1)
    return np.broadcast_to((100 + 1000 * line)[:, None, :], (frames, height, width)).astype("int16")
"""


def read_number(picture: NDArray[Any]) -> int:
    """Return the number that a painted frame says.

    Parameters
    ----------
    picture
        What is on the canvas, axes (y, x, rgb), of any size.
    """
    middles = (np.arange(BITS) + 0.5) * picture.shape[1] / BITS
    light = picture[:, middles.astype(int)].mean(axis=(0, 2)) > HALF
    return int((light << np.arange(BITS)).sum())
