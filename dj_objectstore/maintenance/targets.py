"""What a user means to look after: a ref, rows, a table, a schema, a store.

>>> list(objects_of(ref, problems=[]))     # doctest: +SKIP
[('1 refs', [(<function>, '')])]
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import datajoint as dj
from datajoint.builtin_codecs.npy import NpyRef
from datajoint.errors import DataJointError
from datajoint.expression import QueryExpression
from datajoint.objectref import ObjectRef as _DataJointRef

from dj_objectstore.codecs.interop import as_object_ref
from dj_objectstore.exceptions import ConfigurationError, ObjectStoreError, ValueRefusedError
from dj_objectstore.maintenance.references import (
    Reference,
    describe_query,
    find_table,
    open_schema,
    read_references,
    read_tables,
)
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.report import Problem
from dj_objectstore.spec.sources import load_stores
from dj_objectstore.store.store import Store, open_store

# how to get the handle, which may fail where its store is missing, and the row that names it
Owned: TypeAlias = tuple[Callable[[], ObjectRef], str]


def objects_of(target: Any, problems: list[Problem]) -> Iterator[tuple[str, Iterable[Owned]]]:
    """Give the objects of a target, table by table, each group with a title.

    Parameters
    ----------
    target
        A ref or a fetched row, or a list of them; a table or query expression; a schema or its name,
        ``schema.table``; a store or its name.
    problems
        What can't be read is added here.

    Raises
    ------
    ValueRefusedError
        When it is something else, or a name means nothing.
    """
    target = find_target(target) if isinstance(target, str) else target
    if isinstance(target, _DataJointRef):
        target = [target]
    if isinstance(target, type) and issubclass(target, QueryExpression):
        target = target()
    if isinstance(target, types.ModuleType) and isinstance(getattr(target, "schema", None), dj.Schema):
        target = target.schema
    yield from _groups(target, problems)


def find_target(name: str) -> dj.Schema | Store | QueryExpression:
    """Return what a name means: a store, a schema, or ``schema.table``.

    Raises
    ------
    ValueRefusedError
        When it means nothing, or two things.
    """
    is_store = name in load_stores()
    if not is_store and "." in name:
        return find_table(name)
    is_schema = name in dj.list_schemas()
    if is_store and is_schema:
        raise ValueRefusedError(
            f"{name!r} is the name of a store and of a schema",
            hint=f"Give djo.open_store({name!r}) or dj.Schema({name!r}).",
        )
    if is_store:
        return open_store(name)
    if is_schema:
        return open_schema(name)
    raise ValueRefusedError(
        f"{name!r} is neither a store nor a schema",
        hint=f"The stores are {', '.join(map(repr, sorted(load_stores()))) or 'none'}.",
    )


def _groups(target: Any, problems: list[Problem]) -> Iterator[tuple[str, Iterable[Owned]]]:
    if isinstance(target, QueryExpression):
        yield describe_query(target), _owned(read_references(target, problems))
    elif isinstance(target, dj.Schema):
        for table in read_tables(target, problems):
            yield describe_query(table), _owned(_readable(table, problems))
    elif isinstance(target, Store):
        for name in dj.list_schemas():
            for table in read_tables(open_schema(name), problems):
                references = _readable(table, problems)
                yield describe_query(table), _owned(ref for ref in references if _is_in(ref, target))
    else:
        refs = [_own_ref(value) for value in _values(target)]
        yield f"{len(refs):,} refs", [(partial(_itself, ref), "") for ref in refs]


def _readable(table: QueryExpression, problems: list[Problem]) -> Iterator[Reference]:
    """Give what one of many tables names; one that can't be read does not hide the others."""
    try:
        yield from read_references(table, problems)
    except DataJointError as err:
        where = describe_query(table)
        problems.append(Problem("table", where, f"the table's rows can't be read: {err}"))


def _owned(references: Iterable[Reference]) -> Iterator[Owned]:
    for reference in references:
        yield partial(_handle, reference), reference.owner


def _handle(reference: Reference) -> ObjectRef:
    return reference.handle(reference.open_store())


def _itself(ref: ObjectRef) -> ObjectRef:
    return ref


def _is_in(reference: Reference, store: Store) -> bool:
    """Say whether an object lies in a store, which may be configured under several names."""
    try:
        return reference.open_store().url("") == store.url("")
    except ConfigurationError:
        return False


def _values(target: Any) -> Iterator[Any]:
    """Give what is in a list, and of fetched rows the handles in them."""
    if isinstance(target, (str, bytes)) or not isinstance(target, Iterable):
        raise _refused(target)
    if isinstance(target, Mapping):
        if not any(map(_is_handle, target.values())):
            raise _refused(target)
        target = [target]
    for value in target:
        if isinstance(value, Mapping):
            yield from filter(_is_handle, value.values())
        else:
            yield value


def _is_handle(value: Any) -> bool:
    return isinstance(value, (_DataJointRef, NpyRef))


def _own_ref(value: Any) -> ObjectRef:
    own = as_object_ref(value) if _is_handle(value) else None
    if own is None:
        raise _refused(value)
    return own


def _refused(value: Any) -> ObjectStoreError:
    return ValueRefusedError(
        "the target must be a ref, fetched rows, a list of either, a table, a query, a schema or a store, "
        f"got {type(value).__name__}",
        hint="Give, for example, the query that fetches it.",
    )
