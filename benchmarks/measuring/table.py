"""What a benchmark prints: a line for each promise, with what was measured and whether it was kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table; `kept` says whether the promise held."""

    what: str
    against: str
    measured: str
    promised: str
    kept: bool

    @classmethod
    def at_least(cls, what: str, against: str, value: float, least: float, *, more: str = "") -> Row:
        return cls(what, against, f"{value:.3g}x{more}", f"{least:g}x", value >= least)

    @classmethod
    def at_most(cls, what: str, against: str, value: float, most: float, *, more: str = "") -> Row:
        return cls(what, against, f"{value:.3g}x{more}", f"{most:g}x at most", value <= most)


def show_rows(rows: Iterable[Row], *, markdown: bool) -> int:
    """Print each row as it comes; 1 if a promise was missed."""
    if markdown:
        print("| what | against | measured | promised | |\n|---|---|---|---|---|")
    missed = 0
    for row in rows:
        missed += not row.kept
        print(_markdown(row) if markdown else _plain(row), flush=True)
    return min(missed, 1)


def _plain(row: Row) -> str:
    verdict = "ok" if row.kept else "MISSED"
    return f"{row.what:<34} {row.against:<30} {row.measured:<36} {row.promised:<15} {verdict}"


def _markdown(row: Row) -> str:
    verdict = "yes" if row.kept else "**no**"
    return f"| {row.what} | {row.against} | {row.measured} | {row.promised} | {verdict} |"
