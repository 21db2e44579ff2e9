"""What lies in a store joined to the rows of a database: whose each folder and object is, asked page by page.

For each page the rows are asked by its paths, on a connection of its own, so that neither memory nor the
user's connection know how long the tables are. A database, schema or table that can't be read makes no
orphan.

>>> owners = StoreOwners(store, configured_database())                               # doctest: +SKIP
>>> owners.look([Listed("_schema/lab/Scan/scan_id=1", is_dir=True)])[0].standing     # doctest: +SKIP
'row'
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import datajoint as dj

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.maintenance.database import database_errors, is_alive, refused, unavailable
from dj_objectstore.maintenance.origin import other_origin
from dj_objectstore.maintenance.orphans import earliest_now
from dj_objectstore.maintenance.page_owners import PageOwners
from dj_objectstore.maintenance.rows import RowPages
from dj_objectstore.maintenance.schema_tables import (
    Elsewhere,
    SchemaTables,
    read_schema,
    schemas_of_filepaths,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dj_objectstore.maintenance.belonging import Belonging, Listed
    from dj_objectstore.maintenance.database import Database
    from dj_objectstore.maintenance.named_paths import NamedPaths
    from dj_objectstore.store.store import Store

Answer = TypeVar("Answer")
_KEPT_SECONDS = 600
"""How long the names of a schema's tables are kept: much shorter than the grace period of an orphan."""


class StoreOwners:
    """Tells whose things in a store are. Safe to be used by several threads, which wait for each other.

    Parameters
    ----------
    store
        The store.
    database
        Where its rows are.
    clock
        Gives the kernel's time, UTC.
    """

    def __init__(
        self, store: Store, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.store = store
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._is_stale = False
        self._origin: str | None = None
        self._connection: Any = None
        self._schemas: dict[str, SchemaTables | str] = {}
        self._read_at: dict[str, float] = {}
        self._filepaths: dict[str, set[str]] | None = None

    def look(self, listed: Sequence[Listed], *, check: Callable[[], None] = lambda: None) -> list[Belonging]:
        """Tell whose the things of one page are, in its order.

        Parameters
        ----------
        listed
            Things of the store; those of one folder are asked about together.
        check
            Called between questions; what it raises ends the look.

        Raises
        ------
        StoreAccessError
            When the store does not answer.
        """
        with self._asking():
            page = PageOwners(self, now=earliest_now(self._clock()), check=check)
            return page.look(listed)

    def row(self, found: Belonging) -> list[tuple[str, str]]:
        """Return the row that names something: its columns and their values as text, of an object its path.

        Raises
        ------
        ValueRefusedError
            When it is gone.
        StoreUnavailableError
            When the database does not answer, or refuses.
        """
        with self._asking():
            pages = self.ask(lambda connection: RowPages(dj.FreeTable(connection, found.full_table_name)))
        with closing(pages):
            rows = pages.find([[self._as_asked(found.key[name]) for name in pages.key]])
        if not rows:
            raise ValueRefusedError("the row is gone", hint="Read the database again.")
        names = [column.name for column in pages.columns]
        objects = [
            cell.reference.path if cell.reference else cell.problem for cell in rows[0].objects.values()
        ]
        return list(zip(names, [*rows[0].cells, *objects], strict=True))

    def close(self) -> None:
        """Close the connection and forget what was read; the next `look` reads everything anew.

        Waits for nobody: what is being asked just now ends first, and is forgotten then.
        """
        self._is_stale = True
        if self._lock.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._lock.release()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._lock:
            try:
                if self._is_stale:
                    self._drop()
                yield
            finally:
                if self._is_stale:
                    self._drop()

    # -- for the page that holds the lock ----------------------------------------------------------------

    def ask(self, question: Callable[[Any], Answer]) -> Answer:
        """Return what `question` gives of the connection.

        Raises
        ------
        StoreUnavailableError
            When the database does not answer, or refuses.
        """
        if self._connection is None:
            self._connection = self._database.connect()
        try:
            return question(self._connection)
        except database_errors(self._database.backend) as err:
            if self._connection is not None and is_alive(self._connection):
                raise refused(err) from err
            self._drop()
            raise unavailable(err) from err

    def schema(self, name: str) -> SchemaTables | str:
        """Return a schema's tables, or why they can't be read."""
        now = time.monotonic()
        if now - self._read_at.get(name, -math.inf) > _KEPT_SECONDS:
            elsewhere = Elsewhere(self.store, self._database.config)
            self._schemas[name] = self.ask(lambda connection: read_schema(name, connection, elsewhere))
            self._read_at[name] = now
        return self._schemas[name]

    def filepath_fields(self) -> Iterator[NamedPaths]:
        """Give the ``<filepath@>`` fields of all schemas that can be read."""
        if self._filepaths is None:
            self._filepaths = self.ask(schemas_of_filepaths)
        for name, tables in sorted(self._filepaths.items()):
            schema = self.schema(name)
            if isinstance(schema, SchemaTables):
                for table in sorted(tables.intersection(schema.tables)):
                    yield from (named for named in schema.of_table(table) if named.field.codec == "filepath")

    def _as_asked(self, value: Any) -> Any:
        """Return a value of a key as the database takes it."""
        if not isinstance(value, uuid.UUID):
            return value
        return str(value) if self._database.backend == "postgresql" else value.bytes

    def other_origin(self) -> str:
        """Return what to know of the store's own database, if that may be another one; asks once."""
        if self._origin is None:
            self._origin = other_origin(self.store, self._database)
        return self._origin

    def _drop(self) -> None:
        self._is_stale = False
        connection, self._connection = self._connection, None
        self._schemas, self._read_at, self._filepaths = {}, {}, None
        if connection is not None:
            with suppress(*database_errors(self._database.backend)):  # of a connection that was lost
                connection.close()
