"""The questions of ``configure`` on a terminal: one field after the other, each checked as it is answered."""

from __future__ import annotations

import getpass
from dataclasses import replace
from typing import TYPE_CHECKING

from dj_objectstore.spec.forms import KINDS, find_kind
from dj_objectstore.spec.setup import example_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dj_objectstore.spec.forms import Field
    from dj_objectstore.spec.setup import Draft, Target

_HEADINGS = {"place": "Where it is", "layout": "How it is laid out", "secrets": "Secrets", "more": "More"}


def fill_in(draft: Draft, *, kind_is_given: bool) -> Draft:
    """Ask for everything that a store needs, and return the filled-in draft."""
    if not kind_is_given:
        draft = replace(draft, kind=_choose_kind())
    draft = _ask_name(draft)
    fields = find_kind(draft.kind).fields
    for section in ("place", "secrets", "layout", "more"):
        those = [each for each in fields if each.section == section]
        if not those:
            continue
        print(f"\n{_HEADINGS[section]}")
        if section in ("layout", "more") and not confirm("Change any of the usual settings?", default=False):
            continue
        for each in those:
            draft = _ask_field(draft, each)
    draft = _ask_again(draft)
    path = example_of(draft.form())
    if path:
        print(f"\nAn object will lie at\n  {path}")
    return replace(draft, is_default=confirm("Make it the default store?", default=True))


def choose_target(targets: Sequence[Target]) -> Path:
    """Ask which configuration file is to be written, where there is a choice."""
    if len(targets) == 1:
        return targets[0].path
    print("\nWhich file?")
    for number, target in enumerate(targets, 1):
        notes = ["exists" if target.exists else "new"]
        notes += ["above this folder: others may use it too"] if target.is_elsewhere else []
        print(f"  {number}  {target.path} ({', '.join(notes)})")
    return targets[_ask_number(len(targets)) - 1].path


def confirm(question: str, *, default: bool) -> bool:
    """Ask a question that is answered by yes or no."""
    choices = "[Y/n]" if default else "[y/N]"
    while True:
        answer = input(f"{question} {choices} ").strip().lower()
        if answer in ("", "y", "yes", "n", "no"):
            return default if not answer else answer.startswith("y")
        print("Please answer y or n.")


def _choose_kind() -> str:
    print("What kind of store?")
    for number, kind in enumerate(KINDS, 1):
        print(f"  {number}  {kind.label}: {kind.help}")
    return KINDS[_ask_number(len(KINDS)) - 1].name


def _ask_number(largest: int) -> int:
    while True:
        answer = input(f"1-{largest} [1]: ").strip() or "1"
        if answer.isdigit() and 1 <= int(answer) <= largest:
            return int(answer)
        print(f"Please give a number from 1 to {largest}.")


def _ask_name(draft: Draft) -> Draft:
    while True:
        given = input(f"Name of the store [{draft.name}]: ").strip() or draft.name
        named = replace(draft, name=given)
        problems = [problem for problem in named.form().problems if problem.field == "name"]
        if not problems:
            return named
        print(f"  {problems[0].message}. {problems[0].hint}")


def _ask_field(draft: Draft, each: Field) -> Draft:
    """Ask for one field until its value is right."""
    example = f" For example {each.words.example}." if each.words.example else ""
    print(f"  {each.words.help}{example}")
    while True:
        filled = _with_answer(draft, each)
        problems = [problem for problem in filled.form().problems if problem.field == each.name]
        # which of two keys is lacking shows only when both were asked
        if not problems or each.type == "secret":
            return filled
        print(f"  {problems[0].message}; {problems[0].hint}")


def _ask_again(draft: Draft) -> Draft:
    """Ask once more for what is wrong only together with other fields, such as one key of two."""
    while problems := draft.form().problems:
        print()
        for problem in problems:
            print(f"  {problem.message}; {problem.hint}")
        wrong = {problem.field for problem in problems}
        both = {"access_key", "secret_key"}
        wrong |= both if wrong & both else set()
        for each in find_kind(draft.kind).fields:
            if each.name in wrong or wrong == {""}:
                draft = _ask_field(draft, each)
    return draft


def _with_answer(draft: Draft, each: Field) -> Draft:
    label = each.words.label
    if each.type == "secret":
        kept = " [as it is]" if draft.edits else ""
        given = getpass.getpass(f"{label}{kept}: ")
        return replace(draft, secrets={**draft.secrets, each.name: given}) if given else draft
    now = draft.values.get(each.name, each.default)
    shown = "" if now in (None, "") else f" [{_text(now)}]"
    choices = f" ({', '.join(each.choices)})" if each.choices else ""
    given = input(f"{label}{choices}{shown}: ").strip()
    return replace(draft, values={**draft.values, each.name: given}) if given else draft


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
