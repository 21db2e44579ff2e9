"""``dj-objectstore verify``: whether what is stored is still what was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.targets import add_common, get_ready, jobs, open_target, problem_json

if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Check the objects of a table, a schema or a store against what was recorded when they were written, and name
each file that is missing, extra, shorter, longer or changed. Reads listings alone without --read-data.
Exit code 0: all is well, 1: problems were found, 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``verify`` to the commands."""
    parser = commands.add_parser(
        "verify", help="check stored objects and name each damaged file", description=DESCRIPTION
    )
    parser.add_argument("target", metavar="TARGET", help="SCHEMA.TABLE, SCHEMA, or the name of a store")
    parser.add_argument("--where", metavar="CONDITION", help="only the rows of a table that fulfil it (SQL)")
    parser.add_argument("--read-data", action="store_true", help="read every file and compare its digest")
    parser.add_argument("--jobs", type=jobs, metavar="N", help="files asked for at a time (default: 8)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify, print what was found, and return the exit code."""
    get_ready()
    from dj_objectstore.maintenance.verify import verify

    report = verify(open_target(args.target, args.where), read_data=args.read_data, jobs=args.jobs)
    if args.json:
        found = {
            "status": report.status,
            "ok": report.ok,
            "objects": report.objects,
            "files": report.files,
            "bytes": report.size,
            "problems": [problem_json(problem) for problem in report.problems],
            "unverifiable": [problem_json(problem) for problem in report.unverifiable],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(report)
    return 0 if report.ok else 1
