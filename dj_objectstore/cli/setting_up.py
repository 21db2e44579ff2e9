"""What ``configure`` does with its arguments: ask, try the store, show the changes, write them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from dj_objectstore.cli import questions
from dj_objectstore.exceptions import ConfigurationError, ValueRefusedError
from dj_objectstore.spec.forms import KINDS, find_kind
from dj_objectstore.spec.setup import (
    Draft,
    find_targets,
    finish_interrupted,
    open_draft,
    plan_removal,
    plan_setup,
)
from dj_objectstore.store.check import check_store
from dj_objectstore.store.destination import advise_destination, check_destination

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from dj_objectstore.spec.changes import Changes
    from dj_objectstore.store.steps import StepResult

_MARKS = {"ok": "ok", "failed": "FAILED", "skipped": "skipped"}


def set_up(args: argparse.Namespace) -> int:
    """Do what the arguments of ``configure`` ask for, and return the exit code."""
    asks = sys.stdin.isatty() and not args.yes and not args.json
    told = finish_interrupted(args.file.absolute().parent if args.file else None)
    if told:
        print(f"Note: {told}", file=sys.stderr)
    if args.remove:
        target = args.file.absolute() if args.file else find_targets()[0].path
        return _finish(args, plan_removal(args.remove, target), target, asks=asks)
    draft = _given(args)
    if asks:
        draft = questions.fill_in(draft, kind_is_given=bool(args.kind or args.edit))
    folder = _target(args).parent
    _refuse_problems(draft, folder)
    steps = [] if args.no_test else _test(args, draft, folder)
    if any(step.status == "failed" for step in steps) and not (
        asks and questions.confirm("Write it all the same?", default=False)
    ):
        return _stop(args, steps)
    if args.environment:
        print(draft.environment(folder))
        return 0
    target = questions.choose_target(find_targets()) if asks and not args.file else _target(args)
    return _finish(args, plan_setup(draft, target), target, asks=asks, draft=draft, steps=steps)


def _target(args: argparse.Namespace) -> Path:
    return args.file.absolute() if args.file else find_targets()[0].path


def _given(args: argparse.Namespace) -> Draft:
    """Return the draft of what the command line holds."""
    if args.edit:
        draft = open_draft(args.edit, args.file.absolute().parent if args.file else None)
    else:
        draft = Draft(kind=args.kind or KINDS[0].name, name=args.name or "main")
    if args.name:
        draft = replace(draft, name=args.name)
    values = _pairs(args.set, "--set")
    _refuse_secrets(draft.kind, values)
    secrets = {field: _variable(name) for field, name in _pairs(args.secret_from, "--secret-from").items()}
    return replace(
        draft,
        values={**draft.values, **values},
        secrets=secrets,
        is_default=draft.is_default or args.default,
    )


def _pairs(given: Iterable[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueRefusedError(f"{option} must be FIELD=VALUE, got {name!r}", hint="Put a '=' between.")
        pairs[name.strip()] = value
    return pairs


def _refuse_secrets(kind: str, values: Mapping[str, str]) -> None:
    """Keep secrets off the command line, which other users of the computer and the history see."""
    secret = [each.name for each in find_kind(kind).fields if each.type == "secret" and each.name in values]
    if secret:
        raise ConfigurationError(
            f"secrets must not stand on a command line, got {', '.join(secret)}",
            hint=f"Use --secret-from {secret[0]}=VARIABLE, or leave it out and type it in.",
        )


def _variable(name: str) -> str:
    if name not in os.environ:
        raise ConfigurationError(
            f"the variable {name!r} must hold the secret, and is not set", hint=f"export {name}=..."
        )
    return os.environ[name]


def _refuse_problems(draft: Draft, folder: Path) -> None:
    problems = draft.form(folder).problems
    if problems:
        told = "\n".join(f"- {problem.message}; {problem.hint}" for problem in problems)
        raise ConfigurationError(
            f"the store can't be set up like this:\n{told}", hint="Use --set for a field."
        )


def _test(args: argparse.Namespace, draft: Draft, folder: Path) -> list[StepResult]:
    """Try the store, telling each step as it is done."""
    spec = draft.form(folder).spec
    if spec is None:
        return []
    refused = check_destination(spec)
    if not refused.ok:
        raise ConfigurationError(str(refused), hint="Correct the endpoint.")
    advice = advise_destination(spec)
    if advice:
        print(f"Note: {advice}", file=sys.stderr)
    results = []
    for result in check_store(spec):
        results.append(result)
        if not args.json:
            _print_step(result)
    return results


def _print_step(result: StepResult) -> None:
    message = f"  {result.message}" if result.message else ""
    print(f"  {_MARKS[result.status]:8} {result.step}{message}", flush=True)
    if result.status == "failed" and result.hint:
        print(f"           {result.hint}", flush=True)


def _stop(args: argparse.Namespace, steps: list[StepResult]) -> int:
    if args.json:
        print(json.dumps({"written": False, "steps": [step.to_json() for step in steps]}, indent=2))
    else:
        print("Nothing was written. Correct what failed, or write it untried with --no-test.")
    return 1


def _finish(
    args: argparse.Namespace,
    plan: Changes,
    target: Path,
    *,
    asks: bool,
    draft: Draft | None = None,
    steps: Iterable[StepResult] = (),
) -> int:
    """Show the changes and write them."""
    diff = plan.diff()
    if not args.json:
        print(diff or "There is nothing to change.")
        for note in plan.notes:
            print(f"- {note}")
    written = plan.is_needed and (not asks or questions.confirm(f"Write this to {target}?", default=True))
    if written:
        plan.write(backup=True)
    if args.json:
        content = {
            "written": written,
            "file": str(target),
            "secrets": sorted(str(plan.folder / name) for name in plan.secrets),
            "diff": diff,
            "steps": [step.to_json() for step in steps],
        }
        print(json.dumps(content, indent=2, ensure_ascii=False))
    elif written and draft:
        print(f"Written. To use it:\n\n{draft.python()}\n")
    return 0 if written or not plan.is_needed else 1
