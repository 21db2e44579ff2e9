from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
import pytest

import dj_objectstore as djo
from dj_objectstore.objects.movie import thumbnail_key
from dj_objectstore.servers import CREDENTIALS, PORT, USER, running_s3
from dj_objectstore.store.inflight import FOLDER, parse_marker
from dj_objectstore.testing import temporary_store
from fault_proxy import FaultProxy

DEFINITION = """
i : int32
---
note = "" : varchar(16)
files = null : <object@main>
movie = null : <photon@main>
report = null : <file@main>
"""
FIELDS = ("files", "movie", "report")
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle'"


@dataclass
class Account:
    """What lies in a store: of how many rows, and which objects have no row."""

    rows: int
    orphans: list[str]


def taken(store: djo.Store, table: Any) -> Account:
    """Check that every object of every row is whole, and that what has no row is recorded by a marker."""
    refs = [ref for row in table().to_dicts() for ref in map(row.get, FIELDS) if ref is not None]
    for ref in refs:
        assert ref.verify(read_data=True)
    markers = [parse_marker(store.get(entry.key)) for entry in store.list(FOLDER)]
    owned = {ref.path for ref in refs}
    orphans = sorted({marker.path for marker in markers} - owned)
    data = [entry.key for entry in store.list() if not entry.key.startswith(f"{FOLDER}/")]
    unrecorded = [key for key in data if not any(_is_of(path, key) for path in (*owned, *orphans))]
    assert unrecorded == []
    return Account(len(table()), [path for path in orphans if any(_is_of(path, key) for key in data)])


def _is_of(path: str, key: str) -> bool:
    """Return whether a key belongs to the object at `path`: its file, its folder, manifest or thumbnail."""
    return key.startswith((f"{path}/", f"{path}.manifest.json")) or key in (path, thumbnail_key(path))


@pytest.fixture
def account() -> Callable[..., Account]:
    """Take stock of a store and the table that it serves."""
    return taken


@pytest.fixture(params=["file"])
def dj_store(request: pytest.FixtureRequest) -> Iterator[djo.Store]:
    """An empty store `main`, at a location of its own: servers of S3 in one process share what they hold."""
    own = {"location": uuid.uuid4().hex} if request.param == "s3" else {}
    with temporary_store(request.param, **own) as store:
        yield store


@pytest.fixture
def database(dj_database: str) -> Iterator[FaultProxy]:
    """A proxy in front of PostgreSQL, on a socket of its own."""
    with tempfile.TemporaryDirectory(prefix="djo-proxy-") as folder:
        name = f".s.PGSQL.{PORT}"
        with FaultProxy(f"{folder}/{name}", f"{dj_database}/{name}") as proxy:
            yield proxy


@pytest.fixture
def scan(database: FaultProxy, dj_database: str, dj_store: djo.Store) -> Iterator[Any]:
    """A table that is reached through the proxy."""
    del dj_store
    host = str(Path(database.address).parent)
    with dj.Connection(host, USER, "", PORT, use_tls=False, backend="postgresql") as connection:
        schema = dj.Schema(f"test_{uuid.uuid4().hex[:12]}", connection=connection)
        table = schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
        _ = table.heading.attributes
        yield table
        database.heal()
        connection.close()
        with dj.Connection(dj_database, USER, "", PORT, use_tls=False, backend="postgresql") as direct:
            dj.Schema(schema.database, connection=direct).drop(prompt=False)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, Any]]:
    with running_s3() as settings:
        yield {**settings, **CREDENTIALS}


@dataclass
class FaultyStore:
    """A store behind a proxy, and the same store without it."""

    proxy: FaultProxy
    direct: djo.Store


@pytest.fixture
def faulty(s3_server: dict[str, Any], dj_database: str) -> Iterator[FaultyStore]:
    """An S3 store `main` that is reached through a proxy."""
    del dj_database
    host, port = s3_server["endpoint"].split(":")
    settings = {**s3_server, "location": uuid.uuid4().hex[:12]}
    before = dict(dj.config.stores)
    with FaultProxy(("127.0.0.1", 0), (host, int(port))) as proxy:
        behind = {**settings, "endpoint": f"127.0.0.1:{proxy.address[1]}"}
        dj.config.stores = {**before, "default": "main", "main": behind, "direct": settings}
        try:
            yield FaultyStore(proxy, djo.open_store("direct"))
        finally:
            dj.config.stores = before


@pytest.fixture
def far(faulty: FaultyStore, dj_schema: Any) -> Any:
    """A table whose store lies behind the proxy."""
    del faulty
    table = dj_schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
    _ = table.heading.attributes
    return table


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a disk of its own")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@dataclass
class SmallStore:
    """A store on a small disk, a table that it serves, and the disk's own folder."""

    store: djo.Store
    table: Any
    disk: Path


@pytest.fixture
def small(small_disk: Path, dj_schema: Any) -> Iterator[SmallStore]:
    """A store `main` on a disk of a megabyte."""
    (small_disk / "lab").mkdir()
    with temporary_store("file", location=str(small_disk / "lab")) as store:
        table = dj_schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
        _ = table.heading.attributes
        yield SmallStore(store, table, small_disk)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    return wait


@pytest.fixture
def run_killed(
    dj_database: str, wait_until: Any, tmp_path: Path, full_size: bool
) -> Callable[..., list[str]]:
    """Run a script of this folder whose children write to a table and are killed at random points.

    Gives the lines that it printed, once the database serves none of them any more.
    """

    def run(script: str, table: Any, *, kills: int, **more: Any) -> list[str]:
        settings = {
            "host": dj_database,
            "user": USER,
            "port": PORT,
            "schema": table.database,
            "definition": table.definition,
            "stores": {name: dj.config.stores[name] for name in ("default", "main")},
            "source": str(tmp_path),
            "seed": random.randrange(10**6) if full_size else 7,
            "kills": kills,
            **more,
        }
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name(script), json.dumps(settings)],
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.count("killed") == kills, (done.stdout[-2000:], done.stderr[-2000:])
        wait_until(lambda: int(table.connection.query(BUSY).fetchone()[0]) == 1)
        return done.stdout.splitlines()

    return run


@pytest.fixture
def movie() -> np.ndarray:
    """Eight frames of light."""
    return np.random.default_rng(1).poisson(9, (8, 16, 16)).astype(np.uint16)
