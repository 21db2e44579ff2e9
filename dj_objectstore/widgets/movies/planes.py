"""Arrays of which each plane can be found in a file, and is read from there by its bytes alone.

>>> array = ContiguousArray(RangedFile(place, 4096), 512, (1000, 2, 64, 64), "<u2")     # doctest: +SKIP
>>> array[10:20, 1].shape                                                               # doctest: +SKIP
(10, 64, 64)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from datetime import datetime

    from dj_objectstore.widgets.movies.stored import Place

    Range = tuple[int, int]
    """First byte, and the one behind the last."""

GAP = 65_536
"""Bytes that lie between two ranges and are read with them, rather than in a request of their own."""
REQUEST_BYTES = 16_000_000


@dataclass(frozen=True)
class RangedFile:
    """A file in a store that is read in ranges; may be shared by threads.

    `size` in bytes; `modified` tells apart what lay there at another time.
    """

    place: Place
    size: int
    modified: datetime | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.place.name

    @property
    def identity(self) -> Hashable:
        """Equal for the same file that was not written anew."""
        return self.place.identity, self.size, self.modified

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`.

        Raises
        ------
        IntegrityError
            When the file ends before.
        """
        data = self.place.store.get(self.place.key, start, end)
        if len(data) != end - start:
            raise IntegrityError(
                f"the file {self.place.key!r} in store {self.place.store.name!r} is cut short: "
                f"{self.size} bytes, and data are said to lie at {start}-{end}",
                hint="Restore it from a copy.",
            )
        return data

    def read_ranges(self, ranges: Sequence[Range]) -> list[memoryview]:
        """Return the bytes of each range; neighbours come with one request."""
        found: dict[Range, memoryview] = {}
        for group in _groups(sorted(set(ranges))):
            start = group[0][0]
            data = memoryview(self.read(start, max(end for _, end in group)))
            found |= {(first, end): data[first - start : end - start] for first, end in group}
        return [found[one] for one in ranges]


class PlaneArray(ABC):
    """An array whose last axes are planes, numbered along the axes before in C order.

    Parameters
    ----------
    shape, dtype
        Of the whole array.
    plane_axes
        How many axes a plane has.
    """

    def __init__(self, shape: Sequence[int], dtype: Any, *, plane_axes: int = 2) -> None:
        self.shape = tuple(int(length) for length in shape)
        self.dtype = np.dtype(dtype)
        self._leading = len(self.shape) - plane_axes
        self._plane = self.shape[self._leading :]

    @abstractmethod
    def read_planes(self, numbers: Sequence[int]) -> np.ndarray:
        """Return planes, one after the other, in the array's dtype."""

    def __getitem__(self, index: tuple[int | slice, ...]) -> np.ndarray:
        """Return a part of the array; `index` is basic and names every axis."""
        lengths: list[int] = []
        numbers = np.zeros((), "i8")
        for axis, place in enumerate(index[: self._leading]):
            stride = math.prod(self.shape[axis + 1 : self._leading])
            if isinstance(place, slice):
                places = range(self.shape[axis])[place]
                lengths.append(len(places))
            else:
                places = range(place, place + 1)
            numbers = np.add.outer(numbers, stride * np.arange(places.start, places.stop, places.step))
        planes = self.read_planes(numbers.ravel().tolist())
        return planes.reshape(*lengths, *self._plane)[
            (*[slice(None)] * len(lengths), *index[self._leading :])
        ]


class ContiguousArray(PlaneArray):
    """An array that lies in a file as it is, from byte `offset` on."""

    def __init__(
        self, file: RangedFile, offset: int, shape: Sequence[int], dtype: Any, *, plane_axes: int = 2
    ) -> None:
        super().__init__(shape, dtype, plane_axes=plane_axes)
        self._file = file
        self._offset = offset
        self._plane_bytes = math.prod(self._plane) * self.dtype.itemsize

    def read_planes(self, numbers: Sequence[int]) -> np.ndarray:
        """Return planes, one after the other."""
        starts = [self._offset + number * self._plane_bytes for number in numbers]
        parts = self._file.read_ranges([(start, start + self._plane_bytes) for start in starts])
        planes = [np.frombuffer(part, self.dtype).reshape(self._plane) for part in parts]
        return np.stack(planes) if planes else np.empty((0, *self._plane), self.dtype)


def _groups(ranges: list[Range]) -> list[list[Range]]:
    """Put ranges together that lie near each other; they come sorted."""
    groups: list[list[Range]] = []
    for start, end in ranges:
        if groups and start - groups[-1][-1][1] <= GAP and end - groups[-1][0][0] <= REQUEST_BYTES:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    return groups
