"""The scrubber: a movie with a slider.

>>> scrub(movie, fps=15)                                             # doctest: +SKIP
>>> scrub(numpy.random.poisson(3, (100, 64, 64)), frame_rate=30)     # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.widgets.sources import ArraySource, Facts, Timing, recorded_timing
from dj_objectstore.widgets.stored import Place, array_notes, as_ref, open_stored
from dj_objectstore.widgets.targets import Targets
from dj_objectstore.widgets.widget import OF_THE_PAGE, ObjectStoreWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.widgets.sources import FrameSource
    from dj_objectstore.widgets.targets import OpenSource

MAX_FPS = 1000.0
UNITS = ("counts", "photons", "stabilized")


class Scrubber(ObjectStoreWidget):
    """Shows a movie frame by frame. Make one with `scrub`.

    Attributes
    ----------
    position : int
        Frame that is shown.
    playing : bool
        Whether it plays, at `fps` frames a second, and begins anew at the end when `loop` is set.
    contrast : list of float or None
        Values (low, high) in counts that are black and white; None chooses them from the movie.
    colormap : str
        Name of the colours, such as ``"gray"``, ``"viridis"``, ``"magma"``, ``"inferno"``.
    unit : str
        ``"counts"``, ``"photons"`` or ``"stabilized"``.
    """

    bundle = "scrubber"

    position = traitlets.Int(0, min=0).tag(**OF_THE_PAGE)
    fps = traitlets.Float(30.0, min=0.01, max=MAX_FPS).tag(**OF_THE_PAGE)
    contrast = traitlets.List(traitlets.Float(), minlen=2, maxlen=2, allow_none=True, default_value=None).tag(
        **OF_THE_PAGE
    )
    colormap = traitlets.Unicode("gray").tag(**OF_THE_PAGE)
    playing = traitlets.Bool(default_value=False).tag(**OF_THE_PAGE)
    unit = traitlets.Enum(UNITS, "counts").tag(**OF_THE_PAGE)
    loop = traitlets.Bool(default_value=True).tag(**OF_THE_PAGE)

    def __init__(self, open_source: OpenSource, *, title: str = "", **traits: Any) -> None:
        super().__init__(**traits)
        self._title = title
        self.connect(Targets(main=open_source))

    def __repr__(self) -> str:
        return f"Scrubber({self._title!r}, position={self.position})"


def scrub(
    movie: Any,
    *,
    dims: Sequence[str] | None = None,
    frame_rate: float | None = None,
    times: Any = None,
    pixel_size: tuple[float, float] | None = None,
    title: str | None = None,
    **traits: Any,
) -> Scrubber:
    """Show a movie in the scrubber.

    Parameters
    ----------
    movie
        A `PhotonMovie`, an `ObjectRef` of a Zarr array or of a group that holds one, or an array: Zarr,
        dask, xarray, numpy or alike, with axes (time[, channel][, z], y, x). Two axes are a single frame.
    dims
        Names of an array's axes, where it does not know them.
    frame_rate, times
        Of an array: frames per second, or the seconds of each frame, shape (time,).
    pixel_size
        Of an array: (y, x) in micrometres.
    title
        Shown above the movie; by default the stored name.
    **traits
        What to begin with: `position`, `fps`, `contrast`, `colormap`, `unit`, `loop`, `playing`.

    Returns
    -------
    Scrubber
        A widget. When a stored movie can't be opened, it says so in its place.

    Raises
    ------
    ValueRefusedError
        When `movie` is no movie, or `dims` or `times` don't fit it.
    """
    if (ref := as_ref(movie)) is not None:
        if (dims, frame_rate, times, pixel_size) != (None, None, None, None):
            raise ValueRefusedError(
                "dims, frame_rate, times and pixel_size describe arrays; a stored object knows its own",
                hint="Open it first to override them: scrub(ref.to_dask(), dims=..., frame_rate=...).",
            )
        return Scrubber(open_ref(ref, title), title=title or _stored_name(ref), **traits)
    source = _array_source(
        movie, dims=dims, timing=Timing(frame_rate, _seconds(times)), pixel_size=pixel_size
    )
    source.facts = replace(source.facts, title=title or source.facts.title)
    return Scrubber(lambda: source, title=source.facts.title, **traits)


def open_ref(ref: ObjectRef, title: str | None = None) -> OpenSource:
    """Return how to open the movie of a handle, with its store found now and its data read later."""
    try:
        place = Place(ref.opened, ref.key())
    except ObjectStoreError as err:
        error = err

        def fail() -> FrameSource:
            raise error

        return fail
    return lambda: open_stored(place, title=title or _stored_name(ref))


def _stored_name(ref: ObjectRef) -> str:
    """Return the field of a stored name such as ``movie_a1b2c3d4.zarr``."""
    name: str = ref.path.rsplit("/", 1)[-1].removesuffix(ref.ext or "")
    return name.rsplit("_", 1)[0] or name


def _array_source(
    array: Any, *, dims: Sequence[str] | None, timing: Timing, pixel_size: tuple[float, float] | None
) -> FrameSource:
    array = _movie_of_group(array)
    if not all(hasattr(array, name) for name in ("shape", "dtype", "__getitem__")):
        raise ValueRefusedError(
            f"a movie must be a stored object or an array, got {type(array).__name__}",
            hint="Give a PhotonMovie, an ObjectRef, or a Zarr, dask, xarray or numpy array.",
        )
    source = ArraySource(array, dims=dims)
    if timing.times is not None and timing.times.shape != (source.frames,):
        raise ValueRefusedError(
            f"times must hold the seconds of {source.frames} frames, got shape {timing.times.shape}"
        )
    has_timing = timing.frame_rate is not None or timing.times is not None
    source.facts = Facts(
        title=_array_name(array),
        timing=timing if has_timing else recorded_timing(array, source.axes),
        pixel_size=pixel_size,
        notes=array_notes(array) + _hidden_axes(source),
    )
    return source


def _array_name(array: Any) -> str:
    """Return the name that a person gave an array: of xarray and Zarr, not dask's digests."""
    name = getattr(array, "basename", None) or (
        getattr(array, "name", None) if hasattr(array, "dims") else None
    )
    return str(name or "")


def _movie_of_group(array: Any) -> Any:
    """Return the first array with frames of a Zarr group; anything else as it is."""
    if not hasattr(array, "members"):
        return array
    for _, node in sorted(array.members(max_depth=None)):
        if len(getattr(node, "shape", ())) > 2:  # noqa: PLR2004 - time, y, x
            return node
    raise ValueRefusedError("a Zarr group must hold an array with three axes or more to be a movie")


def _hidden_axes(source: ArraySource) -> tuple[tuple[str, str], ...]:
    axes = source.axes
    return tuple(("Shown of " + axes.names[axis], f"0 of {axes.shape[axis]}") for axis in axes.others)


def _seconds(times: Any) -> np.ndarray | None:
    return None if times is None else np.asarray(times, dtype="<f8")
