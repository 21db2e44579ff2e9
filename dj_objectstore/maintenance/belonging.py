"""Whose something in a store is: what its path says, and which row names it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.maintenance.python_names import restriction_in_python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dj_objectstore.maintenance.orphans import Standing

Kind = Literal["section", "partition", "schema", "table", "key", "object", "part"]


@dataclass(frozen=True)
class Listed:
    """A file or folder of a store's listing; `modified` is UTC, by the store's clock."""

    path: str
    is_dir: bool
    modified: datetime | None = None


@dataclass(frozen=True)
class Belonging:
    """Whose something is.

    Attributes
    ----------
    kind
        What its path says that it is; ``"part"`` is what lies in an object.
    standing
        Of objects and keys, what they are to the database. Of the others None, and ``"unread"`` of a schema
        or table that is not there or can't be read, ``"reserved"`` of this package's own section.
    reason
        A sentence that says why, or ``""``.
    table
        ``schema.table`` of the first row that names it; of a table's folder that table; a schema's name.
    field
        The field of that row; of a table's folder its fields with objects.
    key
        The primary key of that row; of a table's folder its names, mapped to ``""``.
    rows
        How many rows name it, or something in it.
    full_table_name
        Of that table, as SQL has it.
    """

    kind: Kind
    standing: Standing | None = None
    reason: str = ""
    table: str = ""
    field: str = ""
    key: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rows: int = 0
    full_table_name: str = ""

    @property
    def restriction(self) -> str:
        """The restriction to that row, in Python; ``""`` where there is none."""
        return restriction_in_python(self.key) if self.full_table_name and self.rows else ""

    @property
    def line(self) -> str:
        """Python that gives that row, or the table of a table's folder; ``""`` where there is neither."""
        table = f"dj.FreeTable(dj.conn(), {self.full_table_name!r})" if self.full_table_name else ""
        return f"{table} & {self.restriction}" if table and self.rows else table
