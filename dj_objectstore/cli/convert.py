"""``dj-objectstore convert``: store the movies of a column as compact photon movies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.targets import add_common, get_ready, open_target, problem_json

if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Store the movies of a column anew, as compact photon movies: `reference` movies of a <photon@> field, or Zarr
arrays, npy and TIFF files of an <object@> field. Each is compared frame by frame before its row names it; the
old object is never deleted, but named. A run that was stopped is repeated.
Exit code 0: all is well, 1: a row could not be converted, 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``convert`` to the commands."""
    parser = commands.add_parser(
        "convert", help="store the movies of a column as compact photon movies", description=DESCRIPTION
    )
    parser.add_argument("target", metavar="TABLE", help="SCHEMA.TABLE")
    parser.add_argument("field", metavar="FIELD", help="the field that holds the movies")
    parser.add_argument(
        "--into", metavar="FIELD", help="the <photon@> field that takes them (default: FIELD)"
    )
    parser.add_argument("--where", metavar="CONDITION", help="only the rows that fulfil it (SQL)")
    for name, unit in (("gain", "grey levels per photon"), ("offset", "grey level of no photon")):
        parser.add_argument(f"--{name}", type=float, help=f"{unit} (default: estimated from each movie)")
    parser.add_argument("--variance", type=float, help="read variance in grey levels squared")
    parser.add_argument("--step", type=float, default=0.5, help="width of a code in noise (default: 0.5)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert, print what was done, and return the exit code."""
    get_ready()
    from dj_objectstore.maintenance.convert import convert

    options = {name: getattr(args, name) for name in ("gain", "offset", "variance", "step")}
    report = convert(open_target(args.target, args.where), args.field, into=args.into, **options)
    if args.json:
        found = {
            "ok": report.ok,
            "converted": [{**vars(done), "key": dict(done.key)} for done in report.converted],
            "skipped": report.skipped,
            "problems": [problem_json(problem) for problem in report.problems],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    else:
        print(report)
    return 0 if report.ok else 1
