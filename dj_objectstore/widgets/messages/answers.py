"""What the kernel sends to a view: the envelopes, and the result of each method.

Results are frozen models, valid from birth; envelopes are plain dictionaries, ready to be sent.

>>> build_stream_end("a1", stream=3, reason="stopped")
{'kind': 'end', 'view': 'a1', 'stream': 3, 'reason': 'stopped'}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from dj_objectstore.widgets.messages.protocol import PROTOCOL, Encoding, Projection

if TYPE_CHECKING:
    from collections.abc import Sequence

Buffer = bytes | memoryview
CodeDtype = Literal["|u1", "<u2", "<f4"]
EndReason = Literal["end", "stopped", "error"]
EntryKind = Literal["folder", "file", "array", "group", "movie"]
ALL_VIEWS = "*"


class Result(BaseModel):
    """Base of what a view is told: no field but the listed ones, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_json(self) -> dict[str, Any]:
        """Return the result as it is sent."""
        return self.model_dump(mode="json")


@dataclass(frozen=True)
class Answer:
    """A result with its binary parts, little-endian, C order."""

    result: Result
    buffers: Sequence[Buffer] = field(default=())


class Failure(Result):
    """Why a request was not answered: a code for the program, a sentence and the next step for people."""

    code: str
    message: str
    hint: str = ""


SUPERSEDED = Failure(code="superseded", message="a newer frame was asked for")
CANCELLED = Failure(code="cancelled", message="the request was cancelled")


# -- results -----------------------------------------------------------------------------------------------


class CodeFormat(Result):
    """How a code becomes a value: ``table[code]`` for a look-up, else ``offset + scale * code``.

    `levels` is the number of codes: the length of the table, or of the integer range; 0 for floats.
    """

    dtype: CodeDtype
    kind: Literal["lookup", "linear"]
    levels: int = 0
    scale: FiniteFloat = 1.0
    offset: FiniteFloat = 0.0


class Photons(Result):
    """Photons are ``(counts - offset) / gain``."""

    gain: FiniteFloat
    offset: FiniteFloat


class Stabilized(Photons):
    """Parameters of the transform that makes the noise 1; `variance` of the read noise, in counts²."""

    variance: FiniteFloat


class Axis(Result):
    """An axis that is neither time, channel nor picture, such as z."""

    name: str
    length: int


class ViewOf(Result):
    """One of several movies that are shown side by side; `target` None is the main one."""

    target: str | None
    title: str
    role: Literal["movie", "difference"] = "movie"


class Description(Result):
    """A movie: `frames` frames of `height` x `width` pixels in `channels` channels.

    `frame_rate` in 1/s, `fps` the rate at which it plays at first, `pixel_size` (y, x) in micrometres,
    `contrast` (low, high) in its `unit`, which is ``"noise"`` for standard deviations of the noise.

    `steps` are the coarser versions that frames come in, `masks` the number of given masks, `series` whether
    events or traces were given, `views` what is shown beside it, `hints` sentences to say once.
    """

    title: str
    frames: int
    height: int
    width: int
    channels: int
    code: CodeFormat
    dtype: str
    unit: Literal["counts", "noise", ""]
    frame_rate: FiniteFloat | None
    fps: FiniteFloat = 30.0
    has_times: bool
    pixel_size: tuple[FiniteFloat, FiniteFloat] | None
    photons: Photons | None
    stabilized: Stabilized | None
    contrast: tuple[FiniteFloat, FiniteFloat]
    mode: str
    facts: tuple[tuple[str, str], ...]
    axes: tuple[Axis, ...] = ()
    channel_names: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()
    projections: bool = False
    masks: int = 0
    series: bool = False
    views: tuple[ViewOf, ...] = ()
    hints: tuple[str, ...] = ()


class FrameResult(Result):
    """One frame; its codes are the only buffer, shape (y, x), `step` x `step` pixels in one.

    Codes of dtype ``<f4`` are values in counts in any movie, also where other codes are looked up. They are
    packed as `encoding` says, which is ``"raw"`` unless the page has asked for another.
    """

    index: int
    dtype: CodeDtype
    shape: tuple[int, int]
    step: int = 1
    encoding: Encoding = "raw"


