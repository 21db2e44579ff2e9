"""The closed list of messages that a view may send, each with its bounds.

A message that is not in this list, or is outside its bounds, is refused with `ProtocolError` before anything
is done for it. What the kernel sends back is in `answers`.

>>> message = parse_message({"kind": "stop", "view": "a1", "stream": 1})
>>> message.stream
1
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from dj_objectstore.widgets.messages.browser_messages import BrowserRequest
from dj_objectstore.widgets.messages.strict import (
    MAX_COUNT,
    Addressed,
    Count,
    Opaque,
    ProtocolError,
    RequestBase,
    Strict,
)
from dj_objectstore.widgets.messages.wizard_messages import SetupRequest

PROTOCOL = 1
MAX_AXES = 8
MAX_POINTS = 2000
MAX_CLIP_SCALE = 8
MAX_LOOK = 32

Projection = Literal["mean", "max", "std"]
ClipFormat = Literal["mp4", "gif", "png"]
Unit = Literal["counts", "photons", "stabilized"]
Encoding = Literal["raw", "deflate"]
"""How a frame travels: see `frames.packing`."""

Channel = Annotated[int, Field(ge=0, le=4096)]
Rate = Annotated[float, Field(gt=0, le=1000)]
Place = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Level = Annotated[float, Field(allow_inf_nan=False)]
At = Annotated[
    tuple[Annotated[int, Field(ge=0, le=MAX_COUNT)], ...], Field(strict=False, max_length=MAX_AXES)
]
"""Positions on the axes that are neither time, channel nor picture; 0 where left out."""
Step = Literal[1, 2, 4, 8, 16, 32]
"""Pixels are binned step x step."""
MeanOf = Annotated[int, Field(ge=1, le=1000)]
"""Frames that are averaged, the last of them the one asked for."""
Point = Annotated[tuple[Place, Place], Field(strict=False)]
"""Row and column at the pixels' edges: (0, 0) is the outer corner of the first pixel."""


class DescribeParams(Strict):
    """What a movie is."""

    target: Opaque | None = None


class FrameParams(Strict):
    """One frame, as codes."""

    target: Opaque | None = None
    index: Count
    channel: Channel = 0
    at: At = ()
    step: Step = 1
    mean: MeanOf = 1
    encoding: Encoding = "raw"


class DoorParams(Strict):
    """A second way to this kernel: see `widgets.door`."""


class ProfileParams(Strict):
    """Mean intensity of sampled frames."""

    target: Opaque | None = None


class ProjectParams(Strict):
    """Mean, maximum or standard deviation over all frames."""

    target: Opaque | None = None
    kind: Projection
    channel: Channel = 0
    at: At = ()


class MasksParams(Strict):
    """The outlines of the given masks."""

    target: Opaque | None = None


class BoxRoi(Strict):
    """A rectangle or ellipse between two opposite corners."""

    kind: Literal["rectangle", "ellipse"]
    points: Annotated[tuple[Point, Point], Field(strict=False)]


class PolygonRoi(Strict):
    """A closed line through three points or more; also what was drawn by hand."""

    kind: Literal["polygon"]
    points: Annotated[tuple[Point, ...], Field(strict=False, min_length=3, max_length=MAX_POINTS)]


class MaskRoi(Strict):
    """One of the given masks."""

    kind: Literal["mask"]
    mask: Count


class TraceParams(Strict):
    """The mean over a region in each frame; `baseline` is the percentile that dF/F is relative to."""

    target: Opaque | None = None
    channel: Channel = 0
    at: At = ()
    roi: Annotated[BoxRoi | PolygonRoi | MaskRoi, Field(discriminator="kind")]
    quantity: Literal["mean", "dff"] = "mean"
    baseline: Annotated[float, Field(ge=0, le=100)] | None = None


class SeriesParams(Strict):
    """The traces and events that were given with the movie."""


class ClipParams(Strict):
    """Frames `start` up to `stop`, without it, as a file as shown.

    `limits` in the unit shown; `scale` pixels of the file for one of the movie's. A PNG is of `start` alone.
    """

    target: Opaque | None = None
    channel: Channel = 0
    at: At = ()
    start: Count = Field(alias="from")
    stop: Count = Field(alias="to")
    fps: Rate
    format: ClipFormat
    limits: Annotated[tuple[Level, Level], Field(strict=False)]
    gamma: Annotated[float, Field(gt=0, le=10)] = 1.0
    colormap: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_]+$")] = "gray"
    unit: Unit = "counts"
    scale: Annotated[int, Field(ge=1, le=MAX_CLIP_SCALE)] = 1


