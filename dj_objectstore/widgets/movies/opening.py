"""What people hand to the scrubber, as something that it can open.

>>> opening = open_movie(np.zeros((5, 8, 8), "u1"), Known(frame_rate=30.0))
>>> opening.open().frames
5
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import Store
from dj_objectstore.widgets.movies.joined import join_movies, open_all
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, Timing, recorded_timing
from dj_objectstore.widgets.movies.stored import MOVIE_AXES, Place, array_notes, as_ref, open_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.widgets.frames.targets import OpenSource
    from dj_objectstore.widgets.movies.sources import FrameSource


@dataclass(frozen=True, eq=False)
class Known:
    """What a person says of a movie that does not know it itself; see `scrub`.

    Raises
    ------
    ValueRefusedError
        When times, frame rate or pixel size can't be.
    """

    dims: Sequence[str] | None = None
    frame_rate: float | None = None
    times: Any = None
    pixel_size: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.frame_rate is not None and not (math.isfinite(self.frame_rate) and self.frame_rate > 0):
            raise ValueRefusedError(f"frame_rate must be above 0 frames a second, got {self.frame_rate!r}")
        if self.pixel_size is not None and not _are_lengths(self.pixel_size):
            raise ValueRefusedError(
                f"pixel_size must be (y, x) in micrometres above 0, got {self.pixel_size!r}"
            )
        object.__setattr__(self, "times", _seconds(self.times))

    def add_to(self, facts: Facts, *, frames: int) -> Facts:
        """Return the facts of a movie with what is known besides.

        Raises
        ------
        ValueRefusedError
            When there is not one time for each frame.
        """
        if self.times is not None and self.times.shape != (frames,):
            raise ValueRefusedError(
                f"times must hold the seconds of {frames} frames, got shape {self.times.shape}"
            )
        if self.times is not None or self.frame_rate is not None:
            facts = replace(facts, timing=Timing(self.frame_rate, self.times))
        return facts if self.pixel_size is None else replace(facts, pixel_size=self.pixel_size)


def known_of_each(
    movies: int,
    *,
    dims: Sequence[str] | None,
    frame_rate: Any,
    times: Any,
    pixel_size: tuple[float, float] | None,
) -> list[Known]:
    """Return what is said of each of several movies; a list of frame rates or times has one for each.

    Raises
    ------
    ValueRefusedError
        When a list has another number, or a value can't be.
    """
    rates = _spread(movies, frame_rate, "frame_rate")
    seconds = _spread(movies, times, "times") if movies > 1 else [times]
    return [Known(dims, rate, time, pixel_size) for rate, time in zip(rates, seconds, strict=True)]


def _spread(movies: int, value: Any, name: str) -> list[Any]:
    is_list = isinstance(value, list | tuple) and (name == "frame_rate" or not np.isscalar(value[0]))
    if not is_list:
        return [value] * movies
    if len(value) != movies:
        raise ValueRefusedError(f"{name} must have one entry for each of {movies} movies, got {len(value)}")
    return list(value)


@dataclass(frozen=True)
class Opening:
    """How to open a movie, and what to call it."""

    open: OpenSource
    title: str


def open_movie(movie: Any, known: Known, *, title: str | None = None) -> Opening:
    """Return how to open a movie; arrays are looked at now, what is stored is read later.

    Raises
    ------
    ValueRefusedError
        When `movie` is no movie, or what is known does not fit it.
    """
    if isinstance(movie, list | tuple):
        return _open_list(movie, known, title)
    if isinstance(movie, str | Path):
        place = _local_place(Path(movie))
        return Opening(partial(_open_place, place, known, title or place.name), title or place.name)
    if (ref := as_ref(movie)) is not None:
        if isinstance(ref, PhotonMovie) and known.dims is not None:
            raise ValueRefusedError(
                "dims are for movies that don't know their axes, and a photon movie knows them, "
                f"got {known.dims!r}",
                hint="Leave dims out.",
            )
        name = title or _stored_name(ref)
        return Opening(_open_ref(ref, known, name), name)
    source = _array_source(movie, known)
    source.facts = replace(source.facts, title=title or source.facts.title)
    return Opening(lambda: source, source.facts.title)


def _open_list(movies: Sequence[Any], known: Known, title: str | None) -> Opening:
    """Return how to open movies as one, one after the other; what is known is of all of them together."""
    if not movies:
        raise ValueRefusedError("a list of movies must hold at least one")
    parts = [open_movie(movie, Known(dims=known.dims)) for movie in movies]
    name = title or parts[0].title

    def open_it() -> FrameSource:
        source = join_movies(open_all(part.open for part in parts), title=name)
        source.facts = known.add_to(source.facts, frames=source.frames)
        return source

    return Opening(open_it, name)


def _open_ref(ref: ObjectRef, known: Known, title: str) -> OpenSource:
    """Return how to open the movie of a handle, with its store found now and its data read later."""
    try:
        place = Place(ref.reading, ref.key(), ref.key() if ref.is_dir else None)
    except ObjectStoreError as err:
        error = err

        def fail() -> FrameSource:
            raise error

        return fail
    return partial(_open_place, place, known, title)


def _open_place(place: Place, known: Known, title: str) -> FrameSource:
    source = open_stored(place, title=title, dims=known.dims)
    source.facts = known.add_to(source.facts, frames=source.frames)
    return source


def _local_place(path: Path) -> Place:
    """Return a file or folder of this machine as a place in a store that is the folder around it."""
    where = path.expanduser().absolute()
    if not where.exists():
        raise ValueRefusedError(
            f"there is no file or folder at {str(path)!r}",
            hint="Give the path of a movie, or the movie itself.",
        )
    where = where.resolve()
    spec = parse_spec("local", {"protocol": "file", "location": str(where.parent)})
    return Place(Store(spec), where.name)


def _stored_name(ref: ObjectRef) -> str:
    """Return the field of a stored name such as ``movie_a1b2c3d4.zarr``."""
    name: str = ref.path.rsplit("/", 1)[-1].removesuffix(ref.ext or "")
    return name.rsplit("_", 1)[0] or name


def _array_source(array: Any, known: Known) -> FrameSource:
    array = _movie_inside(array)
    if not all(hasattr(array, name) for name in ("shape", "dtype", "__getitem__")):
        raise ValueRefusedError(
            f"a movie must be a stored object, a path or an array, got {type(array).__name__}",
            hint="Give a PhotonMovie, an ObjectRef, or a Zarr, dask, xarray or numpy array.",
        )
    source = ArraySource(array, dims=known.dims)
    facts = Facts(
        title=_array_name(array), timing=recorded_timing(array, source.axes), notes=array_notes(array)
    )
    source.facts = known.add_to(facts, frames=source.frames)
    return source


def _array_name(array: Any) -> str:
    """Return the name that a person gave an array: of xarray and Zarr, not dask's digests."""
    name = getattr(array, "basename", None) or (
        getattr(array, "name", None) if hasattr(array, "dims") else None
    )
    return str(name or "")


