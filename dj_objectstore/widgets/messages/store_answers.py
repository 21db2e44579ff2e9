"""What the page of a browser is told about a whole store."""

from __future__ import annotations

from typing import Literal

from dj_objectstore.maintenance.belonging import Kind  # noqa: TC001 - pydantic reads it
from dj_objectstore.maintenance.orphans import Standing  # noqa: TC001 - pydantic reads it
from dj_objectstore.widgets.messages.answers import Result


class ShareInfo(Result):
    """What a table, or a section without tables, takes of a store."""

    section: str
    schema_name: str
    table: str
    objects: int
    files: int
    size: int


class Usage(Result):
    """The shares of a store, the largest first; not all of it where the counting was stopped."""

    shares: tuple[ShareInfo, ...]
    whole: bool = True


class OwnerInfo(Result):
    """Whose an entry is: what its path says, what it is to the database, and the first row that names it.

    `standing` is ``""`` where there is nothing to tell. `key` holds names and values as text, `restriction`
    and `line` are the row in Python, and `rows` counts those that name it or something in it.
    """

    kind: Kind
    standing: Standing | Literal[""]
    reason: str
    table: str
    field: str
    key: tuple[tuple[str, str], ...]
    rows: int
    restriction: str
    line: str


class Owners(Result):
    """Whose the entries are, in the order that they were asked about."""

    owners: tuple[OwnerInfo, ...]


class OwnerRow(Result):
    """A row: the names of its columns and their values as text, of an object its path."""

    table: str
    cells: tuple[tuple[str, str], ...]


class StandingPart(Result):
    """What of a store stands to the database in one way."""

    standing: Standing
    objects: int
    files: int
    size: int


class Compared(Result):
    """A store against its database; `notes` say why something could not be told."""

    parts: tuple[StandingPart, ...]
    notes: tuple[str, ...]
    whole: bool


class Ending(Result):
    """Whether there was a count to end."""

    ended: bool
