"""The tree of a stored object, node by node, under ids that mean nothing outside the kernel.

>>> tree = Tree(Place(store, "recordings/files_a1b2c3d4"), is_dir=True)     # doctest: +SKIP
>>> tree.list("", cursor=None, limit=200).total                             # doctest: +SKIP
6
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.answers import Entry, Listing
from dj_objectstore.widgets.stored import zarr_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dj_objectstore.store.store import Child
    from dj_objectstore.widgets.answers import EntryKind
    from dj_objectstore.widgets.stored import Place

ROOT = ""
MAX_PEEKS = 32
"""Folders of one page that are looked into, to tell what Zarr they are."""
GROUP_MARKS = {".zgroup", "zarr.json"}
MAX_LISTINGS = 8
"""Listings kept so that later pages agree with the first."""


@dataclass(frozen=True)
class Node:
    """A file or folder of the tree; `parts` are its names below the root."""

    place: Place
    parts: tuple[str, ...]
    is_dir: bool
    size: int | None = None
    modified: datetime | None = None

    @property
    def subpath(self) -> str:
        """Path below the object's root; empty for the root itself."""
        return "/".join(self.parts)


class Tree:
    """Lists folders below `root` and remembers which id names what."""

    def __init__(self, root: Place, *, is_dir: bool, size: int | None = None) -> None:
        self._lock = threading.Lock()
        self._nodes: dict[str, Node] = {ROOT: Node(root, (), is_dir, size)}
        self._ids: dict[tuple[str, ...], str] = {(): ROOT}
        self._listings: OrderedDict[str, Sequence[Node]] = OrderedDict()

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

    def list(self, node_id: str, *, cursor: str | None, limit: int) -> Listing:
        """Return one page of what a folder holds, folders first; the first page asks the store anew."""
        node = self.find(node_id)
        first = int(cursor or 0)
        children = self._children(node_id, node, anew=cursor is None)
        page = children[first : first + limit]
        following = first + limit
        return Listing(
            entries=tuple(self._entries(page, in_group=_is_group(children))),
            next=str(following) if following < len(children) else None,
            total=len(children),
        )

    def _children(self, node_id: str, node: Node, *, anew: bool) -> Sequence[Node]:
        if not node.is_dir:
            return ()
        with self._lock:
            known = self._listings.get(node_id)
        if known is not None and not anew:
            return known
        children = sorted(
            (_child(node, child) for child in node.place.store.children(node.place.key)), key=_order
        )
        with self._lock:
            self._listings[node_id] = children
            self._listings.move_to_end(node_id)
            while len(self._listings) > MAX_LISTINGS:
                self._listings.popitem(last=False)
        return children

    def _entries(self, page: Sequence[Node], *, in_group: bool) -> Iterator[Entry]:
        peeks = MAX_PEEKS
        for node in page:
            kind: EntryKind = "folder" if node.is_dir else "file"
            if node.is_dir and peeks > 0 and (in_group or node.place.name.endswith(".zarr")):
                peeks -= 1
                kind = zarr_kind(node.place) or "folder"
            yield Entry(
                id=self._identify(node),
                name=node.place.name,
                kind=kind,
                size=node.size,
                modified=node.modified.isoformat() if node.modified else None,
            )

    def _identify(self, node: Node) -> str:
        with self._lock:
            node_id = self._ids.setdefault(node.parts, f"n{len(self._ids)}")
            self._nodes[node_id] = node
            return node_id


def _child(parent: Node, child: Child) -> Node:
    place = parent.place.below(child.name)
    return Node(place, (*parent.parts, child.name), child.is_dir, child.size, child.modified)


def _is_group(children: Sequence[Node]) -> bool:
    return any(node.place.name in GROUP_MARKS for node in children)


def _order(node: Node) -> tuple[bool, list[tuple[Literal[0, 1], int, str]]]:
    """Folders first, then by name, numbers in it by value."""
    pieces = re.split(r"(\d+)", node.place.name.casefold())
    return not node.is_dir, [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces]
