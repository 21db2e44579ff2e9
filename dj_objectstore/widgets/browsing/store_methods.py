"""What a page may ask about a whole store: its bytes, its owners, and to be content with what was counted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.store.wanted import NoLongerWantedError, only_while
from dj_objectstore.widgets.browsing.whole_store import MAX_NOTES, WholeStore
from dj_objectstore.widgets.messages.answers import CANCELLED, Answer, Failure
from dj_objectstore.widgets.messages.store_answers import (
    Compared,
    Ending,
    OwnerInfo,
    OwnerRow,
    Owners,
    ShareInfo,
    StandingPart,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.maintenance.belonging import Belonging
    from dj_objectstore.objects.usage import Share
    from dj_objectstore.widgets.browsing.contents import Contents
    from dj_objectstore.widgets.channel import Job, Method
    from dj_objectstore.widgets.messages.store_messages import (
        CompareParams,
        EnoughParams,
        OwnerRowParams,
        OwnersParams,
        UsageParams,
    )


class StoreMethods:
    """The methods of one browser that only a whole store answers."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], Counting] = {}

    @property
    def methods(self) -> dict[str, Method]:
        """Each by its name."""
        return {
            "usage": self.usage,
            "compare": self.compare,
            "enough": self.enough,
            "owners": self.owners,
            "owner_row": self.owner_row,
        }

    def usage(self, _params: UsageParams, job: Job) -> Answer:
        """Count the bytes of the store."""
        store = self._store()
        counting = self._begin("usage", job)
        shares = store.usage(lambda files: counting.tell(files, "files counted"))
        return Answer(Usage(shares=tuple(map(_share_info, shares)), whole=counting.is_whole))

    def compare(self, _params: CompareParams, job: Job) -> Answer:
        """Compare the store with its database."""
        store = self._store()
        counting = self._begin("compare", job)
        found = store.compare(
            lambda files, note: counting.tell(files, "; ".join(filter(None, ["files compared", note])))
        )
        parts = tuple(
            StandingPart(standing=part.standing, objects=part.objects, files=part.files, size=part.size)
            for part in found.parts
        )
        return Answer(Compared(parts=parts, notes=found.notes[:MAX_NOTES], whole=found.is_whole))

    def enough(self, params: EnoughParams, job: Job) -> Answer:
        """End a count of the same view; it is answered with what was counted so far."""
        with self._lock:
            counting = self._counts.get((job.view, params.of))
        return Answer(Ending(ended=counting is not None and counting.end()))

    def owners(self, params: OwnersParams, job: Job) -> Answer | Failure:
        """Tell whose some entries are."""
        store = self._store()
        nodes = [store.tree.find(node) for node in params.nodes]

        def look() -> Answer:
            found = store.owners(nodes, check=_stop_with(job), anew=params.anew)
            return Answer(Owners(owners=tuple(map(_owner_info, found))))

        return _while_wanted(job, look)

    def owner_row(self, params: OwnerRowParams, job: Job) -> Answer | Failure:
        """Show the row that names an entry."""
        store = self._store()
        node = store.tree.find(params.node)

        def look() -> Answer:
            found, cells = store.row(node, check=_stop_with(job))
            return Answer(OwnerRow(table=found.table, cells=tuple(cells)))

        return _while_wanted(job, look)

    def _store(self) -> WholeStore:
        if not isinstance(self._contents, WholeStore):
            raise ValueRefusedError("what is browsed is no store", hint="Browse one with browse(store=...).")
        return self._contents

    def _begin(self, name: str, job: Job) -> Counting:
        counting = Counting(job)
        with self._lock:
            self._counts = {key: each for key, each in self._counts.items() if not each.is_over}
            self._counts[job.view, name] = counting
        return counting


class Counting:
    """A count under way, which its view can end before it is whole."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._is_enough = False
        self.is_whole = True

    @property
    def is_over(self) -> bool:
        """Whether it was answered."""
        return self._job.is_answered

    def tell(self, done: int, note: str) -> bool:
        """Tell how far it is; False when it is to end."""
        goes_on = self._job.progress(done, 0, note) and not self._is_enough
        self.is_whole = self.is_whole and goes_on
        return goes_on

    def end(self) -> bool:
        """Have it end; False when it has already."""
        self._is_enough = True
        return not self.is_over


def _stop_with(job: Job) -> Callable[[], None]:
    def check() -> None:
        if job.is_answered:
            raise NoLongerWantedError

    return check


def _while_wanted(job: Job, act: Callable[[], Answer]) -> Answer | Failure:
    try:
        with only_while(lambda: not job.is_answered):
            return act()
    except NoLongerWantedError:
        return CANCELLED


def _owner_info(found: Belonging) -> OwnerInfo:
    return OwnerInfo(
        kind=found.kind,
        standing=found.standing or "",
        reason=found.reason,
        table=found.table,
        field=found.field,
        key=tuple((name, _text(value)) for name, value in found.key.items()),
        rows=found.rows,
        restriction=found.restriction,
        line=found.line,
    )


def _text(value: Any) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _share_info(share: Share) -> ShareInfo:
    return ShareInfo(
        section=share.section,
        schema_name=share.schema,
        table=share.table,
        objects=share.objects,
        files=share.files,
        size=share.size,
    )
