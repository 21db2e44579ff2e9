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
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.exceptions import FormatError, StoreUnavailableError, ValueRefusedError
from dj_objectstore.maintenance.database import Database, database_errors, reason_of, unavailable
from dj_objectstore.maintenance.python_names import table_in_python
from dj_objectstore.maintenance.references import Field, Reference, describe_query, read_stored, stored_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from datajoint.connection import Connection

ColumnKind = Literal["key", "value", "object"]
_ORDER = ("key", "value", "object")
MAX_CELL = 200
_AT_ONCE = 200
"""Rows that one query looks for by their keys."""
_UUID_BYTES = 16
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


class Row:
    """One row as the database gave it; what it says is read when it is asked for.

    Attributes
    ----------
    raw : tuple
        A value for each of the columns, in their order: keys, other values, objects.
    """

    __slots__ = ("_pages", "raw")

    def __init__(self, pages: RowPages, raw: tuple[Any, ...]) -> None:
        self._pages = pages
        self.raw = raw

    @property
    def key(self) -> dict[str, Any]:
        """The primary key."""
        return dict(zip(self._pages.key, map(_plain, self.raw), strict=False))

    @property
    def cells(self) -> tuple[str, ...]:
        """The key and the scalar attributes as text, in the order of the columns."""
        return tuple(map(_text, self.raw[: self._pages.scalars]))

    @property
    def objects(self) -> dict[str, ObjectCell]:
        """The objects, by field."""
        values = zip(self._pages.fields, self.raw[self._pages.scalars :], strict=True)
        return {field.name: self._pages.object_of(self, field, value) for field, value in values}


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

    Attributes
    ----------
    name : str
        ``schema.table``, or a word for the query.
    python : str
        Python that gives the table; ``""`` where none does.
    columns : tuple of Column
        The keys, the other scalars, the objects; each in the order of the heading.
    key : tuple of str
        Names of the columns of the primary key.
    fields : tuple of Field
        Those of the objects.
    scalars : int
        How many columns come before the objects.
    """

    def __init__(self, query: Any) -> None:
        self._database = Database.of(query.connection)
        self._adapter = query.connection.adapter
        self._errors = database_errors(self._database.backend)
        self.name = describe_query(query)
        self.python = table_in_python(query)
        fields = {field.name: field for field in stored_fields(query)}
        found = sorted(_columns(query, fields), key=lambda column: _ORDER.index(column.kind))
        self.columns = tuple(found)
        self.key = tuple(column.name for column in found if column.kind == "key")
        self.fields = tuple(fields[column.name] for column in found if column.kind == "object")
        self.scalars = len(found) - len(self.fields)
        shown = [column.name for column in found]
        inner = query.proj(*(name for name in shown if name not in self.key)).make_sql()
        # names are quoted, and the query is DataJoint's own
        self._sql = f"SELECT {self._listed(shown)} FROM ({inner}) AS rows_to_show"  # noqa: S608
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    @property
    def config(self) -> Any:
        """DataJoint's configuration, which names the stores that the rows mean."""
        return self._database.config

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
        order = f" ORDER BY {self._listed(self.key)}" if self.key else ""
        # values are passed apart
        sql = f"{self._sql}{where}{order} LIMIT {int(limit) + 1} OFFSET {int(first)}"
        found = self._ask(sql, values, has_condition=bool(where))
        return RowPage(tuple([Row(self, raw) for raw in found[:limit]]), len(found) > limit)

    def find(self, keys: Sequence[Sequence[Any]]) -> list[Row]:
        """Return the rows of some keys, in any order; one that is gone, or has no key, is left out.

        Parameters
        ----------
        keys
            A value for each column of the primary key, as the database gave it or as text.

        Raises
        ------
        StoreUnavailableError
            When the database does not answer.
        """
        found: list[Row] = []
        match = f"({' AND '.join(f'{self._quote(name)} = %s' for name in self.key) or 'FALSE'})"
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            sql = f"{self._sql} WHERE {' OR '.join([match] * len(some))}"
            values = [value for key in some for value in key]
            found += [Row(self, raw) for raw in self._ask(sql, values)]
        return found

    def close(self) -> None:
        """Close the connection; the next `read` opens another one."""
        with self._lock:
            self._drop()

    # -- asking ------------------------------------------------------------------------------------------

    def _ask(self, sql: str, values: Sequence[Any], *, has_condition: bool = False) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._connection is None:
                self._connection = self._database.connect()
            try:
                rows: list[tuple[Any, ...]] = self._connection.query(sql, tuple(values)).fetchall()
            except self._errors as err:
                self._drop()
                raise _database_error(err, has_condition=has_condition) from err
            return rows

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*self._errors):  # of a connection that was lost
                connection.close()

    def _where(self, condition: str) -> tuple[str, list[str]]:
        conditions, values = [], []
        for term in filter(None, (part.strip() for part in condition.split(","))):
            sql, found = self._condition(term)
            conditions.append(sql)
            values += found
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), values

    def _condition(self, term: str) -> tuple[str, list[str]]:
        scalars = [column.name for column in self.columns[: self.scalars]]
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
        return f"CAST({self._quote(name)} AS {_TEXT[self._database.backend]})"

    def _quote(self, name: str) -> str:
        quoted: str = self._adapter.quote_identifier(name)
        return quoted

    def _listed(self, names: Sequence[str]) -> str:
        return ", ".join(map(self._quote, names))

    # -- reading -----------------------------------------------------------------------------------------

    def object_of(self, row: Row, field: Field, value: Any) -> ObjectCell:
        """Return what a row says of one of its objects."""
        if value is None:
            return ObjectCell()
        try:
            stored = read_stored(value)
        except FormatError as err:
            return ObjectCell(problem=f"{err.message} {err.hint}".strip())
        key = row.key
        return ObjectCell(Reference(self.name, key, key, field, stored, self._database.config))


def _columns(query: Any, fields: Mapping[str, Field]) -> Iterator[Column]:
    for name, attribute in query.heading.attributes.items():
        if name in query.primary_key:
            yield Column(name, "key")
        elif name in fields:
            yield Column(name, "object", fields[name].codec)
        elif attribute.codec is None and not attribute.is_blob:
            yield Column(name, "value")


def _containing(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _plain(value: Any) -> Any:
    """Return a value as DataJoint gives it: with MySQL a UUID comes as bytes."""
    is_uuid = isinstance(value, (bytes, memoryview)) and len(value) == _UUID_BYTES
    return uuid.UUID(bytes=bytes(value)) if is_uuid else value


def _written(value: Any) -> str:
    if value is None:
        return ""
    value = _plain(value)
    return f"{len(value)} bytes" if isinstance(value, (bytes, memoryview)) else str(value)


def _text(value: Any) -> str:
    is_number = isinstance(value, (int, float))  # asked first: there may be thousands of cells
    text = value if isinstance(value, str) else str(value) if is_number else _written(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _database_error(err: Exception, *, has_condition: bool) -> ValueRefusedError | StoreUnavailableError:
    if has_condition:
        return ValueRefusedError(
            f"the database can't use this condition: {reason_of(err)}",
            hint="Compare a column with a value of its kind, such as 'rate > 30'.",
        )
    return unavailable(err)
