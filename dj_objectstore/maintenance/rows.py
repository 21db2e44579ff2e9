"""The rows of a query, page by page, as raw metadata and on a connection of their own.

The connection that cells use may be in the middle of a transaction, or of a query; looking at rows must not
meet it. Nothing is decoded: a row whose store or codec is missing is shown with what is wrong with it.

>>> pages = RowPages(Recording & "subject_id = 'M042'")             # doctest: +SKIP
>>> pages.read(0, 100).rows[0].cells                                # doctest: +SKIP
('M042', '1')
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from datajoint.connection import Connection
from datajoint.errors import DataJointError

from dj_objectstore.exceptions import FormatError, StoreUnavailableError, ValueRefusedError
from dj_objectstore.maintenance.references import Field, Reference, describe_query, read_stored, stored_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ColumnKind = Literal["key", "value", "object"]
MAX_CELL = 200
_TERM = re.compile(r"\s*(?P<name>\w+)\s*(?P<sign><=|>=|!=|=|<|>|~)\s*(?P<value>.+?)\s*", re.DOTALL)
_TEXT = {"mysql": "CHAR", "postgresql": "TEXT"}


@dataclass(frozen=True)
class Column:
    """A column of the page; `codec` names what an object is stored by, such as ``photon``."""

    name: str
    kind: ColumnKind
    codec: str = ""


@dataclass(frozen=True)
class ObjectCell:
    """An object that a row names, or why it can't be told; neither where the row has none."""

    reference: Reference | None = None
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """One row: key and scalar attributes as text, in the order of the columns, and its objects by field."""

    key: Mapping[str, Any]
    cells: tuple[str, ...]
    objects: Mapping[str, ObjectCell]


@dataclass(frozen=True)
class RowPage:
    """A page of rows, and whether there are more."""

    rows: tuple[Row, ...]
    has_more: bool


class RowPages:
    """Reads the rows of a query in the order of their keys.

    Parameters
    ----------
    query
        A DataJoint table or query expression; its heading is read now, on its own connection.
    """

    def __init__(self, query: Any) -> None:
        self._config = query.connection._config  # noqa: SLF001 - there is no other way to an instance's settings
        self._info = dict(query.connection.conn_info)
        self._adapter = query.connection.adapter
        self._fields: dict[str, Field] = {field.name: field for field in stored_fields(query)}
        self.name = describe_query(query)
        self.columns = tuple(self._columns(query))
        self._key = list(query.primary_key)
        shown = [column.name for column in self.columns]
        self._sql = query.proj(*(name for name in shown if name not in self._key)).make_sql()
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def read(self, first: int, limit: int, *, condition: str = "") -> RowPage:
        """Return at most `limit` rows from row `first` on.

        Parameters
        ----------
        condition
            Terms joined by commas that all have to hold: ``rate > 30``, ``subject_id = M042``,
            ``notes ~ wake`` (contains), or a word that some column contains.

        Raises
        ------
        ValueRefusedError
            When the condition names a column that is not there, or compares what can't be compared.
        StoreUnavailableError
            When the database does not answer.
        """
        where, values = self._where(condition)
        order = ", ".join(self._quote(name) for name in self._key)
        sql = (  # values are passed apart, names are quoted, and the query is DataJoint's own
            f"SELECT * FROM ({self._sql}) AS rows_to_show{where}"  # noqa: S608
            f"{f' ORDER BY {order}' if order else ''} LIMIT {int(limit) + 1} OFFSET {int(first)}"
        )
        found = self._ask(sql, values, has_condition=bool(where))
        return RowPage(tuple(self._row(row) for row in found[:limit]), len(found) > limit)

    def close(self) -> None:
        """Close the connection; the next `read` opens another one."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # -- asking ------------------------------------------------------------------------------------------

    def _ask(self, sql: str, values: Sequence[str], *, has_condition: bool) -> list[dict[str, Any]]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                rows: list[dict[str, Any]] = self._connection.query(
                    sql, tuple(values), as_dict=True
                ).fetchall()
            except (DataJointError, OSError) as err:
                raise _database_error(err, has_condition=has_condition) from err
            except Exception as err:
                # the drivers' own errors have no common base that is at hand here
                if not type(err).__module__.startswith(("psycopg2", "pymysql")):
                    raise
                self._connection = None
                raise _database_error(err, has_condition=has_condition) from err
            return rows

    def _connect(self) -> Connection:
        return Connection(
            self._info["host"],
            self._info["user"],
            self._info["passwd"],
            self._info["port"],
            self._info["ssl_input"] if "ssl" in self._info else False,
            database_name=self._info["database_name"] if self._adapter.backend == "postgresql" else None,
            backend=self._adapter.backend,
            config_override=self._config,
        )

    def _where(self, condition: str) -> tuple[str, list[str]]:
        conditions, values = [], []
        for term in filter(None, (part.strip() for part in condition.split(","))):
            sql, found = self._condition(term)
            conditions.append(sql)
            values += found
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), values

    def _condition(self, term: str) -> tuple[str, list[str]]:
        scalars = [column.name for column in self.columns if column.kind != "object"]
        match = _TERM.fullmatch(term)
        if match is None:
            likes = " OR ".join(f"{self._as_text(name)} LIKE %s" for name in scalars)
            return f"({likes})", [_containing(term)] * len(scalars)
        name, sign, value = match["name"], match["sign"], match["value"].strip("'\"")
        if name not in scalars:
            raise ValueRefusedError(
                f"there is no column {name!r} to compare", hint=f"There are {', '.join(scalars)}."
            )
        if sign == "~":
            return f"{self._as_text(name)} LIKE %s", [_containing(value)]
        return f"{self._quote(name)} {'<>' if sign == '!=' else sign} %s", [value]

    def _as_text(self, name: str) -> str:
        return f"CAST({self._quote(name)} AS {_TEXT[self._adapter.backend]})"

    def _quote(self, name: str) -> str:
        quoted: str = self._adapter.quote_identifier(name)
        return quoted

    # -- reading -----------------------------------------------------------------------------------------

    def _columns(self, query: Any) -> Iterator[Column]:
        for name, attribute in query.heading.attributes.items():
            if name in query.primary_key:
                yield Column(name, "key")
            elif name in self._fields:
                yield Column(name, "object", self._fields[name].codec)
            elif attribute.codec is None and not attribute.is_blob:
                yield Column(name, "value")

    def _row(self, raw: Mapping[str, Any]) -> Row:
        key = {name: raw[name] for name in self._key}
        cells = tuple(_text(raw[column.name]) for column in self.columns if column.kind != "object")
        objects = {
            column.name: self._object(key, self._fields[column.name], raw[column.name])
            for column in self.columns
            if column.kind == "object"
        }
        return Row(key, cells, objects)

    def _object(self, key: Mapping[str, Any], field: Field, value: Any) -> ObjectCell:
        if value is None:
            return ObjectCell()
        try:
            stored = read_stored(value)
        except FormatError as err:
            return ObjectCell(problem=f"{err.message} {err.hint}".strip())
        return ObjectCell(Reference(self.name, key, key, field, stored, self._config))


def _containing(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _database_error(err: Exception, *, has_condition: bool) -> ValueRefusedError | StoreUnavailableError:
    reason = str(err).splitlines()[0][:200] if str(err) else type(err).__name__
    if has_condition:
        return ValueRefusedError(
            f"the database can't use this condition: {reason}",
            hint="Compare a column with a value of its kind, such as 'rate > 30'.",
        )
    return StoreUnavailableError(
        f"the database does not answer: {reason}", hint="Check dj.config['database'] and the network."
    )
