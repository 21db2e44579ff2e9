"""Photon movies against their peers: bytes, speed, memory; each ratio measured side by side, in turns.

``python benchmarks/photon.py [--frames 800] [--turns 5] [--markdown]``; 800 frames of 512 x 512 are
420 MB. The peers are the float64 layout through zarr-python, and PyPI's ``anscombe-transform`` in zarr 3 with
its own defaults. A ratio is the median of its turns, with the smallest and the largest beside it.
"""

from __future__ import annotations

import argparse
import sys
import warnings

# zarr tells that codecs of others are no part of its specification
warnings.filterwarnings("ignore", module="zarr")
warnings.filterwarnings("ignore", module="anscombe_transform")

from measuring.rows import measure_all  # noqa: E402  after the filters
from measuring.table import show_rows  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a promise was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=800, help="of 512 x 512, for the speeds")
    parser.add_argument("--turns", type=int, default=5, help="how often each pair is timed")
    parser.add_argument("--markdown", action="store_true", help="print it as in docs/benchmarks.md")
    options = parser.parse_args(arguments)
    rows = measure_all(frames=options.frames, turns=options.turns)
    return show_rows(rows, markdown=options.markdown)


if __name__ == "__main__":
    sys.exit(main())
