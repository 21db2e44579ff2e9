"""Fixtures for your own tests: a database and stores that last as long as a test.

In a ``conftest.py``::

    pytest_plugins = ["dj_objectstore.testing"]

and then, with the package's ``demo`` extra installed, in a test::

    def test_my_table(dj_schema, dj_store):
        @dj_schema
        class Scan(dj.Manual):
            definition = '''
            scan_id : int32
            ---
            data    : <object@main>
            '''

        Scan.insert1({"scan_id": 1, "data": "results/scan_1"})
        assert Scan.fetch1("data").exists()

`temporary_database` and `temporary_store` are the same outside fixtures.
"""

from __future__ import annotations

import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import datajoint as dj
import pytest

from dj_objectstore.servers import CREDENTIALS, PORT, USER, running_postgres, running_s3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.store.store import Store


@contextmanager
def temporary_database() -> Iterator[str]:
    """Run an empty PostgreSQL, connect DataJoint to it, and remove it at the end.

    Yields
    ------
    str
        Folder of the server's socket: what ``dj.config["database.host"]`` is meanwhile.
    """
    with (
        tempfile.TemporaryDirectory(prefix="djo-", ignore_cleanup_errors=True) as folder,
        running_postgres(Path(folder) / "database") as host,
        _connected(host),
    ):
        yield host


@contextmanager
def _connected(host: str) -> Iterator[None]:
    """Point ``dj.config`` and ``dj.conn()`` at the server, and forget it afterwards."""
    settings = {
        "database__backend": "postgresql",
        "database__host": host,
        "database__port": PORT,
        "database__user": USER,
        "database__password": "",
        "safemode": False,
        "loglevel": "WARNING",
    }
    with dj.config.override(**settings):
        connection = dj.conn(reset=True)
        try:
            yield
        finally:
            connection.close()


@contextmanager
def temporary_store(
    kind: Literal["file", "memory", "s3"] = "file", *, name: str = "main", **settings: Any
) -> Iterator[Store]:
    """Configure an empty store in ``dj.config``, make it the default, and remove it at the end.

    Parameters
    ----------
    kind
        ``"file"``: a temporary folder. ``"memory"``: this process alone. ``"s3"``: an S3 server on loopback.
    name
        The store's name, as in ``<object@main>``.
    **settings
        More settings of the store, such as ``partition_pattern``.

    Yields
    ------
    Store
        The opened store.
    """
    from dj_objectstore.store.store import open_store

    with KINDS[kind]() as made:
        stores = {"default": name, name: {**made, **settings}}
        before = dict(dj.config.stores)
        dj.config.stores = {**before, **stores}
        try:
            yield open_store(name)
        finally:
            dj.config.stores = before


@contextmanager
def _file_store() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="djo-store-") as folder:
        yield {"protocol": "file", "location": folder}


@contextmanager
def _memory_store() -> Iterator[dict[str, Any]]:
    yield {"protocol": "memory", "location": uuid.uuid4().hex}


@contextmanager
def _s3_store() -> Iterator[dict[str, Any]]:
    with running_s3() as settings:
        # moto keeps its buckets as long as the process: a place of its own is an empty one
        yield {**settings, **CREDENTIALS, "location": uuid.uuid4().hex}


KINDS = {"file": _file_store, "memory": _memory_store, "s3": _s3_store}


@pytest.fixture(scope="session")
def dj_database() -> Iterator[str]:
    """Run a PostgreSQL for the whole session, with ``dj.conn()`` connected to it; gives its host."""
    from dj_objectstore.codecs.enable import enable_codecs

    enable_codecs()
    with temporary_database() as host:
        yield host


@pytest.fixture
def dj_schema(dj_database: str) -> Iterator[Any]:
    """Make a new, empty schema for one test."""
    from dj_objectstore.codecs.enable import enable_codecs

    del dj_database
    enable_codecs()  # again: another test may have disabled them
    schema = dj.Schema(f"test_{uuid.uuid4().hex[:12]}")
    yield schema
    schema.drop(prompt=False)


@pytest.fixture(params=["file"])
def dj_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Make an empty store ``main``, the default: ``file``, or the kind given by indirect parametrization."""
    with temporary_store(request.param) as store:
        yield store
