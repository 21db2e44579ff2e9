"""What a view must know of a movie before it can paint, and its mean trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.widgets.answers import Answer, Buffer, Description, Profile
from dj_objectstore.widgets.codes import decode_block

if TYPE_CHECKING:
    from dj_objectstore.widgets.frames import FrameService
    from dj_objectstore.widgets.sources import FrameSource

CONTRAST_FRAMES = 3
CONTRAST_PERCENTILES = (1.0, 99.7)
CONTRAST_PIXELS = 100_000
PROFILE_FRAMES = 64

ReadFrame = Callable[[int], np.ndarray]


def describe(service: FrameService, source: FrameSource) -> Answer:
    """Return the description of a movie, with its value table and times as buffers.

    Raises
    ------
    ObjectStoreError
        When none of the sampled frames can be read.
    """
    facts = source.facts
    description = Description(
        title=facts.title,
        frames=source.frames,
        height=source.height,
        width=source.width,
        channels=source.channels,
        code=source.code,
        dtype=str(source.dtype),
        unit="counts" if facts.unit == "counts" else "",
        frame_rate=facts.timing.frame_rate,
        has_times=facts.timing.times is not None,
        pixel_size=facts.pixel_size,
        photons=facts.photons,
        stabilized=facts.stabilized,
        contrast=_contrast(service, source),
        mode=facts.mode,
        facts=facts.notes,
    )
    return Answer(description, _buffers(source))


def profile(service: FrameService, source: FrameSource, progress: Callable[[int, int], bool]) -> Answer:
    """Return the mean value of frames spread over the first channel of a movie.

    Parameters
    ----------
    progress
        Told (done, total) after each frame; False ends the work early.
    """
    indices = _spread(source.frames, PROFILE_FRAMES)
    seen: list[int] = []
    values: list[float] = []
    for done, index in enumerate(indices, start=1):
        mean = float(
            decode_block(service.read_once(source, index, channel=0), source.code, source.table).mean()
        )
        if np.isfinite(mean):
            seen.append(index)
            values.append(mean)
        if not progress(done, len(indices)):
            break
    return Answer(Profile(indices=tuple(seen), values=tuple(values)))


def _buffers(source: FrameSource) -> list[Buffer]:
    buffers: list[Buffer] = []
    if source.table is not None:
        buffers.append(source.table.astype("<f4").tobytes())
    if source.facts.timing.times is not None:
        buffers.append(source.facts.timing.times.astype("<f8").tobytes())
    return buffers


def _spread(frames: int, count: int) -> list[int]:
    """Return at most `count` frames, evenly spread, from the first to the last."""
    places = np.linspace(0, frames - 1, min(count, frames))
    return sorted({round(place) for place in places.tolist()})


def _contrast(service: FrameService, source: FrameSource) -> tuple[float, float]:
    """Return the robust range of a few frames, in values; frames that can't be read are left out."""
    samples: list[np.ndarray] = []
    error: ObjectStoreError | None = None
    for index in _spread(source.frames, CONTRAST_FRAMES):
        for channel in range(min(source.channels, CONTRAST_FRAMES)):
            try:
                frame = service.read(source, index, channel=channel)
            except ObjectStoreError as err:
                error = err
                continue
            samples.append(_values(source, frame))
    if not samples and error is not None:
        raise error
    return _range(np.concatenate(samples))


def _values(source: FrameSource, frame: np.ndarray) -> np.ndarray:
    step = max(1, int(np.sqrt(frame.size / CONTRAST_PIXELS)))
    values = decode_block(frame[::step, ::step], source.code, source.table).ravel()
    finite: np.ndarray = values[np.isfinite(values)]
    return finite


def _range(values: np.ndarray) -> tuple[float, float]:
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(edge) for edge in np.percentile(values, CONTRAST_PERCENTILES))
    if high > low:
        return low, high
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)
