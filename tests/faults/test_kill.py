"""kill -9 at random points: every row that exists is whole, and the rest is recorded."""

from __future__ import annotations

from typing import Any

import datajoint as dj
import pytest

from dj_objectstore.store.inflight import FOLDER


@pytest.fixture
def table(dj_schema: Any) -> Any:
    definition = """
    i : int32
    ---
    files = null : <object@main>
    movie = null : <photon@main>
    """
    return dj_schema(type("Scan", (dj.Manual,), {"definition": definition}))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)
def test_a_killed_process_leaves_whole_rows_and_recorded_orphans(
    table: Any, dj_store: Any, account: Any, run_killed: Any, full_size: bool
) -> None:
    kills = 100 if full_size else 3
    run_killed("inserting.py", table, kills=kills)
    found = account(dj_store, table)
    assert found.rows >= 4  # those of a child that was let live
    # a process that is dead keeps no marker fresh, and one that is alive has taken its own away
    assert len(list(dj_store.list(FOLDER))) <= kills
