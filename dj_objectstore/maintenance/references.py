"""From the database to the stored objects that its rows name.

Rows are read as raw metadata, and never decoded: a row whose store or codec is missing here is a problem of
its own, and the others are read all the same.

>>> problems = []
>>> [reference.path for reference in read_references(Scan(), problems)]      # doctest: +SKIP
['_schema/lab/Scan/scan_id=1/files_Ab3dE5gH']
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import datajoint as dj
from datajoint.codecs import is_codec_registered
from datajoint.errors import DataJointError

from dj_objectstore.exceptions import FormatError, ValueRefusedError
from dj_objectstore.objects.file_ref import FileRef
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.report import Problem
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# of the names that DataJoint gives to hashed data
_HASH_LENGTH = 26
_NO_CODEC = "_MissingType"


@dataclass(frozen=True)
class Field:
    """A field of a query whose values lie in a store; `store` is what stands after its ``@``."""

    name: str
    codec: str
    store: str | None


@dataclass(frozen=True)
class Reference:
    """One object, and the row that names it.

    Attributes
    ----------
    table
        ``schema.table``, or how the query is made.
    key
        The row's primary key; with what else was asked for in `row`.
    field
        The field, with its codec.
    stored
        The row's JSON.
    config
        DataJoint's configuration of the row's connection.
    """

    table: str
    key: Mapping[str, Any]
    row: Mapping[str, Any]
    field: Field
    stored: StoredObject
    config: Any

    @property
    def path(self) -> str:
        """Key of the object relative to the store's location."""
        return self.stored.path

    @property
    def owner(self) -> str:
        """The row and field, for a message."""
        return owner_text(self.table, self.key, self.field.name)

    def open_store(self) -> Store:
        """Return the store that holds the object.

        Raises
        ------
        StoreNotConfiguredError
            When it is not configured here.
        """
        spec = resolve_spec(self.stored.store, self.config, filepath=self.field.codec == "filepath")
        return open_store(spec)

    def open(self) -> ObjectRef:
        """Return the object's handle.

        Raises
        ------
        StoreNotConfiguredError
            When its store is not configured here.
        UnsafePathError
            When its path leads out of the store.
        FormatError
            When the row names a whole store.
        """
        handle = self.handle(self.open_store())
        if not handle.key():
            raise FormatError("the row names a whole store, not an object in it", hint="Correct the row.")
        return handle

    def handle(self, store: Store) -> ObjectRef:
        """Return the object's handle in `store`."""
        cls = FileRef if self.stored.original_name else ObjectRef
        return cls(replace(self.stored, store=store.name), opened=store)


def stored_fields(query: Any) -> list[Field]:
    """Return the fields of a query or table whose values lie in a store; also those of missing codecs."""
    found = []
    for name, attribute in query.heading.attributes.items():
        if attribute.codec is None:
            continue
        if type(attribute.codec).__name__ == _NO_CODEC:
            codec, at, store = attribute.codec.name.strip("<>").partition("@")
            found += [Field(name, codec, store)] if at else []
        elif attribute.store is not None:
            found.append(Field(name, attribute.codec.name, attribute.store))
    return found


def read_references(
    query: Any,
    problems: list[Problem],
    *,
    only: Collection[str] | None = None,
    columns: tuple[str, ...] = (),
) -> Iterator[Reference]:
    """Give every object that the rows of a query name, row by row.

    Parameters
    ----------
    query
        A DataJoint table or query expression.
    problems
        What can't be read is added here.
    only
        Names of the fields to look at; by default all.
    columns
        Further columns to read into `Reference.row`.
    """
    table = describe_query(query)
    fields = []
    for field in stored_fields(query):
        if only is not None and field.name not in only:
            continue
        if is_codec_registered(field.codec):
            fields.append(field)
        else:
            problems.append(_no_codec(table, field))
    if not fields:
        return
    config = query.connection._config  # noqa: SLF001 - DataJoint gives no other way to an instance's settings
    for row in query.proj(*(field.name for field in fields), *columns).cursor(as_dict=True):
        key = {name: row[name] for name in query.primary_key}
        for field in fields:
            if row[field.name] is None:
                continue
            plain = {name: value for name, value in row.items() if name in key or name in columns}
            try:
                stored = read_stored(row[field.name])
            except FormatError as err:
                problems.append(Problem("row", owner_text(table, key, field.name), err.message, err.hint))
            else:
                yield Reference(table, key, plain, field, stored, config)


def owner_text(table: str, key: Mapping[str, Any], field: str) -> str:
    """Return the name of a row's field, for a message."""
    return f"{table} ({', '.join(f'{name}={value}' for name, value in key.items())}) {field}"


def describe_query(query: Any) -> str:
    """Return ``schema.table`` of a table or its restriction, else a word for the query."""
    full_name = getattr(query, "full_table_name", None)
    if isinstance(full_name, str):
        return re.sub(r'[`"]', "", full_name)
    return "the query"


def open_schema(name: str, *, connection: Any = None) -> dj.Schema:
    """Return a schema that exists, on a connection of its own where one is given.

    Raises
    ------
    ValueRefusedError
        When there is none.
    """
    try:
        return dj.Schema(name, connection=connection, create_schema=False, create_tables=False)
    except DataJointError as err:
        raise ValueRefusedError(
            f"there is no schema {name!r}, or it can't be read: {err}", hint="dj.list_schemas() tells them."
        ) from err


def read_tables(schema: dj.Schema, problems: list[Problem]) -> Iterator[Any]:
    """Give every table of a schema that names objects; one that can't be read is added to `problems`."""
    for table_name in schema.list_tables():
        try:
            table = schema.get_table(table_name)
            has_objects = bool(stored_fields(table))
        except DataJointError as err:
            problems.append(
                Problem("table", f"{schema.database}.{table_name}", f"the table can't be read: {err}")
            )
            continue
        if has_objects:
            yield table


def find_table(name: str) -> Any:
    """Return the table that ``schema.table`` names; the table by its SQL name or its class's.

    Raises
    ------
    ValueRefusedError
        When there is none.
    """
    schema, _, table = name.partition(".")
    try:
        return open_schema(schema).get_table(table)
    except DataJointError as err:
        raise ValueRefusedError(
            f"there is no table {name!r}, or it can't be read: {err}",
            hint="Name it as schema.table; dj.list_schemas() and schema.list_tables() tell what there is.",
        ) from err


def read_stored(value: Any) -> StoredObject:
    """Read a raw column: a dict on PostgreSQL, text elsewhere."""
    try:
        data = json.loads(value) if isinstance(value, (str, bytes)) else value
    except ValueError as err:
        raise FormatError(
            "the row's JSON of an object can't be read", hint="Correct the row with update1."
        ) from err
    if isinstance(data, Mapping) and len(str(data.get("hash"))) == _HASH_LENGTH:
        data = {**data, "hash": _hash_of(data["hash"])}
    return StoredObject.from_json(data)


def _hash_of(text: str) -> str:
    """Return DataJoint's name of hashed data, an MD5 in base 32, as ``md5:hex``."""
    try:
        return "md5:" + base64.b32decode(text.upper() + "=" * (-len(text) % 8)).hex()
    except binascii.Error:
        return text


def _no_codec(table: str, field: Field) -> Problem:
    return Problem(
        "codec",
        f"{table} {field.name}",
        f"the codec <{field.codec}> is not installed here, so the objects of this field can't be found",
        "Install the package that defines it, import it, and try again.",
    )
