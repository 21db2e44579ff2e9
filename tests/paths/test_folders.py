"""Folders above objects are told from objects, for every path that can be built."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.paths.folder import parse_folder
from dj_objectstore.paths.parse import parse_path
from dj_objectstore.paths.schema_path import build_schema_path


def layout(**changes):
    settings = {
        "hash_prefix": "_hash",
        "schema_prefix": "_schema",
        "filepath_prefix": None,
        "subfolding": (2, 2),
        "partition": (),
        "token_length": 8,
    }
    return SimpleNamespace(**settings | changes)


names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
values = st.text(max_size=20) | st.integers() | st.dates()


@given(
    st.text(min_size=1, max_size=12),
    st.dictionaries(names, values, min_size=1, max_size=3),
    st.booleans(),
)
def test_every_folder_above_an_object_is_read_back(schema, key, is_parted):
    parted = layout(partition=tuple(key)[:1] if is_parted else (), schema_prefix="dj/schemas")
    path = build_schema_path(
        layout=parted, schema=schema, table="__scan_part", key=key, field="files", token="Ab3dE5gH"
    )
    segments = path.split("/")
    kinds = [parse_folder("/".join(segments[:n]), layout=parted) for n in range(1, len(segments) + 1)]
    front, rest = (1, len(key) - 1) if is_parted else (0, len(key))
    assert [found and found.kind for found in kinds] == [
        *["section"] * 2,
        *["partition"] * front,
        "schema",
        "table",
        *["key"] * rest,
        None,
    ]
    whole = parse_path(path, layout=parted)
    last = kinds[-2]
    assert (last.schema, last.table, dict(last.key)) == (whole.schema, whole.table, dict(whole.primary_key))
    assert parse_folder(f"{path}/inside", layout=parted) is None


@pytest.mark.parametrize(
    ("path", "kind", "section", "schema"),
    [
        ("_hash", "section", "hash", ""),
        ("_hash/lab", "schema", "hash", "lab"),
        ("_hash/lab/ab", "key", "hash", "lab"),
        ("_dj_objectstore", "section", "reserved", ""),
        ("_schema/lab/Scan/objects", "table", "schema", "lab"),
        ("_schema/lab/#lookup", "table", "schema", "lab"),
    ],
)
def test_folders_of_the_other_sections_and_spellings(path, kind, section, schema):
    found = parse_folder(path, layout=layout())
    assert (found.kind, found.section, found.schema) == (kind, section, schema)


@pytest.mark.parametrize(
    "path", ["raw", "raw/_schema", "_schemas", "_dj_objectstore/inflight", "_schema/lab/Scan/files_Ab3dE5gH"]
)
def test_other_folders_are_none(path):
    assert parse_folder(path, layout=layout()) is None
