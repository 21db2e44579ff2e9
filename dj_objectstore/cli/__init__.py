"""The command line: ``dj-objectstore``. One file a command; each has `add_parser` and `run`.

Exit codes: 0 fine, 1 problems were found, 2 wrong usage or it could not run.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dj_objectstore import __version__
from dj_objectstore.cli import configure, convert, demo, doctor, download, ls, migrate_config, stores, verify
from dj_objectstore.cli.configuration import check_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (demo, configure, doctor, stores, ls, verify, download, convert, migrate_config)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv
        Arguments after the program's name; by default those of this process.
    """
    args = build_parser().parse_args(argv)
    # with a bad configuration DataJoint can't be imported; `doctor` tells more, and the demo does without
    problem = None if args.command in ("demo", "doctor") else check_texts()
    if problem is not None:
        print(f"dj-objectstore {args.command}: {problem}", file=sys.stderr)
        return 2
    try:
        code: int = args.run(args)
    except expected_errors() as err:
        print(f"dj-objectstore {args.command}: {err}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as err:
        lack = f"the package {err.name!r} is not installed"
        print(f"dj-objectstore {args.command}: {lack}\n{args.remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return code


def expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors that are told in words; anything else is a fault of ours and keeps its traceback."""
    from datajoint.errors import DataJointError

    return DataJointError, OSError


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="dj-objectstore",
        description="Fetch, browse, scrub and safely keep the large data of a DataJoint pipeline.",
    )
    parser.add_argument("--version", action="version", version=f"dj-objectstore {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    return parser
