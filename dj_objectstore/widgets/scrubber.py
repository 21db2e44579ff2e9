"""The scrubber: a movie with a slider.

>>> scrub(movie, fps=15)                                             # doctest: +SKIP
>>> scrub(numpy.random.poisson(3, (100, 64, 64)), frame_rate=30)     # doctest: +SKIP
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import traitlets

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.widgets.analysis.analysis import Analysis, Given
from dj_objectstore.widgets.analysis.code_line import Call
from dj_objectstore.widgets.analysis.head_start import give_head_start
from dj_objectstore.widgets.analysis.labelled import masks_to_xarray, traces_to_xarray
from dj_objectstore.widgets.analysis.passes import Watch
from dj_objectstore.widgets.analysis.rois import roi_pixels
from dj_objectstore.widgets.analysis.series import read_events, read_traces
from dj_objectstore.widgets.analysis.snapshot import draw_sheet_in_time, embed
from dj_objectstore.widgets.analysis.traces import DEFAULT_BASELINE, relative
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.linked import link, seconds_of
from dj_objectstore.widgets.movies.opening import known_of_each, open_movie
from dj_objectstore.widgets.movies.rate import OwnRate
from dj_objectstore.widgets.movies.sources import Timing
from dj_objectstore.widgets.scrubber_state import STATE_NAMES, ScrubberState
from dj_objectstore.widgets.widget import ObjectStoreWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import xarray
    from numpy.typing import NDArray

    from dj_objectstore.widgets.movies.sources import FrameSource

MIN_CACHE_BYTES = 1_000_000
OTHER_PICTURES = {"channel", "at", "overlay", "rolling", "projection"}
"""Who begins with one of these does not begin with a plain frame of the first channel."""
RATE_SECONDS = 0.05
"""Making a scrubber waits no longer for the movie's own rate."""


