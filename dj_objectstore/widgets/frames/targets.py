"""The movies that a widget can show, opened when they are first needed.

>>> import numpy as np
>>> from dj_objectstore.widgets.movies.sources import ArraySource
>>> targets = Targets(main=lambda: ArraySource(np.zeros((10, 8, 8), "u1")))
>>> targets.find(None).source().frames
10
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.movies.sources import FrameSource

OpenSource = Callable[[], FrameSource]


class Target:
    """A movie that is opened once; a failure is not kept, so that a later try may succeed."""

    def __init__(self, open_source: OpenSource) -> None:
        self._open = open_source
        self._lock = threading.Lock()
        self._source: FrameSource | None = None

    def source(self) -> FrameSource:
        """Return the opened movie; raises what opening raises."""
        with self._lock:
            if self._source is None:
                self._source = self._open()
            return self._source


class Targets:
    """The main movie of a widget, and those opened inside it, by ids that the kernel hands out."""

    def __init__(self, main: OpenSource | None = None) -> None:
        self._targets: dict[str | None, Target] = {} if main is None else {None: Target(main)}
        self._numbers = itertools.count(1)

    def add(self, open_source: OpenSource) -> str:
        """Return the id of a new target."""
        name = f"t{next(self._numbers)}"
        self._targets[name] = Target(open_source)
        return name

    def find(self, name: str | None) -> Target:
        """Return a target by its id; None is the main one."""
        try:
            return self._targets[name]
        except KeyError as err:
            raise ValueRefusedError(
                "this movie is not open in the widget", hint="Open it again from the tree."
            ) from err
