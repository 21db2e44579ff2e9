"""The tree of a stored object, node by node, under ids that mean nothing outside the kernel.

>>> tree = Tree(Node(Place(store, "recordings/files_a1b2c3d4"), (), True))     # doctest: +SKIP
>>> tree.list("", cursor=None, limit=200).total                             # doctest: +SKIP
6
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.browsing.folder_listing import Arrangement, FolderListing
from dj_objectstore.widgets.messages.answers import Entry, Listing
from dj_objectstore.widgets.movies.stored import zarr_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.store.store import Child
    from dj_objectstore.widgets.messages.answers import EntryKind
    from dj_objectstore.widgets.movies.stored import Place

ROOT = ""
MAX_PEEKS = 32
"""Folders of one page that are looked into, to tell what Zarr they are."""
GROUP_MARKS = {".zgroup", "zarr.json"}
MAX_LISTINGS = 8
"""Listings kept so that later pages agree with the first."""


@dataclass(frozen=True)
class Node:
    """A file or folder of the tree.

    `at` is None at the top of several objects. `parts` are its names below the object that it belongs to,
    `origin` the number of that object in the tree, `handle` its handle, and `ref` the Python that gives it.
    """

    at: Place | None
    parts: tuple[str, ...]
    is_dir: bool
    size: int | None = None
    modified: datetime | None = None
    label: str = ""
    origin: int = 0
    ref: str = "ref"
    handle: ObjectRef | None = None

    @property
    def place(self) -> Place:
        """Where it lies.

        Raises
        ------
        ValueRefusedError
            At the top of several objects, which is nowhere.
        """
        if self.at is None:
            raise ValueRefusedError("this lies in no store", hint="Choose one of the objects in it.")
        return self.at

    @property
    def name(self) -> str:
        """What it is called in the tree."""
        return self.label or self.place.name

    @property
    def subpath(self) -> str:
        """Path below the object's root; empty for the root itself."""
        return "/".join(self.parts)


class Tree:
    """Lists folders below its roots and remembers which id names what.

    Parameters
    ----------
    root
        What lies at the top.
    roots
        Of several objects side by side: what lies directly below the top, which is then none of a store.
    """

    def __init__(self, root: Node, *, roots: Sequence[Node] = ()) -> None:
        self._lock = threading.Lock()
        self._roots = roots
        self._nodes: dict[str, Node] = {ROOT: root}
        self._ids: dict[tuple[int, tuple[str, ...]], str] = {(root.origin, ()): ROOT}
        self._numbers = itertools.count(1)
        self._listings: OrderedDict[str, FolderListing] = OrderedDict()

    def find(self, node_id: str) -> Node:
        """Return a node by its id.

        Raises
        ------
        ValueRefusedError
            When the kernel has not handed out this id.
        """
        try:
            return self._nodes[node_id]
        except KeyError as err:
            raise ValueRefusedError(
                "this entry is not known to the kernel", hint="Open its folder again."
            ) from err

    def list(
        self,
        node_id: str,
        *,
        cursor: str | None,
        limit: int,
        arrangement: Arrangement | None = None,
        progress: Callable[[int], bool] = lambda _count: True,
    ) -> Listing:
        """Return one page of what a folder holds; the first page asks the store anew.

        Parameters
        ----------
        arrangement
            How to filter and sort, for which the whole folder is listed.
        progress
            Told how much is listed; returns False to stop.
        """
        node = self.find(node_id)
        first = int(cursor or 0)
        if node_id == ROOT and self._roots:
            found = [each for each in self._roots if not arrangement or arrangement.fits(each.name)]
            return self._page(found[first : first + limit], first, len(found), in_group=False)
        if not node.is_dir:
            return Listing(entries=(), next=None, total=0)
        listing = self._listing(node_id, node, anew=cursor is None and arrangement is None)
        total: int | None
        if arrangement is None:
            children, total = listing.page(first, limit)
        else:
            children, total = listing.arranged(first, limit, arrangement=arrangement, progress=progress)
        nodes = [_child(node, child) for child in children]
        return self._page(nodes, first, total, in_group=listing.holds(GROUP_MARKS))

    def _page(self, nodes: Sequence[Node], first: int, total: int | None, *, in_group: bool) -> Listing:
        following = first + len(nodes)
        has_more = total is None or following < total
        return Listing(
            entries=tuple(self._entries(nodes, in_group=in_group)),
            next=str(following) if has_more else None,
            total=total,
        )

    def _listing(self, node_id: str, node: Node, *, anew: bool) -> FolderListing:
        with self._lock:
            known = self._listings.get(node_id)
        if known is not None and not anew:
            return known
        listing = FolderListing(node.place.store.child_pages(node.place.key))
        with self._lock:
            self._listings[node_id] = listing
            self._listings.move_to_end(node_id)
            while len(self._listings) > MAX_LISTINGS:
                self._listings.popitem(last=False)
        return listing

    def _entries(self, page: Sequence[Node], *, in_group: bool) -> Iterator[Entry]:
        peeks = MAX_PEEKS
        for node in page:
            kind: EntryKind = "folder" if node.is_dir else "file"
            if node.is_dir and peeks > 0 and (in_group or node.place.name.endswith(".zarr")):
                peeks -= 1
                kind = zarr_kind(node.place) or "folder"
            yield Entry(
                id=self.identify(node),
                name=node.name,
                kind=kind,
                size=node.size,
                modified=node.modified.isoformat() if node.modified else None,
            )

    def identify(self, node: Node) -> str:
        """Return the id under which a page may ask for a node."""
        with self._lock:
            place = (node.origin, node.parts)
            if place not in self._ids:
                self._ids[place] = f"n{next(self._numbers)}"
            node_id = self._ids[place]
            self._nodes[node_id] = node
            return node_id

    def forget(self, origins: AbstractSet[int]) -> None:
        """Forget what is below some objects; its ids are not given out again."""
        with self._lock:
            gone = [place for place in self._ids if place[0] in origins]
            for place in gone:
                self._nodes.pop(self._ids.pop(place), None)


def _child(parent: Node, child: Child) -> Node:
    place = parent.place.below(child.name)
    return replace(
        parent,
        at=place,
        parts=(*parent.parts, child.name),
        is_dir=child.is_dir,
        size=child.size,
        modified=child.modified,
        label="",
    )
