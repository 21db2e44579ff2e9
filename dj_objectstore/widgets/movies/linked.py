"""Several movies side by side, and their difference in units of the noise.

>>> DifferenceSource(raw, corrected).read_block(0).std()             # doctest: +SKIP
1.0
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.noise import judge_segments
from dj_objectstore.store.wanted import wish_of_caller
from dj_objectstore.widgets.analysis.painting import model_of
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.messages.answers import Stabilized, ViewOf
from dj_objectstore.widgets.movies.codes import FLOAT, decode_block
from dj_objectstore.widgets.movies.sources import Facts, FrameSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dj_objectstore.widgets.movies.opening import Opening

    Phi = Callable[[NDArray[Any]], NDArray[np.float32]]

BLOCK_BYTES = 8_000_000
MAX_BLOCK_FRAMES = 16
MIN_REACH = 3.0
STRETCHES, STRETCH_FRAMES = 3, 12


def link(openings: Sequence[Opening], *, difference: bool) -> tuple[Targets, tuple[ViewOf, ...]]:
    """Return the movies as targets, the first as the main one, and what to show beside each other.

    With `difference`, what each of the others shows more than the first is a target too.

    Raises
    ------
    ValueRefusedError
        When there is nothing to differ from.
    """
    targets = Targets(main=openings[0].open)
    if difference and len(openings) == 1:
        raise ValueRefusedError(
            "a difference needs two movies or more", hint="scrub(raw, corrected, difference=True)"
        )
    titles = [opening.title or f"movie {number}" for number, opening in enumerate(openings, start=1)]
    names: list[str | None] = [None, *(targets.add(opening.open) for opening in openings[1:])]
    views = [ViewOf(target=name, title=title) for name, title in zip(names, titles, strict=True)]
    for name, title in zip(names[1:], titles[1:], strict=True) if difference else ():
        label = f"{title} - {titles[0]}"
        source = partial(_open_difference, targets, name, label)
        views.append(ViewOf(target=targets.add(source), title=label, role="difference"))
    return targets, tuple(views) if len(views) > 1 else ()


def _open_difference(targets: Targets, other: str | None, title: str) -> FrameSource:
    return DifferenceSource(targets.find(None).source(), targets.find(other).source(), title=title)


def seconds_of(source: FrameSource) -> NDArray[np.float64] | None:
    """Return the seconds of a movie's frames, shape (time,); None where they are not known."""
    timing = source.facts.timing
    if timing.times is not None:
        return np.asarray(timing.times, np.float64)
    return np.arange(source.frames) / timing.frame_rate if timing.frame_rate else None


def align(first: FrameSource, other: FrameSource) -> NDArray[np.intp]:
    """Return the frame of `other` at the time of each frame of `first`; -1 where it has none.

    By seconds where both know them: the nearest frame, no farther than the longer of both frame intervals.
    Else by index.
    """
    here, there = seconds_of(first), seconds_of(other)
    if here is None or there is None:
        index = np.arange(first.frames)
        return np.where(index < other.frames, index, -1)
    order = np.argsort(there, kind="stable")
    after = np.clip(np.searchsorted(there[order], here), 1, max(1, len(there) - 1))
    pair = np.stack([after - 1, np.minimum(after, len(there) - 1)])
    distance = np.abs(there[order][pair] - here)
    nearest = np.take_along_axis(pair, distance.argmin(axis=0)[np.newaxis], axis=0)[0]
    reach = max((float(np.median(np.diff(times))) for times in (here, there) if len(times) > 1), default=0.0)
    found: NDArray[np.intp] = np.where(distance.min(axis=0) <= reach, order[nearest], -1)
    return found