class DoorOpened(Result):
    """Where on its own machine this kernel takes requests for frames over HTTP, and with which token."""

    port: int
    token: str


class Projected(Result):
    """All `frames` of a movie in one picture; its counts are the only buffer, shape (y, x)."""

    kind: Projection
    frames: int
    dtype: Literal["<f4"] = "<f4"
    shape: tuple[int, int]


class Masks(Result):
    """Outlines of the given masks: `rings` are (mask, first point, number of points).

    The only buffer holds the points (y, x), float32, at the pixels' edges.
    """

    names: tuple[str, ...]
    rings: tuple[tuple[int, int, int], ...]


class Trace(Result):
    """The mean over the `pixels` of a region, one value a frame, float32.

    With `has_band` a second buffer holds the standard deviation that shot and read noise give it.
    """

    unit: Literal["photons", "counts", "noise", "dF/F"]
    pixels: int
    frames: int
    has_band: bool


class TraceName(Result):
    """A given trace and its unit."""

    name: str
    unit: str = ""


class EventName(Result):
    """A given kind of event."""

    name: str


class Series(Result):
    """What was given with the movie: for each trace a buffer of seconds (float64), one of values (float32).

    Then, for each kind of event, its seconds (float64).
    """

    traces: tuple[TraceName, ...] = ()
    events: tuple[EventName, ...] = ()


class Clip(Result):
    """Frames as a file; its bytes are the only buffer, `size` of them."""

    name: str
    mime: str
    size: int


class Code(Result):
    """A line of Python."""

    line: str


class Profile(Result):
    """Mean value of the frames at `indices`."""

    indices: tuple[int, ...]
    values: tuple[FiniteFloat, ...]


class StreamStarted(Result):
    """A `play` was accepted."""

    stream: int


class Opened(Result):
    """A node has become a target of `describe`, `frame`, `profile` and `play`."""

    target: str


class Entry(Result):
    """One thing in a folder; `size` in bytes, `modified` in ISO 8601, `items` what a folder holds."""

    id: str
    name: str
    kind: EntryKind
    size: int | None = None
    modified: str | None = None
    items: int | None = None


class Listing(Result):
    """A page of the `total` entries of a node (None while not known); `next` begins the page after it."""

    entries: tuple[Entry, ...]
    next: str | None
    total: int | None


# -- envelopes ---------------------------------------------------------------------------------------------


def build_response(
    view: str, request: int, result: Result | dict[str, Any], *, first: bool = False
) -> dict[str, Any]:
    """Return the answer to a request; the `first` one of a view says which protocol is spoken."""
    plain = result.to_json() if isinstance(result, Result) else result
    version = {"protocol": PROTOCOL} if first else {}
    return {"kind": "response", "view": view, "id": request, "ok": True, **version, "result": plain}


def build_failure(view: str, request: int, failure: Failure, *, first: bool = False) -> dict[str, Any]:
    """Return the answer that a request could not be fulfilled."""
    version = {"protocol": PROTOCOL} if first else {}
    return {
        "kind": "response",
        "view": view,
        "id": request,
        "ok": False,
        **version,
        "error": failure.to_json(),
    }


def build_progress(view: str, request: int, *, done: int, total: int, note: str = "") -> dict[str, Any]:
    """Return how far a request has come: `done` of `total` steps."""
    return {"kind": "progress", "view": view, "id": request, "done": done, "total": total, "note": note}


def build_stream_frame(view: str, *, stream: int, frame: FrameResult) -> dict[str, Any]:
    """Return one frame of a stream; its codes travel as the buffer."""
    return {"kind": "frame", "view": view, "stream": stream, **frame.to_json()}


def build_stream_end(
    view: str, *, stream: int, reason: EndReason, failure: Failure | None = None
) -> dict[str, Any]:
    """Return that a stream sends no more."""
    error = {"error": failure.to_json()} if failure else {}
    return {"kind": "end", "view": view, "stream": stream, "reason": reason, **error}


def build_event(name: str, data: dict[str, Any] | None = None, *, view: str = ALL_VIEWS) -> dict[str, Any]:
    """Return what every view (or one) should know without having asked."""
    return {"kind": "event", "view": view, "name": name, "data": data or {}}
