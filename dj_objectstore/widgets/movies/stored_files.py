"""Single files as movies, by what they hold and not by their names: TIFF, HDF5, NWB, npy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.widgets.movies import hdf5_movie, npy_array, tiff_stack
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, FrameSource, Timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_objectstore.widgets.movies.planes import RangedFile

HEAD_BYTES = hdf5_movie.USER_BLOCK + len(hdf5_movie.MAGIC)


def open_file(file: RangedFile, *, title: str, dims: Sequence[str] | None) -> FrameSource | None:
    """Return the movie that a file holds, read in place; None when it is of another format.

    Raises
    ------
    FormatError
        When the file is damaged.
    ValueRefusedError
        When it holds no movie.
    ConfigurationError
        When the library that reads it is not installed.
    """
    head = file.read(0, min(file.size, HEAD_BYTES))
    if head.startswith(tiff_stack.MAGIC):
        return _open_tiff(file, title, dims)
    if hdf5_movie.MAGIC in (head[:8], head[hdf5_movie.USER_BLOCK :]):
        return _open_hdf5(file, title, dims)
    if head.startswith(npy_array.MAGIC):
        array = npy_array.open_npy(file)
        return _source(file, array, dims, Facts(title=title), "npy")
    return None


def _open_tiff(file: RangedFile, title: str, dims: Sequence[str] | None) -> FrameSource:
    stack = tiff_stack.open_tiff_stack(file)
    facts = Facts(title=title, timing=Timing(frame_rate=stack.frame_rate))
    return _source(file, stack.array, dims or stack.dims, facts, "TIFF")


def _open_hdf5(file: RangedFile, title: str, dims: Sequence[str] | None) -> FrameSource:
    movie = hdf5_movie.open_hdf5_movie(file)
    facts = Facts(title=title, timing=Timing(movie.frame_rate, movie.times))
    return _source(file, movie.array, dims or movie.dims, facts, f"HDF5, {movie.name}")


def _source(
    file: RangedFile, array: Any, dims: Sequence[str] | None, facts: Facts, stored: str
) -> FrameSource:
    source = ArraySource(array, dims=dims, identity=(file.identity, tuple(dims or ())), facts=facts)
    shape = ", ".join(f"{name} {size}" for name, size in zip(source.axes.names, array.shape, strict=True))
    notes = (("Shape", shape), ("Type", str(array.dtype)), ("Stored", stored))
    source.facts = Facts(title=facts.title, timing=facts.timing, notes=notes)
    return source