class CodeParams(Strict):
    """The line of Python that shows what is seen: `look` holds attributes of the scrubber by their names."""

    look: Annotated[dict[str, Any], Field(max_length=MAX_LOOK)]


class ListParams(Strict):
    """What a node holds; the empty node is the root."""

    node: Opaque | Literal[""]
    cursor: Annotated[str, Field(max_length=32, pattern=r"^[0-9]+$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    filter: Annotated[str, Field(max_length=200)] = ""
    sort: Literal["name", "size", "modified"] = "name"
    descending: bool = False


class PreviewParams(Strict):
    """What a node looks like."""

    node: Opaque | Literal[""]


class OpenParams(Strict):
    """Make a movie or array a target."""

    node: Opaque | Literal[""]


class DescribeRequest(RequestBase):
    """Request `describe`."""

    method: Literal["describe"]
    params: DescribeParams


class FrameRequest(RequestBase):
    """Request `frame`."""

    method: Literal["frame"]
    params: FrameParams


class DoorRequest(RequestBase):
    """Request `door`."""

    method: Literal["door"]
    params: DoorParams


class ProfileRequest(RequestBase):
    """Request `profile`."""

    method: Literal["profile"]
    params: ProfileParams


class ListRequest(RequestBase):
    """Request `list`."""

    method: Literal["list"]
    params: ListParams


class PreviewRequest(RequestBase):
    """Request `preview`."""

    method: Literal["preview"]
    params: PreviewParams


class OpenRequest(RequestBase):
    """Request `open`."""

    method: Literal["open"]
    params: OpenParams


class ProjectRequest(RequestBase):
    """Request `project`."""

    method: Literal["project"]
    params: ProjectParams


class MasksRequest(RequestBase):
    """Request `masks`."""

    method: Literal["masks"]
    params: MasksParams


class TraceRequest(RequestBase):
    """Request `trace`."""

    method: Literal["trace"]
    params: TraceParams


class SeriesRequest(RequestBase):
    """Request `series`."""

    method: Literal["series"]
    params: SeriesParams


class ClipRequest(RequestBase):
    """Request `clip`."""

    method: Literal["clip"]
    params: ClipParams


class CodeRequest(RequestBase):
    """Request `code`."""

    method: Literal["code"]
    params: CodeParams


class Cancel(Addressed):
    """The view no longer needs the answer to a request."""

    kind: Literal["cancel"]
    id: Count


class Play(Addressed):
    """Stream frames from `start` on, at most `credit` of them before more credit is given.

    ``keep="time"`` leaves frames out to hold the rate, ``keep="frames"`` shows each of them.
    """

    kind: Literal["play"]
    id: Count
    stream: Count
    target: Opaque | None = None
    channel: Channel = 0
    at: At = ()
    step: Step = 1
    mean: MeanOf = 1
    start: Count = Field(alias="from")
    fps: Rate
    loop: bool
    credit: Annotated[int, Field(ge=0, le=256)]
    keep: Literal["time", "frames"]
    encoding: Encoding = "raw"


class Credit(Addressed):
    """The view can take `n` more frames of a stream, from now on in this `encoding` if it names one."""

    kind: Literal["credit"]
    stream: Count
    n: Annotated[int, Field(ge=1, le=256)]
    encoding: Encoding | None = None


class Stop(Addressed):
    """The view wants no more frames of a stream."""

    kind: Literal["stop"]
    stream: Count


Request = (
    DescribeRequest
    | FrameRequest
    | DoorRequest
    | ProfileRequest
    | ProjectRequest
    | MasksRequest
    | TraceRequest
    | SeriesRequest
    | ClipRequest
    | CodeRequest
    | ListRequest
    | PreviewRequest
    | OpenRequest
    | SetupRequest
    | BrowserRequest
)
Message = Request | Cancel | Play | Credit | Stop

_MESSAGE: TypeAdapter[Message] = TypeAdapter(
    Annotated[
        Annotated[Request, Field(discriminator="method")] | Cancel | Play | Credit | Stop,
        Field(discriminator="kind"),
    ]
)


def parse_message(content: Any) -> Message:
    """Return the message that a view sent.

    Raises
    ------
    ProtocolError
        When it is not in the closed list or outside its bounds; says which field.
    """
    try:
        return _MESSAGE.validate_python(content)
    except ValidationError as err:
        raise ProtocolError(_explain(err)) from err


def build_message(message: Message) -> dict[str, Any]:
    """Return the message as a view would send it, without what was left at its default."""
    return message.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _explain(err: ValidationError) -> str:
    first = err.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "message"
    return f"a message must follow the protocol; {where}: {first['msg'].splitlines()[0][:200]}"
