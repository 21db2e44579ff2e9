"""The rows of a query as a browser shows them, with their objects.

>>> QueryRows(Recording & key).about().kind               # doctest: +SKIP
'rows'
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import FormatError, ObjectStoreError, ValueRefusedError
from dj_objectstore.maintenance.download import template_of
from dj_objectstore.maintenance.python_names import object_in_python
from dj_objectstore.maintenance.references import owner_text
from dj_objectstore.maintenance.rows import RowPages
from dj_objectstore.report import Problem
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.keys import join_key
from dj_objectstore.store.store import open_store
from dj_objectstore.widgets.browsing.contents import ChosenRows, Contents
from dj_objectstore.widgets.browsing.seen_rows import SeenRows
from dj_objectstore.widgets.browsing.tree import Node, Tree
from dj_objectstore.widgets.messages.browser_answers import About, ColumnInfo, ObjectInfo, RowInfo, Rows
from dj_objectstore.widgets.movies.stored import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dj_objectstore.maintenance.references import Field, Reference
    from dj_objectstore.maintenance.rows import Row
    from dj_objectstore.widgets.messages.answers import EntryKind

_NO_PATH = "The row's JSON of this object names no path. Correct the row with update1."
_ROW = re.compile(r"r(?P<row>[0-9]{1,15})")
_OBJECT = re.compile(r"r(?P<row>[0-9]{1,15})f(?P<field>[0-9]{1,4})")


class QueryRows(Contents):
    """The rows of a query; the objects that a page names are those of the tree."""

    def __init__(self, query: Any) -> None:
        self._pages = RowPages(query)
        self._fields = self._pages.fields
        self._tree_of_rows = _RowTree(self._pages.name, self._find_node)
        super().__init__(self._tree_of_rows, title=self._pages.name)
        self._stores = _Stores(self._pages.config)
        self.seen = SeenRows(len(self._pages.key), self._forget)

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
        numbers = self.seen.add(page.rows)
        self._stores.look_again()
        rows = [self._row(row, number) for row, number in zip(page.rows, numbers, strict=True)]
        return Rows(rows=rows, next=following)

    def chosen(self, rows: Sequence[str]) -> ChosenRows:
        """Return the objects of some rows, which are read again."""
        seen = [self.seen.find(_number(row)) for row in rows]
        if not self._pages.key:
            found = seen
        else:
            keys = [row.raw[: len(self._pages.key)] for row in seen]
            found = self._pages.find(keys)
        there = {tuple(row.key.values()) for row in found}
        gone = [row for row in seen if tuple(row.key.values()) not in there]
        problems = [Problem("row", self._owner(row, "row"), "the row is gone") for row in gone]
        references = []
        for row in found:
            for name, cell in row.objects.items():
                references += [cell.reference] if cell.reference else []
                problems += [Problem("row", self._owner(row, name), cell.problem)] if cell.problem else []
        return ChosenRows(tuple(references), tuple(problems), template_of(self._pages.key))

    def close(self) -> None:
        """Close the connection to the database."""
        self._pages.close()

    # -- a page, of which there may be thousands of cells ---------------------------------------------------

    def _row(self, row: Row, number: int) -> RowInfo:
        values = row.raw[self._pages.scalars :]
        objects = [
            None if value is None else _object(value, field, f"r{number}f{place}", self._stores)
            for place, (field, value) in enumerate(zip(self._fields, values, strict=True))
        ]
        return {"id": f"r{number}", "cells": row.cells, "objects": objects}

    def _owner(self, row: Row, field: str) -> str:
        return owner_text(self._pages.name, row.key, field)

    # -- one object of it ------------------------------------------------------------------------------------

    def _find_node(self, number: int, place: int) -> Node:
        row = self.seen.find(number)
        if place >= len(self._fields):
            raise ValueRefusedError("this row has no such object", hint="Open its row again.")
        cell = row.objects[self._fields[place].name]
        if cell.reference is None:
            raise FormatError(cell.problem or "the row has no object here", hint="Choose another one.")
        return self._node(cell.reference, origin=self._origin(number) + place)

    def _node(self, reference: Reference, *, origin: int) -> Node:
        stored = reference.stored
        handle = reference.open()
        return Node(
            Place(handle.opened, handle.key(), root=handle.key() if stored.is_dir else None),
            (),
            is_dir=stored.is_dir,
            size=stored.size,
            label=stored.original_name or "",
            origin=origin,
            ref=object_in_python(reference, self._pages.python),
            handle=handle,
        )

    def _origin(self, number: int) -> int:
        """Return the origin of a row's first object; 0 is the tree's top."""
        return 1 + number * len(self._fields)

    def _forget(self, numbers: Sequence[int]) -> None:
        fields = len(self._fields)
        first = (self._origin(number) for number in numbers)
        self._tree_of_rows.forget({origin + place for origin in first for place in range(fields)})


class _RowTree(Tree):
    """A tree whose roots are the objects of rows, each made when it is asked for."""

    def __init__(self, label: str, find: Callable[[int, int], Node]) -> None:
        super().__init__(Node(None, (), is_dir=True, label=label))
        self._find = find

    def find(self, node_id: str) -> Node:
        """Return a node by its id.

        Raises
        ------
        ValueRefusedError
            When the kernel has not handed out this id, or has forgotten it.
        """
        match = _OBJECT.fullmatch(node_id)
        return self._find(int(match["row"]), int(match["field"])) if match else super().find(node_id)


class _Stores:
    """The stores that rows name: settings are gathered once for each, not for every row."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._problems: dict[tuple[str, str | None], str] = {}

    def look_again(self) -> None:
        """Forget which stores could not be opened: they may have been set up since."""
        self._problems = {asked: "" for asked, problem in self._problems.items() if not problem}

    def problem(self, field: Field, name: str | None) -> str:
        """Return why a store that a row names can't be opened; ``""`` where it can."""
        asked = (field.codec, name)
        if asked not in self._problems:
            try:
                open_store(resolve_spec(name, self._config, filepath=field.codec == "filepath"))
            except ObjectStoreError as err:
                self._problems[asked] = _words(err)
            else:
                self._problems[asked] = ""
        return self._problems[asked]


def _object(value: Any, field: Field, node: str, stores: _Stores) -> ObjectInfo:
    """Return what a cell shows, by the least that has to be read of it."""
    try:
        data = json.loads(value) if isinstance(value, (str, bytes)) else value
        path, size = data["path"], data.get("size")
        problem = stores.problem(field, data.get("store") or None)
        if not join_key(path):
            raise FormatError("the row names a whole store, not an object in it", hint="Correct the row.")
    except ObjectStoreError as err:
        return {"node": "", "kind": "file", "size": None, "problem": _words(err)}
    except (LookupError, TypeError, AttributeError, ValueError):
        return {"node": "", "kind": "file", "size": None, "problem": _NO_PATH}
    kind: EntryKind = "movie" if field.codec == "photon" else "folder" if data.get("is_dir") else "file"
    size = size if isinstance(size, int) else None
    return {"node": "" if problem else node, "kind": kind, "size": size, "problem": problem}


def _number(row_id: str) -> int:
    match = _ROW.fullmatch(row_id)
    if match is None:
        raise ValueRefusedError("this is no row that the kernel has shown", hint="Select the rows again.")
    return int(match["row"])


def _words(err: ObjectStoreError) -> str:
    return f"{err.message} {err.hint}".strip()
