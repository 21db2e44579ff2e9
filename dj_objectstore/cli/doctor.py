"""``dj-objectstore doctor``: try a store step by step, and say what to mend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dj_objectstore.cli.configuration import check_texts, load_configuration
from dj_objectstore.report import Problem

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

DESCRIPTION = """\
Try a store: resolve its settings, connect, authenticate, list, write a small file, read it back, delete it,
measure the latency; and check .secrets, the project of the store, the codecs and DataJoint's version.
Exit code 0: all is well, 1: a step failed, 2: it could not run.
"""
_MARKS = {"ok": "ok", "failed": "FAILED", "skipped": "skipped"}


def add_parser(commands: Any) -> None:
    """Add ``doctor`` to the commands."""
    parser = commands.add_parser(
        "doctor", help="try the stores step by step and say what to mend", description=DESCRIPTION
    )
    parser.add_argument("name", nargs="?", help="a store's name (default: every store)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run, remedy="pip install 'dj-objectstore[s3]'")


def run(args: argparse.Namespace) -> int:
    """Check, and return the exit code."""
    problem = check_texts()
    groups = _broken(problem) if problem else _check(args.name)
    if args.json:
        return _print_json(groups)
    return _print_lines(groups)


Group = tuple[str | None, "Iterable[dict[str, Any]]"]


def _broken(problem: Problem) -> Iterator[Group]:
    """Give the one step that failed: without its configuration nothing else can be tried."""
    step = {
        "step": "configuration",
        "status": "failed",
        "message": f"{problem.where} {problem.message}".strip(),
        "hint": problem.hint,
        "seconds": 0.0,
    }
    yield None, [step]


def _check(name: str | None) -> Iterator[Group]:
    config = load_configuration()  # first: what DataJoint warns of at its import is told below
    from dj_objectstore.exceptions import ConfigurationError
    from dj_objectstore.spec.gathering import gather_stores, names_of
    from dj_objectstore.store.check import check_store
    from dj_objectstore.store.installation import check_installation

    try:
        gathered = gather_stores(config)
    except ConfigurationError as err:
        yield from _broken(Problem(err.code, "", err.message, err.hint))
        return
    yield None, (result.to_json() for result in check_installation(config))
    names: list[str | None] = [name] if name else [*names_of(gathered.stores)]
    for store in names or [None]:
        yield store or "", (result.to_json() for result in check_store(store, config=config))


def _print_json(groups: Iterable[Group]) -> int:
    installation: list[dict[str, Any]] = []
    stores: dict[str, Any] = {}
    for name, results in groups:
        steps = list(results)
        if name is None:
            installation = steps
        else:
            stores[name] = {"ok": _is_ok(steps), "steps": steps}
    ok = _is_ok(installation) and all(store["ok"] for store in stores.values())
    print(json.dumps({"ok": ok, "steps": installation, "stores": stores}, indent=2, ensure_ascii=False))
    return 0 if ok else 1


def _print_lines(groups: Iterable[Group]) -> int:
    failed = 0
    for name, results in groups:
        print("installation" if name is None else f"\nstore {name!r}" if name else "\nthe default store")
        for result in results:
            failed += result["status"] == "failed"
            if result["message"] or result["status"] != "skipped":
                print(_line(result), flush=True)
    print(f"\n{failed} step{'s' if failed != 1 else ''} failed" if failed else "\nAll is well.")
    return 1 if failed else 0


def _line(result: dict[str, Any]) -> str:
    duration = f"({1000 * result['seconds']:.0f} ms)" if result["seconds"] >= 0.001 else ""  # noqa: PLR2004 - 1 ms
    told = " ".join(part for part in (result["message"], duration) if part)
    line = f"  {_MARKS[result['status']]:<8}{result['step']:<14}{told}".rstrip()
    return f"{line}\n{'':24}{result['hint']}" if result["hint"] else line


def _is_ok(steps: Iterable[dict[str, Any]]) -> bool:
    return all(step["status"] != "failed" for step in steps)
