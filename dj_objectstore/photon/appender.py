"""Store a movie while it is still being recorded: frames are handed over as they come.

>>> import numpy as np
>>> sink = {}
>>> with MovieAppender(sink, mode="lossless") as movie:
...     for number in range(3):
...         movie.append(np.full((8, 8), number, "u2"))
>>> movie.summary.shape
(3, 8, 8)
"""

from __future__ import annotations

import queue
import threading
import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon.rules import check_dims, check_dtype
from dj_objectstore.photon.writer import MovieSummary, write_movie

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping, Sequence
    from types import TracebackType

#: frames or blocks that wait for the writer; more make `append` wait, so that memory stays bounded
_WAITING = 16
_POLL = 0.2  # seconds


class _StoppedError(Exception):
    """Ends the writer's iterator when an acquisition is given up."""


class MovieAppender:
    """Writes a movie of unknown length in the background.

    The noise is estimated from the first 64 MB unless it is given. Until `close`, ``.zattrs`` says
    ``complete: false``, and readers refuse the movie: one whose acquisition died is never taken for whole.

    Parameters
    ----------
    sink
        Takes the files by key.
    shape
        Of one frame, ([channel, ][z, ]y, x), to be checked at once; otherwise the first frame tells.
    options
        As of `write_movie`.
    """

    def __init__(
        self,
        sink: MutableMapping[str, bytes],
        *,
        shape: Sequence[int] | None = None,
        dims: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        self._shape = None if shape is None else tuple(map(int, shape))
        n_axes = 3 if self._shape is None else 1 + len(self._shape)
        self._n_axes = n_axes if dims is None else len(check_dims(dims, len(dims)))
        self._dims = check_dims(dims, self._n_axes)
        self._queue: queue.Queue[np.ndarray | BaseException | None] = queue.Queue(_WAITING)
        self._summary: MovieSummary | None = None
        self._error: BaseException | None = None
        self._warned: list[warnings.WarningMessage] = []
        self._frames = 0
        self._closed = False
        self._thread = threading.Thread(
            target=self._write, args=(sink, options), name="photon-appender", daemon=True
        )
        self._thread.start()

    def __len__(self) -> int:
        """Return how many frames have been handed over."""
        return self._frames

    @property
    def summary(self) -> MovieSummary:
        """What was written; after `close`."""
        if self._summary is None:
            raise MovieRefusedError("the movie is not finished", hint="Call close() first.")
        return self._summary

    def append(self, frames: Any) -> None:
        """Hand over one frame, or a block of frames with time first; copied, so a buffer may be used again.

        Raises
        ------
        MovieRefusedError
            For frames of another shape or type, or after `close`.
        ObjectStoreError, OSError
            When the writer has failed; the movie stays incomplete.
        """
        if self._closed:
            raise MovieRefusedError("the movie is closed", hint="Append frames before close().")
        array = np.array(frames)
        check_dtype(array.dtype)
        block = array[None] if array.ndim == self._n_axes - 1 else array
        shape = block.shape[1:] if self._shape is None else self._shape
        if block.ndim != self._n_axes or block.shape[1:] != shape:
            raise MovieRefusedError(f"frames of this movie have shape {shape}, got {array.shape}")
        self._shape = shape
        if len(block):
            self._put(block)
            self._frames += len(block)

    def close(self) -> MovieSummary:
        """Write what is left, and the description; the movie is complete then. A second call does nothing.

        Warns
        -----
        NoiseNotTrustedWarning
            As `write_movie` does.
        """
        if not self._closed:
            self._closed = True
            self._put(None)
            self._thread.join()
            for warned in self._warned:
                warnings.warn(warned.message, stacklevel=2)
        self._raise_error()
        return self.summary

    def abort(self) -> None:
        """Stop; what was written stays incomplete, and is refused by readers."""
        if not self._closed:
            self._closed = True
            if self._thread.is_alive():
                self._put(_StoppedError())
        # also after a `close` that was interrupted: nothing may be written once this returns
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _put(self, item: np.ndarray | BaseException | None) -> None:
        """Wait for room, and notice if nobody takes anything any more."""
        while True:
            if not self._thread.is_alive():
                if isinstance(item, np.ndarray):
                    self._raise_error()
                return
            try:
                self._queue.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _write(self, sink: MutableMapping[str, bytes], options: dict[str, Any]) -> None:
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                self._summary = write_movie(self._take(), sink, dims=self._dims, **options)
            self._warned = warned
        except _StoppedError:
            pass
        except BaseException as err:  # noqa: BLE001  raised again in the thread that appends
            self._error = err

    def _take(self) -> Iterator[np.ndarray]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
