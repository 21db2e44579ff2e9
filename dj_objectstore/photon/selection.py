"""Which chunks an index touches, and which part of each goes where in the answer.

>>> [piece.chunk for piece in Selection.of((slice(8, 12),), shape=(20, 4, 4), chunks=(10, 4, 4)).pieces()]
[(0, 0, 0), (1, 0, 0)]
"""

from __future__ import annotations

import itertools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Part = slice | NDArray[np.intp]


@dataclass(frozen=True)
class Piece:
    """A part of one chunk.

    Parameters
    ----------
    chunk
        Index of the chunk.
    inside, outside
        What to take of the chunk, and where to put it; one entry per axis.
    """

    chunk: tuple[int, ...]
    inside: tuple[Part, ...]
    outside: tuple[Part, ...]


@dataclass(frozen=True)
class Selection:
    """A basic index, or one with a list of times, resolved against a grid of chunks.

    Parameters
    ----------
    indices
        For each axis, the places that were asked for.
    dropped
        For each axis, True if it was indexed by an integer.
    chunks
        Sizes of a chunk.
    """

    indices: tuple[NDArray[np.intp], ...]
    dropped: tuple[bool, ...]
    chunks: tuple[int, ...]

    @classmethod
    def of(cls, key: Any, *, shape: tuple[int, ...], chunks: tuple[int, ...]) -> Selection:
        """Resolve an index: integers, slices, an ellipsis, and a list of integers or booleans for time.

        Raises
        ------
        IndexError
            For places that don't exist, and for indices of other kinds.
        """
        parts = _complete(key, len(shape))
        if any(np.ndim(part) for part in parts[1:] if not isinstance(part, slice)):
            raise IndexError(
                "only the time axis of a movie can be indexed by a list; use slices for the others"
            )
        return cls(
            tuple(
                _resolve(part, size, axis) for axis, (part, size) in enumerate(zip(parts, shape, strict=True))
            ),
            tuple(not isinstance(part, slice) and np.ndim(part) == 0 for part in parts),
            chunks,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what was asked for, before integers drop their axes."""
        return tuple(map(len, self.indices))

    def drop(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values without the axes that were indexed by integers."""
        return values[tuple(0 if dropped else slice(None) for dropped in self.dropped)]

    def pieces(self) -> Iterator[Piece]:
        """Yield each chunk that is touched, once."""
        axes = [list(_split(index, chunk)) for index, chunk in zip(self.indices, self.chunks, strict=True)]
        for parts in itertools.product(*axes):
            numbers, insides, outsides = zip(*parts, strict=True)
            yield Piece(numbers, insides, outsides)


def _complete(key: Any, n_axes: int) -> list[Any]:
    """Return one part per axis."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(part is None for part in parts):
        raise IndexError("a movie can't be indexed by None; add axes to the array that comes back")
    dots = [place for place, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1 or len(parts) - len(dots) > n_axes:
        raise IndexError(f"too many indices for a movie of {n_axes} axes: {key!r}")
    place = dots[0] if dots else len(parts)
    missing = [slice(None)] * (n_axes - len(parts) + len(dots))
    return parts[:place] + missing + parts[place + len(dots) :]


def _resolve(part: Any, size: int, axis: int) -> NDArray[np.intp]:
    if isinstance(part, slice):
        return np.arange(*part.indices(size), dtype=np.intp)
    places = np.asarray(part)
    if places.dtype == bool and places.shape == (size,):
        return np.flatnonzero(places)
    if places.ndim == 0:
        places = np.asarray([_integer(part, axis)])
    if places.ndim != 1 or (places.size and places.dtype.kind not in "ui"):
        raise IndexError(f"axis {axis} of a movie is indexed by integers or slices, got {part!r}")
    places = places.astype(np.intp)
    if places.size and (places.min() < -size or places.max() >= size):
        raise IndexError(f"axis {axis} has {size} places, from 0 to {size - 1}, got {part!r}")
    return np.where(places < 0, places + size, places)


def _integer(part: Any, axis: int) -> int:
    try:
        return operator.index(part)
    except TypeError as err:
        raise IndexError(f"axis {axis} of a movie is indexed by integers or slices, got {part!r}") from err


def _split(places: NDArray[np.intp], chunk: int) -> Iterator[tuple[int, Part, Part]]:
    """Yield the chunks along one axis: number, places inside it, places in the answer."""
    numbers = places // chunk
    for number in np.unique(numbers):
        where = np.flatnonzero(numbers == number)
        yield int(number), _as_slice(places[where] - number * chunk), _as_slice(where)


def _as_slice(places: NDArray[np.intp]) -> Part:
    """Return a slice where the places are a row: numpy copies those in blocks."""
    first, last = int(places[0]), int(places[-1])
    in_row = last - first + 1 == len(places) and bool(np.all(np.diff(places) == 1))
    return slice(first, last + 1) if in_row else places
