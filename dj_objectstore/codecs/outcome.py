"""What became of the rows whose objects have been written, and which objects may go when it went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datajoint.errors import (
    DataJointError,
    DuplicateError,
    LostConnectionError,
    MissingTableError,
    QueryError,
)
from datajoint.table import FreeTable, Table

from dj_objectstore.exceptions import StoreAccessError
from dj_objectstore.objects.manifest import manifest_key
from dj_objectstore.objects.movie import thumbnail_key
from dj_objectstore.store.inflight import Marker, pulse

if TYPE_CHECKING:
    from datajoint.connection import Connection

    from dj_objectstore.store.store import Store

ANSWERS = ("DataError", "IntegrityError", "ProgrammingError", "InternalError", "NotSupportedError")


@dataclass(frozen=True)
class NewObject:
    """An object that was begun for one field of one row."""

    field: str
    store: Store
    path: str
    key: Mapping[str, Any]
    marker: Marker

    def remove(self) -> None:
        """Remove the object with its manifest and thumbnail, whole or in part, and then its marker."""
        self.store.delete_tree(self.path)
        self.store.delete([self.path, manifest_key(self.path), thumbnail_key(self.path)])
        self.store.delete([self.marker.marker_key])


def unrestricted(table: Table) -> FreeTable:
    """Return the same table without a restriction."""
    return FreeTable(table.connection, table.full_table_name)


_staged: ContextVar[Batch | None] = ContextVar("_staged", default=None)


class Batch:
    """The objects written for one INSERT or UPDATE, and its outcome."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._begun: list[NewObject] = []
        self.sent = False

    def starts(self, field: str, store: Store, path: str, key: Mapping[str, Any]) -> None:
        """Record an object before its first byte is written."""
        texts = {name: str(value) for name, value in key.items()}
        marker = Marker(path, self._table.database, self._table.table_name, texts)
        self._begun.append(NewObject(field, store, path, key, marker))
        pulse().start(store, marker)

    def sending(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Hand out the rows; DataJoint sends the INSERT after it has asked for the last one."""
        yield from rows
        self.sent = True
        staged = _staged.get()
        if staged is not None:
            staged.sent = True

    @contextmanager
    def inserting(self) -> Iterator[None]:
        """While the block runs, the INSERT that is sent is the one that names these objects too."""
        token = _staged.set(self)
        try:
            yield
        finally:
            _staged.reset(token)

    @contextmanager
    def settled(self) -> Iterator[None]:
        """When the block fails, remove the objects that no row can name; the error tells of the rest."""
        try:
            yield
        except BaseException as err:
            pulse().rest(new.path for new in self._begun)
            for new in self._begun:
                note = self._settle(new, err)
                if note:
                    err.add_note(f"Kept {new.path!r} in store {new.store.name!r}: {note}")
            raise
        pulse().rest(new.path for new in self._begun)
        connection = self._table.connection
        if connection.in_transaction:
            _uncommitted.setdefault(id(connection), []).extend(self._begun)
        else:
            _remove_markers(self._begun)

    def remove_skipped(self) -> None:
        """Remove the objects of rows that the server skipped as duplicates."""
        for new in self._begun:
            path = self._path_in_row(new)
            if path is not None and path != new.path:
                new.remove()

    def _settle(self, new: NewObject, err: BaseException) -> str:
        """Remove one object, or return why it was kept."""
        if self._may_be_named(new, err):
            return "its row may have been written; look for the row before inserting again."
        try:
            new.remove()
        except StoreAccessError as failure:
            return f"it has no row, but could not be removed ({failure.message})."
        return ""

    def _may_be_named(self, new: NewObject, err: BaseException) -> bool:
        if not self.sent:
            return False
        if not _is_answer(err):
            return True
        if self._table.connection.in_transaction:
            # DataJoint repeats nothing inside a transaction: an error there means that the row is not in it
            return False
        try:
            path = self._path_in_row(new)
            # the server's own key may differ in what it rounds: a duplicate that is not found is not known
            return path == new.path or (path is None and isinstance(err, DuplicateError))
        except (DataJointError, OSError, *_driver_errors("Error")):
            return True

    def _path_in_row(self, new: NewObject) -> str | None:
        """Return the path that the row of this key names now, or None."""
        query = (unrestricted(self._table) & dict(new.key)).proj(new.field).make_sql()
        row = self._table.connection.query(query, as_dict=True, reconnect=False).fetchone()
        stored = row[new.field] if row else None
        stored = json.loads(stored) if isinstance(stored, str) else stored
        return stored.get("path") if isinstance(stored, Mapping) else None


# by the id of the connection, which can't be hashed; every transaction ends, and takes its entry along
_uncommitted: dict[int, list[NewObject]] = {}


def after_commit(connection: Connection) -> None:
    """Remove the markers of objects whose rows have just been committed."""
    _remove_markers(_uncommitted.pop(id(connection), []))


def after_cancel(connection: Connection) -> None:
    """Leave the markers of objects whose rows were rolled back: they record what the collector may take."""
    _uncommitted.pop(id(connection), None)


def _remove_markers(objects: Iterable[NewObject]) -> None:
    """Remove the markers of committed objects; one that stays is stale in an hour, and harms nothing."""
    by_store: dict[Store, list[str]] = {}
    for new in objects:
        by_store.setdefault(new.store, []).append(new.marker.marker_key)
    for store, keys in by_store.items():
        with suppress(StoreAccessError):
            store.delete(keys)


def _is_answer(err: BaseException) -> bool:
    """Return whether an error says that the server refused, rather than that its answer was lost."""
    if isinstance(err, LostConnectionError):
        return False
    if isinstance(err, (QueryError, MissingTableError)):
        return True
    if isinstance(err, _driver_errors("Error")):
        return isinstance(err, _driver_errors(*ANSWERS))
    return isinstance(err, (DataJointError, TypeError, ValueError, KeyError))


def _driver_errors(*names: str) -> tuple[type[Exception], ...]:
    """Return the named PEP 249 errors of the database drivers that are in use."""
    drivers = [sys.modules[name] for name in ("pymysql", "psycopg2") if name in sys.modules]
    return tuple(getattr(driver, name) for driver in drivers for name in names)
