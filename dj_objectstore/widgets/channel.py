"""Takes the messages of the views of a widget and answers them, from threads of its own.

A message may arrive on any thread of the kernel, also beside a running cell, so receiving one does no more
than check it and hand it on. Nothing here touches a database connection or a trait.

>>> channel = Channel(post=widget.send, targets=Targets(main=open_movie))     # doctest: +SKIP
>>> widget.on_msg(channel.receive)                                            # doctest: +SKIP
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets import door
from dj_objectstore.widgets.frames.describe import describe, profile
from dj_objectstore.widgets.frames.frames import FrameService, frame_service
from dj_objectstore.widgets.frames.lanes import FrameLane, FrameWish
from dj_objectstore.widgets.frames.packing import pack_frame
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.frames.streams import PlayOptions, Stream
from dj_objectstore.widgets.messages.answers import (
    CANCELLED,
    Answer,
    Buffer,
    DoorOpened,
    EndReason,
    Failure,
    FrameResult,
    StreamStarted,
    build_event,
    build_failure,
    build_progress,
    build_response,
    build_stream_end,
    build_stream_frame,
)
from dj_objectstore.widgets.messages.failures import failure_of
from dj_objectstore.widgets.messages.protocol import (
    Cancel,
    Credit,
    DescribeParams,
    DoorParams,
    FrameParams,
    FrameRequest,
    Message,
    Play,
    ProfileParams,
    Stop,
    parse_message,
)
from dj_objectstore.widgets.messages.strict import ProtocolError

if TYPE_CHECKING:
    from dj_objectstore.exceptions import ObjectStoreError
    from dj_objectstore.widgets.frames.targets import Targets
    from dj_objectstore.widgets.messages.protocol import Encoding
    from dj_objectstore.widgets.movies.sources import FrameSource

log = logging.getLogger("dj_objectstore.widgets")

Post = Callable[[dict[str, Any], list[Buffer]], None]
LONG = frozenset(
    {"profile", "project", "trace", "clip", "verify", "save", "save_rows", "usage", "owners", "compare"}
)
"""Methods that go through a whole movie, object or store: nothing short waits behind them."""
PROGRESS_SECONDS = 0.1
MAX_STREAMS = 8
MAX_REMEMBERED = 64
"""Views (and their lanes) that a channel remembers; pages that were closed don't say so."""


class Job:
    """One request on its way: answered once, unless it was cancelled before."""

    def __init__(self, channel: Channel, view: str, request: int, reply: Post | None = None) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._answered = False
        self._told = 0.0
        self.view, self.request, self.reply = view, request, reply

    @property
    def is_answered(self) -> bool:
        """Whether the view has its answer, or has cancelled."""
        return self._answered

    def answer(self, outcome: Answer | Failure | Exception) -> None:
        """Send the answer; later ones are dropped."""
        with self._lock:
            if self._answered:
                return
            self._answered = True
        self._channel.send_answer(self, outcome)

    def progress(self, done: int, total: int, note: str = "") -> bool:
        """Tell how far it is, ten times a second at most; False when nobody waits any more."""
        now = time.monotonic()
        if not self._answered and (done >= total or now - self._told >= PROGRESS_SECONDS):
            self._told = now
            self._channel.post(build_progress(self.view, self.request, done=done, total=total, note=note))
        return not self._answered


Method = Callable[[Any, Job], Answer | Failure]


