"""A whole store in the browser: its tree, where its bytes are, and whose everything in it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.maintenance.belonging import Listed
from dj_objectstore.maintenance.comparison import Comparison, compare_store
from dj_objectstore.maintenance.database import configured_database
from dj_objectstore.maintenance.store_owners import StoreOwners
from dj_objectstore.objects.usage import Share, measure_store
from dj_objectstore.widgets.browsing.contents import Contents
from dj_objectstore.widgets.browsing.tree import Node, Tree
from dj_objectstore.widgets.messages.browser_answers import About
from dj_objectstore.widgets.movies.stored import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dj_objectstore.maintenance.belonging import Belonging
    from dj_objectstore.store.store import Store

MAX_NOTES = 20
"""Sentences that are told with a comparison."""


class WholeStore(Contents):
    """Everything in a store. Which database it is joined to is settled now, and nothing is connected yet."""

    def __init__(self, store: Store) -> None:
        super().__init__(Tree(Node(Place(store, ""), (), is_dir=True, label=store.name)), title=store.name)
        self._store = store
        self._database = configured_database()
        self._owners = None if self._database is None else StoreOwners(store, self._database)

    def about(self) -> About:
        """Return what is browsed."""
        database = "" if self._database is None else self._database.label
        return About(kind="store", title=self.title, columns=(), folder=str(self.folder), database=database)

    def usage(self, progress: Callable[[int], bool]) -> list[Share]:
        """Return where the bytes are, of what was counted until `progress` has said False."""
        return measure_store(self._store, progress)

    def owners(
        self, nodes: Sequence[Node], *, check: Callable[[], None], anew: bool = False
    ) -> list[Belonging]:
        """Return whose some things of the tree are.

        Raises
        ------
        ValueRefusedError
            When no database is configured.
        """
        owners = self._joined()
        if anew:
            owners.close()
        return owners.look([_listed(node) for node in nodes], check=check)

    def row(self, node: Node, *, check: Callable[[], None]) -> tuple[Belonging, list[tuple[str, str]]]:
        """Return whose something of the tree is, and the row that names it: columns and values.

        Raises
        ------
        ValueRefusedError
            When no row names it, or it is gone.
        """
        (found,) = self.owners([node], check=check)
        if not found.key or not found.full_table_name:
            raise ValueRefusedError("no row names this", hint="Read the database again.")
        return found, self._joined().row(found)

    def compare(self, progress: Callable[[int, str], bool]) -> Comparison:
        """Return how much of the store has a row, of what was compared until `progress` has said False.

        Raises
        ------
        ValueRefusedError
            When no database is configured.
        """
        if self._database is None:
            raise _no_database()
        return compare_store(self._store, self._database, progress)

    def close(self) -> None:
        """Close the connection to the database."""
        if self._owners is not None:
            self._owners.close()

    def _joined(self) -> StoreOwners:
        if self._owners is None:
            raise _no_database()
        return self._owners


def _listed(node: Node) -> Listed:
    return Listed(node.place.key, node.is_dir, node.modified)


def _no_database() -> ValueRefusedError:
    return ValueRefusedError(
        "a store is joined to a database, and none is configured",
        hint="Set dj.config['database.host'], 'database.user' and 'database.password', and browse it again.",
    )
