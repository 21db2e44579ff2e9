"""What JupyterLab's side panel asks of a kernel: which stores there are, and widgets to put on its pages.

The panel evaluates these calls as expressions, so that nothing is left in the namespace or the history. Each
gives a `Reply`, which is JSON: never a secret, and never an exception. Widgets are kept by a ticket of the
page's, until it closes them.

Nothing is imported before it is needed: DataJoint itself can't be, with a bad ``DJ_STORES``.

>>> list_stores().content["ok"]         # doctest: +SKIP
True
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from dj_objectstore.spec.environment import (
    check_environment_stores,
    is_ignoring_files,
    read_environment_stores,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dj_objectstore.spec.gathering import GatheredStores
    from dj_objectstore.widgets.widget import ObjectStoreWidget

MAX_SHOWN = 32
"""Widgets that pages may keep; the oldest goes: a page that was reloaded closes nothing."""

P = ParamSpec("P")

_shown: dict[str, ObjectStoreWidget] = {}
_of_file: set[str] = set()


class Reply:
    """An answer as JSON: ``{"ok": true, "result": ...}``, or what went wrong and what to do.

    Parameters
    ----------
    content
        What is sent.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        return {"application/json": self.content, "text/plain": type(self).__name__}


def _reply(answer: Callable[P, Mapping[str, Any]]) -> Callable[P, Reply]:
    """Send what a function returns, or what it raises in words."""

    @wraps(answer)
    def reply(*args: P.args, **options: P.kwargs) -> Reply:
        problem = check_environment_stores()
        if problem is not None:
            error = {"code": problem.code, "message": f"DJ_STORES {problem.message}", "hint": problem.hint}
            return Reply({"ok": False, "error": error})
        from dj_objectstore.widgets.messages.failures import failure_of

        try:
            return Reply({"ok": True, "result": answer(*args, **options)})
        except Exception as err:  # noqa: BLE001 - the edge: a page is told calmly, and never a secret
            return Reply({"ok": False, "error": failure_of(err).to_json()})

    return reply


@_reply
def list_stores(*, reread: bool = False) -> Mapping[str, Any]:
    """Tell which stores are configured in this kernel. Asks no store anything.

    Parameters
    ----------
    reread
        First take in what ``datajoint.json`` says by now: for the panel's own kernel, which belongs to nobody
        else.

    Returns
    -------
    Reply
        ``folder`` of the kernel, and ``stores``: of each its ``name``, ``protocol``, ``place``, whether it
        ``is_default`` and ``is_filepath_default``, and its ``problems``, each a ``message`` and a ``hint``.
    """
    from dj_objectstore.spec.gathering import gather_stores, names_of

    if reread:
        _reread()
    gathered = gather_stores()
    stores = [_tell_store(name, gathered) for name in names_of(gathered.stores)]
    return {"folder": str(Path.cwd()), "stores": stores}


@_reply
def show_store(name: str, ticket: str) -> Mapping[str, Any]:
    """Make the browser of a store, and tell the id of its model."""
    from dj_objectstore.widgets.browser import browse

    return _show(browse(store=name), ticket)


@_reply
def show_wizard(ticket: str) -> Mapping[str, Any]:
    """Make the wizard, and tell the id of its model."""
    from dj_objectstore.widgets.wizard import configure

    return _show(configure(), ticket)


@_reply
def show_object(handle: str, ticket: str) -> Mapping[str, Any]:
    """Make the browser of an object that a table's preview links to, and tell the id of its model."""
    from dj_objectstore.widgets.links import show

    return _show(show(handle), ticket)


@_reply
def close(ticket: str) -> Mapping[str, Any]:
    """Close the widget of a ticket, if it is still there."""
    widget = _shown.pop(ticket, None)
    if widget is not None:
        widget.close()
    return {}


def _show(widget: ObjectStoreWidget, ticket: str) -> Mapping[str, Any]:
    _shown[ticket] = widget
    while len(_shown) > MAX_SHOWN:
        _shown.pop(next(iter(_shown))).close()
    return {"model": widget.model_id}


def _tell_store(name: str, gathered: GatheredStores) -> Mapping[str, Any]:
    from dj_objectstore.spec.validation import check_settings

    stores = gathered.stores
    spec, problems = check_settings(name, stores[name])
    return {
        "name": name,
        "protocol": spec.protocol if spec else "",
        "place": spec.place if spec else "",
        "is_default": name in ("default", stores.get("default")),  # a store of that name is it
        "is_filepath_default": stores.get("filepath_default") == name,
        "problems": [{"message": problem.message, "hint": problem.hint} for problem in problems],
    }


def _reread() -> None:
    """Bring the stores of DataJoint's configuration up to date with its file, as in a new kernel."""
    from dj_objectstore.spec.configuration import current_configuration
    from dj_objectstore.spec.files import CONFIGURATION, find_places, find_upwards, read_json, stores_of

    if is_ignoring_files() or read_environment_stores() is not None:
        return  # the file does not count
    config: Any = current_configuration()
    path = find_upwards(CONFIGURATION)
    in_file = stores_of(read_json(path))
    if path is not None and find_places(config).configuration != path:
        config.load(path)  # it was made after the kernel started
    for name in _of_file - in_file.keys():
        config.stores.pop(name, None)
    config.stores.update(in_file)
    _of_file.clear()
    _of_file.update(in_file)
