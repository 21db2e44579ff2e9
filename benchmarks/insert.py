"""Inserting objects: one large file, and a folder of many small ones, against s3fs and against DataJoint.

``python benchmarks/insert.py [--megabytes 1000] [--files 2000] [--turns 5] [--markdown]``. The S3 server is
moto in a process of its own. A ratio is the median of its turns, with the smallest and the largest beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"

import datajoint as dj
import numpy as np

import dj_objectstore as djo
from dj_objectstore.servers import BUCKET
from dj_objectstore.store.backend import PART
from dj_objectstore.testing import temporary_database, temporary_store
from measuring.pairs import Ratio, time_pairs
from measuring.s3 import count_requests, running_server
from measuring.table import Row, show_rows

SIZE = 10_000
MEMORY = Path(__file__).parent / "measuring" / "insert_memory.py"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a promise was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=1000, help="of the large file")
    parser.add_argument("--files", type=int, default=2000, help="of the folder, 10 kB each")
    parser.add_argument("--turns", type=int, default=5, help="how often each pair is timed")
    parser.add_argument("--markdown", action="store_true", help="print it as in docs/benchmarks.md")
    options = parser.parse_args(arguments)
    os.environ["TQDM_DISABLE"] = "1"
    with temporary_database():
        return show_rows(measure_all(options), markdown=options.markdown)


def measure_all(options: argparse.Namespace) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        big = write_big(folder / "big.bin", options.megabytes)
        with running_server() as store, inserting(store) as pipeline:
            yield from measure_big_file(big, store, pipeline, turns=options.turns)
        small = write_folder(folder / "small", options.files)
        with running_server() as store, inserting(store) as pipeline:
            yield measure_requests(small, pipeline, files=options.files)
            yield measure_folder("moto", small, pipeline, least=0.9, turns=options.turns)
        with temporary_store("file") as opened, inserting(dj.config.stores[opened.name]) as pipeline:
            yield measure_folder("a `file` store", small, pipeline, least=2.0, turns=3 * options.turns)


class Pipeline:
    """A table whose rows hold a file or folder each."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._numbers = count()

    def insert(self, value: Path) -> None:
        """Insert a row with our codec."""
        djo.enable()
        self._table.insert1({"i": next(self._numbers), "files": value})

    def insert_as_datajoint(self, value: Path) -> None:
        """Insert a row with DataJoint's own codec."""
        djo.disable()
        self._table.insert1({"i": next(self._numbers), "files": value})

    def clear(self) -> None:
        """Delete every row and every file: the server holds them in memory."""
        djo.enable()
        self._table.delete_quick()
        store = djo.open_store("main")
        store.delete([entry.key for entry in store.list()])


@contextmanager
def inserting(store: dict[str, Any]) -> Iterator[Pipeline]:
    """Make a table that is served by a store."""
    dj.config.stores = {"default": "main", "main": store}
    schema = dj.Schema("bench_insert")
    definition = "i : int32\n---\nfiles : <object@main>"
    djo.enable()
    try:
        yield Pipeline(schema(type("Scan", (dj.Manual,), {"definition": definition}))())
    finally:
        schema.drop(prompt=False)


def measure_big_file(big: Path, store: dict[str, Any], pipeline: Pipeline, *, turns: int) -> Iterator[Row]:
    """Measure memory in processes of their own, and speed in this one."""
    name = f"insert of a {big.stat().st_size / 1e6:.0f} MB file"
    grown = sorted(memory_of_insert(big, store) for _ in range(3))
    yield Row(
        f"{name}, memory",
        "its start",
        f"{grown[-1]:.0f} MB (least {grown[0]:.0f})",
        "64 MB at most",
        grown[-1] <= 64,
    )
    fs = peer(store)

    def ours() -> None:
        pipeline.insert(big)

    def theirs() -> None:
        fs.put(str(big), f"{BUCKET}/peer/big.bin", chunksize=PART)

    (ratio,) = time_pairs(ours, [theirs], turns=turns, after=pipeline.clear)
    speed = big.stat().st_size / 1e6 / sorted(ratio.ours)[turns // 2]
    yield Row.at_least(
        name, "`fs.put` of s3fs, 8 MiB parts", ratio.middle, 0.9, more=f"{spread(ratio)}, {speed:.0f} MB/s"
    )


def memory_of_insert(big: Path, store: dict[str, Any]) -> float:
    """Return the megabytes that a process grows by while it inserts the file."""
    settings = {"store": store, "host": dj.config["database.host"], "file": str(big)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", MEMORY, json.dumps(settings)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(run.stdout)


def peer(store: dict[str, Any]) -> Any:
    """Return s3fs as one would use it without this package."""
    import s3fs

    return s3fs.S3FileSystem(
        key=store["access_key"],
        secret=store["secret_key"],
        client_kwargs={"endpoint_url": f"http://{store['endpoint']}"},
    )


def measure_requests(folder: Path, pipeline: Pipeline, *, files: int) -> Row:
    name = f"insert of {files} files of {SIZE // 1000} kB, requests"
    pipeline.insert(folder)
    sent = count_requests(lambda: pipeline.insert(folder))
    theirs = count_requests(lambda: pipeline.insert_as_datajoint(folder))
    return Row(name, f"DataJoint sends {theirs}", str(sent), f"{files + 3} at most", sent <= files + 3)


def measure_folder(where: str, folder: Path, pipeline: Pipeline, *, least: float, turns: int) -> Row:
    (ratio,) = time_pairs(
        lambda: pipeline.insert(folder), [lambda: pipeline.insert_as_datajoint(folder)], turns=turns
    )
    pipeline.clear()
    name = f"insert of the folder on {where}, with digests"
    return Row.at_least(name, "DataJoint 2.3, which takes none", ratio.middle, least, more=spread(ratio))


def spread(ratio: Ratio) -> str:
    low, high = ratio.spread
    return (
        f" ({low:.2f} to {high:.2f}; {np.median(ratio.ours):.2f} s against {np.median(ratio.theirs):.2f} s)"
    )


def write_big(path: Path, megabytes: int) -> Path:
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(rng.bytes(1_000_000))
    return path


def write_folder(path: Path, files: int) -> Path:
    path.mkdir()
    rng = np.random.default_rng(1)
    for number in range(files):
        (path / f"{number:05d}.bin").write_bytes(rng.bytes(SIZE))
    return path


if __name__ == "__main__":
    sys.exit(main())
