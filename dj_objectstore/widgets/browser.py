"""The browser: what lies in a stored object, as a tree with previews; and rows with their objects.

>>> browse((Recording & key).fetch1("files"))                        # doctest: +SKIP
>>> browse(Recording & "subject_id = 'M042'")                        # doctest: +SKIP
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.maintenance.readable_names import render_name
from dj_objectstore.store.store import Store, open_store
from dj_objectstore.widgets.analysis.analysis import Analysis
from dj_objectstore.widgets.browsing import browser_actions as actions
from dj_objectstore.widgets.browsing.browsable import contents_of
from dj_objectstore.widgets.browsing.folder_listing import Arrangement
from dj_objectstore.widgets.browsing.previews import preview
from dj_objectstore.widgets.browsing.store_methods import StoreMethods
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.messages.answers import CANCELLED, Answer, Failure, Opened
from dj_objectstore.widgets.movies.stored import MOVIE_FILES, open_stored
from dj_objectstore.widgets.widget import OF_THE_PAGE, ObjectStoreWidget

if TYPE_CHECKING:
    from dj_objectstore.widgets.browsing.contents import Contents
    from dj_objectstore.widgets.channel import Job, Method
    from dj_objectstore.widgets.messages.browser_messages import (
        AboutParams,
        ManifestParams,
        RowsParams,
        SaveParams,
        SaveRowsParams,
        VerifyParams,
    )
    from dj_objectstore.widgets.messages.protocol import ListParams, OpenParams, PreviewParams


class Browser(ObjectStoreWidget):
    """Shows a stored object as a tree, or rows with their objects. Make one with `browse`.

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

    _contents: Contents | None = None

    def __init__(self, contents: Contents, **traits: Any) -> None:
        super().__init__(**traits)
        self._contents = contents
        self._title = contents.title
        self._targets = Targets()
        self._opened: dict[str, str] = {}
        self.connect(self._targets, methods={**Analysis(self._targets).methods, **self._methods(contents)})

    def __repr__(self) -> str:
        return f"Browser({self._title!r})"

    def close(self) -> None:
        """End what is kept open, and take the widget off the page."""
        if self._contents is not None:
            self._contents.close()
        super().close()

    def _methods(self, contents: Contents) -> dict[str, Method]:
        def about(_params: AboutParams, _job: Job) -> Answer:
            return Answer(contents.about())

        def rows(params: RowsParams, _job: Job) -> Answer:
            return Answer(contents.rows(int(params.cursor or 0), params.limit, condition=params.condition))

        def show(params: PreviewParams, _job: Job) -> Answer:
            return preview(contents.tree.find(params.node))

        def verify(params: VerifyParams, job: Job) -> Answer | Failure:
            return _unless_stopped(
                actions.verify, contents.tree.find(params.node), job, read_data=params.read_data
            )

        def manifest(params: ManifestParams, _job: Job) -> Answer:
            return actions.manifest(contents.tree.find(params.node))

        def save(params: SaveParams, job: Job) -> Answer | Failure:
            nodes = [contents.tree.find(node) for node in params.nodes]
            if params.into == "page":
                return _unless_stopped(actions.save_into_page, nodes, job)
            return _unless_stopped(actions.save_into_folder, nodes, contents.folder, job)

        def save_rows(params: SaveRowsParams, job: Job) -> Answer | Failure:
            folder = contents.folder / render_name("{table}", {"table": contents.title})
            return _unless_stopped(actions.save_rows, contents.chosen(params.rows), folder, job)

        return {
            "about": about,
            "rows": rows,
            "list": partial(_list, contents),
            "preview": show,
            "open": partial(self._open, contents),
            "verify": verify,
            "manifest": manifest,
            "save": save,
            "save_rows": save_rows,
            **StoreMethods(contents).methods,
        }

    def _open(self, contents: Contents, params: OpenParams, _job: Job) -> Answer:
        node = contents.tree.find(params.node)
        if not node.is_dir and not node.name.lower().endswith(MOVIE_FILES):
            raise ValueRefusedError(
                f"only movies, arrays and stacks can be scrubbed, {node.name!r} is a file of another kind",
                hint="Open it in Python, and give the array to scrub().",
            )
        if params.node not in self._opened:
            self._opened[params.node] = self._targets.add(partial(open_stored, node.place, title=node.name))
        return Answer(Opened(target=self._opened[params.node]))


def browse(value: Any = None, *, store: str | Store | None = None, **traits: Any) -> Browser:
    """Show what a stored object holds, the rows of a query with their objects, or a whole store.

    Parameters
    ----------
    value
        An `ObjectRef` of a folder, file or Zarr, or a `PhotonMovie`; a list of these; or a DataJoint table or
        query expression. Also what DataJoint's own codecs give: its ``ObjectRef``, the ``NpyRef`` of
        ``<npy@>``, the path of an ``<attach@>``; or a row's JSON.
    store
        A store, or its name, instead of a value.
    **traits
        What to begin with: `selected`, `expanded`.

    Returns
    -------
    Browser
        A widget. When the store can't be opened, it says so in its place.

    Raises
    ------
    ValueRefusedError
        When `value` is something else.
    StoreNotConfiguredError
        When there is no such store.
    """
    if value is None and store is not None:
        value = open_store(store) if isinstance(store, str) else store
    return Browser(contents_of(value), **traits)


def _list(contents: Contents, params: ListParams, job: Job) -> Answer:
    asked = Arrangement(params.filter, params.sort, descending=params.descending)
    listing = contents.tree.list(
        params.node,
        cursor=params.cursor,
        limit=params.limit,
        arrangement=None if asked == Arrangement() else asked,
        progress=lambda count: job.progress(count, 0, "listing"),
    )
    return Answer(listing)


def _unless_stopped(act: Any, *args: Any, **options: Any) -> Answer | Failure:
    try:
        answer: Answer = act(*args, **options)
    except actions.Stopped:
        return CANCELLED
    return answer
