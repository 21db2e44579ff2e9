"""Fetching rows that name objects, against rows that hold the same JSON in a native column.

``python benchmarks/fetch.py [--rows 1000] [--turns 15] [--markdown]``. The ratio is the median of its turns,
with the smallest and the largest beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"

import datajoint as dj
import numpy as np

import dj_objectstore as djo
from dj_objectstore.testing import temporary_database
from measuring.pairs import time_pairs
from measuring.s3 import count_requests, running_server
from measuring.table import Row, show_rows

SLOWER = 1.2


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a promise was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--markdown", action="store_true", help="print it as in docs/benchmarks.md")
    options = parser.parse_args(arguments)
    with temporary_database(), running_server() as store:
        dj.config.stores = {"default": "main", "main": store}
        djo.enable()
        schema = dj.Schema("bench_fetch")
        rows = measure(*fill(schema, options.rows), turns=options.turns)
        kept = show_rows(rows, markdown=options.markdown)
        schema.drop(prompt=False)
    return kept


def fill(schema: Any, rows: int) -> tuple[Any, Any]:
    """Insert objects into one table, and the JSON of their rows into another one."""
    scan = schema(type("Scan", (dj.Manual,), {"definition": "i : int32\n---\nfiles : <object@main>"}))()
    plain = schema(type("Plain", (dj.Manual,), {"definition": "i : int32\n---\nfiles : json"}))()
    scan.insert({"i": i, "files": (".txt", b"%d" % i)} for i in range(rows))
    stored = scan.connection.query(scan.proj("files").make_sql(), as_dict=True).fetchall()
    plain.insert(stored)
    return scan, plain


def measure(scan: Any, plain: Any, *, turns: int) -> Iterator[Row]:
    rows = len(scan)
    name = f"fetch of {rows} rows with refs"
    sent = count_requests(scan.to_dicts)
    yield Row(f"{name}, requests", "", str(sent), "none", sent == 0)
    (ratio,) = time_pairs(scan.to_dicts, [plain.to_dicts], turns=turns)
    times = sorted(1 / turn for turn in ratio.turns)
    ours, theirs = (1000 * np.median(seconds) for seconds in (ratio.ours, ratio.theirs))
    more = f" ({times[0]:.2f} to {times[-1]:.2f}; {ours:.0f} ms against {theirs:.0f} ms)"
    yield Row.at_most(f"{name}, time", "a native json column", 1 / ratio.middle, SLOWER, more=more)


if __name__ == "__main__":
    sys.exit(main())
