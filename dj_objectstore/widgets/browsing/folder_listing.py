"""What a folder holds, asked of the store page by page and only as far as somebody looks.

A folder that fits in one page is shown in the order people expect; a larger one in the store's own, so that
its first rows are there as soon as the first page is. Sorting and filtering need the whole of it.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from dj_objectstore.store.store import Child

SortKey = Literal["name", "size", "modified"]
MAX_CHILDREN = 1_000_000
"""A folder is listed no further for sorting and filtering: every child takes memory."""
SMALL = 1000
"""A page of fewer children than this is not full."""


@dataclass(frozen=True)
class Arrangement:
    """Which children to show, and in which order."""

    pattern: str = ""
    sort: SortKey = "name"
    descending: bool = False

    def fits(self, name: str) -> bool:
        """Return whether a name holds the pattern, in small or capital letters."""
        return self.pattern.casefold() in name.casefold()

    def apply(self, children: Iterable[Child]) -> list[Child]:
        """Return the children that fit, in order; those of unknown size or time come first."""
        found = sorted((child for child in children if self.fits(child.name)), key=natural_order)
        if self.sort == "size":
            found.sort(key=lambda child: child.size or 0, reverse=self.descending)
        elif self.sort == "modified":
            found.sort(key=_seconds, reverse=self.descending)
        elif self.descending:
            found.reverse()
        return found


class FolderListing:
    """The children of one folder; later pages agree with the first, whatever happens in the store meanwhile.

    Parameters
    ----------
    pages
        Pages of children from the store; each is asked for when it is wanted.
    """

    def __init__(self, pages: Iterator[list[Child]]) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self._children: list[Child] = []
        self._is_whole = False
        self._arranged: tuple[Arrangement, list[Child]] | None = None
        with self._lock:
            self._pull()
            if len(self._children) < SMALL and not self._is_whole:
                self._pull()  # a page that is not full is the last: this asks nothing of the store
            if self._is_whole:
                self._children.sort(key=natural_order)

    def page(self, first: int, limit: int) -> tuple[Sequence[Child], int | None]:
        """Return at most `limit` children from `first` on, and how many there are, if that is known."""
        with self._lock:
            while len(self._children) <= first + limit and not self._is_whole:
                self._pull()
            total = len(self._children) if self._is_whole else None
            return self._children[first : first + limit], total

    def arranged(
        self,
        first: int,
        limit: int,
        *,
        arrangement: Arrangement,
        progress: Callable[[int], bool] = lambda _count: True,
    ) -> tuple[Sequence[Child], int]:
        """Return a page of the arranged children, and how many these are; lists the whole folder.

        Parameters
        ----------
        arrangement
            Which children, in which order.
        progress
            Told how many children are known; returns False to stop.

        Raises
        ------
        ValueRefusedError
            When the folder holds too many to be sorted.
        """
        with self._lock:
            while not self._is_whole and progress(len(self._children)):
                if len(self._children) > MAX_CHILDREN:
                    raise ValueRefusedError(
                        f"a folder must have at most {MAX_CHILDREN:,} entries to be sorted or filtered",
                        hint="Look for what you need with ref.find() in Python.",
                    )
                self._pull()
            if self._arranged is not None and self._arranged[0] == arrangement:
                found = self._arranged[1]
            else:
                found = arrangement.apply(self._children)
                self._arranged = (arrangement, found) if self._is_whole else None
            return found[first : first + limit], len(found)

    def holds(self, names: Collection[str]) -> bool:
        """Return whether one of the children that are known has one of these names."""
        with self._lock:
            return any(child.name in names for child in self._children[:SMALL])

    def _pull(self) -> None:
        page = next(self._pages, None)
        self._is_whole = page is None
        self._children += page or ()


def natural_order(child: Child) -> tuple[bool, list[tuple[Literal[0, 1], int, str]]]:
    """Sort folders first, then by name, numbers in it by value."""
    pieces = re.split(r"(\d+)", child.name.casefold())
    return not child.is_dir, [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces]


def _seconds(child: Child) -> float:
    return child.modified.timestamp() if child.modified else 0.0
