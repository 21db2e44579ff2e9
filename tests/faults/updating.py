"""Updates the objects of a few rows until it is killed; a child for each kill.

Run with a JSON argument; prints the path of each object before it is replaced, and a line for each kill.
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
from itertools import count
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import datajoint as dj
import numpy as np
import s3fs  # noqa: F401 - once, before the children

import dj_objectstore as djo


def connected_table(settings: dict[str, Any]) -> Any:
    connection = dj.Connection(
        settings["host"], settings["user"], "", settings["port"], use_tls=False, backend="postgresql"
    )
    schema = dj.Schema(settings["schema"], connection=connection)
    return schema(type("Scan", (dj.Manual,), {"definition": settings["definition"]}))


def update_forever(settings: dict[str, Any], begun: int) -> None:
    table = connected_table(settings)
    folder = Path(settings["source"])
    for n in count():
        key = {"i": n % settings["rows"]}
        for ref in (table & key).fetch1("files", "movie"):
            print("named", ref.path, flush=True)
        frames = np.random.default_rng(n).poisson(9, (4, 16, 16)).astype(np.uint16)
        new: Any = folder if n % 2 else folder / "0.bin"
        table.update1({**key, "files": new, "movie": djo.Photon(frames, mode="lossless", frames_per_chunk=2)})
        os.write(begun, b".")


def kill_one(settings: dict[str, Any], rng: random.Random) -> None:
    seen, begun = os.pipe()
    pid = os.fork()
    if not pid:
        update_forever(settings, begun)
    os.read(seen, 1)  # the first row is updated
    time.sleep(rng.uniform(0, settings["seconds"]))
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    print("killed" if os.WIFSIGNALED(status) else f"ended by itself: {status}", flush=True)


def main() -> None:
    settings = json.loads(sys.argv[1])
    dj.config.stores = settings["stores"]
    dj.config["loglevel"] = "ERROR"
    djo.enable()
    rng = random.Random(settings["seed"])
    for _ in range(settings["kills"]):
        kill_one(settings, rng)


main()