class Channel:
    """The kernel's end of the conversation with all views of one widget.

    Parameters
    ----------
    post
        Sends a message with its buffers to all views; may be called from any thread.
    targets
        The movies that can be asked for.
    methods
        Further methods by name, each called with its parameters and `Job` on a thread of the frame service.
    """

    def __init__(self, *, post: Post, targets: Targets, methods: Mapping[str, Method] | None = None) -> None:
        self._post = post
        self._targets = targets
        self._methods: dict[str, Method] = {
            "describe": self._describe,
            "profile": self._profile,
            "door": self._open_door,
        }
        self._methods |= methods or {}
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, int], Job] = {}
        self._streams: OrderedDict[tuple[str, int], Stream] = OrderedDict()
        self._lanes: OrderedDict[tuple[str, str | None, int], FrameLane] = OrderedDict()
        self._greeted: OrderedDict[str, bool] = OrderedDict()
        self._closed = False
        self._opened: DoorOpened | None = None

    # -- receiving: no work here -------------------------------------------------------------------------

    def receive(self, _widget: object, content: Any, _buffers: Sequence[Any] = ()) -> None:
        """Take one message of a view; never raises."""
        if self._closed:
            return
        self._service.attention.pay()
        try:
            message = parse_message(content)
        except ProtocolError as err:
            self._refuse(content, err)
            return
        self._dispatch(message)

    def receive_aside(self, content: Any, reply: Post) -> None:
        """Take a request for a frame that came another way, and answer it there.

        Raises
        ------
        ProtocolError
            When it is another message, or outside the protocol.
        """
        message = parse_message(content)
        if not isinstance(message, FrameRequest) or self._closed:
            raise ProtocolError("only frames can be asked for here")
        self._service.attention.pay()
        self._request(message, reply)

    def close(self) -> None:
        """Stop all streams, forget all requests, and tell the views."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            streams, lanes = list(self._streams.values()), list(self._lanes.values())
            self._jobs.clear()
            self._lanes.clear()
        for stream in streams:
            stream.stop()
        for lane in lanes:
            lane.close()
        if self._opened is not None:
            door.front_door.dismiss(self._opened.token)
        self.post(build_event("closed"))

    def _dispatch(self, message: Message) -> None:
        match message:
            case Cancel():
                self._cancel(message)
            case Play():
                self._play(message)
            case Credit():
                if stream := self._streams.get((message.view, message.stream)):
                    stream.add_credit(message.n, encoding=message.encoding)
            case Stop():
                if stream := self._streams.get((message.view, message.stream)):
                    stream.stop()
            case _:
                self._request(message)

    def _refuse(self, content: Any, error: ProtocolError) -> None:
        """Answer a message outside the protocol, where it can be answered."""
        fields = content if isinstance(content, dict) else {}
        view, request = fields.get("view"), fields.get("id")
        log.debug("a message of a widget was refused: %s", error)
        if isinstance(view, str) and isinstance(request, int) and len(view) <= MAX_REMEMBERED:
            self._service.requests.submit(partial(Job(self, view, request).answer, error))

    @property
    def _service(self) -> FrameService:
        return frame_service()

    # -- requests ----------------------------------------------------------------------------------------

    def _request(self, message: Any, reply: Post | None = None) -> None:
        job = Job(self, message.view, message.id, reply)
        with self._lock:
            self._jobs[message.view, message.id] = job
        if isinstance(message.params, FrameParams):
            self._ask_frame(message.params, job)
        else:
            workers = self._service.passes if message.method in LONG else self._service.requests
            workers.submit(partial(self._do, message.method, message.params, job))

    def _do(self, method: str, params: Any, job: Job) -> None:
        if job.is_answered:
            return
        try:
            outcome: Answer | Failure | Exception = self._find_method(method)(params, job)
        except Exception as err:  # noqa: BLE001 - the message edge: the view is told, whatever it is
            outcome = err
        job.answer(outcome)

    def _find_method(self, name: str) -> Method:
        if name not in self._methods:
            raise ValueRefusedError(f"this widget does not know {name!r}")
        return self._methods[name]

    def _cancel(self, message: Cancel) -> None:
        if job := self._jobs.get((message.view, message.id)):
            self._service.requests.submit(partial(job.answer, CANCELLED))

    def _describe(self, params: DescribeParams, _job: Job) -> Answer:
        return describe(self._service, self._targets.find(params.target).source())

    def _open_door(self, _params: DoorParams, _job: Job) -> Answer:
        with self._lock:
            if self._opened is None and not self._closed:
                self._opened = DoorOpened.model_validate(door.front_door.admit(self.receive_aside))
            opened = self._opened
        if opened is None:
            raise ValueRefusedError("this widget is closed")
        return Answer(opened)

    def _profile(self, params: ProfileParams, job: Job) -> Answer:
        source = self._targets.find(params.target).source()
        return profile(
            self._service,
            source,
            lambda done, total: job.progress(done, total, "reading frames"),
            is_wanted=lambda: not job.is_answered,
        )

    # -- frames ------------------------------------------------------------------------------------------

    def _ask_frame(self, params: FrameParams, job: Job) -> None:
        def answer(frame: np.ndarray | Failure | Exception) -> None:
            if isinstance(frame, np.ndarray):
                job.answer(Answer(*_pack(params.index, frame, shot, params.encoding)))
            else:
                job.answer(frame)

        shot = _shot_of(params)
        self._lane(job.view, params.target, params.channel).ask(
            FrameWish(params.index, shot, answer, is_cancelled=lambda: job.is_answered)
        )

    def _lane(self, view: str, target: str | None, channel: int) -> FrameLane:
        """Return the queue of one channel: two that are shown over each other don't supersede each other."""
        key = (view, target, channel)
        with self._lock:
            if key not in self._lanes:
                self._lanes[key] = FrameLane(self._service, partial(self._open, target))
            self._lanes.move_to_end(key)
            if len(self._lanes) > MAX_REMEMBERED:
                self._lanes.popitem(last=False)[1].close()
            return self._lanes[key]

    def _open(self, target: str | None) -> FrameSource:
        return self._targets.find(target).source()

    # -- streams -----------------------------------------------------------------------------------------

    def _play(self, message: Play) -> None:
        key = (message.view, message.stream)
        options = PlayOptions(
            message.stream,
            message.start,
            message.fps,
            message.loop,
            message.credit,
            message.keep,
            _shot_of(message),
            message.encoding,
        )
        stream = Stream(
            options,
            service=self._service,
            get_source=partial(self._open, message.target),
            sink=_ViewSink(self, message.view, options.shot),
            on_end=lambda: self._forget_stream(key, stream),
        )
        with self._lock:
            crowded = [self._streams.pop(key)] if key in self._streams else []
            while len(self._streams) >= MAX_STREAMS:
                crowded.append(self._streams.popitem(last=False)[1])
            self._streams[key] = stream
        for old in crowded:
            old.stop()
        job = Job(self, message.view, message.id)
        self._service.requests.submit(partial(job.answer, Answer(StreamStarted(stream=message.stream))))
        stream.start()

    def _forget_stream(self, key: tuple[str, int], stream: Stream) -> None:
        with self._lock:
            if self._streams.get(key) is stream:
                del self._streams[key]

    # -- sending -----------------------------------------------------------------------------------------

    def send_answer(self, job: Job, outcome: Answer | Failure | Exception) -> None:
        """Send the answer to a request; the first one of a view says which protocol is spoken."""
        with self._lock:
            self._jobs.pop((job.view, job.request), None)
            first = job.view not in self._greeted
            self._greeted[job.view] = True
            if len(self._greeted) > MAX_REMEMBERED:
                self._greeted.popitem(last=False)
        if isinstance(outcome, Answer):
            message = build_response(job.view, job.request, outcome.result, first=first)
            self.post(message, outcome.buffers, by=job.reply)
        else:
            failure = build_failure(job.view, job.request, failure_of(outcome), first=first)
            self.post(failure, by=job.reply)

    def post(
        self, message: dict[str, Any], buffers: Sequence[Buffer] = (), *, by: Post | None = None
    ) -> bool:
        """Send one message, with the milliseconds of our clock; False when nobody can be reached."""
        stamped = {**message, "sent": round(1000 * time.monotonic(), 1)}
        try:
            (by or self._post)(stamped, list(buffers))
        except Exception as err:  # noqa: BLE001 - the message edge: a lost page or kernel is no error of ours
            log.debug("a message to a widget was not sent: %s", type(err).__name__)
            return False
        return not self._closed


