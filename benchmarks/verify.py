"""Verifying a folder in S3 without reading it, against DataJoint's own ``ObjectRef.verify``.

``python benchmarks/verify.py [--files 2000] [--turns 3]``; files of 10 kB on a moto server in a process of
its own. The ratio is the median of turns that are timed one after the other, with the smallest and largest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"

import datajoint as dj
from datajoint.hash_registry import get_store_backend
from datajoint.objectref import ObjectRef as DataJointRef

import dj_objectstore as djo
from dj_objectstore.objects.source import as_source
from dj_objectstore.objects.upload import upload
from measuring.pairs import time_pairs
from measuring.s3 import count_requests, running_server

SIZE = 10_000
FASTER, REQUESTS = 10.0, 3


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a promise was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running_server() as store:
        dj.config.stores = {"default": "main", "main": store}
        for number in range(options.files):
            (Path(folder) / f"{number:05d}.bin").write_bytes(number.to_bytes(4, "big") * (SIZE // 4))
        stored = upload(as_source(folder), djo.open_store("main"), "_schema/bench/Scan/i=1/files_Ab3dE5gH")
        kept = measure(stored.to_json(), files=options.files, turns=options.turns)
    return 0 if kept else 1


def measure(stored: dict[str, Any], *, files: int, turns: int) -> bool:
    """Print a line for each promise, and say whether all were kept."""
    ours = djo.ObjectRef.from_json(stored)
    theirs = DataJointRef.from_json(stored, backend=get_store_backend("main"))
    sent, theirs_sent = count_requests(ours.verify), count_requests(theirs.verify)
    # of one folder, and of the same folder through what verifies rows
    several = count_requests(lambda: djo.verify([ours]))
    (ratio,) = time_pairs(ours.verify, [theirs.verify], turns=turns)
    allowed = REQUESTS * max(1, -(-files // 1000))
    kept = max(sent, several) <= allowed and ratio.middle >= FASTER
    low, high = ratio.spread
    print(f"{files} files of {SIZE // 1000} kB, sizes only")
    print(f"requests   ref.verify {sent}, djo.verify {several}, DataJoint {theirs_sent}; at most {allowed}")
    print(f"speed      {ratio.middle:.1f}x DataJoint's ({low:.1f} to {high:.1f}); at least {FASTER:g}x")
    print(f"seconds    {min(ratio.ours):.3f} against {min(ratio.theirs):.3f}")
    print("ok" if kept else "MISSED")
    return kept


if __name__ == "__main__":
    sys.exit(main())
