"""What a listed object is to the database: named by a row, an orphan, or left alone. Pure.

Looking and collecting judge by the same rule. Nothing is called an orphan unless all of this holds: its path
is one that this package or DataJoint gives, every row that could name it was read and none does, no write of
it is under way, and it is older than the grace period by the store's clock.

>>> from datetime import UTC, datetime, timedelta
>>> now = datetime(2026, 3, 9, tzinfo=UTC)
>>> judge("schema", Evidence(rows=0, is_read=True, newest=now - timedelta(days=2)), now=now)
'orphan'
>>> judge("schema", Evidence(rows=0, is_read=True, newest=now - timedelta(hours=2)), now=now)
'recent'
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from dj_objectstore.paths.layout import RESERVED_PREFIX

if TYPE_CHECKING:
    from dj_objectstore.paths.parse import Section

Standing: TypeAlias = Literal[
    "row", "orphan", "recent", "writing", "unread", "foreign", "quarantined", "reserved"
]
"""What an object is to the database.

``"row"``: a row names it. ``"orphan"``: none does. ``"recent"``: none does yet, and it is younger than the
grace period. ``"writing"``: its write is under way. ``"unread"``: that can't be told, as not all that it
takes could be read. ``"foreign"``: no path of ours, left alone. ``"quarantined"``: removed, and kept for a
while. ``"reserved"``: this package's own.
"""

GRACE = timedelta(hours=24)
"""How long an object without a row is left alone."""
SKEW = timedelta(minutes=15)
"""How far the clocks of a store and its client may be apart: beyond it, services refuse signed requests."""
STALE = timedelta(hours=1)
"""A marker of a write is rewritten every minute; one that is older than this is of a write that is dead."""
QUARANTINE = f"{RESERVED_PREFIX}/removed"
"""Where removed objects lie until they are gone for good."""

OURS = frozenset({"schema", "hash"})
"""Sections whose objects are owned by rows."""


@dataclass(frozen=True)
class Evidence:
    """What was found out about one object.

    Parameters
    ----------
    rows
        How many rows name it, of those that were read.
    is_read
        Whether every row that could name it was read.
    newest
        When the newest of its files was written, by the store's clock; None where that is not known.
    is_written
        Whether a marker says that it is being written, one that is not stale.
    """

    rows: int
    is_read: bool
    newest: datetime | None = None
    is_written: bool = False


def judge(
    section: Section,
    evidence: Evidence,
    *,
    now: datetime,
    is_quarantined: bool = False,
    grace: timedelta = GRACE,
) -> Standing:
    """Return what an object is to the database.

    Parameters
    ----------
    section
        The section of the store that its path lies in, as `parse_path` tells it.
    evidence
        What was found out about it. Read the markers before the rows: a write removes its marker once its
        row is there.
    now
        The store's time, UTC; where it is not known, the earliest that it can be.
    is_quarantined
        Whether it lies below `QUARANTINE`.
    grace
        How old an orphan is at least.
    """
    if section == "reserved":
        return "quarantined" if is_quarantined else "reserved"
    if evidence.rows > 0:
        return "row"
    if section not in OURS:
        return "foreign"
    if evidence.is_written:
        return "writing"
    if not evidence.is_read or evidence.newest is None:
        return "unread"
    return "recent" if now - evidence.newest < grace else "orphan"


def is_quarantined(path: str) -> bool:
    """Return whether a path is that of something removed, or of the place for it."""
    return f"{path}/".startswith(f"{QUARANTINE}/")


def earliest_now(kernel: datetime) -> datetime:
    """Return the earliest that a store's clock can show while this computer's shows `kernel`."""
    return kernel - SKEW


def is_live(beaten: datetime, *, now: datetime) -> bool:
    """Return whether a marker that was last written at `beaten` is of a write that may still be under way."""
    return now - beaten <= STALE
