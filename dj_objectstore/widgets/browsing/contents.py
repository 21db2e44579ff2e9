"""What a browser shows: one object, several side by side, or the rows of a query with their objects.

>>> contents = contents_of(Recording & key)               # doctest: +SKIP
>>> contents.about().kind                                 # doctest: +SKIP
'rows'
"""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.codecs.interop import as_object_ref
from dj_objectstore.exceptions import FormatError, ObjectStoreError, ValueRefusedError
from dj_objectstore.maintenance.rows import RowPages
from dj_objectstore.objects.usage import Share, measure_store
from dj_objectstore.store.store import Store
from dj_objectstore.widgets.browsing.tree import Node, Tree
from dj_objectstore.widgets.messages.browser_answers import (
    About,
    ColumnInfo,
    ObjectInfo,
    RowInfo,
    Rows,
    ShareInfo,
    Usage,
)
from dj_objectstore.widgets.movies.stored import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.maintenance.references import Reference
    from dj_objectstore.maintenance.rows import ObjectCell, Row
    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.widgets.messages.answers import EntryKind

DOWNLOADS = "downloads"


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

    def usage(self, progress: Callable[[int], bool]) -> Usage:
        """Return where the bytes are; only a store tells that."""
        del progress
        raise ValueRefusedError("what is browsed is no store", hint="Browse one with browse(store=...).")

    def close(self) -> None:
        """End what it keeps open."""


class WholeStore(Contents):
    """Everything in a store."""

    def __init__(self, store: Store) -> None:
        super().__init__(Tree(Node(Place(store, ""), (), is_dir=True, label=store.name)), title=store.name)
        self._store = store

    def about(self) -> About:
        """Return what is browsed."""
        return About(kind="store", title=self.title, columns=(), folder=str(self.folder))

    def usage(self, progress: Callable[[int], bool]) -> Usage:
        """Return where the bytes are."""
        return Usage(shares=tuple(map(_share_info, measure_store(self._store, progress))))


class ObjectList(Contents):
    """Several objects side by side."""

    def about(self) -> About:
        """Return what is browsed."""
        return About(kind="objects", title=self.title, columns=(), folder=str(self.folder))


class _OpenedStores:
    """The stores of one page of rows: settings are gathered once for each, not for every row."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], Store | ObjectStoreError] = {}

    def open(self, reference: Reference) -> Store:
        """Return the store that a row names; raises what opening it raised."""
        name = (reference.field.codec, reference.stored.store)
        if name not in self._found:
            try:
                self._found[name] = reference.open_store()
            except ObjectStoreError as err:
                self._found[name] = err
        found = self._found[name]
        if isinstance(found, ObjectStoreError):
            raise found
        return found


class QueryRows(Contents):
    """The rows of a query; each object that a page names becomes part of the tree."""

    def __init__(self, query: Any) -> None:
        self._pages = RowPages(query)
        super().__init__(Tree(Node(None, (), is_dir=True, label=self._pages.name)), title=self._pages.name)
        self._lock = threading.Lock()
        self._origins: dict[tuple[str, ...], int] = {}

    def about(self) -> About:
        """Return what is browsed."""
        columns = tuple(
            ColumnInfo(name=column.name, kind=column.kind, codec=column.codec)
            for column in self._pages.columns
        )
        return About(kind="rows", title=self.title, columns=columns, folder=str(self.folder))

    def rows(self, first: int, limit: int, *, condition: str = "") -> Rows:
        """Return a page of rows."""
        page = self._pages.read(first, limit, condition=condition)
        following = str(first + len(page.rows)) if page.has_more else None
        stores = _OpenedStores()
        return Rows(rows=tuple(self._row(row, stores) for row in page.rows), next=following)

    def close(self) -> None:
        """Close the connection to the database."""
        self._pages.close()

    def _row(self, row: Row, stores: _OpenedStores) -> RowInfo:
        objects = tuple(self._object(cell, stores) for cell in row.objects.values())
        return RowInfo(cells=row.cells, objects=objects)

    def _object(self, cell: ObjectCell, stores: _OpenedStores) -> ObjectInfo | None:
        if cell.problem:
            return ObjectInfo(node="", kind="file", size=None, problem=cell.problem)
        reference = cell.reference
        if reference is None:
            return None
        stored = reference.stored
        try:
            node = self._node(reference, stores.open(reference))
        except ObjectStoreError as err:
            problem = f"{err.message} {err.hint}".strip()
            return ObjectInfo(node="", kind="file", size=stored.size, problem=problem)
        is_movie = reference.field.codec == "photon"
        kind: EntryKind = "movie" if is_movie else "folder" if stored.is_dir else "file"
        return ObjectInfo(node=self.tree.identify(node), kind=kind, size=stored.size, problem="")

    def _node(self, reference: Reference, store: Store) -> Node:
        stored = reference.stored
        key = ", ".join(f"{name!r}: {str(value)!r}" for name, value in reference.key.items())
        handle = reference.handle(store)
        if not handle.key():
            raise FormatError("the row names a whole store, not an object in it", hint="Correct the row.")
        return Node(
            Place(store, handle.key(), root=handle.key() if stored.is_dir else None),
            (),
            is_dir=stored.is_dir,
            size=stored.size,
            label=stored.original_name or "",
            origin=self._origin(store.name, stored.path),
            ref=f"(query & {{{key}}}).fetch1({reference.field.name!r})",
            handle=handle,
        )

    def _origin(self, *names: str) -> int:
        """Return the number of an object in the tree, the same for each page that names it."""
        with self._lock:
            return self._origins.setdefault(names, len(self._origins) + 1)


def contents_of(value: Any) -> Contents:
    """Return what a browser shows of a value.

    Raises
    ------
    ValueRefusedError
        When it is nothing that can be browsed.
    """
    if isinstance(value, Store):
        return WholeStore(value)
    if hasattr(value, "heading") and hasattr(value, "make_sql"):
        return QueryRows(value() if isinstance(value, type) else value)
    own = as_object_ref(value)
    if own is not None:
        return _one(own)
    if isinstance(value, list | tuple) and value:
        refs = [as_object_ref(each) for each in value]
        if None not in refs:
            return _several([ref for ref in refs if ref is not None])
    raise ValueRefusedError(
        f"only stored objects and the rows of a table can be browsed, got {type(value).__name__}",
        hint="Give what fetch1() returns for an <object@> or <photon@> field, a list of these, or a table.",
    )


def _share_info(share: Share) -> ShareInfo:
    return ShareInfo(
        section=share.section,
        schema_name=share.schema,
        table=share.table,
        objects=share.objects,
        files=share.files,
        size=share.size,
    )


def _one(ref: ObjectRef) -> Contents:
    title = ref.path.rsplit("/", 1)[-1]
    try:
        return Contents(Tree(_node(ref)), title=title)
    except ObjectStoreError as err:
        return Contents(err, title=title)


def _several(refs: list[ObjectRef]) -> Contents:
    numbers = itertools.count(1)
    try:
        roots = [_node(ref, origin=next(numbers)) for ref in refs]
    except ObjectStoreError as err:
        return ObjectList(err, title=f"{len(refs)} objects")
    title = f"{len(refs)} objects"
    return ObjectList(Tree(Node(None, (), is_dir=True, label=title), roots=roots), title=title)


def _node(ref: ObjectRef, *, origin: int = 0) -> Node:
    place = Place(ref.opened, ref.key(), root=ref.key() if ref.is_dir else None)
    name = f"refs[{origin - 1}]" if origin else "ref"
    return Node(place, (), bool(ref.is_dir), ref.size, origin=origin, ref=name, handle=ref)
