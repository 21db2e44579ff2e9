"""What a view must know of a movie before it can paint, and its mean trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import IntegrityError, ObjectStoreError
from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.frames.chunks import always
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.messages.answers import Answer, Axis, Buffer, Description, Profile
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.rate import playing_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.store.wanted import IsWanted
    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.movies.sources import FrameSource

CONTRAST_FRAMES = 3
CONTRAST_PERCENTILES = (1.0, 99.7)
CONTRAST_PIXELS = 100_000
PROFILE_FRAMES = 64
LARGE_LOAD = 64_000_000
"""Of a movie whose blocks take more memory than this only the first frame is sampled."""


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
        unit=facts.unit,
        frame_rate=facts.timing.frame_rate,
        fps=playing_rate(facts.timing),
        has_times=facts.timing.times is not None,
        pixel_size=facts.pixel_size,
        photons=facts.photons,
        stabilized=facts.stabilized,
        contrast=_contrast(service, source),
        mode=facts.mode,
        facts=facts.notes,
        axes=tuple(Axis(name=name, length=length) for name, length in source.extra_axes),
        channel_names=source.channel_names,
        steps=source.steps,
        hints=source.hints,
    )
    return Answer(description, _buffers(source))


def profile(
    service: FrameService,
    source: FrameSource,
    progress: Callable[[int, int], bool],
    *,
    is_wanted: IsWanted = always,
) -> Answer:
    """Return the mean value of frames spread over the first channel of a movie; frames come before it.

    Parameters
    ----------
    progress
        Told (done, total) after each frame; False ends the work early.
    is_wanted
        Whether the answer is still waited for.
    """
    indices = _spread(source.frames, PROFILE_FRAMES)
    means: dict[int, float] = {}
    for done, index in enumerate(indices, start=1):
        try:
            mean = _mean(service, source, index, is_wanted)
        except NoLongerWantedError:
            break
        if np.isfinite(mean):
            means[index] = mean
        if not progress(done, len(indices)):
            break
    return Answer(Profile(indices=tuple(means), values=tuple(means.values())))


def _mean(service: FrameService, source: FrameSource, index: int, is_wanted: IsWanted) -> float:
    """Return the mean of a frame's values; NaN for a frame that has none, or can't be read."""
    service.await_quiet(is_wanted)
    try:
        codes = service.read_once(source, index, Shot(step=_stored_step(source)), is_wanted=is_wanted)
    except IntegrityError:
        return float("nan")
    values = decode_block(codes, source.code, source.table)
    finite = values[np.isfinite(values)]
    return float(finite.mean(dtype="f8")) if finite.size else float("nan")


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


def _stored_step(source: FrameSource) -> int:
    """Return the coarsest version that is stored, which is read fastest."""
    return max(source.levels, default=1)


def _contrast(service: FrameService, source: FrameSource) -> tuple[float, float]:
    """Return the robust range of a few frames, in values; frames that can't be read are left out."""
    samples: list[np.ndarray] = []
    error: ObjectStoreError | None = None
    indices = _spread(source.frames, CONTRAST_FRAMES) if source.load_bytes <= LARGE_LOAD else [0]
    shots = [Shot(channel=n, step=_stored_step(source)) for n in range(min(source.channels, CONTRAST_FRAMES))]
    for shot in shots:
        service.read_ahead(source, indices, shot, is_wanted=lambda _: True)
    for index in indices:
        for shot in shots:
            try:
                samples.append(_values(source, service.read(source, index, shot)))
            except ObjectStoreError as err:
                error = err
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
    low, high = (float(edge) for edge in np.percentile(values.astype("f8"), CONTRAST_PERCENTILES))
    if high > low:
        return low, high
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)
