"""``dj-objectstore stores``: which stores there are, and where each of their settings came from."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.configuration import load_configuration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

COLUMNS = ("name", "protocol", "location", "default")


def add_parser(commands: Any) -> None:
    """Add ``stores`` to the commands."""
    parser = commands.add_parser(
        "stores",
        help="list the stores and where their settings come from",
        description="List the stores, and where each of their settings came from. Asks no store anything.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run, remedy="")


def run(args: argparse.Namespace) -> int:
    """Print the table, and return 1 when a store is configured wrongly."""
    rows, problems = _describe()
    if args.json:
        told = [str(problem) for problem in problems]
        print(json.dumps({"stores": rows, "problems": told}, indent=2, ensure_ascii=False))
    else:
        _print_table(rows)
    for wrong in problems:
        print(wrong, file=sys.stderr)
    return 1 if problems else 0


def _describe() -> tuple[list[dict[str, Any]], list[Any]]:
    from dj_objectstore.spec.gathering import gather_stores, names_of
    from dj_objectstore.spec.validation import check_settings

    gathered = gather_stores(load_configuration())
    rows, problems = [], []
    for name in names_of(gathered.stores):
        settings = gathered.stores[name]
        spec, found = check_settings(name, settings)
        problems += found
        rows.append(
            {
                "name": name,
                "protocol": settings.get("protocol", "") if isinstance(settings, dict) else "",
                "location": spec.place if spec else "",
                "default": _defaults_of(name, gathered.stores),
                "origins": gathered.origins.get(name, {}),
            }
        )
    return rows, problems


def _defaults_of(name: str, stores: Mapping[str, Any]) -> str:
    default = "default" if not isinstance(stores.get("default"), str) and name == "default" else ""
    named = [default] if default else []
    named += ["default"] if stores.get("default") == name else []
    named += ["filepaths"] if stores.get("filepath_default") == name else []
    return ", ".join(named)


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        print("No store is configured. dj_objectstore.save_template() writes an example to edit.")
        return
    lines = [COLUMNS, *([str(row[column]) for column in COLUMNS] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    for line, row in zip(lines, (None, *rows), strict=True):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
        for origin, keys in _by_origin(row["origins"] if row else {}):
            print(f"    {', '.join(keys)}: {origin}")


def _by_origin(origins: Mapping[str, str]) -> Iterable[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for key, origin in origins.items():
        found.setdefault(origin, []).append(key)
    return found.items()
