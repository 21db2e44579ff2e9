"""Which rows of a table name what lies at a path, asked by the paths: however many rows there are.

The path stands in a column's JSON. Both dialects can compare the first segments of it, so that one question
is answered for the folders of a page as well as for objects.

>>> names = NamedPaths(table, field, elsewhere=())                     # doctest: +SKIP
>>> names.find(connection, ["_schema/lab/Scan/scan_id=1"])             # doctest: +SKIP
{'_schema/lab/Scan/scan_id=1': Named(key={'scan_id': 1}, rows=2)}
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dj_objectstore.maintenance.database import stream_rows
from dj_objectstore.maintenance.references import describe_query

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dj_objectstore.maintenance.references import Field


@dataclass(frozen=True)
class Named:
    """How many rows name something at or below a path, and the key of the first of them."""

    key: Mapping[str, Any]
    rows: int


class NamedPaths:
    """The paths that one field of a table's rows names.

    Parameters
    ----------
    table
        A DataJoint table; its heading is read now.
    field
        The field.
    elsewhere
        Names of stores, as rows may spell them, that are another place than the one that is looked at.
    """

    def __init__(self, table: Any, field: Field, *, elsewhere: Collection[str]) -> None:
        adapter = table.connection.adapter
        self.table = describe_query(table)
        self.full_table_name: str = table.full_table_name
        self.field = field
        self.is_postgres = adapter.backend == "postgresql"
        self._key = list(table.primary_key)
        attributes = table.heading.attributes
        self._uuids = {name for name in self._key if attributes[name].uuid}
        self._columns = "".join(f"{adapter.quote_identifier(name)}, " for name in self._key)
        self._column = adapter.quote_identifier(field.name)
        self._elsewhere = tuple(elsewhere)

    def find(self, connection: Any, paths: Collection[str]) -> dict[str, Named]:
        """Return, of each path that a row names or names something below, how many rows do."""
        found: dict[str, Named] = {}
        for depth, group in groupby(sorted(paths, key=_depth), key=_depth):
            found |= self._find_at(connection, self._beginning(depth), list(group))
        return found

    def find_exactly(self, connection: Any, paths: Collection[str]) -> dict[str, Named]:
        """Return, of each path that a row names itself, how many rows do."""
        return self._find_at(connection, self._path(), list(paths)) if paths else {}

    def has_unreadable(self, connection: Any) -> bool:
        """Return whether the field of some row has a value that tells no path."""
        sql = (
            f"SELECT 1 FROM {self.full_table_name} "  # noqa: S608 - names are quoted by DataJoint
            f"WHERE {self._column} IS NOT NULL AND {self._json('path')} IS NULL LIMIT 1"
        )
        return bool(connection.query(sql).fetchall())

    def stream(self, connection: Any) -> Iterator[list[str | None]]:
        """Give the paths of all rows in parts; None for a value that tells no path."""
        sql = f"SELECT {self._path()} FROM {self.full_table_name} WHERE {self._is_here()}"  # noqa: S608
        for rows in stream_rows(connection, sql, self._elsewhere):
            yield [row[0] for row in rows]

    def _find_at(self, connection: Any, place: str, paths: list[str]) -> dict[str, Named]:
        marks = ", ".join(["%s"] * len(paths))
        named = (  # names are quoted by DataJoint, and values are passed apart
            f"SELECT {self._columns}{place} AS _djo_at FROM {self.full_table_name} "  # noqa: S608
            f"WHERE {self._is_here()}"
        )
        numbered = (
            f"SELECT {self._columns}_djo_at, COUNT(*) OVER (PARTITION BY _djo_at) AS _djo_rows, "  # noqa: S608
            f"ROW_NUMBER() OVER (PARTITION BY _djo_at ORDER BY {self._columns}_djo_at) AS _djo_number "
            f"FROM ({named}) AS named WHERE _djo_at IN ({marks})"
        )
        sql = f"SELECT * FROM ({numbered}) AS numbered WHERE _djo_number = 1"  # noqa: S608
        rows = connection.query(sql, (*self._elsewhere, *paths)).fetchall()
        return {row[-3]: Named(self._read_key(row), int(row[-2])) for row in rows}

    def _read_key(self, row: Any) -> dict[str, Any]:
        key = dict(zip(self._key, row, strict=False))
        for name in self._uuids & key.keys():
            if isinstance(key[name], bytes):
                key[name] = uuid.UUID(bytes=key[name])
        return key

    def _is_here(self) -> str:
        marks = ", ".join(["%s"] * len(self._elsewhere))
        there = f" AND COALESCE({self._json('store')}, '') NOT IN ({marks})" if marks else ""
        return f"{self._column} IS NOT NULL{there}"

    def _json(self, name: str) -> str:
        if self.is_postgres:
            return f"({self._column}::jsonb ->> '{name}')"
        # two paths may differ in small and capital letters alone
        text = f"NULLIF(JSON_UNQUOTE(JSON_EXTRACT({self._column}, '$.{name}')), 'null')"
        return f"(CONVERT({text} USING utf8mb4) COLLATE utf8mb4_bin)"

    def _path(self) -> str:
        return f"TRIM(BOTH '/' FROM {self._json('path')})"

    def _beginning(self, depth: int) -> str:
        path = self._path()
        if self.is_postgres:
            return f"array_to_string((string_to_array({path}, '/'))[1:{depth}], '/')"
        return f"SUBSTRING_INDEX({path}, '/', {depth})"


def _depth(path: str) -> int:
    return path.count("/") + 1
