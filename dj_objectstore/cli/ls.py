"""``dj-objectstore ls``: what lies in a store, and which objects the rows of a table name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.targets import add_common, get_ready, open_table, problem_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from dj_objectstore.store.store import Store

DESCRIPTION = """\
List what lies in a folder of a store (STORE or STORE:KEY), the objects that the rows of a table name
(SCHEMA.TABLE), or the stores.
Exit code 0: listed, 1: some rows could not be read, 2: it could not run.
"""


def add_parser(commands: Any) -> None:
    """Add ``ls`` to the commands."""
    parser = commands.add_parser(
        "ls", help="list a folder of a store, or the objects of a table", description=DESCRIPTION
    )
    parser.add_argument(
        "target", nargs="?", metavar="TARGET", help="STORE, STORE:KEY or SCHEMA.TABLE (default: the stores)"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the listing and return the exit code."""
    get_ready()
    from dj_objectstore.spec.sources import load_stores
    from dj_objectstore.store.store import open_store

    stores = load_stores()
    if not args.target:
        rows = [{"name": name, "place": spec.place} for name, spec in sorted(stores.items())]
        return _print(rows, as_json=args.json)
    name, _, key = args.target.partition(":")
    if name not in stores and ":" not in args.target:
        return _list_table(args.target, as_json=args.json)
    return _print(_list_folder(open_store(name), key.strip("/")), as_json=args.json)


def _list_folder(store: Store, key: str) -> list[dict[str, Any]]:
    """Return what lies directly in a folder, or the file itself."""
    from dj_objectstore.exceptions import ObjectNotFoundError

    try:
        children = store.children(key)
    except ObjectNotFoundError:
        child = store.info(key)
        if child.is_dir:
            raise
        children = [child]
    return [
        {
            "size": child.size,
            "modified": child.modified.isoformat(timespec="seconds") if child.modified else None,
            "name": child.name + ("/" if child.is_dir else ""),
        }
        for child in children
    ]


def _list_table(name: str, *, as_json: bool) -> int:
    from dj_objectstore.maintenance.references import read_references

    problems: list[Any] = []
    table = open_table(name)
    rows = [
        {
            "key": {column: str(value) for column, value in reference.key.items()},
            "field": reference.field.name,
            "size": reference.stored.size,
            "items": reference.stored.item_count,
            "store": reference.stored.store,
            "path": reference.path,
        }
        for reference in read_references(table, problems)
    ]
    return _print(rows, problems, as_json=as_json)


def _print(rows: list[dict[str, Any]], problems: Iterable[Any] = (), *, as_json: bool) -> int:
    problems = list(problems)
    if as_json:
        told = {"entries": rows, "problems": [problem_json(problem) for problem in problems]}
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _print_columns([[_text(value) for value in row.values()] for row in rows])
        for problem in problems:
            print(problem)
    return 1 if problems else 0


def _print_columns(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={part}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)
