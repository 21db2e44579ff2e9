"""Playing: frames sent at a rate, as long as the view has room for them.

A `PlayClock` says which frame is due when; a `Stream` waits for that, for credit and for the data, and sends.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from dj_objectstore.exceptions import FormatError, IntegrityError, ObjectNotFoundError
from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.frames.shots import FIRST, Shot
from dj_objectstore.widgets.frames.travel import blocks_after
from dj_objectstore.widgets.movies.spots import find_span

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from dj_objectstore.exceptions import ObjectStoreError
    from dj_objectstore.widgets.frames.frames import FrameService
    from dj_objectstore.widgets.frames.travel import SpanOf
    from dj_objectstore.widgets.messages.answers import EndReason, Failure
    from dj_objectstore.widgets.messages.protocol import Encoding
    from dj_objectstore.widgets.movies.sources import FrameSource

IDLE_SECONDS = 120.0
"""A stream whose view gives no credit for this long is taken for gone."""
READ_AHEAD_SECONDS = 2.0
MAX_AHEAD = 32


@dataclass
class PlayClock:
    """Which frame is due when, at `fps` frames a second from frame `start` of `frames`.

    ``keep="time"`` leaves out frames that come too late, ``keep="frames"`` none. Steps are counted from 0 at
    `start`; a loop goes on at frame 0.

    >>> clock = PlayClock(start=0, frames=100, fps=10, loop=False, keep="time")
    >>> clock.next(now=5.0), clock.next(now=5.35)
    ((0, 5.0), (3, 5.3))
    """

    start: int
    frames: int
    fps: float
    loop: bool
    keep: Literal["time", "frames"]
    _step: int = -1
    _begun: float = 0.0
    _due: float = 0.0

    def next(self, *, now: float) -> tuple[int, float] | None:
        """Return the next frame and when it is due, in seconds on the clock of `now`; None at the end."""
        if self._step < 0:
            self._step, self._begun, self._due = 0, now, now
        elif not self._advance(now):
            return None
        return (self.start + self._step) % self.frames, self._due

    def _advance(self, now: float) -> bool:
        last = self.frames - 1 - self.start
        if not self.loop and self._step >= last:
            return False
        if self.keep == "frames":
            self._step, self._due = self._step + 1, max(now, self._due + 1 / self.fps)
            return True
        step = max(self._step + 1, int((now - self._begun) * self.fps + 1e-6))
        self._step = step if self.loop else min(step, last)
        self._due = self._begun + self._step / self.fps
        return True

    @property
    def position(self) -> int:
        """The frame that came last; the first one before that."""
        return (self.start + max(0, self._step)) % self.frames

    def upcoming(self, *, span_of: SpanOf, at_most: int) -> list[int]:
        """Return the first frame of each block to have ready, for about two seconds."""
        blocks = int(self.fps * READ_AHEAD_SECONDS / len(span_of(self.position))) + 1
        at_most = min(at_most, blocks, MAX_AHEAD)
        return blocks_after(
            self.position, span_of=span_of, frames=self.frames, loop=self.loop, at_most=at_most
        )


class StreamSink(Protocol):
    """Where a stream's messages go."""

    def send_frame(self, stream: int, index: int, frame: np.ndarray, encoding: Encoding) -> bool:
        """Send one frame of codes, shape (y, x); False when nobody is there."""

    def send_missing(self, stream: int, span: range, error: ObjectStoreError) -> None:
        """Say that frames can't be read, and why; the stream goes on behind them."""

    def send_end(self, stream: int, reason: EndReason, error: Failure | Exception | None) -> None:
        """Say that no more will come."""


@dataclass(frozen=True)
class PlayOptions:
    """What a view asked for; see `PlayClock`. `credit` is the number of frames it has room for.

    `encoding` is how they travel at first; `Stream.add_credit` may change that.
    """

    stream: int
    start: int
    fps: float
    loop: bool
    credit: int
    keep: Literal["time", "frames"]
    shot: Shot = FIRST
    encoding: Encoding = "raw"


