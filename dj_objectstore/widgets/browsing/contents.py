"""What a browser shows: one object, several side by side.

>>> Contents(Tree(node), title="files").about().kind      # doctest: +SKIP
'object'
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.widgets.messages.browser_answers import About, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_objectstore.maintenance.references import Reference
    from dj_objectstore.report import Problem
    from dj_objectstore.widgets.browsing.tree import Tree

DOWNLOADS = "downloads"


@dataclass(frozen=True)
class ChosenRows:
    """The objects of rows: those that can be had, what is wrong with others, and how to name them."""

    references: tuple[Reference, ...]
    problems: tuple[Problem, ...]
    template: str


class Contents:
    """One object. The tree may be an error, which is told in its place."""

    def __init__(self, tree: Tree | ObjectStoreError, *, title: str) -> None:
        self._tree = tree
        self.title = title
        self.folder = Path.cwd() / DOWNLOADS

    @property
    def tree(self) -> Tree:
        """The tree of what is browsed; raises what opening it raised."""
        if isinstance(self._tree, ObjectStoreError):
            raise self._tree
        return self._tree

    def about(self) -> About:
        """Return what is browsed."""
        return About(kind="object", title=self.title, columns=(), folder=str(self.folder))

    def rows(self, first: int, limit: int, *, condition: str = "") -> Rows:
        """Return a page of rows; only the rows of a query have them."""
        del first, limit, condition
        raise ValueRefusedError("what is browsed has no rows", hint="Browse a table or a query for them.")

    def chosen(self, rows: Sequence[str]) -> ChosenRows:
        """Return the objects of some rows, by their ids; only the rows of a query have them."""
        del rows
        raise ValueRefusedError("what is browsed has no rows", hint="Browse a table or a query for them.")

    def close(self) -> None:
        """End what it keeps open."""


class ObjectList(Contents):
    """Several objects side by side."""

    def about(self) -> About:
        """Return what is browsed."""
        return About(kind="objects", title=self.title, columns=(), folder=str(self.folder))
