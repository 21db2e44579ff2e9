"""Reading a path: which section of the store it lies in, and whose data it is.

>>> from types import SimpleNamespace
>>> layout = SimpleNamespace(hash_prefix="_hash", schema_prefix="_schema", filepath_prefix=None,
...                          subfolding=(), partition=(), token_length=8)
>>> found = parse_path("_schema/lab/Scan/scan_id=3/movie_Ab3dE5gH.zarr/0.0.0", layout=layout)
>>> found.section, found.schema, found.table, dict(found.key), found.field, found.token, found.ext
('schema', 'lab', 'Scan', {'scan_id': '3'}, 'movie', 'Ab3dE5gH', '.zarr')
>>> found.subpath
'0.0.0'
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from dj_objectstore.paths.keys import decode_key_value, is_inexact
from dj_objectstore.paths.layout import RESERVED_PREFIX, STORE_FILE
from dj_objectstore.paths.object_name import parse_object_name
from dj_objectstore.paths.tables import canonical_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dj_objectstore.paths.layout import PathLayout

Section: TypeAlias = Literal["schema", "hash", "filepath", "reserved", "foreign"]

MANIFEST_SUFFIX = ".manifest.json"
# a table's rows, exported by something else
TABLE_EXPORT = "data.parquet"


@dataclass(frozen=True)
class ParsedPath:
    """What a path says.

    Parameters
    ----------
    path
        The path itself, relative to the store's location.
    section
        ``"schema"``, ``"hash"``, ``"filepath"`` (a user's own file), ``"reserved"`` (of this package), or
        ``"foreign"``: in a section of DataJoint's, and of no form that is known.
    partition
        Attributes at the front of the path, decoded to text.
    schema
        Name of the schema.
    table
        The table's folder as it is written now, such as ``Session.Channel``.
    folder
        The table's folder as it stands in the path.
    key
        The other attributes of the key, decoded to text, in the path's order.
    field, token, ext
        Of the object's name; a token of ``""`` says that there is none.
    subpath
        What lies below the object, or ``""``.
    is_manifest
        Whether the path is that of the object's manifest.
    inexact
        Attributes whose value was cut, or is known by its digest alone.
    unique
        False when the object's name can be read in another way too.
    hash
        Of a hash-addressed object.
    """

    path: str
    section: Section
    partition: Mapping[str, str] = dataclasses.field(default_factory=dict)
    schema: str = ""
    table: str = ""
    folder: str = ""
    key: Mapping[str, str] = dataclasses.field(default_factory=dict)
    field: str = ""
    token: str = ""
    ext: str = ""
    subpath: str = ""
    is_manifest: bool = False
    inexact: frozenset[str] = frozenset()
    unique: bool = True
    hash: str = ""

    @property
    def primary_key(self) -> Mapping[str, str]:
        """The whole key, partition first."""
        return {**self.partition, **self.key}


def parse_path(path: str, *, layout: PathLayout, fields: Collection[str] | None = None) -> ParsedPath:
    """Read a path relative to a store's location.

    Parameters
    ----------
    path
        The path of an object, of its manifest, or of a file below it.
    layout
        The store's prefixes and token length.
    fields
        Names of the table's attributes, where they are known: then the object's name is told apart.

    Returns
    -------
    ParsedPath
        Of every spelling that DataJoint and its drafts had: ``{field}_{token}{ext}``,
        ``{field}.{token}{ext}`` and no token, the table by its class or its SQL name, with an ``objects``
        folder or without.
    """
    if path == STORE_FILE or below(path, RESERVED_PREFIX) is not None:
        return ParsedPath(path, "reserved")
    inner = below(path, layout.schema_prefix)
    if inner is not None:
        found = _parse_schema_path(inner, layout=layout, fields=fields)
        return replace(found, path=path) if found else ParsedPath(path, "foreign")
    inner = below(path, layout.hash_prefix)
    if inner is not None:
        return _parse_hash_path(path, inner)
    return ParsedPath(path, "filepath")


def below(path: str, prefix: str) -> str | None:
    """Return the rest of a path that lies below a prefix, else None."""
    return path[len(prefix) + 1 :] if path.startswith(f"{prefix}/") else None


def _parse_schema_path(path: str, *, layout: PathLayout, fields: Collection[str] | None) -> ParsedPath | None:
    partition, segments = split_attributes(path.split("/"))
    if len(segments) < 3 or not all(segments):  # noqa: PLR2004 - schema, table, object
        return None
    schema, folder, *rest = segments
    if rest[0] == "objects" and len(rest) > 1:
        rest = rest[1:]
    key, rest = split_attributes(rest)
    if not rest or (not key and rest == [TABLE_EXPORT]):
        return None
    name, subpath = rest[0], "/".join(rest[1:])
    is_manifest = not subpath and name.endswith(MANIFEST_SUFFIX)
    read = parse_object_name(
        name.removesuffix(MANIFEST_SUFFIX) if is_manifest else name,
        token_length=layout.token_length,
        fields=fields,
    )
    if read is None or set(partition) & set(key):
        return None
    return ParsedPath(
        path,
        "schema",
        partition=_decoded(partition),
        schema=decode_key_value(schema),
        table=canonical_folder(folder),
        folder=folder,
        key=_decoded(key),
        field=read.field,
        token=read.token,
        ext=read.ext,
        subpath=subpath,
        is_manifest=is_manifest,
        inexact=frozenset(name for name, text in {**partition, **key}.items() if is_inexact(text)),
        unique=read.unique,
    )


def split_attributes(segments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Take the ``attr=value`` segments from the front, still encoded."""
    attributes: dict[str, str] = {}
    for at, segment in enumerate(segments):
        name, equals, value = segment.partition("=")
        if not equals or not name or name in attributes:
            return attributes, segments[at:]
        attributes[decode_key_value(name)] = value
    return attributes, []


def _decoded(attributes: Mapping[str, str]) -> Mapping[str, str]:
    return {name: decode_key_value(text) for name, text in attributes.items()}


def _parse_hash_path(path: str, inner: str) -> ParsedPath:
    """Read ``{schema}/[{subfolders}/]{hash}[.ext]``.

    The subfolders must be the beginning of the hash; how many there are may have changed since.
    """
    schema, _, rest = inner.partition("/")
    *folders, name = rest.split("/")
    digest, dot, ext = name.partition(".")
    if not schema or not digest or not digest.startswith("".join(folders)):
        return ParsedPath(path, "foreign")
    return ParsedPath(
        path, "hash", schema=decode_key_value(schema), hash=digest, ext=f"{dot}{ext}" if ext else ""
    )