class Stream:
    """One view playing one movie, on a thread of its own until the end, `stop`, or an error."""

    def __init__(
        self,
        options: PlayOptions,
        *,
        service: FrameService,
        get_source: Callable[[], FrameSource],
        sink: StreamSink,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._service = service
        self._get_source = get_source
        self._sink = sink
        self._on_end = on_end
        self._changed = threading.Condition()
        self._credit = options.credit
        self._encoding = options.encoding
        self._stopped = False
        self._ahead: frozenset[int] = frozenset()
        self._here = self._missing = range(0)
        self._thread = threading.Thread(target=self._run, name="dj-objectstore-play", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def add_credit(self, n: int, *, encoding: Encoding | None = None) -> None:
        """Let `n` more frames be sent, and all from now on in another encoding if one is given."""
        with self._changed:
            self._credit += n
            self._encoding = encoding or self._encoding
            self._changed.notify_all()

    def stop(self) -> None:
        """Send no more; returns at once."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _run(self) -> None:
        reason: EndReason = "error"
        error: Exception | None = None
        try:
            reason = self._play(self._get_source())
        except NoLongerWantedError:
            reason = "stopped"
        except Exception as err:  # noqa: BLE001 - the message edge: the view is told, whatever it is
            error = err
        self._sink.send_end(self._options.stream, reason, error)
        self._on_end()

    def _play(self, source: FrameSource) -> EndReason:
        options = self._options
        source.check(options.start, options.shot)
        clock = PlayClock(options.start, source.frames, options.fps, options.loop, options.keep)
        self._read(source, options.start)  # the clock starts with data at hand
        self._read_ahead(source, clock)
        while self._wait_for_credit():
            following = clock.next(now=time.monotonic())
            if following is None:
                return "end"
            index, due = following
            if not self._wait_until(due) or not self._send(source, index):
                return "stopped"
            self._read_ahead(source, clock)
        return "stopped"

    def _read_ahead(self, source: FrameSource, clock: PlayClock) -> None:
        def span_of(index: int) -> range:
            return find_span(source, index, self._options.shot.step)

        if clock.position in self._here:
            return  # the same blocks as before
        self._here = span_of(clock.position)
        room = self._service.room(source, self._options.shot.step)
        ahead = clock.upcoming(span_of=span_of, at_most=room)
        self._ahead = frozenset(ahead)
        self._service.read_ahead(source, ahead, self._options.shot, is_wanted=self._is_ahead)

    def _is_ahead(self, index: int) -> bool:
        return not self._stopped and index in self._ahead

    def _read(self, source: FrameSource, index: int) -> np.ndarray | None:
        """Return a frame; None when its data are damaged, which the view is told once."""
        if index in self._missing:
            return None
        shot = self._options.shot
        try:
            return self._service.read(source, index, shot, is_wanted=lambda: not self._stopped)
        except (IntegrityError, FormatError, ObjectNotFoundError) as err:
            # a mean over a damaged block fails for this frame, and not for all that lie with it
            alone = range(index, index + 1)
            self._missing = find_span(source, index, shot.step) if shot.mean == 1 else alone
            if len(self._missing) == source.frames:
                raise
            self._sink.send_missing(self._options.stream, self._missing, err)
            return None

    def _send(self, source: FrameSource, index: int) -> bool:
        frame = self._read(source, index)
        if frame is None:
            return not self._stopped
        with self._changed:
            self._credit -= 1
            if self._stopped:
                return False
        return self._sink.send_frame(self._options.stream, index, frame, self._encoding)

    def _wait_for_credit(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._credit > 0, timeout=IDLE_SECONDS)
            return self._credit > 0 and not self._stopped

    def _wait_until(self, due: float) -> bool:
        with self._changed:
            while not self._stopped and (left := due - time.monotonic()) > 0:
                self._changed.wait(left)
            return not self._stopped
