"""Pictures for previews: small PNGs from arrays and from image files of any size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from dj_objectstore.exceptions import FormatError

if TYPE_CHECKING:
    from typing import IO

MAX_SIDE = 1024
THUMBNAIL_SIDE = 256
MAX_PIXELS = 64_000_000
"""An image file that decodes to more is not opened."""
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
PERCENTILES = (1.0, 99.7)


def shrink_image(file: IO[bytes]) -> tuple[bytes, int, int]:
    """Return an image file as a PNG of at most 1024 pixels a side, with its width and height.

    Raises
    ------
    FormatError
        When it is no image, is damaged, or decodes to more than 64 million pixels.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(f"{width} x {height}")
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            image.load()
            picture = _presentable(image)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as err:
        raise _too_large("even more") from err
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as err:
        raise FormatError(
            "the image can't be read: it is damaged, or of another format than its name says"
        ) from err
    return _png(picture), *picture.size


def picture_of(values: np.ndarray) -> tuple[bytes, int, int] | None:
    """Return values, shape (y, x), as a grey PNG of at most 256 pixels a side; None without finite values."""
    step = [max(1, -(-side // (4 * THUMBNAIL_SIDE))) for side in values.shape]
    values = values[:: step[0], :: step[1]]
    if values.dtype.kind not in "buif" or values.size == 0 or not np.isfinite(values).any():
        return None
    picture = Image.fromarray(_to_grey(values))
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _png(picture), *picture.size


def _to_grey(values: np.ndarray) -> np.ndarray:
    """Return values as bytes between their robust extremes; what is not finite is black."""
    values = values.astype("f8")
    finite = np.isfinite(values)
    low, high = np.percentile(values[finite], PERCENTILES)
    if high <= low:
        low, high = values[finite].min(), values[finite].max()
    scale = 255 / (high - low) if high > low else 0.0
    grey = np.clip((np.where(finite, values, low) - low) * scale, 0, 255)
    rounded: np.ndarray = grey.round().astype("u1")
    return rounded


def _presentable(image: Image.Image) -> Image.Image:
    """Return the image in a mode that PNG and browsers show as meant; itself where it is of such a mode."""
    if image.mode.startswith(("I", "F")):
        step = max(1, -(-max(image.size) // (2 * MAX_SIDE)))
        smaller = (max(1, image.width // step), max(1, image.height // step))
        return Image.fromarray(_to_grey(np.asarray(image.resize(smaller, Image.Resampling.NEAREST))))
    if image.mode in ("L", "RGBA") or (image.mode == "RGB" and not image.has_transparency_data):
        return image
    return image.convert(
        "RGBA" if image.has_transparency_data else "L" if image.mode in ("1", "L") else "RGB"
    )


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _too_large(found: Any) -> FormatError:
    return FormatError(
        f"an image must have at most {MAX_PIXELS:,} pixels to be previewed, this one has {found}",
        hint="Open it in Python instead.",
    )
