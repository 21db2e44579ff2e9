"""The configuration that commands work on, looked at before DataJoint, whose import fails on a bad one."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.report import Problem
from dj_objectstore.spec.environment import (
    check_environment_stores,
    find_json_problem,
    is_ignoring_files,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "datajoint.json"


def check_texts() -> Problem | None:
    """Return what is wrong with the text of ``DJ_STORES`` or of ``datajoint.json``; needs no DataJoint."""
    problem = check_environment_stores()
    path = None if problem or is_ignoring_files() else find_file()
    if path is None:
        return problem
    try:
        return find_json_problem(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as err:
        return Problem("unreadable", str(path), f"can't be read: {err}", "check who may read it")


def find_file() -> Path | None:
    """Return the ``datajoint.json`` that DataJoint will find from the working folder."""
    folder = Path.cwd()
    for candidate in (folder, *folder.parents):
        if (candidate / FILE).is_file():
            return candidate / FILE
        if (candidate / ".git").exists() or (candidate / ".hg").exists():
            return None
    return None


def load_configuration() -> Mapping[str, Any]:
    """Return DataJoint's configuration, without its warnings: the commands tell what is wrong themselves."""
    from dj_objectstore.spec.configuration import current_configuration

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return current_configuration()
