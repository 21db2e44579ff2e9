"""The hook around inserting and updating rows: it keeps what was written and the rows that name it together.

DataJoint's codecs see one value at a time and never hear what became of the row. So the rows that hold
objects of ours are taken here first: keys are converted and every value is checked before a byte is sent,
then the objects are written, then DataJoint inserts the rows. When that fails, an object is removed only if
no row can name it: before the INSERT was sent, or when the server answered with an error and the row shows
another path. Otherwise it is kept, and the error says where it lies.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from datajoint.connection import Connection
from datajoint.table import Table

from dj_objectstore.codecs.outcome import Batch, after_cancel, after_commit, unrestricted
from dj_objectstore.codecs.stored import StoredObjectCodec, Written, codec_of
from dj_objectstore.exceptions import AddressError, ValueRefusedError
from dj_objectstore.paths.keys import convert_key_value
from dj_objectstore.store.store import Store, open_store

_MARK = "_dj_objectstore_original"


def install() -> None:
    """Put the hook around row insertion, `update1` and the end of transactions; again does nothing."""
    for owner, name, hook in _HOOKS:
        original = getattr(owner, name)
        if not hasattr(original, _MARK):
            setattr(owner, name, _wrap(original, hook))


def uninstall() -> None:
    """Take the hook away again."""
    for owner, name, _ in _HOOKS:
        original = getattr(getattr(owner, name), _MARK, None)
        if original is not None:
            setattr(owner, name, original)


def _wrap(original: Callable[..., None], hook: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        return hook(original, self, *args, **kwargs)

    setattr(wrapper, _MARK, original)
    return wrapper


def _insert_rows(  # noqa: PLR0917 - DataJoint's signature
    original: Callable[..., None],
    table: Table,
    rows: Iterable[Any],
    replace: bool,  # noqa: FBT001
    skip_duplicates: bool,  # noqa: FBT001
    ignore_extra_fields: bool,  # noqa: FBT001
) -> None:
    codecs = _stored_fields(table)
    rows = list(rows) if codecs else rows
    if not codecs or not all(_is_rowlike(table, row) for row in rows):
        return original(table, rows, replace, skip_duplicates, ignore_extra_fields)
    rows = _checked_rows(table, codecs, [_as_dict(table, row) for row in rows])
    if skip_duplicates:
        rows = [row for row in rows if not len(unrestricted(table) & _key(table, row))]
    batch = Batch(table)
    with batch.settled():
        written = [_write_fields(table, codecs, row, batch) for row in rows]
        original(table, batch.sending(written), replace, skip_duplicates, ignore_extra_fields)
    if skip_duplicates:
        batch.remove_skipped()
    return None


def _update1(original: Callable[..., None], table: Table, row: Any) -> None:
    codecs = _stored_fields(table)
    codecs = {name: codec for name, codec in codecs.items() if isinstance(row, Mapping) and name in row}
    if not codecs or not set(row).issuperset(table.primary_key) or len(table & _key(table, row)) != 1:
        return original(table, row)
    (checked,) = _checked_rows(table, codecs, [dict(row)])
    batch = Batch(table)
    with batch.settled():
        written = _write_fields(table, codecs, checked, batch)
        batch.sent = True
        original(table, written)
    return None


def _commit(original: Callable[..., None], connection: Connection) -> None:
    try:
        original(connection)
    except BaseException:
        after_cancel(connection)  # nobody knows whether it took place: the markers stay
        raise
    after_commit(connection)


def _cancel(original: Callable[..., None], connection: Connection) -> None:
    try:
        original(connection)
    finally:
        after_cancel(connection)


_HOOKS: tuple[tuple[type, str, Callable[..., None]], ...] = (
    (Table, "_insert_rows", _insert_rows),
    (Table, "update1", _update1),
    (Connection, "commit_transaction", _commit),
    (Connection, "cancel_transaction", _cancel),
)


def _stored_fields(table: Table) -> dict[str, StoredObjectCodec]:
    """Return the attributes of a table that hold objects of ours, with the codec of each."""
    found = ((name, codec_of(attribute)) for name, attribute in table.heading.attributes.items())
    return {name: codec for name, codec in found if codec is not None}


def _is_rowlike(table: Table, row: Any) -> bool:
    """Return whether a row can be read by field; what is not is left to DataJoint's own message."""
    if isinstance(row, (np.void, Mapping)):
        return True
    return isinstance(row, (tuple, list)) and len(row) == len(table.heading)


