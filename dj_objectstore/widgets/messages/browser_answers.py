"""What the page of a browser is told besides its tree and previews."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SkipValidation  # noqa: TC002 - pydantic reads it
from typing_extensions import TypedDict

from dj_objectstore.widgets.messages.answers import EntryKind, Result


class ColumnInfo(Result):
    """A column of rows; `codec` names what its objects are stored by."""

    name: str
    kind: Literal["key", "value", "object"]
    codec: str


class About(Result):
    """What is browsed: an object, several, the rows of a query, a store; `folder` is where downloads go.

    `database` is what a store is joined to, ``""`` for none.
    """

    kind: Literal["object", "objects", "rows", "store"]
    title: str
    columns: tuple[ColumnInfo, ...]
    folder: str
    database: str = ""


class ObjectInfo(TypedDict):
    """An object in a row: its node, or what is wrong with it; `node` is ``""`` where there is none."""

    node: str
    kind: EntryKind
    size: int | None
    problem: str


class RowInfo(TypedDict):
    """One row: its id, its texts, then its objects, each in the order of the columns."""

    id: str
    cells: tuple[str, ...]
    objects: list[ObjectInfo | None]


class Rows(Result):
    """A page of rows; `next` is the cursor of the page after it."""

    rows: SkipValidation[list[RowInfo]]
    next: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the page as it is sent: there may be thousands of cells, so rows are plain data already."""
        return {"rows": self.rows, "next": self.next}


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


class SavedRows(Result):
    """What of the objects of rows was taken home, into the folder `path`, and what was not, and why.

    `objects` are those that lie there now, `skipped` of them did before; `findings` name row and field.
    """

    path: str
    objects: int
    skipped: int
    size: int
    findings: tuple[FindingInfo, ...]


class ManifestText(Result):
    """The manifest of an object, as JSON; ``""`` where none was written."""

    text: str
    truncated: bool