class _ViewSink:
    """Sends the frames of a stream to one view."""

    def __init__(self, channel: Channel, view: str, shot: Shot) -> None:
        self._channel = channel
        self._view = view
        self._shot = shot

    def send_frame(self, stream: int, index: int, frame: np.ndarray, encoding: Encoding) -> bool:
        result, buffers = _pack(index, frame, self._shot, encoding)
        return self._channel.post(build_stream_frame(self._view, stream=stream, frame=result), buffers)

    def send_missing(self, stream: int, span: range, error: ObjectStoreError) -> None:
        missing = {"stream": stream, "from": span.start, "to": span.stop}
        event = missing | {"error": failure_of(error).to_json()}
        self._channel.post(build_event("unavailable", event, view=self._view))

    def send_end(self, stream: int, reason: EndReason, error: Failure | Exception | None) -> None:
        failure = None if error is None else failure_of(error)
        self._channel.post(build_stream_end(self._view, stream=stream, reason=reason, failure=failure))


def _shot_of(params: FrameParams | Play) -> Shot:
    return Shot(channel=params.channel, at=params.at, step=params.step, mean=params.mean)


def _pack(index: int, frame: np.ndarray, shot: Shot, wanted: Encoding) -> tuple[FrameResult, list[Buffer]]:
    dtype = frame.dtype.newbyteorder("<").str
    encoding, data = pack_frame(frame, wanted)
    fields = {"index": index, "dtype": dtype, "shape": frame.shape, "step": shot.step, "encoding": encoding}
    return FrameResult.model_validate(fields), [data]
