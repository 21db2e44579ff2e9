"""``dj-objectstore download``: the objects of many rows on disk, under readable names."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.targets import add_common, get_ready, jobs, open_table, problem_json

if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Copy the objects of a table's rows into a folder, under readable names, with a list of their keys in
objects.csv. What is there already is skipped, what was begun is continued.
Exit code 0: all are there, 1: some could not be had, 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``download`` to the commands."""
    parser = commands.add_parser(
        "download", help="copy the objects of many rows to disk", description=DESCRIPTION
    )
    parser.add_argument("table", metavar="SCHEMA.TABLE", help="the table")
    parser.add_argument("destination", metavar="FOLDER", help="where to; made when it does not exist")
    parser.add_argument("--where", metavar="CONDITION", help="only the rows that fulfil it (SQL)")
    parser.add_argument("--field", action="append", metavar="FIELD", help="only this field; may be repeated")
    parser.add_argument(
        "--name", metavar="TEMPLATE", help="how an object is called (default: {subject_id}_{field}{ext})"
    )
    parser.add_argument("--jobs", type=jobs, metavar="N", help="files copied at a time (default: 8)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Download, print where the objects lie, and return the exit code."""
    get_ready()
    from dj_objectstore.maintenance.download import NAME, download_all

    query = open_table(args.table)
    query = query & args.where if args.where else query
    done = download_all(
        query, args.destination, name=args.name or NAME, fields=args.field, jobs=args.jobs, tell=_tell
    )
    if args.json:
        found = {
            "ok": done.ok,
            "paths": [str(path) for path in done.paths],
            "skipped": done.skipped,
            "bytes": done.size,
            "problems": [problem_json(problem) for problem in done.problems],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for path in done.paths:
            print(path)
        for problem in done.problems:
            print(problem, file=sys.stderr)
    return 0 if done.ok else 1


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
