"""The scrubber: a movie with a slider.

>>> scrub(movie, fps=15)                                             # doctest: +SKIP
>>> scrub(numpy.random.poisson(3, (100, 64, 64)), frame_rate=30)     # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import traitlets

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.widgets.analysis.analysis import Analysis, Given
from dj_objectstore.widgets.analysis.code_line import code_line
from dj_objectstore.widgets.analysis.labelled import masks_to_xarray, traces_to_xarray
from dj_objectstore.widgets.analysis.passes import Watch
from dj_objectstore.widgets.analysis.rois import check_rois, roi_pixels
from dj_objectstore.widgets.analysis.series import read_events, read_traces
from dj_objectstore.widgets.analysis.snapshot import draw_sheet_in_time, embed
from dj_objectstore.widgets.analysis.traces import DEFAULT_BASELINE, relative
from dj_objectstore.widgets.colormaps import check_colormap
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.linked import link, seconds_of
from dj_objectstore.widgets.movies.opening import known_of_each, open_movie
from dj_objectstore.widgets.widget import OF_THE_PAGE, ObjectStoreWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import xarray
    from numpy.typing import NDArray

    from dj_objectstore.widgets.movies.sources import FrameSource

MAX_FPS = 1000.0
MAX_ROLLING = 1000
UNITS = ("counts", "photons", "stabilized")
PROJECTIONS = ("", "mean", "max", "std")
CORNERS = 4
MIN_CACHE_BYTES = 1_000_000


@dataclass(frozen=True, eq=False)
class Call:
    """How a scrubber was made: what `scrub` was given."""

    movies: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


class Scrubber(ObjectStoreWidget):
    """Shows a movie frame by frame. Make one with `scrub`.

    Every attribute here can be set, observed and linked to other widgets with ``ipywidgets.jslink``.

    Attributes
    ----------
    position : int
        Frame that is shown.
    playing, fps, loop, keep : bool, float, bool, str
        Whether it plays, at how many frames a second, and begins anew at the end. Where frames come late,
        ``keep="time"`` leaves some out, and ``keep="frames"`` shows each.
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

    position = traitlets.Int(0, min=0).tag(**OF_THE_PAGE)
    fps = traitlets.Float(30.0, min=0.01, max=MAX_FPS).tag(**OF_THE_PAGE)
    contrast = traitlets.List(traitlets.Float(), minlen=2, maxlen=2, allow_none=True, default_value=None).tag(
        **OF_THE_PAGE
    )
    contrast_mode = traitlets.Enum(("movie", "frame"), "movie").tag(**OF_THE_PAGE)
    gamma = traitlets.Float(1.0, min=0.1, max=10.0).tag(**OF_THE_PAGE)
    colormap = traitlets.Unicode("gray").tag(**OF_THE_PAGE)
    playing = traitlets.Bool(default_value=False).tag(**OF_THE_PAGE)
    unit = traitlets.Enum(UNITS, "counts").tag(**OF_THE_PAGE)
    loop = traitlets.Bool(default_value=True).tag(**OF_THE_PAGE)
    keep = traitlets.Enum(("time", "frames"), "time").tag(**OF_THE_PAGE)
    channel = traitlets.Int(0, min=0).tag(**OF_THE_PAGE)
    at = traitlets.List(traitlets.Int(min=0)).tag(**OF_THE_PAGE)
    overlay = traitlets.Bool(default_value=False).tag(**OF_THE_PAGE)
    rolling = traitlets.Int(1, min=1, max=MAX_ROLLING).tag(**OF_THE_PAGE)
    projection = traitlets.Enum(PROJECTIONS, "").tag(**OF_THE_PAGE)
    viewport = traitlets.List(
        traitlets.Float(), minlen=CORNERS, maxlen=CORNERS, allow_none=True, default_value=None
    ).tag(**OF_THE_PAGE)
    mask = traitlets.Int(-1, min=-1).tag(**OF_THE_PAGE)
    rois = traitlets.List(traitlets.Dict()).tag(**OF_THE_PAGE)
    embedded = traitlets.Bytes(b"").tag(sync=True)

    def __init__(
        self,
        analysis: Analysis,
        *,
        title: str = "",
        call: Call | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._title = title
        self._call = call or Call()
        self._analysis = analysis
        self.connect(analysis.targets, methods=analysis.methods)

    def __repr__(self) -> str:
        return f"Scrubber({self._title!r}, position={self.position})"

    @traitlets.validate("colormap")
    def _check_colormap(self, proposal: Any) -> Any:
        return _as_trait_error(check_colormap, proposal["value"])

    @traitlets.validate("rois")
    def _check_rois(self, proposal: Any) -> Any:
        return _as_trait_error(check_rois, proposal["value"])

    @traitlets.validate("contrast", "viewport")
    def _check_limits(self, proposal: Any) -> Any:
        value, name = proposal["value"], proposal["trait"].name
        half = 0 if value is None else len(value) // 2
        if value is not None and not all(value[n] < value[n + half] for n in range(half)):
            raise traitlets.TraitError(f"{name} must go from lower to higher values, got {value}")
        return value

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
        state = {
            name: getattr(self, name)
            for name, trait in self.traits(sync=True, echo_update=False).items()
            if name != "playing" and getattr(self, name) != trait.default()
        }
        return code_line(self._call.movies, {**self._call.options, **state})

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
    if unknown := traits.keys() - {*Scrubber.class_trait_names(sync=True, echo_update=False), "layout"}:
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
    call = Call(movies, {name: value for name, value in options.items() if value is not None})
    analysis = Analysis(targets, given)
    analysis.check()
    embedded = (
        embed(frame_service(), targets.find(None).source(), frames=embed_frames) if embed_frames else b""
    )
    return Scrubber(analysis, title=openings[0].title, call=call, embedded=embedded, **traits)


def _set_cache(cache_bytes: int) -> None:
    if cache_bytes < MIN_CACHE_BYTES:
        raise ValueRefusedError(
            f"cache_bytes must be {MIN_CACHE_BYTES:,} or more, got {cache_bytes!r}",
            hint="Leave it out to keep 256 MB of decoded frames.",
        )
    frame_service().cache_bytes = cache_bytes


def _as_trait_error(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueRefusedError as err:
        raise traitlets.TraitError(str(err)) from err
