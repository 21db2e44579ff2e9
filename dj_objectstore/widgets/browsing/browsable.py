"""What a browser makes of a value: a stored object, several of them, the rows of a query, a store.

>>> contents_of(Recording & key).about().kind             # doctest: +SKIP
'rows'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.codecs.interop import as_object_ref
from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.store.store import Store
from dj_objectstore.widgets.browsing.contents import Contents, ObjectList
from dj_objectstore.widgets.browsing.query_rows import QueryRows
from dj_objectstore.widgets.browsing.tree import Node, Tree
from dj_objectstore.widgets.browsing.whole_store import WholeStore
from dj_objectstore.widgets.movies.stored import Place

if TYPE_CHECKING:
    from dj_objectstore.objects.ref import ObjectRef


def contents_of(value: Any, *, name: str = "ref") -> Contents:
    """Return what a browser shows of a value.

    Parameters
    ----------
    value
        What `browse` takes.
    name
        Python that gives a single object.

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
        return _one(own, name)
    if isinstance(value, list | tuple) and value:
        refs = [as_object_ref(each) for each in value]
        if None not in refs:
            return _several([ref for ref in refs if ref is not None])
    raise ValueRefusedError(
        f"only stored objects and the rows of a table can be browsed, got {type(value).__name__}",
        hint="Give what fetch1() returns for an <object@> or <photon@> field, a list of these, or a table.",
    )


def _one(ref: ObjectRef, name: str) -> Contents:
    title = ref.path.rsplit("/", 1)[-1]
    try:
        return Contents(Tree(_node(ref, name)), title=title)
    except ObjectStoreError as err:
        return Contents(err, title=title)


def _several(refs: list[ObjectRef]) -> Contents:
    try:
        roots = [_node(ref, f"refs[{place}]", origin=place + 1) for place, ref in enumerate(refs)]
    except ObjectStoreError as err:
        return ObjectList(err, title=f"{len(refs)} objects")
    title = f"{len(refs)} objects"
    return ObjectList(Tree(Node(None, (), is_dir=True, label=title), roots=roots), title=title)


def _node(ref: ObjectRef, name: str, *, origin: int = 0) -> Node:
    place = Place(ref.opened, ref.key(), root=ref.key() if ref.is_dir else None)
    return Node(place, (), bool(ref.is_dir), ref.size, origin=origin, ref=name, handle=ref)
