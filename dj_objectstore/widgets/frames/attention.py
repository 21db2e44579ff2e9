"""Lets the threads that answer a page come to their turn while a cell computes.

Python hands its lock from a busy thread to a waiting one only every 5 ms, and an answer needs it a dozen
times on its way. While a page asks, the lock is handed on ten times as often; the cell loses next to nothing.

>>> attention = Attention()
>>> attention.pay()          # at each message of a page
"""

from __future__ import annotations

import sys
import threading
import time

SWITCH_SECONDS = 5e-4
LASTING_SECONDS = 3.0


class Attention:
    """Shortens ``sys.setswitchinterval`` while it is paid, and puts it back afterwards.

    Parameters
    ----------
    lasting_seconds
        How long each `pay` lasts.
    """

    def __init__(self, *, lasting_seconds: float = LASTING_SECONDS) -> None:
        self._lasting_seconds = lasting_seconds
        self._lock = threading.Lock()
        self._until = 0.0
        self._before: float | None = None
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def pay(self) -> None:
        """Shorten the interval for the next seconds; a shorter one that somebody has set stays."""
        self._until = time.monotonic() + self._lasting_seconds
        with self._lock:
            before = sys.getswitchinterval()
            if self._before is not None or before <= SWITCH_SECONDS or self._closed.is_set():
                return
            self._before = before
            sys.setswitchinterval(SWITCH_SECONDS)
            self._thread = threading.Thread(
                target=self._relax_later, name="dj-objectstore-attention", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Put the interval back, for good."""
        self._closed.set()
        self._relax()
        if self._thread is not None:
            self._thread.join()

    def _relax_later(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if self._closed.wait(left):
                return
        self._relax()

    def _relax(self) -> None:
        with self._lock:
            before, self._before = self._before, None
            # whoever has set another interval meanwhile knows why
            if before is not None and abs(sys.getswitchinterval() - SWITCH_SECONDS) < SWITCH_SECONDS / 10:
                sys.setswitchinterval(before)
