"""An update that is interrupted or killed at any step: the row names a whole object, the old or the new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
import pytest

import dj_objectstore as djo
from dj_objectstore.store.inflight import FOLDER, parse_marker
from fault_proxy import FaultProxy, interrupt, interrupt_after

OLD, NEW = b"the old object", b"the new one"


def check(store: djo.Store, table: Any, named: set[str]) -> None:
    """Check that rows are whole, and that what they don't name they once named, or a marker records."""
    refs = [ref for row in table().to_dicts() for ref in (row["files"], row["movie"]) if ref is not None]
    assert all(ref.verify(read_data=True) for ref in refs)
    markers = {parse_marker(store.get(entry.key)).path for entry in store.list(FOLDER)}
    known = {ref.path for ref in refs} | markers | named
    tokens = {path.removesuffix(".zarr").rpartition("_")[2] for path in known}
    for entry in store.list():
        is_marker = entry.key.startswith(f"{FOLDER}/")
        assert is_marker or any(token in entry.key for token in tokens), entry.key


@pytest.mark.parametrize("is_in_transaction", [False, True])
@pytest.mark.parametrize("press", [interrupt, interrupt_after])
def test_ctrl_c_at_the_database_leaves_the_row_with_a_whole_object(
    scan: Any, database: FaultProxy, dj_store: Any, press: Any, is_in_transaction: bool
) -> None:
    scan.insert1({"i": 1, "files": OLD})
    old = scan.fetch1("files").path
    pressed = database.when(b"UPDATE", press)

    def update() -> None:
        if not is_in_transaction:
            scan.update1({"i": 1, "files": NEW})
            return
        with scan.connection.transaction:
            scan.update1({"i": 1, "files": NEW})

    with pytest.raises(KeyboardInterrupt):
        update()
    database.heal()
    assert pressed.hits == 1
    scan.connection.close()
    scan.connection.connect()
    assert scan.fetch1("files").read() in (OLD, NEW)
    check(dj_store, scan, {old})


@pytest.mark.parametrize("press", [interrupt, interrupt_after])
def test_ctrl_c_while_uploading_leaves_the_old_object_alone(far: Any, faulty: Any, press: Any) -> None:
    far.insert1({"i": 1, "files": OLD})
    before = sorted(entry.key for entry in faulty.direct.list())
    pressed = faulty.proxy.when(b"/files_", press)
    with pytest.raises(KeyboardInterrupt):
        far.update1({"i": 1, "files": NEW})
    assert pressed.hits == 1
    faulty.proxy.heal()
    assert sorted(entry.key for entry in faulty.direct.list()) == before
    assert far.fetch1("files").read() == OLD


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)
def test_a_killed_update_leaves_every_row_with_a_whole_object(
    dj_schema: Any, dj_store: Any, run_killed: Any, tmp_path: Path, full_size: bool
) -> None:
    definition = "i : int32\n---\nfiles = null : <object@main>\nmovie = null : <photon@main>\n"
    table = dj_schema(type("Scan", (dj.Manual,), {"definition": definition}))
    for name in range(5):
        (tmp_path / f"{name}.bin").write_bytes(bytes(range(256)) * 500)
    frames = np.random.default_rng(1).poisson(9, (4, 16, 16)).astype(np.uint16)
    movie = djo.Photon(frames, mode="lossless")
    table.insert({"i": i, "files": tmp_path, "movie": movie} for i in range(3))
    kills = 50 if full_size else 2
    seconds = 1.0 if dj_store.spec.protocol == "s3" else 0.3
    printed = run_killed("updating.py", table, kills=kills, seconds=seconds, rows=3)
    named = {line.split(" ", 1)[1] for line in printed if line.startswith("named ")}
    assert len(table()) == 3
    assert len(named) >= 2 * kills
    check(dj_store, table, named)
