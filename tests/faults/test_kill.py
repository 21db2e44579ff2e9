"""kill -9 at random points: every row that exists is whole, and the rest is recorded."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

from dj_objectstore.servers import PORT, USER
from dj_objectstore.store.inflight import FOLDER

SCRIPT = Path(__file__).with_name("inserting.py")


@pytest.fixture
def table(dj_schema: Any) -> Any:
    definition = """
    i : int32
    ---
    files = null : <object@main>
    movie = null : <photon@main>
    """
    return dj_schema(type("Scan", (dj.Manual,), {"definition": definition}))


def others(connection: Any) -> int:
    """Return how many other sessions the server still serves."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle'"
    return int(connection.query(query).fetchone()[0]) - 1


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)
def test_a_killed_process_leaves_whole_rows_and_recorded_orphans(
    table: Any,
    dj_store: Any,
    dj_database: str,
    account: Any,
    wait_until: Any,
    tmp_path: Path,
    full_size: bool,
) -> None:
    kills = 100 if full_size else 3
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
        "seconds": 2.0 if dj_store.spec.protocol == "s3" else 0.6,
    }
    done = subprocess.run(
        [sys.executable, SCRIPT, json.dumps(settings)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("killed") == kills, (done.stdout, done.stderr[-2000:])
    wait_until(lambda: not others(table.connection))
    found = account(dj_store, table)
    assert found.rows > 0
    # a process that is dead keeps no marker fresh, and one that is alive has taken its own away
    assert len(list(dj_store.list(FOLDER))) <= kills
