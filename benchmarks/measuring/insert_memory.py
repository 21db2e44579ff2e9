"""How much memory it takes to insert a large file; run as a process of its own.

Its argument is JSON with ``store``, ``host`` of the database and ``file``; prints the megabytes above the
start.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import datajoint as dj

import dj_objectstore as djo
from dj_objectstore.servers import PORT, USER
from measuring.process import resident


def main() -> None:
    settings = json.loads(sys.argv[1])
    dj.config["loglevel"] = "ERROR"
    dj.config.stores = {"default": "main", "main": settings["store"]}
    djo.enable()
    with dj.Connection(settings["host"], USER, "", PORT, use_tls=False, backend="postgresql") as connection:
        schema = dj.Schema("bench_memory", connection=connection)
        scan = schema(type("Scan", (dj.Manual,), {"definition": "i : int32\n---\nfiles : <object@main>"}))()
        # once, for what is loaded and connected only then
        scan.insert1({"i": 0, "files": b"small"})
        before = resident("VmRSS")
        scan.insert1({"i": 1, "files": settings["file"]})
        print(resident("VmHWM") - before)
        paths = [ref.path for ref in scan.to_arrays("files")]
        schema.drop(prompt=False)
    djo.open_store("main").delete(paths)


if __name__ == "__main__":
    main()