def _as_dict(table: Table, row: Any) -> dict[str, Any]:
    if isinstance(row, np.void):
        return {name: row[name] for name in row.dtype.names or ()}
    return dict(row) if isinstance(row, Mapping) else dict(zip(table.heading.names, row, strict=True))


def _key(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in table.primary_key}


def _checked_rows(
    table: Table, codecs: Mapping[str, StoredObjectCodec], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Convert the keys and check every object of every row; all that is wrong is told at once."""
    problems: list[Exception] = []
    for number, row in enumerate(rows):
        for step in (_convert_key, _check_values):
            try:
                step(table, codecs, row)
            except (ValueRefusedError, AddressError) as err:
                err.add_note(f"(row {number} of {len(rows)}, table {table.full_table_name})")
                problems.append(err)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        listing = "\n".join(f"- {'; '.join([str(p), *p.__notes__])}" for p in problems)
        raise ValueRefusedError(
            f"{len(problems)} values can't be inserted, and nothing was written:\n{listing}"
        )
    return rows


def _convert_key(table: Table, codecs: Mapping[str, StoredObjectCodec], row: dict[str, Any]) -> None:
    del codecs
    row.update(converted_key(table, row))


def converted_key(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the primary key of a row, in the table's order, with each value as its column holds it.

    Raises
    ------
    ValueRefusedError
        When an attribute of the key has no value.
    AddressError
        When a column can't hold its value.
    """
    for name in table.primary_key:
        if row.get(name) is None:
            raise ValueRefusedError(
                f"the primary key attribute {name!r} has no value, so the object has no address",
                hint=f"Give {name!r} in the row.",
            )
    return {name: convert_key_value(row[name], table.heading[name].type) for name in table.primary_key}


def _check_values(table: Table, codecs: Mapping[str, StoredObjectCodec], row: dict[str, Any]) -> None:
    for name, codec in codecs.items():
        if row.get(name) is None or isinstance(row[name], Written):
            continue
        with _naming(name, codec):
            row[name] = codec.checked(row[name])
        store_of_field(table, name)


@contextmanager
def _naming(name: str, codec: StoredObjectCodec) -> Iterator[None]:
    """Let a refusal say which field it is about."""
    try:
        yield
    except ValueRefusedError as err:
        raise type(err)(f"{name} (<{codec.name}@>): {err.message}", hint=err.hint) from err


def store_of_field(table: Table, name: str) -> Store:
    """Return the store that a table's attribute names."""
    return open_store(table.heading[name].store, config=table.connection._config)  # noqa: SLF001 - its config


def _write_fields(
    table: Table, codecs: Mapping[str, StoredObjectCodec], row: Mapping[str, Any], batch: Batch
) -> dict[str, Any]:
    """Write the objects of one checked row and return the row with their JSON in place of the values."""
    written = dict(row)
    for name, codec in codecs.items():
        if row.get(name) is None or isinstance(row[name], Written):
            continue
        store = store_of_field(table, name)
        given = codec.existing(row[name], store)
        if given is None:
            key = _key(table, row)
            ext = codec.ext(row[name])
            path = codec.new_path(
                store, ext, schema=table.database, table=table.table_name, field=name, key=key
            )
            batch.starts(name, store, path, key)
            with _naming(name, codec):
                given = codec.write(row[name], store, path).to_json()
        written[name] = Written(given)
    return written