class DifferenceSource(FrameSource):
    """What `other` shows more than `first`, in standard deviations of the noise of such a difference.

    Both are stabilised (generalised Anscombe transform: noise of 1 everywhere, see `photon.anscombe`), and
    their difference is divided by the square root of 2: of two recordings of the same light it is noise of 1.
    The noise model is each movie's own, else the other's, else estimated from `first`. A frame for which
    `other` has none at this time is NaN.

    Raises
    ------
    ValueRefusedError
        When the pictures differ in size.
    """

    code = FLOAT
    dtype = np.dtype("<f4")

    def __init__(self, first: FrameSource, other: FrameSource, *, title: str = "") -> None:
        if (first.height, first.width) != (other.height, other.width):
            raise ValueRefusedError(
                f"a difference needs pictures of one size, got {first.height} x {first.width} and "
                f"{other.height} x {other.width} pixels",
                hint="Show them side by side without difference=True, or crop one.",
            )
        self._first, self._other = first, other
        self._aligned = align(first, other)
        self._phi: dict[int, tuple[Phi, Phi]] = {}
        self.identity = ("difference", first.identity, other.identity)
        self.frames, self.height, self.width = first.frames, first.height, first.width
        self.channels = first.channels
        self.extra_axes, self.channel_names = first.extra_axes, first.channel_names
        self.block_frames = max(1, min(MAX_BLOCK_FRAMES, first.frames, BLOCK_BYTES // self.frame_bytes))
        facts = first.facts
        self.facts = Facts(title=title, unit="noise", timing=facts.timing, pixel_size=facts.pixel_size)

    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return the differences of one block, float32, shape (frames, y, x)."""
        phi_first, phi_other = self._transforms(channel)
        span = self.span(block)
        differences = np.full((len(span), self.height, self.width), np.nan, np.float32)
        service, is_wanted = frame_service(), wish_of_caller()
        shots = [Shot(channel, tuple(at)), self._shot_of_other(channel, at)]
        for row, index in zip(differences, span, strict=True):
            twin = int(self._aligned[index])
            if twin >= 0:
                here = service.read(self._first, index, shots[0], is_wanted=is_wanted)
                there = service.read(self._other, twin, shots[1], is_wanted=is_wanted)
                row[:] = (phi_other(there) - phi_first(here)) / np.float32(np.sqrt(2))
        return differences

    def _shot_of_other(self, channel: int, at: Sequence[int]) -> Shot:
        """Return the same channel and plane of the other movie, its last where it has fewer."""
        lengths = [length for _, length in self._other.extra_axes]
        places = tuple(min(place, length - 1) for place, length in zip(at, lengths, strict=False))
        return Shot(min(channel, self._other.channels - 1), places)

    def _transforms(self, channel: int) -> tuple[Phi, Phi]:
        if channel not in self._phi:
            twin = self._shot_of_other(channel, ()).channel
            first, other = self._first.noise(channel), self._other.noise(twin)
            known = first or other or estimate(self._first, Shot(channel))
            self._phi[channel] = (_phi(self._first, first or known), _phi(self._other, other or known))
        return self._phi[channel]


def symmetric(limits: tuple[float, float]) -> tuple[float, float]:
    """Return limits around 0 that hold these, and three standard deviations of the noise."""
    reach = max(MIN_REACH, *map(abs, limits))
    return -reach, reach


def estimate(source: FrameSource, shot: Shot) -> Stabilized:
    """Return the noise that a few stretches of a movie show.

    Raises
    ------
    ValueRefusedError
        When they don't show it.
    """
    service, is_wanted = frame_service(), wish_of_caller()
    starts = np.linspace(0, max(0, source.frames - STRETCH_FRAMES), STRETCHES).astype(int)
    segments = [
        np.stack(
            [
                decode_block(
                    service.read(source, index, shot, is_wanted=is_wanted), source.code, source.table
                )
                for index in range(start, min(start + STRETCH_FRAMES, source.frames))
            ]
        )
        for start in dict.fromkeys(starts.tolist())
    ]
    finite = all(np.isfinite(segment).all() for segment in segments)
    model = judge_segments(segments) if finite else None
    if model is None or not model.trusted:
        why = "it holds NaN" if model is None else model.why
        raise ValueRefusedError(
            f"a difference in units of noise needs the noise of a movie, which is not known ({why})",
            hint="Store the movie as <photon@> with its gain and offset, or leave difference=True out.",
        )
    return Stabilized(gain=model.gain, offset=model.offset, variance=model.variance)


def _phi(source: FrameSource, noise: Stabilized) -> Phi:
    """Return what turns codes into stabilised values: a table, but for floats."""
    model = model_of(noise)
    if source.code.dtype == "<f4":
        return lambda values: stabilize(values, model).astype(np.float32)
    codes = np.arange(source.code.levels)
    table = stabilize(decode_block(codes, source.code, source.table), model).astype(np.float32)
    return lambda found: np.take(table, found, mode="clip")
