"""The tables of one schema as far as their rows name what lies in a store, and why some may not be seen.

What can't be read is never left out in silence: a row that is not seen would make an orphan of its object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ConfigurationError, ObjectStoreError, ValueRefusedError
from dj_objectstore.maintenance.database import database_errors, reason_of
from dj_objectstore.maintenance.named_paths import NamedPaths
from dj_objectstore.maintenance.references import open_schema, stored_fields
from dj_objectstore.paths.tables import table_names
from dj_objectstore.spec.sources import load_stores, resolve_spec
from dj_objectstore.store.store import open_store

if TYPE_CHECKING:
    from dj_objectstore.store.store import Store

# a table that this user may not read, or whose rows are hidden from some users
_HIDDEN_IN_POSTGRES = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'f')
AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
"""
# MySQL does not tell of tables that this user may not read: only a right to all of the schema shows them
_ALL_IN_MYSQL = """
SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'SELECT'
UNION ALL
SELECT 1 FROM information_schema.schema_privileges WHERE privilege_type = 'SELECT' AND %s LIKE table_schema
"""
_FILEPATHS = {
    "postgresql": """
        SELECT DISTINCT n.nspname, c.relname FROM pg_catalog.pg_description d
        JOIN pg_catalog.pg_class c ON c.oid = d.objoid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid > 0 AND d.description LIKE %s
        """,
    "mysql": """
        SELECT DISTINCT table_schema, table_name FROM information_schema.columns WHERE column_comment LIKE %s
        """,
}


class SchemaTables:
    """The tables of a schema whose rows may name what lies in a store; their headings are read when needed.

    Parameters
    ----------
    name
        The schema.
    connection
        A DataJoint connection that nobody else uses meanwhile.
    elsewhere
        What rows call stores that are another place.

    Attributes
    ----------
    tables : list of str
        SQL names of its tables.
    hidden : list of str
        Why rows of it may exist that are not seen, one sentence each; more are added as tables are read.

    Raises
    ------
    ValueRefusedError
        When there is no such schema, or it can't be read.
    """

    def __init__(self, name: str, connection: Any, elsewhere: Elsewhere) -> None:
        self.name = name
        self._connection = connection
        self._elsewhere = elsewhere
        self._schema = open_schema(name, connection=connection)
        self.tables: list[str] = self._schema.list_tables()
        self.hidden = self._find_hidden()
        self._read: dict[str, list[NamedPaths]] = {}
        self._is_checked = False

    def of_folder(self, folder: str) -> list[NamedPaths]:
        """Return what the rows of the table name whose objects lie in a folder."""
        names = set(table_names(folder))
        return [named for table in self.tables if table in names for named in self.of_table(table)]

    def find_table(self, folder: str) -> str | None:
        """Return the SQL name of the table whose objects lie in a folder, or None where there is none."""
        names = set(table_names(folder))
        return next((table for table in self.tables if table in names), None)

    def every(self) -> list[NamedPaths]:
        """Return what the rows of all its tables name."""
        return [named for table in self.tables for named in self.of_table(table)]

    def of_table(self, table: str) -> list[NamedPaths]:
        """Return what the rows of a table name, field by field."""
        if table not in self._read:
            self._read[table] = self._read_table(table)
        return self._read[table]

    def check_rows(self) -> None:
        """Look, once, whether every row of the schema tells a path; if not, say so in `hidden`."""
        if self._is_checked:
            return
        for named in self.every():
            if named.has_unreadable(self._connection):
                self._hide(f"the {named.field.name} of a row of {named.table} can't be read")
        self._is_checked = True

    def table(self, name: str) -> Any:
        """Return a table by its SQL name."""
        return self._schema.get_table(name)

    def _read_table(self, table: str) -> list[NamedPaths]:
        try:
            found = self._schema.get_table(table)
            return [
                NamedPaths(found, field, elsewhere=self._elsewhere.names(field.codec))
                for field in stored_fields(found)
            ]
        except database_errors(self._connection.adapter.backend) as err:
            self._hide(f"the table {self.name}.{table} can't be read: {reason_of(err)}")
            return []

    def _find_hidden(self) -> list[str]:
        if self._connection.adapter.backend == "mysql":
            seen = self._connection.query(_ALL_IN_MYSQL, (self.name,)).fetchall()
            return [] if seen else [f"this user may not read all of schema {self.name!r}"]
        rows = self._connection.query(_HIDDEN_IN_POSTGRES, (self.name,)).fetchall()
        # tables that begin with ~ are DataJoint's own, and name no objects
        return [f"this user may not read all of {self.name}.{row[0]}" for row in rows if row[0][0] != "~"]

    def _hide(self, reason: str) -> None:
        if reason not in self.hidden:
            self.hidden.append(reason)


class Elsewhere:
    """What the rows of a database call stores that are another place than `store`.

    A name that means nothing here may be one for `store` too, so it counts as one.
    """

    def __init__(self, store: Store, config: Any) -> None:
        self._config = config
        self._place = store.url("")
        try:
            names = sorted(load_stores(config))
        except ConfigurationError:
            names = []
        self._named = [name for name in names if self._is_other(name)]

    def names(self, codec: str) -> tuple[str, ...]:
        """Return the names, for the rows of a codec: ``""`` is the default of its kind."""
        is_other = self._is_other(None, filepath=codec == "filepath")
        return (*self._named, "") if is_other else tuple(self._named)

    def _is_other(self, name: str | None, *, filepath: bool = False) -> bool:
        try:
            return open_store(resolve_spec(name, self._config, filepath=filepath)).url("") != self._place
        except ObjectStoreError:
            return False


def schemas_of_filepaths(connection: Any) -> dict[str, set[str]]:
    """Return the tables with a ``<filepath@>`` field by their schemas, all that this user may know of."""
    found: dict[str, set[str]] = {}
    rows = connection.query(_FILEPATHS[connection.adapter.backend], (":<filepath@%",)).fetchall()
    for schema, table in rows:
        found.setdefault(schema, set()).add(table)
    return found


def read_schema(name: str, connection: Any, elsewhere: Elsewhere) -> SchemaTables | str:
    """Return the tables of a schema, or the sentence that says why they can't be read."""
    if not connection.query(connection.adapter.schema_exists_sql(name)).fetchall():
        return f"the database has no schema {name!r} that this user may see"
    try:
        return SchemaTables(name, connection, elsewhere)
    except ValueRefusedError as err:
        return err.message
