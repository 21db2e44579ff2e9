"""What is an orphan: only what no row names, nobody writes, and is old; whatever else happens meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dj_objectstore.maintenance.orphans import (
    GRACE,
    OURS,
    QUARANTINE,
    Evidence,
    earliest_now,
    is_live,
    is_quarantined,
    judge,
)
from dj_objectstore.maintenance.path_set import PathSet

NOW = datetime(2026, 3, 9, tzinfo=UTC)
ages = st.timedeltas(timedelta(hours=-2), timedelta(days=30))
sections = st.sampled_from(["schema", "hash", "filepath", "reserved", "foreign"])
evidence = st.builds(
    Evidence,
    rows=st.integers(0, 3),
    is_read=st.booleans(),
    newest=st.none() | ages.map(lambda age: NOW - age),
    is_written=st.booleans(),
)


@given(sections, evidence, st.booleans())
def test_an_orphan_has_no_row_no_writer_is_ours_old_and_all_rows_were_read(section, found, is_removed):
    expected = (
        section in OURS
        and found.rows == 0
        and found.is_read
        and not found.is_written
        and found.newest is not None
        and NOW - found.newest >= GRACE
    )
    standing = judge(section, found, now=NOW, is_quarantined=is_removed)
    assert (standing == "orphan") == expected


@given(sections, evidence)
def test_one_more_row_one_more_writer_and_less_that_was_read_never_make_an_orphan(section, found):
    before = judge(section, found, now=NOW)
    changes = (
        {"rows": found.rows + 1},
        {"is_written": True},
        {"is_read": False},
        {"newest": None},
        {"newest": NOW},
    )
    for change in changes:
        assert judge(section, replace(found, **change), now=NOW) != "orphan"
    assert before in {"row", "orphan", "recent", "writing", "unread", "foreign", "reserved"}


@given(sections, evidence, ages)
def test_an_orphan_stays_one_as_time_passes(section, found, passed):
    if judge(section, found, now=NOW) == "orphan" and passed >= timedelta(0):
        assert judge(section, found, now=NOW + passed) == "orphan"


def test_a_clock_that_is_a_little_ahead_makes_no_orphan_too_early():
    written = NOW - GRACE
    fast = NOW + timedelta(minutes=14) - timedelta(seconds=1)
    found = Evidence(0, is_read=True, newest=written + timedelta(seconds=1))
    assert judge("schema", found, now=earliest_now(fast)) == "recent"


def test_only_what_lies_below_the_place_of_removed_things_is_quarantined():
    assert is_quarantined(QUARANTINE)
    assert is_quarantined(f"{QUARANTINE}/1/_schema/a")
    assert not is_quarantined(f"{QUARANTINE}x")
    assert not is_quarantined("_dj_objectstore")


@given(st.sets(st.text(max_size=20), max_size=50), st.sets(st.text(max_size=20), max_size=50))
def test_a_set_of_paths_holds_what_was_added(first, second):
    paths = PathSet()
    paths.add(first)
    assert all(path in paths for path in first)
    paths.add(second)
    assert all(path in paths for path in first | second)
    assert len(paths) == len(first | second)
    assert not any(f"{path}/x" in paths for path in first if f"{path}/x" not in first | second)


class Writing(RuleBasedStateMachine):
    """One write, step by step as it goes, that may die at each; and a look at the store in between.

    The look goes by the order of a real one: listing, markers, rows. What it calls an orphan must never get
    a row, and must have none.
    """

    @initialize()
    def begin(self):
        self.now = NOW
        self.steps = iter(("marker", "data", "row", "no marker"))
        self.done = []
        self.is_dead = False
        self.written = None
        self.marker = None
        self.has_row = False
        self.listed = self.markers = None
        self.called_orphan = False

    @precondition(lambda self: not self.is_dead)
    @rule()
    def step(self):
        match next(self.steps, None):
            case "marker":
                self.marker = self.now
            case "data":
                self.written = self.now
            case "row":
                self.has_row = True
            case "no marker":
                self.marker = None

    @rule()
    def die(self):
        self.is_dead = True

    @rule(passed=st.timedeltas(timedelta(0), timedelta(hours=30)))
    def wait(self, passed):
        self.now += passed
        if self.marker and not self.is_dead:
            self.marker = self.now  # the write beats as long as it lasts

    @rule()
    def list_the_store(self):
        self.listed, self.markers = self.written, None

    @precondition(lambda self: self.listed is not None)
    @rule()
    def read_the_markers(self):
        self.markers = self.marker is not None and is_live(self.marker, now=self.now), self.now

    @precondition(lambda self: self.listed is not None and self.markers is not None)
    @rule()
    def read_the_rows(self):
        is_written, now = self.markers
        found = Evidence(int(self.has_row), is_read=True, newest=self.listed, is_written=is_written)
        self.called_orphan |= judge("schema", found, now=now) == "orphan"

    @invariant()
    def no_orphan_has_a_row(self):
        assert not (getattr(self, "called_orphan", False) and self.has_row)


TestWriting = Writing.TestCase
