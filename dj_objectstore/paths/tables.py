"""The folder of a table: its SQL name without the tier, each part in camel case.

>>> table_folder("__spike_sorting"), table_folder("_session__channel"), table_folder("#my_lookup")
('SpikeSorting', 'Session.Channel', 'MyLookup')
>>> table_names("Session.Channel")
('session__channel', '#session__channel', '_session__channel', '__session__channel')
"""

from __future__ import annotations

import re

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.keys import decode_key_value, encode_text

TIERS = ("", "#", "_", "__")

_PART = r"[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*"
_SQL_NAME = re.compile(rf"(?:#|__|_)?({_PART})(?:__({_PART}))?", re.ASCII)
_FOLDER = re.compile(r"[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)?", re.ASCII)


def table_folder(sql_name: str) -> str:
    """Return the folder of the table with this SQL name; the same for every way of inserting.

    Parameters
    ----------
    sql_name
        The table's name in the database, with its tier prefix, without the schema.

    Raises
    ------
    AddressError
        When the name is empty.
    """
    if not sql_name:
        raise AddressError("a table must have a name, got ''", hint="Give the table's SQL name.")
    match = _SQL_NAME.fullmatch(sql_name)
    if match is None:
        # not a name that DataJoint gives: kept, so that it stays apart from those that it does
        return encode_text(sql_name)
    return ".".join(_camel_case(part) for part in match.groups() if part)


def table_names(folder: str) -> tuple[str, ...]:
    """Return the SQL names whose `table_folder` is `folder`, one for each tier.

    A folder in DataJoint's own spelling (``recording``, ``#lookup``, ``_tbl__part``) names one table.
    """
    if not _FOLDER.fullmatch(folder):
        return (decode_key_value(folder),)
    name = "__".join(_snake_case(part) for part in folder.split("."))
    return tuple(tier + name for tier in TIERS)


def canonical_folder(folder: str) -> str:
    """Return the folder that `table_folder` gives for a table that was written in any known spelling."""
    name = decode_key_value(folder)
    return table_folder(name) if name and _SQL_NAME.fullmatch(name) else folder


def _camel_case(part: str) -> str:
    return "".join(word.capitalize() for word in part.split("_"))


def _snake_case(part: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", part).lower()
