"""Safe keys: nothing outside of a store, or of an object in it, can be named.

>>> join_key("_schema/lab", "Scan/a.csv")
'_schema/lab/Scan/a.csv'
"""

from __future__ import annotations

from dj_objectstore.exceptions import UnsafePathError


def join_key(*parts: str) -> str:
    """Join parts to a key relative to the store's location.

    Parameters
    ----------
    parts
        Keys of one or more segments; an empty part adds nothing, a slash at a part's end is dropped.

    Raises
    ------
    UnsafePathError
        For an absolute part, a ``.``, ``..`` or empty segment, a backslash, NUL, or text that is not Unicode.
    """
    pieces = [part[:-1] if part.endswith("/") and len(part) > 1 else part for part in parts if part]
    key = "/".join(pieces)
    reason = _unsafe(key) if key else ""
    if reason:
        raise UnsafePathError(
            f"a path in a store must consist of plain names, and {reason}: got {key!r}",
            hint="Give a path relative to the store's location, with '/' between the names.",
        )
    return key


def _unsafe(key: str) -> str:
    segments = key.split("/")
    if key.startswith("/"):
        return "this one is absolute"
    if ".." in segments or "." in segments:
        return "this one holds '.' or '..'"
    if "" in segments:
        return "this one holds an empty name"
    if "\\" in key or "\0" in key:
        return "this one holds a backslash or NUL"
    return "" if key.isascii() or _is_unicode(key) else "this one is not Unicode text"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
