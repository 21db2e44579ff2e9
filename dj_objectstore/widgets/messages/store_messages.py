"""What the page of a browser may ask about a whole store; part of the closed list of `protocol`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dj_objectstore.widgets.messages.strict import Opaque, RequestBase, Strict

MAX_OWNED = 500
"""Entries that are joined to the database at once."""


class UsageParams(Strict):
    """Where the bytes of a store are."""


class OwnersParams(Strict):
    """Whose some entries are; with `anew` nothing that was read of the database before is used."""

    nodes: Annotated[tuple[Opaque, ...], Field(strict=False, min_length=1, max_length=MAX_OWNED)]
    anew: bool = False


class OwnerRowParams(Strict):
    """The row that names an entry, or something in it."""

    node: Opaque


class CompareParams(Strict):
    """How much of a store has a row, has none, or is not ours."""


class EnoughParams(Strict):
    """What was counted so far is enough: the count is answered as it is."""

    of: Literal["usage", "compare"]


class UsageRequest(RequestBase):
    """Request `usage`."""

    method: Literal["usage"]
    params: UsageParams


class OwnersRequest(RequestBase):
    """Request `owners`."""

    method: Literal["owners"]
    params: OwnersParams


class OwnerRowRequest(RequestBase):
    """Request `owner_row`."""

    method: Literal["owner_row"]
    params: OwnerRowParams


class CompareRequest(RequestBase):
    """Request `compare`."""

    method: Literal["compare"]
    params: CompareParams


class EnoughRequest(RequestBase):
    """Request `enough`."""

    method: Literal["enough"]
    params: EnoughParams


StoreRequest = UsageRequest | OwnersRequest | OwnerRowRequest | CompareRequest | EnoughRequest
