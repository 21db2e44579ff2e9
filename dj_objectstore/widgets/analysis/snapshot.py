"""What is left of a scrubber without a kernel: a contact sheet, or a few frames that a page can play.

>>> sheet = draw_sheet(source, frames=6, seconds=0.25)               # doctest: +SKIP
>>> embedded = embed(service, source, frames=50)                      # doctest: +SKIP
"""

from __future__ import annotations

import base64
import html
import io
import time
from dataclasses import dataclass
from functools import partial
from queue import Empty, Queue
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.analysis.head_start import pack
from dj_objectstore.widgets.frames.describe import describe
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.linked import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.movies.sources import FrameSource

SHEET_FRAMES = 6
SHEET_SECONDS = 0.25
SHEET_SIDE = 160
COLUMNS = 3
MAX_EMBEDDED_BYTES = 20_000_000
PERCENTILES = (0.5, 99.7)


@dataclass(frozen=True, eq=False)
class Sheet:
    """Frames of a movie side by side: `png` grey, `captions` in the order of the pictures."""

    png: bytes
    captions: tuple[str, ...]
    width: int
    height: int

    def to_html(self, title: str) -> str:
        """Return the sheet as a figure, everything escaped."""
        data = base64.b64encode(self.png).decode("ascii")
        names = html.escape(", ".join(self.captions))
        label = html.escape(title or "movie", quote=True)
        return (
            f'<figure style="margin:0"><img alt="{label}: frames at {names}" width="{self.width}" '
            f'height="{self.height}" src="data:image/png;base64,{data}">'
            f"<figcaption>{label}: {names}</figcaption></figure>"
        )


def draw_sheet(
    source: FrameSource, *, frames: int = SHEET_FRAMES, seconds: float | None = None
) -> Sheet | None:
    """Return a contact sheet of a movie's first channel, its frames evenly spread.

    Parameters
    ----------
    seconds
        What takes longer to read, by default a quarter of one, is left out: showing a movie never waits for a
        slow store.

    Returns
    -------
    Sheet or None
        None when no frame was read, or none has a value.
    """
    limit = SHEET_SECONDS if seconds is None else seconds
    pictures = _read_pictures(source, spread(source.frames, frames), time.monotonic() + limit)
    values = [picture[np.isfinite(picture)] for picture in pictures.values()]
    if not values or not sum(part.size for part in values):
        return None
    low, high = np.percentile(np.concatenate(values), PERCENTILES)
    image = _arrange([_grey(picture, low, high) for picture in pictures.values()])
    captions = _captions(source, list(pictures))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return Sheet(buffer.getvalue(), captions, *image.size)


def draw_sheet_in_time(
    get_source: Callable[[], FrameSource], *, seconds: float | None = None
) -> Sheet | None:
    """Return the contact sheet of a movie that is opened first; None when that fails, or takes longer."""
    arrived: Queue[Sheet | None] = Queue()

    def draw() -> None:
        try:
            arrived.put(draw_sheet(get_source()))
        except ObjectStoreError:
            arrived.put(None)  # the widget itself says why

    frame_service().passes.submit(draw)
    try:
        return arrived.get(timeout=2 * SHEET_SECONDS if seconds is None else seconds)
    except Empty:
        return None


def embed(service: FrameService, source: FrameSource, *, frames: int) -> bytes:
    """Return a movie's description and some of its frames, evenly spread; see `head_start.pack`.

    Raises
    ------
    ValueRefusedError
        When they have more than 20 MB, or `frames` is below 1.
    ObjectStoreError
        When one can't be read.
    """
    if frames < 1:
        raise ValueRefusedError(f"embed_frames must be 1 or more, or left out, got {frames}")
    description = describe(service, source)
    indices = spread(source.frames, frames)
    beside = sum(map(len, description.buffers))
    total = beside + len(indices) * source.frame_bytes
    if total > MAX_EMBEDDED_BYTES:
        room = max(1, (MAX_EMBEDDED_BYTES - beside) // source.frame_bytes)
        raise ValueRefusedError(
            f"at most {MAX_EMBEDDED_BYTES // 1_000_000} MB of frames can be embedded in a notebook, "
            f"{len(indices)} frames have {total / 1e6:.0f} MB",
            hint=f"Embed {room} or fewer, or smaller ones: scrub(movie[..., ::2, ::2], embed_frames=...).",
        )
    return pack(description, {index: service.read(source, index) for index in indices})


def spread(frames: int, count: int) -> list[int]:
    """Return at most `count` frames, evenly spread, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, frames - 1, min(count, frames)).tolist()})


def _read_pictures(
    source: FrameSource, indices: Sequence[int], deadline: float
) -> dict[int, NDArray[np.float32]]:
    """Return those frames, made smaller, that the frame service gives in time."""
    arrived: Queue[tuple[int, NDArray[np.float32] | None]] = Queue()
    for index in indices:
        frame_service().frames.submit(partial(_send_picture, source, index, deadline, arrived))
    found: dict[int, NDArray[np.float32]] = {}
    for _ in indices:
        try:
            index, picture = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        if picture is not None:
            found[index] = picture
    return dict(sorted(found.items()))


def _send_picture(
    source: FrameSource, index: int, deadline: float, arrived: Queue[tuple[int, NDArray[np.float32] | None]]
) -> None:
    shot = Shot(step=max(source.steps, default=1))
    try:
        codes = frame_service().read(source, index, shot, is_wanted=lambda: time.monotonic() < deadline)
    except (ObjectStoreError, NoLongerWantedError):
        arrived.put((index, None))
        return
    values = decode_block(codes, source.code, source.table)
    skip = max(1, -(-max(values.shape) // SHEET_SIDE))
    arrived.put((index, values[::skip, ::skip]))


def _grey(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    scale = 255 / (high - low) if high > low else 0.0
    levels: NDArray[np.uint8] = np.clip(np.nan_to_num((values - low) * scale), 0, 255).astype("u1")
    return levels


def _arrange(pictures: Sequence[NDArray[np.uint8]]) -> Image.Image:
    height, width = pictures[0].shape
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("L", (columns * (width + 2) - 2, rows * (height + 2) - 2), 255)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        sheet.paste(Image.fromarray(picture), (column * (width + 2), row * (height + 2)))
    return sheet


def _captions(source: FrameSource, indices: Sequence[int]) -> tuple[str, ...]:
    seconds = seconds_of(source)
    return tuple(f"frame {index}" if seconds is None else f"{seconds[index]:.2f} s" for index in indices)