class Scrubber(ScrubberState, ObjectStoreWidget):
    """Shows a movie frame by frame. Make one with `scrub`.

    Every attribute here can be set, observed and linked to other widgets with ``ipywidgets.jslink``.

    Attributes
    ----------
    position : int
        Frame that is shown.
    playing, fps, loop, keep : bool, float, bool, str
        Whether it plays, at how many frames a second (at first the movie's own rate, but 1 to 60), and begins
        anew at the end. Where frames come late, ``keep="time"`` leaves some out, and ``keep="frames"`` shows
        each.
    contrast : list of float or None
        Values (low, high) in counts that are the lowest and highest colour; None chooses them from the movie,
        or for each frame with ``contrast_mode="frame"``.
    gamma : float
        Power with which the colour rises between them.
    colormap : str
        Name of the colours, such as ``"gray"``, ``"viridis"``, ``"magma_r"``.
    unit : str
        ``"counts"``, ``"photons"`` or ``"stabilized"``.
    channel, at, overlay : int, list of int, bool
        Channel that is shown, positions on the further axes such as z, and whether the first two channels lie
        over each other in green and magenta.
    rolling : int
        Mean of so many frames, the last of them at `position`.
    projection : str
        ``"mean"``, ``"max"`` or ``"std"`` over all frames, or ``""`` for frames.
    viewport : list of float or None
        Part that is seen, ``[y0, x0, y1, x1]`` in pixels from the outer corner of the first; None for all.
    mask : int
        Given mask that is selected, or -1.
    rois : list of dict
        Drawn regions: ``kind`` (``"rectangle"``, ``"ellipse"``, ``"polygon"``), ``points`` (y, x) as in
        `viewport`, and ``name``, ``color``, ``id``, which are filled in where left out.
    """

    bundle = "scrubber"

    embedded = traitlets.Bytes(b"").tag(sync=True)
    head_start = traitlets.Bytes(b"").tag(sync=True)
    _is_rate_chosen = False

    def __init__(
        self,
        analysis: Analysis,
        call: Call,
        *,
        title: str = "",
        **traits: Any,
    ) -> None:
        rate = {} if "fps" in traits else {"fps": call.rate.get(seconds=RATE_SECONDS)}
        super().__init__(**rate, **traits)
        self._is_rate_chosen = not rate
        self._title = title
        self._call = call
        self._analysis = analysis
        self.connect(analysis.targets, methods={**analysis.methods, "code": call.answer})
        call.rate.tell(_while_there(self, Scrubber._take_rate))

    def __repr__(self) -> str:
        return f"Scrubber({self._title!r}, position={self.position})"

    @traitlets.validate("fps")
    def _note_choice(self, proposal: Any) -> Any:
        self._is_rate_chosen = True
        return proposal["value"]

    def _take_rate(self, rate: float) -> None:
        """Play at the movie's own rate, which was found late, unless another was chosen meanwhile."""
        if not self._is_rate_chosen:
            self.fps = rate

    # -- what was drawn and given --------------------------------------------------------------------------

    @property
    def masks(self) -> xarray.DataArray:
        """The given masks, then the drawn regions, as booleans with axes (roi, y, x), named by ``roi``.

        ``masks.to_dataset()`` can be inserted into an ``<object@>`` field, and so can `traces`.

        Raises
        ------
        ValueRefusedError
            When a region holds no pixel of the picture.
        ObjectStoreError
            When the movie can't be opened.
        """
        source = self._source()
        names, pixels = self._regions(source)
        return masks_to_xarray(pixels, names, height=source.height, width=source.width)

    @property
    def traces(self) -> xarray.Dataset:
        """The mean over each given mask and drawn region in each frame; see `compute_traces`."""
        return self.compute_traces()

    def compute_traces(self, *, dff: bool = False, baseline: float = DEFAULT_BASELINE) -> xarray.Dataset:
        """Return the mean over each given mask and drawn region in each frame, of the channel that is shown.

        The whole movie is read once for all of them, in bounded memory, and what was computed is kept; a bar
        shows how far it is, and Ctrl-C ends it. Frames that are damaged or missing are NaN.

        Parameters
        ----------
        dff
            dF/F instead: ``(trace - rest) / rest``.
        baseline
            Percentile of each trace that is its `rest`.

        Returns
        -------
        xarray.Dataset
            ``trace``, float64, axes (roi, time): photons per pixel where the detector is known, else counts.
            ``band``: the standard deviation that shot and read noise give it,
            ``sqrt((trace + v / g**2) / n)`` for n pixels, gain g and read variance v.
            ``time`` in seconds, or frames where no rate is known.

        Raises
        ------
        ValueRefusedError
            When a region holds no pixel of the picture, or dF/F has no positive rest.
        ObjectStoreError
            When the movie can't be read.
        """
        source = self._source()
        names, pixels = self._regions(source)
        shot = Shot(self.channel, tuple(self.at))
        traces = []
        if pixels:
            with progress_bar("reading frames", unit="block") as advance:
                traces = self._analysis.traces(source, shot, pixels, Watch(advance))
        if dff:
            traces = [relative(trace, baseline=baseline) for trace in traces]
        return traces_to_xarray(traces, names, seconds=seconds_of(source), frames=source.frames)

    @property
    def code(self) -> str:
        """The line of Python that shows the movie as it is seen now."""
        return self._call.line(self)

    def _source(self) -> FrameSource:
        return self._analysis.targets.find(None).source()

    def _regions(self, source: FrameSource) -> tuple[list[str], list[NDArray[Any]]]:
        """Return names and pixels of the given masks and of the drawn regions."""
        masks = self._analysis.masks()
        drawn = [roi_pixels(roi, height=source.height, width=source.width) for roi in self.rois]
        return [*masks.names, *(roi["name"] for roi in self.rois)], [*masks.pixels, *drawn]

    # -- without a kernel ----------------------------------------------------------------------------------

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None, **_: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the widget, and a contact sheet for where there are no widgets, such as a saved notebook."""
        bundle = super()._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        data = dict(data) | {"text/plain": repr(self)}
        if (not include or "text/html" in include) and "text/html" not in (exclude or ()):
            sheet = draw_sheet_in_time(self._source)
            data |= {} if sheet is None else {"text/html": sheet.to_html(self._title)}
        wanted = {name for name in data if (not include or name in include) and name not in (exclude or ())}
        return {name: data[name] for name in data if name in wanted}, metadata


def scrub(
    movie: Any,
    *others: Any,
    dims: Sequence[str] | None = None,
    frame_rate: Any = None,
    times: Any = None,
    pixel_size: tuple[float, float] | None = None,
    masks: Any = None,
    events: Any = None,
    traces: Any = None,
    difference: bool = False,
    embed_frames: int = 0,
    cache_bytes: int | None = None,
    title: str | None = None,
    **traits: Any,
) -> Scrubber:
    """Show a movie in the scrubber, or several side by side.

    Parameters
    ----------
    movie
        A `PhotonMovie`; an `ObjectRef` or path of a Zarr array, a TIFF, HDF5, NWB or npy file, or a folder
        of them; or an array: Zarr, dask, xarray, numpy or alike, with axes (time[, channel][, z], y, x). Two
        axes are a single frame. A list of these is one movie, one after the other.
    *others
        More movies, shown beside it at the same time: by seconds where all know theirs, else by index.
    dims
        Names of the axes, where a movie does not know them.
    frame_rate, times
        Frames per second, or the seconds of each frame, shape (time,); with several movies also a list, one
        for each.
    pixel_size
        (y, x) in micrometres.
    masks
        Of the movie's picture: a label image (y, x), a stack (roi, y, x), suite2p's ``stat``, CaImAn's
        ``estimates`` or their ``A``; see `given_masks.read_masks`.
    events
        Seconds of events, drawn under the slider: an array, names with arrays, or a table with a column
        ``onset`` (and ``name``); see `series.read_events`.
    traces
        Traces drawn under the slider: (seconds, values), xarray or pandas objects with seconds, or names with
        these; see `series.read_traces`.
    difference
        Also show what each of the others shows more than the first, in units of its noise.
    embed_frames
        So many frames are saved with the notebook, and play in it without a kernel; at most 20 MB.
    cache_bytes
        Bytes of decoded frames that the kernel keeps, for all scrubbers together; 256 MB unless set.
    title
        Shown above the movie; by default the stored name.
    **traits
        What to begin with: any attribute of `Scrubber`, such as `position`, `fps`, `contrast`, `rois`.

    Returns
    -------
    Scrubber
        A widget. When a stored movie can't be opened, it says so in its place.

    Raises
    ------
    ValueRefusedError
        When `movie` is no movie, or something that was given does not fit it.
    TraitError
        When a trait can't have its value.

    Examples
    --------
    >>> scrub(movie, masks=labels, events={"lick": [1.2, 3.4]})              # doctest: +SKIP
    >>> scrub(raw, corrected, difference=True, frame_rate=30)                # doctest: +SKIP
    """
    options = {
        "dims": dims, "frame_rate": frame_rate, "times": times, "pixel_size": pixel_size, "masks": masks,
        "events": events, "traces": traces, "difference": difference or None,
        "embed_frames": embed_frames or None, "cache_bytes": cache_bytes, "title": title,
    }  # fmt: skip
    if unknown := traits.keys() - {*STATE_NAMES, "layout"}:
        raise ValueRefusedError(
            f"scrub() has no option {', '.join(sorted(unknown))}",
            hint="Its options are its own and the attributes of Scrubber: position, fps, contrast, ...",
        )
    if cache_bytes is not None:
        _set_cache(cache_bytes)
    movies = (movie, *others)
    known = known_of_each(len(movies), dims=dims, frame_rate=frame_rate, times=times, pixel_size=pixel_size)
    openings = [
        open_movie(one, facts, title=title if number == 0 else None)
        for number, (one, facts) in enumerate(zip(movies, known, strict=True))
    ]
    targets, views = link(openings, difference=difference)
    given = Given(
        masks=masks,
        events=() if events is None else read_events(events),
        traces=() if traces is None else read_traces(traces),
        views=views,
    )
    analysis = Analysis(targets, given)
    analysis.check()
    given_timing = Timing(known[0].frame_rate, known[0].times)
    rate = OwnRate(given_timing, targets.find(None).source)
    frames: dict[str, bytes] = {}
    if embed_frames:
        frames["embedded"] = embed(frame_service(), targets.find(None).source(), frames=embed_frames)
    elif not traits.keys() & OTHER_PICTURES:
        frames["head_start"] = give_head_start(
            analysis.describe, targets.find(None).source, traits.get("position", 0)
        )
    call = Call(movies, {name: value for name, value in options.items() if value is not None}, rate)
    return Scrubber(analysis, call, title=openings[0].title, **frames, **traits)


def _set_cache(cache_bytes: int) -> None:
    if cache_bytes < MIN_CACHE_BYTES:
        raise ValueRefusedError(
            f"cache_bytes must be {MIN_CACHE_BYTES:,} or more, got {cache_bytes!r}",
            hint="Leave it out to keep 256 MB of decoded frames.",
        )
    frame_service().cache_bytes = cache_bytes


def _while_there(widget: Scrubber, act: Callable[[Scrubber, float], None]) -> Callable[[float], None]:
    """Return `act` for a widget, without keeping it alive."""
    reference = weakref.ref(widget)

    def hear(rate: float) -> None:
        if (there := reference()) is not None:
            act(there, rate)

    return hear
