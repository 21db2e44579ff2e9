"""A movie at a glance: its mean image beside four of its frames, as a small PNG."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    Image = NDArray[np.float32]

MAX_BYTES = 32_000
#: frames that are kept on the way, to choose from at the end
_KEPT = 16
_SHOWN = 4
#: frames that are averaged in each: a single one of few photons shows little
_AVERAGED = 8
_HEIGHT = 280
_MIN_HEIGHT = 16
_GREYS = 32


class FrameSampler:
    """Keeps a few frames, evenly spread over a movie whose length nobody knows yet."""

    def __init__(self) -> None:
        self._kept: list[Image] = []
        self._stride = 1
        self._seen = 0

    def add(self, image: Image) -> None:
        """Take an image into account, one `glimpse` after the other."""
        if self._seen % self._stride == 0:
            self._kept.append(image)
            if len(self._kept) > _KEPT:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._seen += 1

    def frames(self) -> list[Image]:
        """Return four frames from the course of the movie, fewer of a short one."""
        if len(self._kept) <= _SHOWN:
            return self._kept
        places = (np.arange(_SHOWN) + 0.5) / _SHOWN * len(self._kept)
        return [self._kept[int(place)] for place in places]


def glimpse(frames: NDArray[np.generic], total: NDArray[np.float64]) -> Image:
    """Return a few consecutive frames (time, y, x) as one image; `total` is the sum of all of them."""
    if len(frames) <= 2 * _AVERAGED:
        return (total / len(frames)).astype(np.float32)
    image: Image = frames[:_AVERAGED].mean(axis=0, dtype=np.float32)
    return image


def make_thumbnail(mean: Image, frames: Sequence[Image], *, max_bytes: int = MAX_BYTES) -> bytes:
    """Draw the contact sheet of a movie.

    Parameters
    ----------
    mean
        Mean image (y, x); it sets the contrast.
    frames
        Up to four frames (y, x), drawn at half the size.
    max_bytes
        The picture is made smaller until it fits.

    Returns
    -------
    bytes
        A PNG, grey.
    """
    low, high = np.percentile(mean, [0.5, 99.7])
    if not high > low:
        high = low + 1
    height = _HEIGHT
    while True:
        png = _draw(mean, frames, height=height, limits=(float(low), float(high)))
        if len(png) <= max_bytes or height <= _MIN_HEIGHT:
            return png
        # bytes grow with the area
        height = max(_MIN_HEIGHT, int(height * min(0.95, math.sqrt(max_bytes / len(png)) * 0.98)))


def _draw(mean: Image, frames: Sequence[Image], *, height: int, limits: tuple[float, float]) -> bytes:
    from PIL import Image as Pillow

    tall, wide = mean.shape
    # very long or very high fields stay within four times their other side
    width = round(height * min(max(wide / tall, 0.25), 4.0))
    sheet = Pillow.new("L", (width * 2 if len(frames) > 1 else width, height))
    sheet.paste(_tile(mean, (width, height), limits))
    half = (width // 2, height // 2)
    for number, frame in enumerate(frames[:_SHOWN] if len(frames) > 1 else ()):
        row, column = divmod(number, 2)
        sheet.paste(_tile(frame, half, limits), (width + column * half[0], row * half[1]))
    output = io.BytesIO()
    # few greys: photon noise fills a PNG with digits that nobody sees
    sheet.quantize(_GREYS).save(output, "PNG", optimize=True)
    return output.getvalue()


def _tile(image: Image, size: tuple[int, int], limits: tuple[float, float]) -> Picture:
    from PIL import Image as Pillow

    low, high = limits
    grey = np.clip((image - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    return Pillow.fromarray(grey).resize((max(size[0], 1), max(size[1], 1)), Pillow.Resampling.BOX)
