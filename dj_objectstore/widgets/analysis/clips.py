"""Frames as files, painted as they are shown: a picture, or a clip.

>>> clip = make_clip(frames, look.colors, form="gif", fps=15.0)      # doctest: +SKIP
>>> Path("clip.gif").write_bytes(clip)                               # doctest: +SKIP
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dj_objectstore.exceptions import ConfigurationError, ObjectStoreError, ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from dj_objectstore.widgets.messages.protocol import ClipFormat

    Levels = NDArray[np.uint8]
    Painted = tuple[Levels, NDArray[np.bool_]]
    """Levels 0 to 255, and where there is a value; both of shape (y, x)."""

MIME_TYPES = {"png": "image/png", "gif": "image/gif", "mp4": "video/mp4"}
MAX_CLIP_BYTES = 64_000_000
MAX_CLIP_PIXELS = 2_000_000_000
"""Pixels of all frames: about ten minutes of 512 x 512 at 15 frames a second."""
GIF_UNIT = 100
"""Hundredths of a second: what a GIF counts in; browsers slow down anything below two."""
INSTALL = "Install imageio-ffmpeg: pip install imageio-ffmpeg, or choose gif."


def check_clip(form: ClipFormat, *, frames: int, height: int, width: int, scale: int) -> None:
    """Refuse a clip before a frame of it is read.

    Raises
    ------
    ValueRefusedError
        When it has no frame, or too many pixels.
    ConfigurationError
        When it is an MP4 and imageio-ffmpeg is not installed.
    """
    if frames < 1:
        raise ValueRefusedError(
            "a clip needs a frame or more", hint="Choose a span that ends after it begins."
        )
    pixels = height * width * scale**2 * (1 if form == "png" else frames)
    if pixels > MAX_CLIP_PIXELS:
        raise ValueRefusedError(
            f"a clip may have {MAX_CLIP_PIXELS:,} pixels in all its frames, this one would have {pixels:,}",
            hint="Choose a shorter span or a smaller scale.",
        )
    if form == "mp4":
        find_ffmpeg()


def make_clip(
    frames: Iterable[Painted], colors: NDArray[np.uint8], *, form: ClipFormat, fps: float, scale: int = 1
) -> bytes:
    """Return a file of painted frames.

    Parameters
    ----------
    frames
        Of one shape; the first alone makes a PNG, in which pixels without a value are transparent.
    colors
        Red, green and blue of each level, shape (256, 3).
    scale
        Pixels of the file for one of the movie's, along each axis.

    Raises
    ------
    ValueRefusedError
        When the file would be larger than 64 MB.
    ConfigurationError
        When MP4 needs imageio-ffmpeg, or that fails.
    """
    larger = ((_enlarge(levels, scale), _enlarge(there, scale)) for levels, there in frames)
    return WRITERS[form](larger, colors, fps)


def _write_png(frames: Iterator[Painted], colors: NDArray[np.uint8], _fps: float) -> bytes:
    levels, there = next(frames)
    alpha = np.where(there, np.uint8(255), np.uint8(0))
    file = _BoundedFile()
    Image.fromarray(np.dstack([colors[levels], alpha])).save(file, "PNG")
    return file.getvalue()


def _write_gif(frames: Iterator[Painted], colors: NDArray[np.uint8], fps: float) -> bytes:
    """Write the levels themselves: a GIF has a palette of as many colours."""

    def pictures() -> Iterator[Image.Image]:
        for levels, _ in frames:
            picture = Image.fromarray(levels, "P")
            picture.putpalette(colors.tobytes())
            yield picture

    following = pictures()
    file = _BoundedFile()
    next(following).save(
        file,
        "GIF",
        save_all=True,
        append_images=following,
        duration=max(2, round(GIF_UNIT / fps)) * 1000 // GIF_UNIT,
        loop=0,
        optimize=False,
        disposal=1,
    )
    return file.getvalue()


def _write_mp4(frames: Iterator[Painted], colors: NDArray[np.uint8], fps: float) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        try:
            _encode_mp4(path, frames, colors, fps)
            return path.read_bytes()
        except ObjectStoreError:
            raise
        except OSError as err:
            raise ConfigurationError(
                f"the MP4 could not be written ({type(err).__name__})",
                hint="Choose gif, look whether the disk is full, or install imageio-ffmpeg again.",
            ) from err


def _encode_mp4(path: Path, frames: Iterator[Painted], colors: NDArray[np.uint8], fps: float) -> None:
    """Write H.264, which wants an even number of rows and columns: the last ones are repeated."""
    write_frames, writer = find_ffmpeg(), None
    try:
        for levels, _ in frames:
            even = np.pad(levels, [(0, side % 2) for side in levels.shape], mode="edge")
            if writer is None:
                writer = write_frames(str(path), even.shape[::-1], fps=fps, quality=8, macro_block_size=2)
                writer.send(None)
            writer.send(np.ascontiguousarray(colors[even]))
            _check_size(path.stat().st_size if path.exists() else 0)
    finally:
        if writer is not None:
            writer.close()
    _check_size(path.stat().st_size)


WRITERS = {"png": _write_png, "gif": _write_gif, "mp4": _write_mp4}


def find_ffmpeg() -> Callable[..., Any]:
    """Return what writes an MP4.

    Raises
    ------
    ConfigurationError
        When it is not installed.
    """
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as err:
        raise ConfigurationError(
            "an MP4 needs the package imageio-ffmpeg, which is not here", hint=INSTALL
        ) from err
    write: Callable[..., Any] = imageio_ffmpeg.write_frames
    return write


class _BoundedFile(io.BytesIO):
    """A file in memory that does not grow without end."""

    def write(self, data: object) -> int:
        _check_size(self.tell())
        return super().write(data)  # type: ignore[arg-type]


def _check_size(size: int) -> None:
    if size > MAX_CLIP_BYTES:
        raise ValueRefusedError(
            f"a clip may have {MAX_CLIP_BYTES // 1_000_000} MB, this one is larger",
            hint="Choose a shorter span, a smaller scale, or mp4.",
        )


def _enlarge(pixels: NDArray[Any], scale: int) -> NDArray[Any]:
    return pixels if scale == 1 else pixels.repeat(scale, axis=0).repeat(scale, axis=1)
