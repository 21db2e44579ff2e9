"""What the page of a browser may ask besides its tree; part of the closed list of `protocol`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dj_objectstore.widgets.messages.store_messages import StoreRequest
from dj_objectstore.widgets.messages.strict import Opaque, RequestBase, Strict

Node = Opaque | Literal[""]


class AboutParams(Strict):
    """What is browsed."""


class RowsParams(Strict):
    """A page of rows; `condition` as typed."""

    cursor: Annotated[str, Field(max_length=32, pattern=r"^[0-9]+$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    condition: Annotated[str, Field(max_length=500)] = ""


class VerifyParams(Strict):
    """Whether the files of an object are those that were written; `read_data` reads each of them."""

    node: Node
    read_data: bool = False


class SaveParams(Strict):
    """A file or folder taken home: into the page, or into the folder that the kernel named."""

    nodes: Annotated[tuple[Node, ...], Field(strict=False, min_length=1, max_length=1000)]
    into: Literal["page", "folder"]


class SaveRowsParams(Strict):
    """The objects of rows taken home, into the folder that the kernel named."""

    rows: Annotated[tuple[Opaque, ...], Field(strict=False, min_length=1, max_length=1000)]


class ManifestParams(Strict):
    """What was written with an object."""

    node: Node


class AboutRequest(RequestBase):
    """Request `about`."""

    method: Literal["about"]
    params: AboutParams


class RowsRequest(RequestBase):
    """Request `rows`."""

    method: Literal["rows"]
    params: RowsParams


class VerifyRequest(RequestBase):
    """Request `verify`."""

    method: Literal["verify"]
    params: VerifyParams


class SaveRequest(RequestBase):
    """Request `save`."""

    method: Literal["save"]
    params: SaveParams


class SaveRowsRequest(RequestBase):
    """Request `save_rows`."""

    method: Literal["save_rows"]
    params: SaveRowsParams


class ManifestRequest(RequestBase):
    """Request `manifest`."""

    method: Literal["manifest"]
    params: ManifestParams


BrowserRequest = (
    AboutRequest
    | RowsRequest
    | VerifyRequest
    | SaveRequest
    | SaveRowsRequest
    | ManifestRequest
    | StoreRequest
)
