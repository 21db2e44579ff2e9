"""What every message from a browser has in common: bounds, and no tolerance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_COUNT = 2**53 - 1
"""Largest whole number that a browser holds exactly."""

View = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Opaque = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]+$")]
"""An id that the kernel handed out, of a node or a target."""
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]


class ProtocolError(ValueError):
    """A message that is not in the closed list, or is outside its bounds."""


class Strict(BaseModel):
    """Base of everything that comes from a browser: no unknown fields, no conversions, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Addressed(Strict):
    """A message of one view."""

    view: View


class RequestBase(Addressed):
    """A message that is answered under its id."""

    kind: Literal["request"]
    id: Count
