"""``dj-objectstore convert``: store the movies of a column, or one of a file, as compact photon movies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.targets import add_common, get_ready, open_target, problem_json

if TYPE_CHECKING:
    import argparse

_OPTIONS = ("gain", "offset", "variance", "step", "frame_rate", "dims")
_SUFFIXES = (".zarr", ".npy", ".tif", ".tiff")
DESCRIPTION = """\
Store movies anew, as compact photon movies. Of a table's column: `reference` movies of a <photon@> field, or
Zarr arrays, npy and TIFF files of an <object@> field. Of a file: npy, TIFF, or the folder of a Zarr array or
of a photon movie. Each is compared frame by frame before its row, or its folder, names it; the old one is
never deleted, but named. A run that was stopped is repeated.
Exit code 0: all is well, 1: a movie could not be converted, 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``convert`` to the commands."""
    parser = commands.add_parser(
        "convert", help="store movies of a column or a file as compact photon movies", description=DESCRIPTION
    )
    parser.add_argument("source", metavar="TABLE|FILE", help="SCHEMA.TABLE, or the path of a file or folder")
    parser.add_argument(
        "target", metavar="FIELD|FOLDER", help="the field that holds the movies, or the folder to write"
    )
    parser.add_argument(
        "--into", metavar="FIELD", help="the <photon@> field that takes them (default: FIELD)"
    )
    parser.add_argument("--where", metavar="CONDITION", help="only the rows that fulfil it (SQL)")
    for name, unit in (("gain", "grey levels per photon"), ("offset", "grey level of no photon")):
        parser.add_argument(f"--{name}", type=float, help=f"{unit} (default: estimated from each movie)")
    parser.add_argument("--variance", type=float, help="read variance in grey levels squared")
    parser.add_argument("--frame-rate", type=float, help="frames a second (default: as the source says)")
    parser.add_argument(
        "--dims", type=_names, help="axes, for example time,z,y,x (default: as the source says)"
    )
    parser.add_argument("--step", type=float, default=0.5, help="width of a code in noise (default: 0.5)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert, print what was done, and return the exit code."""
    get_ready()
    from dj_objectstore.maintenance.convert import convert

    given = {name: getattr(args, name) for name in _OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    if _is_path(args.source):
        report = convert(args.source, args.target, into=args.into, **options)
    else:
        report = convert(open_target(args.source, args.where), args.target, into=args.into, **options)
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


def _is_path(text: str) -> bool:
    """Tell a file from ``schema.table``; what only looks like a path is one, to be missed by its name."""
    return Path(text).exists() or "/" in text or text.endswith(_SUFFIXES)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))
