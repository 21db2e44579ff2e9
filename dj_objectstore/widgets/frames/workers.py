"""A few daemon threads that do what they are handed, first come, first served.

Threads start when there is work and end when there has been none for a while, so that nothing stays behind
a closed widget and nothing keeps the interpreter from ending.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

log = logging.getLogger("dj_objectstore.widgets")

Task = Callable[[], None]
IDLE_SECONDS = 5.0


class Workers:
    """At most `threads` daemon threads named after `name`."""

    def __init__(self, name: str, *, threads: int, idle_seconds: float = IDLE_SECONDS) -> None:
        self._name = name
        self._limit = threads
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._threads: set[threading.Thread] = set()
        self._free = 0
        self._closed = False

    def submit(self, task: Task) -> None:
        """Have `task` done soon; after `close` it is forgotten."""
        with self._changed:
            if self._closed:
                return
            self._tasks.append(task)
            if len(self._tasks) > self._free and len(self._threads) < self._limit:
                self._start()
            self._changed.notify()

    def close(self, *, wait_seconds: float = 5.0) -> None:
        """End the threads after what they are doing now, waited for in all so long; forget what waits."""
        with self._changed:
            self._closed = True
            self._tasks.clear()
            threads = list(self._threads)
            self._changed.notify_all()
        deadline = time.monotonic() + wait_seconds
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=f"dj-objectstore-{self._name}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except Exception as err:  # noqa: BLE001 - the edge: tasks answer for their errors, none may end the thread
                log.warning("a task of the widgets failed: %s", type(err).__name__)
            del task

    def _next(self) -> Task | None:
        with self._changed:
            self._free += 1
            self._changed.wait_for(lambda: self._tasks or self._closed, timeout=self._idle_seconds)
            self._free -= 1
            if self._tasks and not self._closed:
                return self._tasks.popleft()
            self._threads.discard(threading.current_thread())
            return None
