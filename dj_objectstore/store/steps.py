"""What one step of a check found, for a list that is ticked off."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.report import Problem
from dj_objectstore.spec.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dj_objectstore.spec.models import StoreSpec

Status = Literal["ok", "failed", "skipped"]
Finding = tuple[Status, str, str]


@dataclass(frozen=True)
class StepResult:
    """What one step found.

    Parameters
    ----------
    step
        The step's name.
    status
        ``"ok"``, ``"failed"``, or ``"skipped"`` with the reason as the message.
    message
        What was found; never a secret.
    hint
        What to do next.
    seconds
        How long the step took.
    """

    step: str
    status: Status
    message: str = ""
    hint: str = ""
    seconds: float = 0.0

    @property
    def problem(self) -> Problem | None:
        """The finding of a step that failed."""
        return Problem(self.step, self.step, self.message, self.hint) if self.status == "failed" else None

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values; seconds are rounded to 0.1 ms."""
        return {
            "step": self.step,
            "status": self.status,
            "message": self.message,
            "hint": self.hint,
            "seconds": round(self.seconds, 4),
        }


def take_step(step: str, check: Callable[[], Finding], spec: StoreSpec | None = None) -> StepResult:
    """Run one step; an error of ours is its failure."""
    start = time.perf_counter()
    try:
        status, message, hint = check()
    except ObjectStoreError as err:
        return fail_step(step, err, spec, time.perf_counter() - start)
    return StepResult(step, status, message, hint, time.perf_counter() - start)


def fail_step(step: str, err: ObjectStoreError, spec: StoreSpec | None, seconds: float) -> StepResult:
    """Return the result of a step that an error ended, without the store's secrets."""
    secrets = spec.secrets() if spec else []
    return StepResult(step, "failed", redact(err.message, secrets), redact(err.hint, secrets), seconds)


def skip_steps(steps: Iterable[str], reason: str) -> Iterator[StepResult]:
    """Give the results of steps that were not taken."""
    for step in steps:
        yield StepResult(step, "skipped", reason)
