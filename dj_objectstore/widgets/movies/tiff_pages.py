"""Where the pages of a TIFF file lie that was written evenly: known from a few of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tifffile

    from dj_objectstore.widgets.movies.planes import RangedFile

Segments = tuple[Sequence[int], Sequence[int]]
"""Offsets and lengths in bytes of the parts of a page."""
FEWEST = 4
"""Pages of a stack that is worth a guess."""


@dataclass(frozen=True)
class EvenPages:
    """`length` pages, of which all but the first lie `distance` bytes apart, from the `second` on."""

    first: Segments
    second: Segments
    distance: int
    length: int

    def __len__(self) -> int:
        return self.length

    def find(self, number: int) -> Segments:
        """Return where a page lies."""
        if number == 0:
            return self.first
        offsets, sizes = self.second
        return [offset + (number - 1) * self.distance for offset in offsets], sizes


def even_pages(tiff: tifffile.TiffFile, file: RangedFile) -> EvenPages | None:
    """Return where the pages lie, if the last one and one in the middle are where even ones would be.

    The directories of a long recording are a chain: following it takes a request to the store for each page.
    """
    pages: Any = tiff.pages
    try:
        first, second, third = (pages[number] for number in range(3))
    except IndexError:
        return None
    distance = third.offset - second.offset
    same_size = first.databytecounts == second.databytecounts == third.databytecounts
    if distance <= 0 or not same_size or second.compression != 1:
        return None
    if third.dataoffsets[0] - second.dataoffsets[0] != distance:
        return None
    last = 1 + (file.size - second.offset - 1) // distance
    directories = _Directories(tiff, file)

    def at(number: int) -> int:
        return int(second.offset + (number - 1) * distance)

    middle = (last + 1) // 2
    is_even = directories.read(at(last), like=at(1)) == 0
    is_even = is_even and (middle == last or directories.read(at(middle), like=at(1)) == at(middle + 1))
    if last + 1 < FEWEST or not is_even:
        return None
    return EvenPages(_segments(first), _segments(second), distance, last + 1)


class _Directories:
    """Reads the directories of pages, without their tags."""

    def __init__(self, tiff: tifffile.TiffFile, file: RangedFile) -> None:
        self._format = tiff.tiff
        self._file = file

    def read(self, offset: int, *, like: int) -> int | None:
        """Return where the next directory lies, 0 behind the last; None where there is none like `like`."""
        tags = self._number(like, self._format.tagnoformat)
        if self._number(offset, self._format.tagnoformat) != tags or tags is None:
            return None
        end = offset + self._format.tagnosize + tags * self._format.tagsize
        return self._number(end, self._format.offsetformat)

    def _number(self, offset: int, number_format: str) -> int | None:
        end = offset + struct.calcsize(number_format)
        if end > self._file.size:
            return None
        (number,) = struct.unpack(number_format, self._file.read(offset, end))
        return int(number)


def _segments(page: Any) -> Segments:
    return tuple(page.dataoffsets), tuple(page.databytecounts)
