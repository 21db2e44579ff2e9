"""Inserts rows until it is killed: copies, staged Zarrs and movies in turn; a child for each kill.

Run with a JSON argument; prints a line for each child that was killed, and how long it had lived.
"""

# ruff: noqa: E402 - warnings are silenced first

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import datajoint as dj
import numpy as np
import s3fs  # noqa: F401 - once, before the children
import zarr

import dj_objectstore as djo

DATA = bytes(range(256)) * 2000


def connected_table(settings: dict[str, Any]) -> Any:
    connection = dj.Connection(
        settings["host"], settings["user"], "", settings["port"], use_tls=False, backend="postgresql"
    )
    schema = dj.Schema(settings["schema"], connection=connection)
    return schema(type("Scan", (dj.Manual,), {"definition": settings["definition"]}))


def copy(table: Any, i: int, folder: Path) -> None:
    table.insert1({"i": i, "files": folder})


def copy_in_transaction(table: Any, i: int, folder: Path) -> None:
    with table.connection.transaction:
        table.insert1({"i": i, "files": folder / "0.bin"})


def stage(table: Any, i: int, folder: Path) -> None:
    del folder
    with djo.staged_insert1(table) as staged:
        staged.rec["i"] = i
        z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(64, 64), chunks=(16, 64), dtype="i4")
        z[:] = np.arange(64 * 64).reshape(64, 64)


def store_movie(table: Any, i: int, folder: Path) -> None:
    del folder
    frames = np.random.default_rng(i).poisson(9, (8, 16, 16)).astype(np.uint16)
    table.insert1({"i": i, "movie": djo.Photon(frames, mode="lossless", frames_per_chunk=2)})


KINDS = (copy, stage, store_movie, copy_in_transaction)


def insert_rows(settings: dict[str, Any], numbers: Iterable[int]) -> None:
    table = connected_table(settings)
    folder = Path(settings["source"])
    for i in numbers:
        KINDS[i % len(KINDS)](table, i, folder)


def seconds_of_one_each(settings: dict[str, Any]) -> float:
    """Let a child insert a row of each kind, and return how long it lived: so slow is this machine now."""
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        insert_rows(settings, range(len(KINDS)))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert not status, status
    return time.monotonic() - began


def kill_one(settings: dict[str, Any], child: int, seconds: float) -> None:
    pid = os.fork()
    if not pid:
        insert_rows(settings, count(child * 1000))
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    print("killed" if os.WIFSIGNALED(status) else f"ended by itself: {status}", seconds, flush=True)


def main() -> None:
    settings = json.loads(sys.argv[1])
    dj.config.stores = settings["stores"]
    dj.config["loglevel"] = "ERROR"
    djo.enable()
    source = Path(settings["source"])
    for name in range(10):
        (source / f"{name}.bin").write_bytes(DATA)
    rng = random.Random(settings["seed"])
    longest = 1.5 * seconds_of_one_each(settings)
    for child in range(settings["kills"]):
        kill_one(settings, child + 1, rng.uniform(0.05 * longest, longest))


main()
