"""What a conversion reports, whatever was converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.report import Problem, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = (
    "gain",
    "offset",
    "variance",
    "step",
    "dims",
    "frames_per_chunk",
    "frame_rate",
    "times",
    "pixel_size",
)


@dataclass(frozen=True)
class Converted:
    """One movie that was stored anew; what lies at `old_path` was left as it is.

    Parameters
    ----------
    key
        Primary key of its row; of a file, its name as ``file``.
    old_path, old_size, new_path, new_size
        In the store, or on disk for files; bytes.
    """

    key: Mapping[str, Any]
    old_path: str
    old_size: int | None
    new_path: str
    new_size: int | None


@dataclass(frozen=True)
class ConversionReport(Report):
    """What `convert` did.

    Parameters
    ----------
    converted
        The movies that were stored anew, and verified, and whose rows name them now.
    skipped
        How many needed nothing.
    """

    converted: tuple[Converted, ...] = ()
    skipped: int = 0

    def __str__(self) -> str:
        lines = [
            f"{len(self.converted)} converted, {self.skipped} needed nothing, {len(self.problems)} failed"
        ]
        for done in self.converted:
            lines.append(f"{words(done.key)}: {done.old_path} ({done.old_size} bytes) is now")
            lines.append(f"    {done.new_path} ({done.new_size} bytes)")
        return "\n".join([*lines, *map(str, self.problems)])


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options that `convert` does not know."""
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueRefusedError(f"convert takes {', '.join(OPTIONS)}, got {', '.join(unknown)}")


def merge(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a movie, under what was given; a rate displaces times, and times a rate."""
    displaced = {"frame_rate": "times", "times": "frame_rate"}
    gone = {other for name, other in displaced.items() if given.get(name) is not None}
    return {**{name: value for name, value in known.items() if name not in gone}, **given}


def problem(key: Mapping[str, Any], where: str, err: BaseException) -> Problem:
    """Return why a movie could not be converted."""
    return Problem("not-converted", f"{words(key)}, {where}", str(err), getattr(err, "hint", None) or "")


def words(key: Mapping[str, Any]) -> str:
    """Return a key as it is printed."""
    return ", ".join(f"{name}={value}" for name, value in key.items())
