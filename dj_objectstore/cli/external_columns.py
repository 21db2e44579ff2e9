"""Columns of the type ``external-<store>``, which older versions of DataJoint made and 2.3 does not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_QUERIES = {
    "mysql": """
        SELECT table_schema, table_name, column_name, column_comment FROM information_schema.columns
        WHERE column_comment LIKE ':external%%' ORDER BY 1, 2, 3
    """,
    "postgresql": """
        SELECT n.nspname, c.relname, a.attname, d.description
        FROM pg_description d
        JOIN pg_class c ON c.oid = d.objoid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
        WHERE d.description LIKE ':external%%' ORDER BY 1, 2, 3
    """,
}


@dataclass(frozen=True)
class ExternalColumn:
    """One such column, and its type."""

    schema: str
    table: str
    column: str
    type: str

    def __str__(self) -> str:
        return f"`{self.schema}`.`{self.table}`.`{self.column}`: {self.type}"


def find_external_columns() -> list[ExternalColumn]:
    """Read the comments of all columns that the database's user may see; changes nothing.

    Raises
    ------
    datajoint.DataJointError
        When the database can't be reached.
    """
    import datajoint

    rows: Any = datajoint.conn().query(_QUERIES[datajoint.config["database.backend"]])
    return [
        ExternalColumn(schema, table, column, comment.split(":")[1])
        for schema, table, column, comment in rows
    ]


def has_database() -> bool:
    """Return whether a database is configured, so that nobody is asked for a password."""
    import datajoint

    return datajoint.config["database.user"] is not None and datajoint.config["database.password"] is not None
