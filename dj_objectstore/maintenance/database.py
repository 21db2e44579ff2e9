"""A connection to the database of one's own: the one that cells use may be in a transaction, or in a query.

>>> database = configured_database()                      # doctest: +SKIP
>>> with closing(database.connect()) as connection:       # doctest: +SKIP
...     connection.query("SELECT 1")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datajoint as dj
from datajoint import instance
from datajoint.connection import Connection
from datajoint.errors import DataJointError

from dj_objectstore.exceptions import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = {"mysql": "MySQL", "postgresql": "PostgreSQL"}
_ROWS_AT_ONCE = 10_000


class Database:
    """Where a database is and who asks; what it knows of a password is never shown.

    Parameters
    ----------
    info
        As a DataJoint connection keeps it: host, port, user, passwd, database_name, ssl_input.
    backend
        ``"mysql"`` or ``"postgresql"``.
    config
        DataJoint's configuration, which names the stores that rows mean.
    """

    def __init__(self, info: dict[str, Any], *, backend: str, config: Any) -> None:
        self._info = info
        self.backend = backend
        self.config = config

    def __repr__(self) -> str:
        return f"Database({self.label!r})"

    @property
    def label(self) -> str:
        """What to call it: ``PostgreSQL at db.lab.org``."""
        return f"{_NAMES.get(self.backend, self.backend)} at {self.host}"

    @property
    def host(self) -> str:
        """The host's name, or the folder of its socket."""
        return str(self._info["host"])

    @classmethod
    def of(cls, connection: Any) -> Database:
        """Return the database of a DataJoint connection, which itself is left alone."""
        # DataJoint gives no other way to an instance's settings
        config = connection._config  # noqa: SLF001
        return cls(dict(connection.conn_info), backend=connection.adapter.backend, config=config)

    def connect(self) -> Connection:
        """Return a new connection, to be used by one thread at a time.

        Raises
        ------
        StoreUnavailableError
            When the database does not answer, or refuses.
        """
        info = self._info
        try:
            return Connection(
                info["host"],
                info["user"],
                info["passwd"],
                info["port"],
                info.get("ssl_input"),
                database_name=info["database_name"] if self.backend == "postgresql" else None,
                backend=self.backend,
                config_override=self.config,
            )
        except database_errors(self.backend) as err:
            raise unavailable(err) from err


def default_connection() -> Connection | None:
    """Return the connection of `dj.conn()`, which itself would make one; None while there is none."""
    return instance._singleton_connection  # noqa: SLF001 - there is no other way that makes none


def configured_database() -> Database | None:
    """Return the database that this process is connected to, else the one in its settings; connects nothing.

    Returns
    -------
    Database or None
        None when there is neither a connection nor a user and password.
    """
    connection = default_connection()
    if connection is not None:
        return Database.of(connection)
    config = dj.config
    user, password = config["database.user"], config["database.password"]
    if user is None or password is None:
        return None
    info = {
        "host": config["database.host"],
        "port": config["database.port"],
        "user": user,
        "passwd": password,
        "database_name": config["database.name"],
        "ssl_input": config["database.use_tls"],
    }
    return Database(info, backend=config["database.backend"], config=config)


def database_errors(backend: str) -> tuple[type[Exception], ...]:
    """Return what asking a database may raise: DataJoint lets some of its drivers' errors through."""
    if backend == "postgresql":
        import psycopg2

        return (DataJointError, OSError, psycopg2.Error)
    import pymysql

    return (DataJointError, OSError, pymysql.MySQLError)


def is_alive(connection: Connection) -> bool:
    """Return whether a connection still is one; DataJoint's own `is_connected` says so of lost ones too."""
    return bool(connection.adapter.ping(connection._conn))  # noqa: SLF001 - there is no other way to it


def unavailable(err: Exception) -> StoreUnavailableError:
    """Return the error of a database that does not answer."""
    return StoreUnavailableError(
        f"the database does not answer: {reason_of(err)}",
        hint="Check dj.config['database'] and the network.",
    )


def refused(err: Exception) -> StoreUnavailableError:
    """Return the error of a database that answers, and does not do what was asked."""
    return StoreUnavailableError(
        f"the database refuses: {reason_of(err)}", hint="Ask for the right to read the schema."
    )


def reason_of(err: Exception) -> str:
    """Return the first line of what a database says."""
    return str(err).splitlines()[0][:200] if str(err) else type(err).__name__


def stream_rows(connection: Connection, sql: str, args: tuple[Any, ...] = ()) -> Iterator[list[Any]]:
    """Give the rows of a long query in parts, of which one is held at a time, here and in the driver.

    Parameters
    ----------
    connection
        It can't be asked anything else before the last part was taken.
    sql, args
        The query.
    """
    raw = connection._conn  # noqa: SLF001 - DataJoint itself takes all rows at once
    if connection.adapter.backend == "postgresql":
        cursor = raw.cursor("objects", withhold=True)
    else:
        from pymysql.cursors import SSCursor

        cursor = raw.cursor(SSCursor)
    try:
        cursor.execute(sql, args)
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield list(rows)
    finally:
        cursor.close()
