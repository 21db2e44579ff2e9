"""What a view asks of a movie besides its frames: projections, masks, traces, events, clips.

>>> analysis = Analysis(targets)                                     # doctest: +SKIP
>>> channel = Channel(post=widget.send, targets=targets, methods=analysis.methods)       # doctest: +SKIP
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.widgets.analysis.clips import MIME_TYPES, check_clip, make_clip
from dj_objectstore.widgets.analysis.given_masks import GivenMasks, read_masks
from dj_objectstore.widgets.analysis.painting import Look
from dj_objectstore.widgets.analysis.passes import Watch
from dj_objectstore.widgets.analysis.projections import project
from dj_objectstore.widgets.analysis.region_means import RegionMeans
from dj_objectstore.widgets.analysis.regions import find_pixels
from dj_objectstore.widgets.analysis.series import outside_hints, series_answer
from dj_objectstore.widgets.analysis.traces import DEFAULT_BASELINE, RegionTrace, relative, trace_of
from dj_objectstore.widgets.frames.chunks import ChunkCache
from dj_objectstore.widgets.frames.describe import describe
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.messages.answers import Answer, Clip, Masks, Projected, Trace
from dj_objectstore.widgets.messages.protocol import MaskRoi
from dj_objectstore.widgets.movies.linked import DifferenceSource, symmetric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from dj_objectstore.widgets.analysis.series import Events, GivenTrace
    from dj_objectstore.widgets.channel import Job, Method
    from dj_objectstore.widgets.frames.targets import Targets
    from dj_objectstore.widgets.messages.answers import Description, ViewOf
    from dj_objectstore.widgets.messages.protocol import (
        ClipParams,
        DescribeParams,
        MasksParams,
        ProjectParams,
        SeriesParams,
        TraceParams,
    )
    from dj_objectstore.widgets.movies.sources import FrameSource

PROJECTION_BYTES = 256_000_000
KINDS = ("mean", "max", "std")
NO_MASKS = GivenMasks()


@dataclass(frozen=True, eq=False)
class Given:
    """What was given with a movie: `masks` as they came, events, traces, and what is shown beside it."""

    masks: Any = None
    events: tuple[Events, ...] = ()
    traces: tuple[GivenTrace, ...] = ()
    views: tuple[ViewOf, ...] = ()


NOTHING = Given()


@dataclass(eq=False)
class Analysis:
    """Answers the methods of a widget that go through its movies; safe to call from any thread."""

    targets: Targets
    given: Given = NOTHING
    means: RegionMeans = field(default_factory=RegionMeans)
    _projections: ChunkCache = field(default_factory=lambda: ChunkCache(max_bytes=PROJECTION_BYTES))
    _frames: dict[Any, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _masks: GivenMasks | None = None

    @property
    def methods(self) -> Mapping[str, Method]:
        """The methods by name, for a `Channel`."""
        return {
            "describe": self._describe,
            "project": self._project,
            "masks": self._send_masks,
            "trace": self._trace,
            "series": self._series,
            "clip": self._clip,
        }

    def check(self) -> None:
        """Refuse at once what does not fit the movies; one that can't be opened says so in its place.

        Raises
        ------
        ValueRefusedError
            When masks or pictures that are to be subtracted are of another size.
        """
        if self.given.masks is not None and self._opens(None):
            self.masks()
        movies = [view.target for view in self.given.views if view.role == "movie"]
        for view in self.given.views:
            if view.role == "difference" and all(map(self._opens, movies)):
                self._source(view.target)

    def _opens(self, target: str | None) -> bool:
        try:
            self._source(target)
        except ObjectStoreError:
            return False
        return True

    def masks(self) -> GivenMasks:
        """Return the masks that were given, read for the main movie's picture.

        Raises
        ------
        ValueRefusedError
            When they are no masks, or of another picture.
        """
        if self.given.masks is None:
            return NO_MASKS
        with self._lock:
            if self._masks is None:
                source = self._source(None)
                self._masks = read_masks(self.given.masks, height=source.height, width=source.width)
            return self._masks

    def _source(self, target: str | None) -> FrameSource:
        return self.targets.find(target).source()

    # -- what there is -----------------------------------------------------------------------------------

    def _describe(self, params: DescribeParams, _job: Job) -> Answer:
        return self.describe(params.target)

    def describe(self, target: str | None = None) -> Answer:
        """Return what a view must know of a movie before it can paint.

        Raises
        ------
        ObjectStoreError
            When it can't be opened, or none of its frames can be read.
        """
        source = self._source(target)
        answer = describe(frame_service(), source)
        added: dict[str, Any] = {"projections": True}
        if isinstance(source, DifferenceSource):
            added["contrast"] = symmetric(cast("Description", answer.result).contrast)
        if target is None:
            masks, why_not = self._try_masks()
            given = self.given
            added |= {
                "masks": len(masks),
                "series": bool(given.events or given.traces),
                "views": given.views,
                "hints": (*source.hints, *why_not, *self._series_hints(source)),
            }
        return Answer(answer.result.model_copy(update=added), answer.buffers)

    def _try_masks(self) -> tuple[GivenMasks, tuple[str, ...]]:
        """Return the masks, or why there are none: the movie is shown in any case."""
        try:
            return self.masks(), ()
        except ObjectStoreError as err:
            return NO_MASKS, (f"The masks are not shown: {err.message}.",)

    def _series_hints(self, source: FrameSource) -> tuple[str, ...]:
        if not self.given.events:
            return ()
        timing = source.facts.timing
        if timing.times is not None:
            return outside_hints(self.given.events, begin=float(timing.times[0]), end=float(timing.times[-1]))
        if timing.frame_rate:
            return outside_hints(self.given.events, begin=0.0, end=source.frames / timing.frame_rate)
        return ("Events need the seconds of the frames to be placed: give scrub() a frame_rate, or times.",)

    def _send_masks(self, params: MasksParams, _job: Job) -> Answer:
        source, main, masks = self._source(params.target), self._source(None), self.masks()
        if (source.height, source.width) != (main.height, main.width):
            masks = NO_MASKS
        rings, points = masks.rings(width=source.width)
        return Answer(Masks(names=masks.names, rings=tuple(rings)), [points.astype("<f4").tobytes()])

    def _series(self, _params: SeriesParams, _job: Job) -> Answer:
        return series_answer(self.given.traces, self.given.events)

    # -- what is computed --------------------------------------------------------------------------------

    def _project(self, params: ProjectParams, job: Job) -> Answer:
        source, shot = self._source(params.target), Shot(params.channel, params.at)
        watch = _watch(job, "projecting")
        key = (source.identity, shot)

        def compute() -> NDArray[np.float32]:
            found = project(frame_service(), source, shot, watch=watch)
            self._frames[key] = found.frames
            return np.stack([found.mean, found.max, found.std])

        pictures = self._projections.get(key, compute, is_wanted=watch.is_wanted)
        picture = pictures[KINDS.index(params.kind)]
        result = Projected(kind=params.kind, frames=self._frames[key], shape=picture.shape)
        return Answer(result, [picture.astype("<f4").tobytes()])

    def _trace(self, params: TraceParams, job: Job) -> Answer:
        source, shot = self._source(params.target), Shot(params.channel, params.at)
        watch = _watch(job, "reading frames")
        if isinstance(params.roi, MaskRoi):
            trace, pixels = self._mask_trace(source, shot, params.roi.mask, watch)
        else:
            region = find_pixels(params.roi.kind, params.roi.points, height=source.height, width=source.width)
            (trace,), pixels = self.traces(source, shot, [region], watch), len(region)
        if params.quantity == "dff":
            baseline = DEFAULT_BASELINE if params.baseline is None else params.baseline
            trace = relative(trace, baseline=baseline)
        result = Trace(
            unit=trace.unit, pixels=pixels, frames=len(trace.values), has_band=trace.band is not None
        )
        sent = [trace.values] if trace.band is None else [trace.values, trace.band]
        return Answer(result, [values.astype("<f4").tobytes() for values in sent])

    def _mask_trace(
        self, source: FrameSource, shot: Shot, mask: int, watch: Watch
    ) -> tuple[RegionTrace, int]:
        """Return the trace of a given mask; all masks are measured in one pass where they can be kept."""
        masks = self.masks()
        if mask >= len(masks):
            raise ValueRefusedError(f"there are {len(masks)} masks, got mask {mask}")
        chosen = masks.pixels[mask]
        if chosen[-1] >= source.height * source.width:
            raise ValueRefusedError("the masks are of another picture than this movie's")
        if self.means.can_keep(len(masks), source.frames) and masks.fits(source.height * source.width):
            return self.traces(source, shot, masks.pixels, watch)[mask], len(chosen)
        return self.traces(source, shot, [chosen], watch)[0], len(chosen)

    def traces(
        self, source: FrameSource, shot: Shot, regions: list[Any] | tuple[Any, ...], watch: Watch
    ) -> list[RegionTrace]:
        """Return the trace of each region; see `measure` for what is raised."""
        noise = source.noise(shot.channel)
        means = self.means.get(frame_service(), source, shot, regions, watch=watch)
        in_noise = source.facts.unit == "noise"
        return [
            trace_of(row, pixels=len(region), noise=noise, in_noise=in_noise)
            for row, region in zip(means, regions, strict=True)
        ]

    # -- files -------------------------------------------------------------------------------------------

    def _clip(self, params: ClipParams, job: Job) -> Answer:
        source, shot = self._source(params.target), Shot(params.channel, params.at)
        look = Look(params.limits, params.gamma, params.colormap, params.unit)
        stop = params.start + 1 if params.format == "png" else min(params.stop, source.frames)
        source.check(params.start, shot)
        span = range(params.start, stop)
        check_clip(
            params.format, frames=len(span), height=source.height, width=source.width, scale=params.scale
        )
        frames = _painted(source, shot, span, look, _watch(job, "painting frames"))
        data = make_clip(frames, look.colors, form=params.format, fps=params.fps, scale=params.scale)
        name = _file_name(source.facts.title, span, params.format)
        return Answer(Clip(name=name, mime=MIME_TYPES[params.format], size=len(data)), [data])


def _watch(job: Job, note: str) -> Watch:
    return Watch(lambda done, total: job.progress(done, total, note), lambda: not job.is_answered)


def _painted(source: FrameSource, shot: Shot, span: range, look: Look, watch: Watch) -> Iterator[Any]:
    service = frame_service()
    for done, index in enumerate(span, start=1):
        codes = service.read(source, index, shot, is_wanted=watch.is_wanted)
        yield look.paint(source, codes, channel=shot.channel)
        watch.report(done, len(span))


def _file_name(title: str, span: range, form: str) -> str:
    """Return a name for a file on anybody's disk."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", title).strip("._")[:64] or "movie"
    frames = f"{span.start}" if len(span) == 1 else f"{span.start}-{span.stop - 1}"
    return f"{plain}_{frames}.{form}"
