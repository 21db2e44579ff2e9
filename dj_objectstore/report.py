"""Findings, collected and shown once, so that nobody mends one to meet the next.

>>> print(Report((Problem("token-length", "store 'main'", "token_length must be 4 to 16, got 2"),)))
store 'main': token_length must be 4 to 16, got 2
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One finding.

    Parameters
    ----------
    code
        What kind of finding it is, for programs.
    where
        What it concerns: a store, a key, a file.
    message
        The rule, and the value that breaks it; never a secret.
    hint
        What to do next.
    """

    code: str
    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True)
class Report:
    """Everything that was found; `ok` when that is nothing."""

    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems)) or "no problems"
