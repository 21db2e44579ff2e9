"""The rows that a page has been shown and may ask for again, under numbers that mean nothing elsewhere."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from dj_objectstore.maintenance.rows import Row

MAX_ROWS = 10_000
"""More than any page keeps; of a long table the rows that were not looked at for longest are forgotten."""


class SeenRows:
    """The last rows that were shown.

    Parameters
    ----------
    key_columns
        How many of the first columns tell a row from the others; 0 where none do.
    forget
        Told the numbers of rows that are forgotten.
    """

    def __init__(self, key_columns: int, forget: Callable[[Sequence[int]], None]) -> None:
        self._key_columns = key_columns
        self._forget = forget
        self._lock = threading.Lock()
        self._numbers: dict[Hashable, int] = {}
        # in the order in which they were last shown
        self._rows: dict[int, Row] = {}
        self._count = itertools.count()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Sequence[Row]) -> list[int]:
        """Return the number of each row, which is the one that it had before."""
        with self._lock:
            numbers = [self._place(row) for row in rows]
            forgotten = self._trim()
        if forgotten:
            self._forget(forgotten)
        return numbers

    def find(self, number: int) -> Row:
        """Return a row.

        Raises
        ------
        ValueRefusedError
            When it was never shown, or is forgotten.
        """
        with self._lock:
            row = self._rows.get(number)
        if row is None:
            raise ValueRefusedError(
                "this row is not known to the kernel any more",
                hint="Scroll to it again, or type a restriction that finds it.",
            )
        return row

    def _place(self, row: Row) -> int:
        key = row.raw[: self._key_columns]
        number = self._numbers.get(key) if key else None
        if number is None:
            number = next(self._count)
        else:
            del self._rows[number]
        if key:
            self._numbers[key] = number
        self._rows[number] = row
        return number

    def _trim(self) -> list[int]:
        forgotten = list(itertools.islice(self._rows, max(0, len(self._rows) - MAX_ROWS)))
        for number in forgotten:
            self._numbers.pop(self._key_of(self._rows.pop(number)), None)
        return forgotten

    def _key_of(self, row: Row) -> tuple[Any, ...]:
        return row.raw[: self._key_columns]
