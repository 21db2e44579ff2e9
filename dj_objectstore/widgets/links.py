"""Links from the cells of a table's preview to the browser of what they name.

DataJoint shows a table without its objects: ``<object>`` stands in their place. Here each becomes a link,
which carries a handle that means nothing outside this process. JupyterLab's extension opens it; elsewhere the
tip of the link has the line of Python.

>>> show("3f2a...")                                       # what a click does            # doctest: +SKIP
Browser('files_Ab3dE5gH')
"""

from __future__ import annotations

import html
import json
import secrets
import threading
import uuid
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import FormatError, ObjectNotFoundError, ValueRefusedError
from dj_objectstore.maintenance.python_names import object_in_python, row_in_python, table_in_python
from dj_objectstore.maintenance.references import owner_text, stored_fields
from dj_objectstore.maintenance.rows import RowPages
from dj_objectstore.widgets.browser import Browser, browse
from dj_objectstore.widgets.browsing.browsable import contents_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dj_objectstore.maintenance.references import Reference
    from dj_objectstore.maintenance.rows import Row

COMMAND = "dj-objectstore:show"
MAX_LINKS = 4096
"""Of more the oldest are forgotten; a preview has a dozen rows."""
_BODY = "<tbody>"
_CELL, _END = "<td>", "</td>"


@dataclass(frozen=True)
class Target:
    """What a link leads to: an object by its row's key, as shown, and its field; or all rows of the query."""

    query: Any
    key: Mapping[str, str] | None = None
    field: str = ""


class Links:
    """The targets of the links that were shown last, by handles that nobody can guess."""

    def __init__(self, limit: int = MAX_LINKS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._targets: OrderedDict[str, Target] = OrderedDict()

    def __len__(self) -> int:
        return len(self._targets)

    def add(self, target: Target) -> str:
        """Return a new handle: 32 hexadecimal digits."""
        handle = secrets.token_hex(16)
        with self._lock:
            self._targets[handle] = target
            while len(self._targets) > self._limit:
                self._targets.popitem(last=False)
        return handle

    def find(self, handle: str) -> Target:
        """Return the target of a handle.

        Raises
        ------
        ValueRefusedError
            When it was made by another kernel, or is forgotten.
        """
        with self._lock:
            target = self._targets.get(handle)
        if target is None:
            raise ValueRefusedError(
                "this link is not known to the kernel: it was made before the kernel started, or long ago",
                hint="Run the cell that shows the table again, and click its new link.",
            )
        return target


LINKS = Links()


def show(handle: str) -> Browser:
    """Return the browser of what a link leads to.

    Parameters
    ----------
    handle
        The link's; its row is read on a connection of its own.

    Raises
    ------
    ValueRefusedError
        When the link is not known to this kernel.
    ObjectNotFoundError
        When the row is gone, or names no object.
    FormatError
        When what the row names can't be read.
    StoreUnavailableError
        When the database does not answer.
    """
    target = LINKS.find(handle)
    if target.key is None:
        return browse(target.query)
    with closing(RowPages(target.query)) as pages:
        rows = pages.find([[_asked(target, name) for name in pages.key]])
        owner = owner_text(pages.name, target.key, target.field)
        reference = _named(rows, owner, target.field)
        name = object_in_python(reference, pages.python)
    return Browser(contents_of(reference.open(), name=name))


def _asked(target: Target, name: str) -> str | bytes:
    """Return a value of a key as the database compares it: MySQL keeps UUIDs as bytes."""
    text = (target.key or {})[name]
    is_bytes = target.query.heading.attributes[name].type == "binary(16)"
    return uuid.UUID(text).bytes if is_bytes else text


def _named(rows: Sequence[Row], owner: str, field: str) -> Reference:
    if not rows:
        raise ObjectNotFoundError(
            f"the row is gone: {owner}", hint="Run the cell that shows the table again."
        )
    cell = rows[0].objects[field]
    if cell.problem:
        raise FormatError(f"{owner}: {cell.problem}")
    if cell.reference is None:
        raise ObjectNotFoundError(f"the row has no object: {owner}", hint="Choose another one.")
    return cell.reference


def link_objects(query: Any) -> str:
    """Return the HTML by which DataJoint shows a query, with links in place of what stands for objects.

    Where the HTML is not as expected, such as when a value holds a table of its own, a link to all rows
    stands below it.
    """
    shown: str = query._repr_html_()
    fields = {field.name for field in stored_fields(query)}
    if not fields:
        return shown
    head, _, body = shown.partition(_BODY)
    names = list(query.heading.names)
    cells = body.split(_CELL)[1:]
    # as often as there are cells: then no value holds one, and each cell is where it seems to be
    is_plain = shown.count(_BODY) == 1 and body.count(_END) == len(cells) and not len(cells) % len(names)
    if not is_plain or not query.primary_key:
        return shown + _link_to_all(query)
    linked = _CELL.join([body.split(_CELL)[0], *_linked(query, names, fields, cells)])
    return f"{head}{_BODY}{linked}"


def _linked(query: Any, names: Sequence[str], fields: set[str], cells: Sequence[str]) -> Iterator[str]:
    table = table_in_python(query)
    stand_ins = {name: f"&lt;{query.heading.attributes[name].codec.name}&gt;" for name in fields}
    for start in range(0, len(cells), len(names)):
        row = dict(zip(names, cells[start : start + len(names)], strict=True))
        key = {name: row[name].partition(_END)[0] for name in query.primary_key}
        for name, cell in row.items():
            text, end, rest = cell.partition(_END)
            is_link = name in fields and text == stand_ins[name]
            yield f"{_link_to_object(query, key, name, text, table)}{end}{rest}" if is_link else cell


def _link_to_object(query: Any, key: Mapping[str, str], field: str, text: str, table: str) -> str:
    line = f"djo.browse({row_in_python(table, key, field)})" if table else "djo.browse() of this query"
    return _link(Target(query, key, field), text, tip=line)


def _link_to_all(query: Any) -> str:
    table = table_in_python(query)
    tip = f"djo.browse({table})" if table else "djo.browse() of this query"
    return f"<p>{_link(Target(query), 'Browse the rows with their objects', tip=tip)}</p>"


def _link(target: Target, text: str, *, tip: str) -> str:
    """Return a link; `text` is HTML already."""
    arguments = html.escape(json.dumps({"handle": LINKS.add(target)}))
    return (
        f'<a href="#" data-commandlinker-command="{COMMAND}" data-commandlinker-args="{arguments}" '
        f'title="{html.escape(tip)}">{text}</a>'
    )
