"""Errors as a view is told them: calm, without secrets, with the next step where there is one."""

from __future__ import annotations

import logging
import traceback

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.widgets.messages.answers import Failure
from dj_objectstore.widgets.messages.strict import ProtocolError

log = logging.getLogger("dj_objectstore.widgets")

UNEXPECTED = Failure(
    code="unexpected",
    message="this could not be shown",
    hint="The kernel's log says where it went wrong.",
)
OUT_OF_MEMORY = Failure(
    code="memory",
    message="the kernel has not enough memory to show this",
    hint="Free memory in the notebook, or show a smaller part.",
)


def failure_of(error: Failure | Exception) -> Failure:
    """Return what to tell a view of an error; an unexpected one is logged, without the values it names."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, ObjectStoreError):
        return Failure(code=error.code, message=error.message, hint=error.hint)
    if isinstance(error, ProtocolError):
        return Failure(
            code="protocol", message=str(error), hint="Reload the page to get the matching widget."
        )
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY
    log.error("a widget could not show something: %s at %s", type(error).__name__, _places(error))
    return UNEXPECTED


def _places(error: Exception) -> str:
    """Where it was raised: files and lines alone, for messages and values may hold secrets."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames)) or "an unknown place"
