"""What the environment says about stores; imports no DataJoint, which itself fails on a bad ``DJ_STORES``.

>>> find_json_problem('{"main": }', "DJ_STORES").message
"is no JSON: expecting value at line 1, column 10, where it says '}'"
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from dj_objectstore.report import Problem

STORES = "DJ_STORES"
LEGACY = "DJ_OBJECT_STORAGE_"
IGNORE = "DJ_IGNORE_CONFIG_FILE"
_SHOWN = 20
_REMEDY = (
    'correct it or unset it; it is a JSON object such as {"default": "main", "main": {"protocol": "file", '
    '"location": "/data"}}'
)


def read_environment_stores() -> dict[str, Any] | None:
    """Return the stores of ``DJ_STORES``; None when it is not set, or is no JSON object."""
    text = os.environ.get(STORES)
    if not text or find_json_problem(text, STORES):
        return None
    stores: dict[str, Any] = json.loads(text)
    return stores


def check_environment_stores() -> Problem | None:
    """Return what is wrong with the text of ``DJ_STORES``, with which DataJoint can't be imported."""
    text = os.environ.get(STORES)
    return find_json_problem(text, STORES) if text else None


def is_ignoring_files() -> bool:
    """Return whether ``DJ_IGNORE_CONFIG_FILE`` leaves configuration files and ``.secrets`` out."""
    return os.environ.get(IGNORE, "").strip().lower() in ("1", "true", "t", "yes", "y", "on")


def read_legacy_variables() -> dict[str, str]:
    """Return the settings of the older ``DJ_OBJECT_STORAGE_*`` variables, by their key."""
    return {
        name.removeprefix(LEGACY).lower(): value
        for name, value in sorted(os.environ.items())
        if name.startswith(LEGACY) and value
    }


def find_json_problem(text: str, where: str) -> Problem | None:
    """Return why a text is no JSON object, and where; None when it is one.

    What is shown of the text is cut short and holds no value in quotes, which might be a secret.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as err:
        place = f"line {err.lineno}, column {err.colno}"
        message = f"is no JSON: {err.msg[:1].lower()}{err.msg[1:]} at {place}{_shown(text, err.pos)}"
        return Problem("json", where, message, _REMEDY if where == STORES else "correct it there")
    if not isinstance(value, Mapping):
        kind = {list: "a list", str: "text", type(None): "null"}.get(type(value), "a number or a truth value")
        return Problem("json", where, f"must be a JSON object, got {kind}", _REMEDY)
    return None


def _shown(text: str, position: int) -> str:
    """Quote the text at a position, as far as it is no value."""
    rest = text[position : position + _SHOWN].split("\n", maxsplit=1)[0]
    is_mark = rest[:1] in ("{", "}", "[", "]", ",", ":")
    return f", where it says {rest[:1]!r}" if is_mark else ("" if rest else ", where it ends")
