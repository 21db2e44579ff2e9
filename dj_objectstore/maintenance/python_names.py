"""What a row's object is called in Python: a line that runs where the user is.

>>> table_in_python(Scan & "day > '2026-01-01'")             # doctest: +SKIP
'Scan'
>>> row_in_python("Scan", {"scan_id": 3}, "files")
"(Scan & {'scan_id': 3}).fetch1('files')"
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

from dj_objectstore.maintenance.database import default_connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.maintenance.references import Reference

_GIVES_HANDLES = {"file", "filepath", "object", "photon"}
"""Codecs whose values are handles of stored objects when they are fetched."""


def table_in_python(query: Any) -> str:
    """Return Python that gives the table of a query, or ``""`` where no table has the query's rows.

    A class that the user's own module holds is called by its name there, any other table by its full name.
    """
    full_name = getattr(query, "full_table_name", None)
    if not isinstance(full_name, str) or _is_renamed(query):
        return ""
    own = _name_in_main(type(query))
    if own:
        return own
    # a line names no connection, so it means DataJoint's own
    is_default = query.connection is default_connection()
    return f"dj.FreeTable(dj.conn(), {full_name!r})" if is_default else ""


def row_in_python(table: str, key: Mapping[str, Any], field: str) -> str:
    """Return Python that fetches a field of a row."""
    return f"({table} & {restriction_in_python(key)}).fetch1({field!r})"


def restriction_in_python(key: Mapping[str, Any]) -> str:
    """Return the restriction to a row."""
    return f"{{{', '.join(f'{name!r}: {_literal(value)}' for name, value in key.items())}}}"


def object_in_python(reference: Reference, table: str) -> str:
    """Return Python that gives a row's object: by its row where there is a `table`, else by its path."""
    codec = reference.field.codec
    # DataJoint doubles these in a restriction, and with PostgreSQL nobody halves them
    is_found = not any({"\\", "%"} & set(str(value)) for value in reference.key.values())
    if table and is_found and codec in _GIVES_HANDLES:
        return row_in_python(table, reference.key, reference.field.name)
    stored = reference.stored
    found = {
        "path": stored.path,
        "store": stored.store,
        "size": stored.size,
        "is_dir": stored.is_dir,
        "ext": stored.ext,
        "original_name": stored.original_name,
    }
    known = {name: value for name, value in found.items() if value is not None}
    kind = "PhotonMovie" if codec == "photon" else "FileRef" if stored.original_name else "ObjectRef"
    return f"djo.{kind}.from_json({known!r})"


def _is_renamed(query: Any) -> bool:
    """Say whether a column of a query is not the table's of that name."""
    return any(attribute.attribute_expression is not None for attribute in query.heading.attributes.values())


def _name_in_main(cls: type) -> str:
    """Return the name of a class in the user's own module, or in a module that it has imported."""
    # another thread may be adding names
    own = dict(vars(sys.modules["__main__"]))
    for name, value in own.items():
        if value is cls and not name.startswith("_"):
            return name
    for name, value in own.items():
        if isinstance(value, types.ModuleType) and vars(value).get(cls.__name__) is cls:
            return f"{name}.{cls.__name__}"
    return ""


def _literal(value: Any) -> str:
    if isinstance(value, (bool, int, float)):
        return repr(value)
    return repr(str(value))
