"""Schema-addressed paths: where an object of one field of one row lies.

``{schema_prefix}/[{partition}/]{schema}/{Table}/{attr=value}/.../{field}_{token}{ext}``, relative to the
store's location. `parse_path` reads them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.keys import LONGEST_VALUE, encode_key_value, encode_text
from dj_objectstore.paths.partition import split_key
from dj_objectstore.paths.tables import table_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.paths.keys import KeyValue
    from dj_objectstore.paths.layout import PathLayout

# of the 1024 bytes of a key, 200 stay for what lies below the object
ROOM = 824
_LONGEST_SEGMENT = 255
# a name leaves room for ".manifest.json" and the suffix of a copy that is under way
_LONGEST_NAME = 220
_LONGEST_VALUES = (LONGEST_VALUE, 128, 88, 64, 48, 40)


def build_schema_path(
    *,
    layout: PathLayout,
    schema: str,
    table: str,
    key: Mapping[str, KeyValue],
    field: str,
    token: str,
    ext: str = "",
    room: int = ROOM,
) -> str:
    """Return the path of a new object, relative to the store's location.

    Parameters
    ----------
    layout
        The store's prefixes and partition.
    schema
        Name of the schema.
    table
        The table's SQL name, with its tier prefix.
    key
        The row's primary key in the table's order, converted by `convert_key_value`.
    field
        Name of the attribute.
    token
        From `new_token`.
    ext
        Extension with its dot, or ``""``.
    room
        Bytes that the path may have. Values are cut, with a digest, until it fits.

    Returns
    -------
    str
        Segments joined by ``/``, starting with the schema prefix.

    Raises
    ------
    AddressError
        When a name is too long or a value can't be part of a path.
    """
    front, rest = split_key(key, layout.partition)
    name = _object_name(field, token, ext)
    for longest in _LONGEST_VALUES:
        segments = [
            layout.schema_prefix,
            *_key_segments(front, longest),
            encode_text(schema),
            table_folder(table),
            *_key_segments(rest, longest),
            name,
        ]
        path = "/".join(segments)
        if len(path.encode()) <= room:
            return _checked(path)
    raise AddressError(
        f"an object's path must have at most {room} bytes, {path!r} has {len(path.encode())}",
        hint="Give the table a shorter key, or the store a shorter prefix or location.",
    )


def _key_segments(key: Mapping[str, KeyValue], longest: int) -> list[str]:
    return [f"{encode_text(name)}={encode_key_value(value, longest=longest)}" for name, value in key.items()]


def _object_name(field: str, token: str, ext: str) -> str:
    if not field:
        raise AddressError("an object must belong to a field, got ''", hint="Give the attribute's name.")
    if ext and (not ext.startswith(".") or ext.endswith(".") or "/" in ext or "\\" in ext):
        raise AddressError(
            f"an extension must look like '.dat', got {ext!r}", hint="Give it with its dot, or '' for none."
        )
    # the dot comes off for the encoding, which knows "." and ".." as names of folders
    name = f"{encode_text(field)}_{token}" + (f".{encode_text(ext[1:])}" if ext else "")
    if len(name) > _LONGEST_NAME:
        raise AddressError(
            f"an object's name must have at most {_LONGEST_NAME} bytes, {name!r} has {len(name)}",
            hint="Give a shorter extension.",
        )
    return name


def _checked(path: str) -> str:
    for segment in path.split("/"):
        if len(segment.encode()) > _LONGEST_SEGMENT:
            raise AddressError(
                f"a folder's name must have at most {_LONGEST_SEGMENT} bytes, {segment!r} has "
                f"{len(segment.encode())}",
                hint="Shorten the name of the schema, the table or the attribute.",
            )
    return path
