"""The browser: what lies in a stored object, as a tree with previews.

>>> browse((Recording & key).fetch1("files"))                        # doctest: +SKIP
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from dj_objectstore.exceptions import ObjectStoreError, ValueRefusedError
from dj_objectstore.widgets.answers import Answer, Opened
from dj_objectstore.widgets.previews import preview
from dj_objectstore.widgets.stored import Place, as_ref, open_stored
from dj_objectstore.widgets.targets import Targets
from dj_objectstore.widgets.tree import Tree
from dj_objectstore.widgets.widget import OF_THE_PAGE, ObjectStoreWidget

if TYPE_CHECKING:
    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.widgets.channel import Job
    from dj_objectstore.widgets.protocol import ListParams, OpenParams, PreviewParams


class Browser(ObjectStoreWidget):
    """Shows a stored object as a tree. Make one with `browse`.

    Attributes
    ----------
    selected : str
        Id of the node that is previewed; empty for the object itself.
    expanded : list of str
        Ids of the folders that are open.
    """

    bundle = "browser"

    selected = traitlets.Unicode("").tag(**OF_THE_PAGE)
    expanded = traitlets.List(traitlets.Unicode()).tag(**OF_THE_PAGE)

    def __init__(self, tree: Tree | ObjectStoreError, *, title: str = "", **traits: Any) -> None:
        super().__init__(**traits)
        self._title = title
        self._tree = tree
        self._targets = Targets()
        self._opened: dict[str, str] = {}
        self.connect(
            self._targets, methods={"list": self._list, "preview": self._preview, "open": self._open}
        )

    def __repr__(self) -> str:
        return f"Browser({self._title!r})"

    def _find_tree(self) -> Tree:
        if isinstance(self._tree, ObjectStoreError):
            raise self._tree
        return self._tree

    def _list(self, params: ListParams, _job: Job) -> Answer:
        return Answer(self._find_tree().list(params.node, cursor=params.cursor, limit=params.limit))

    def _preview(self, params: PreviewParams, _job: Job) -> Answer:
        return preview(self._find_tree().find(params.node))

    def _open(self, params: OpenParams, _job: Job) -> Answer:
        node = self._find_tree().find(params.node)
        if not node.is_dir:
            raise ValueRefusedError(
                f"only movies and Zarr arrays can be scrubbed, {node.place.name!r} is a file",
                hint="Open it in Python, and give the array to scrub().",
            )
        if params.node not in self._opened:
            title = node.place.name if node.parts else self._title
            self._opened[params.node] = self._targets.add(partial(open_stored, node.place, title=title))
        return Answer(Opened(target=self._opened[params.node]))


def browse(ref: ObjectRef, **traits: Any) -> Browser:
    """Show what a stored object holds.

    Parameters
    ----------
    ref
        An `ObjectRef` of a folder, file or Zarr, or a `PhotonMovie`.
    **traits
        What to begin with: `selected`, `expanded`.

    Returns
    -------
    Browser
        A widget. When the store can't be opened, it says so in its place.

    Raises
    ------
    ValueRefusedError
        When `ref` is something else.
    """
    own = as_ref(ref)
    if own is None:
        raise ValueRefusedError(
            f"only a stored object can be browsed, got {type(ref).__name__}",
            hint="Give what fetch1() returns for an <object@> or <photon@> field.",
        )
    title = own.path.rsplit("/", 1)[-1]
    try:
        tree: Tree | ObjectStoreError = Tree(Place(own.opened, own.key()), is_dir=own.is_dir, size=own.size)
    except ObjectStoreError as err:
        tree = err
    return Browser(tree, title=title, **traits)
