"""``dj-objectstore migrate-config``: older settings become stores, credentials move to ``.secrets``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.configuration import load_configuration
from dj_objectstore.cli.external_columns import find_external_columns, has_database

if TYPE_CHECKING:
    import argparse

    from dj_objectstore.cli.external_columns import ExternalColumn
    from dj_objectstore.spec.changes import Changes

DESCRIPTION = """\
Rewrite object_storage.* settings, DJ_OBJECT_STORAGE_* variables, datajoint.toml and dj_local_conf.json as
stores in datajoint.json, and move credentials that stand in these files into .secrets. Without --write it
shows the changes as a diff. Columns of the type external-<store> are listed and never touched.
Exit code 0: nothing to do, or written; 1: there are changes to write; 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``migrate-config`` to the commands."""
    parser = commands.add_parser(
        "migrate-config", help="rewrite older settings as stores", description=DESCRIPTION
    )
    parser.add_argument("--write", action="store_true", help="write the changes (default: only show them)")
    parser.add_argument(
        "--no-database", action="store_true", help="do not look for external-<store> columns in the database"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run, remedy="")


def run(args: argparse.Namespace) -> int:
    """Show the changes, or write them."""
    from dj_objectstore.spec.migration import plan_migration

    plan = plan_migration(Path.cwd())
    columns = None if args.no_database else _external_columns()
    shown = plan.diff()
    if args.write:
        plan.write()
    if args.json:
        _print_json(plan, shown, columns, is_written=args.write)
    else:
        _print(plan, shown, columns, is_written=args.write)
    return 1 if plan.is_needed and not args.write else 0


def _external_columns() -> list[ExternalColumn] | None:
    """Return the columns, or None where no database is configured or it can't be reached."""
    from datajoint.errors import DataJointError

    load_configuration()
    if not has_database():
        return None
    try:
        return find_external_columns()
    except (DataJointError, OSError) as err:
        print(f"The database was not looked at: {err}", file=sys.stderr)
        return None


def _print(plan: Changes, shown: str, columns: list[ExternalColumn] | None, *, is_written: bool) -> None:
    print(shown or "There is nothing to rewrite.")
    if plan.is_needed:
        print("Written." if is_written else "Nothing is written yet: add --write to write this.")
    for note in plan.notes:
        print(f"- {note}")
    if columns is None:
        print("- external-<store> columns: no database was looked at")
    for column in columns or ():
        print(f"- {column}: left as it is; DataJoint 2.3 does not read it, see `dj.migrate`")


def _print_json(plan: Changes, shown: str, columns: list[ExternalColumn] | None, *, is_written: bool) -> None:
    content = {
        "needed": plan.is_needed,
        "written": is_written and plan.is_needed,
        "files": [str(change.path) for change in plan.changes],
        "secrets": sorted(str(plan.folder / name) for name in plan.secrets),
        "diff": shown,
        "notes": list(plan.notes),
        "external_columns": None if columns is None else [str(column) for column in columns],
    }
    print(json.dumps(content, indent=2, ensure_ascii=False))
