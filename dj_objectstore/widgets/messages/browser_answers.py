"""What the page of a browser is told besides its tree and previews."""

from __future__ import annotations

from typing import Literal

from dj_objectstore.widgets.messages.answers import EntryKind, Result


class ColumnInfo(Result):
    """A column of rows; `codec` names what its objects are stored by."""

    name: str
    kind: Literal["key", "value", "object"]
    codec: str


class About(Result):
    """What is browsed: an object, several, the rows of a query, a store; `folder` is where downloads go."""

    kind: Literal["object", "objects", "rows", "store"]
    title: str
    columns: tuple[ColumnInfo, ...]
    folder: str


class ObjectInfo(Result):
    """An object in a row: its node, or what is wrong with it; `node` is ``""`` where there is none."""

    node: str
    kind: EntryKind
    size: int | None
    problem: str


class RowInfo(Result):
    """One row: its texts, then its objects, each in the order of the columns."""

    cells: tuple[str, ...]
    objects: tuple[ObjectInfo | None, ...]


class Rows(Result):
    """A page of rows; `next` is the cursor of the page after it."""

    rows: tuple[RowInfo, ...]
    next: str | None


class FindingInfo(Result):
    """One file that is not as it was written."""

    file: str
    message: str


class Verified(Result):
    """Whether an object is as it was written; `note` says why nothing can be compared."""

    ok: bool
    files: int
    findings: tuple[FindingInfo, ...]
    note: str


class Saved(Result):
    """What was taken home: into the page as the buffer, or to `path` in the kernel's folder."""

    name: str
    mime: str
    size: int
    path: str


class ManifestText(Result):
    """The manifest of an object, as JSON; ``""`` where none was written."""

    text: str
    truncated: bool


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