def _movie_inside(value: Any) -> Any:
    """Return the first array with frames of a Zarr group or an xarray dataset; anything else as it is."""
    if hasattr(value, "members"):
        found = [node for _, node in sorted(value.members(max_depth=None))]
    elif hasattr(value, "data_vars"):
        found = list(value.data_vars.values())
    else:
        return value
    for node in found:
        if len(getattr(node, "shape", ())) >= MOVIE_AXES:
            return node
    raise ValueRefusedError(
        f"a {type(value).__name__} must hold an array with three axes or more to be a movie"
    )


def _are_lengths(size: tuple[float, float]) -> bool:
    lengths = np.asarray(size)
    return lengths.shape == (2,) and bool(((lengths > 0) & np.isfinite(lengths)).all())


def _seconds(times: Any) -> NDArray[np.float64] | None:
    if times is None:
        return None
    try:
        seconds = np.asarray(times, dtype="<f8")
    except (TypeError, ValueError) as err:
        raise ValueRefusedError(
            "times must be seconds, as numbers", hint="Subtract the first one of dates."
        ) from err
    if not np.isfinite(seconds).all():
        bad = int(np.count_nonzero(~np.isfinite(seconds)))
        raise ValueRefusedError(
            f"times must be finite seconds, {bad} of {seconds.size} are NaN or infinite",
            hint="Fill in the seconds of dropped frames, or give a frame_rate.",
        )
    if seconds.ndim == 1 and (np.diff(seconds) < 0).any():
        raise ValueRefusedError(
            "times must not go backwards", hint="Sort the frames by time first: movie[np.argsort(times)]."
        )
    return seconds
