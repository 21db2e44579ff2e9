"""The closed list of messages that a view may send, each with its bounds.

A message that is not in this list, or is outside its bounds, is refused with `ProtocolError` before anything
is done for it. What the kernel sends back is in `answers`.

>>> message = parse_message({"kind": "stop", "view": "a1", "stream": 1})
>>> message.stream
1
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

PROTOCOL = 1
MAX_COUNT = 2**53 - 1
"""Largest whole number that a browser holds exactly."""

View = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Opaque = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]+$")]
"""An id that the kernel handed out, of a node or a target."""
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Channel = Annotated[int, Field(ge=0, le=4096)]
Rate = Annotated[float, Field(gt=0, le=1000)]


class ProtocolError(ValueError):
    """A message that is not in the closed list, or is outside its bounds."""


class Strict(BaseModel):
    """Base of everything that comes from a browser: no unknown fields, no conversions, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class DescribeParams(Strict):
    """What a movie is."""

    target: Opaque | None = None


class FrameParams(Strict):
    """One frame, as codes."""

    target: Opaque | None = None
    index: Count
    channel: Channel = 0


class ProfileParams(Strict):
    """Mean intensity of sampled frames."""

    target: Opaque | None = None


class ListParams(Strict):
    """What a node holds; the empty node is the root."""

    node: Opaque | Literal[""]
    cursor: Annotated[str, Field(max_length=32, pattern=r"^[0-9]+$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class PreviewParams(Strict):
    """What a node looks like."""

    node: Opaque | Literal[""]


class OpenParams(Strict):
    """Make a movie or array a target."""

    node: Opaque | Literal[""]


class _Addressed(Strict):
    view: View


class _Request(_Addressed):
    kind: Literal["request"]
    id: Count


class DescribeRequest(_Request):
    """Request `describe`."""

    method: Literal["describe"]
    params: DescribeParams


class FrameRequest(_Request):
    """Request `frame`."""

    method: Literal["frame"]
    params: FrameParams


class ProfileRequest(_Request):
    """Request `profile`."""

    method: Literal["profile"]
    params: ProfileParams


class ListRequest(_Request):
    """Request `list`."""

    method: Literal["list"]
    params: ListParams


class PreviewRequest(_Request):
    """Request `preview`."""

    method: Literal["preview"]
    params: PreviewParams


class OpenRequest(_Request):
    """Request `open`."""

    method: Literal["open"]
    params: OpenParams


class Cancel(_Addressed):
    """The view no longer needs the answer to a request."""

    kind: Literal["cancel"]
    id: Count


class Play(_Addressed):
    """Stream frames from `start` on, at most `credit` of them before more credit is given.

    ``keep="time"`` leaves frames out to hold the rate, ``keep="frames"`` shows each of them.
    """

    kind: Literal["play"]
    id: Count
    stream: Count
    target: Opaque | None = None
    channel: Channel = 0
    start: Count = Field(alias="from")
    fps: Rate
    loop: bool
    credit: Annotated[int, Field(ge=0, le=256)]
    keep: Literal["time", "frames"]


class Credit(_Addressed):
    """The view can take `n` more frames of a stream."""

    kind: Literal["credit"]
    stream: Count
    n: Annotated[int, Field(ge=1, le=256)]


class Stop(_Addressed):
    """The view wants no more frames of a stream."""

    kind: Literal["stop"]
    stream: Count


Request = DescribeRequest | FrameRequest | ProfileRequest | ListRequest | PreviewRequest | OpenRequest
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
