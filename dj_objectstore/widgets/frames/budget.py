"""Memory that is promised before it is used, so that many who decode at once don't use more than there is.

>>> budget = MemoryBudget(1000)
>>> with budget.taking(600):
...     budget.taken
600
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dj_objectstore.store.wanted import POLL_SECONDS, check_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator


class MemoryBudget:
    """Bytes that may be in use at once; who needs more than all of them gets them alone."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._changed = threading.Condition()
        self._taken = 0

    @property
    def taken(self) -> int:
        """Bytes promised now."""
        return self._taken

    @contextmanager
    def taking(self, nbytes: int) -> Iterator[None]:
        """Wait for room, and hold it during the block.

        Raises
        ------
        NoLongerWantedError
            When nobody waits for it any more.
        """
        with self._changed:
            while self._taken and self._taken + nbytes > self.limit:
                check_wanted()
                self._changed.wait(POLL_SECONDS)
            self._taken += nbytes
        try:
            yield
        finally:
            with self._changed:
                self._taken -= nbytes
                self._changed.notify_all()
