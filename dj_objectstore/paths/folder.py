"""Reading the path of a folder that lies above objects: of a section, a schema, a table, or part of a key.

>>> from types import SimpleNamespace
>>> layout = SimpleNamespace(hash_prefix="_hash", schema_prefix="_schema", filepath_prefix=None,
...                          subfolding=(), partition=(), token_length=8)
>>> found = parse_folder("_schema/lab/Scan/scan_id=3", layout=layout)
>>> found.kind, found.schema, found.table, dict(found.key)
('key', 'lab', 'Scan', {'scan_id': '3'})
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from dj_objectstore.paths.keys import decode_key_value
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.paths.parse import below, split_attributes
from dj_objectstore.paths.tables import canonical_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.paths.layout import PathLayout
    from dj_objectstore.paths.parse import Section

FolderKind: TypeAlias = Literal["section", "partition", "schema", "table", "key"]

OBJECTS = "objects"


@dataclass(frozen=True)
class ParsedFolder:
    """What the path of a folder says.

    Parameters
    ----------
    path
        The path itself, relative to the store's location.
    kind
        ``"section"`` also for what lies above one; ``"key"`` for a folder of some or all attributes of a key,
        and for one that hashes are spread over.
    section
        The section that it lies in.
    schema, table, folder, key
        As `parse_path` gives them, as far as the path tells them; the key with its partition.
    """

    path: str
    kind: FolderKind
    section: Section
    schema: str = ""
    table: str = ""
    folder: str = ""
    key: Mapping[str, str] = dataclasses.field(default_factory=dict)


def parse_folder(path: str, *, layout: PathLayout) -> ParsedFolder | None:
    """Read the path of a folder, relative to a store's location.

    Parameters
    ----------
    path
        The folder's path.
    layout
        The store's prefixes.

    Returns
    -------
    ParsedFolder or None
        None for a folder that is an object, lies in one, or is none of the sections' own: `parse_path`
        tells those.
    """
    prefixes: tuple[tuple[Section, str], ...] = (
        ("schema", layout.schema_prefix),
        ("hash", layout.hash_prefix),
        ("reserved", RESERVED_PREFIX),
    )
    for section, prefix in prefixes:
        if f"{prefix}/".startswith(f"{path}/"):
            return ParsedFolder(path, "section", section)
    inner = below(path, layout.schema_prefix)
    if inner is not None:
        return _parse_schema_folder(path, inner)
    inner = below(path, layout.hash_prefix)
    if inner is not None:
        schema, _, rest = inner.partition("/")
        return ParsedFolder(path, "key" if rest else "schema", "hash", schema=decode_key_value(schema))
    return None


def _parse_schema_folder(path: str, inner: str) -> ParsedFolder | None:
    partition, segments = split_attributes(inner.split("/"))
    key = {name: decode_key_value(text) for name, text in partition.items()}
    if not segments:
        return ParsedFolder(path, "partition", "schema", key=key)
    schema, *rest = segments
    found = ParsedFolder(path, "schema", "schema", schema=decode_key_value(schema), key=key)
    if not rest:
        return found
    folder, *rest = rest
    found = dataclasses.replace(found, kind="table", table=canonical_folder(folder), folder=folder)
    if rest[:1] == [OBJECTS]:
        rest = rest[1:]
    attributes, rest = split_attributes(rest)
    if rest:
        return None
    if not attributes:
        return found
    decoded = {name: decode_key_value(text) for name, text in attributes.items()}
    return dataclasses.replace(found, kind="key", key={**key, **decoded})
