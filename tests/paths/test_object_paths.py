"""Paths are built, and read again in every spelling there was."""

from __future__ import annotations

import re
from dataclasses import dataclass

import datajoint.hash_registry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.hash_path import build_hash_path
from dj_objectstore.paths.keys import encode_key_value
from dj_objectstore.paths.parse import parse_path
from dj_objectstore.paths.partition import parse_partition_pattern
from dj_objectstore.paths.schema_path import build_schema_path
from dj_objectstore.paths.tables import TIERS, table_folder, table_names
from dj_objectstore.paths.tokens import is_token, new_token


@dataclass(frozen=True)
class Layout:
    hash_prefix: str = "_hash"
    schema_prefix: str = "_schema"
    filepath_prefix: str | None = None
    subfolding: tuple[int, ...] = ()
    partition: tuple[str, ...] = ()
    token_length: int = 8


def build(layout=None, **changes):
    arguments = {
        "layout": layout or Layout(),
        "schema": "lab",
        "table": "_session__channel",
        "key": {"subject_id": 3, "name": "a b"},
        "field": "raw_data",
        "token": "Ab3dE5gH",
        "ext": ".zarr",
    }
    return build_schema_path(**arguments | changes)


def test_a_path_holds_prefix_schema_table_key_and_name():
    assert build() == "_schema/lab/Session.Channel/subject_id=3/name=a%20b/raw_data_Ab3dE5gH.zarr"


def test_partition_attributes_move_to_the_front_in_the_pattern_s_order():
    layout = Layout(partition=("name", "subject_id"))
    assert build(layout) == "_schema/name=a%20b/subject_id=3/lab/Session.Channel/raw_data_Ab3dE5gH.zarr"


def test_a_table_that_lacks_a_partition_attribute_is_not_partitioned():
    assert build(Layout(partition=("subject_id", "session"))) == build()


def test_a_prefix_of_several_folders_and_a_table_without_a_key_work():
    layout = Layout(schema_prefix="data/arrays")
    path = build(layout, key={}, ext="")
    assert path == "data/arrays/lab/Session.Channel/raw_data_Ab3dE5gH"
    found = parse_path(path, layout=layout)
    assert (found.schema, found.table, found.key, found.field) == ("lab", "Session.Channel", {}, "raw_data")


@pytest.mark.parametrize("ext", ["zarr", ".", "./x", ".a/b", ".x."])
def test_an_extension_that_is_none_is_refused(ext):
    with pytest.raises(AddressError, match="extension"):
        build(ext=ext)


def test_names_that_are_too_long_are_refused_and_say_which():
    with pytest.raises(AddressError, match="at most 220 bytes"):
        build(ext="." + "x" * 230)
    with pytest.raises(AddressError, match="at most 824 bytes"):
        build(key={f"{'a' * 40}{number}": "v" * 200 for number in range(16)})
    with pytest.raises(AddressError, match="at most 255 bytes"):
        build(schema="s" * 256)


key_values = st.one_of(
    st.integers(),
    st.dates(),
    st.datetimes(),
    st.uuids(),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
)
names = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z][a-z0-9]{0,8}){0,2}", fullmatch=True)
keys = st.dictionaries(names, key_values, max_size=5)
extensions = st.sampled_from(["", ".dat", ".nii.gz", ".ome.zarr", ".weird ext=1"])


@given(keys, names, extensions, st.integers(4, 16), st.data())
def test_every_path_that_is_built_is_read_back(key, field, ext, token_length, data):
    partition = tuple(data.draw(st.permutations(sorted(key))))[: data.draw(st.integers(0, 2))]
    layout = Layout(partition=partition, token_length=token_length)
    token = new_token(token_length)
    path = build(layout, key=key, field=field, ext=ext, token=token)
    assert len(path.encode()) <= 824
    assert all(len(segment.encode()) <= 255 for segment in path.split("/"))
    found = parse_path(path, layout=layout, fields=[field, "other", f"{field}_x"])
    assert (found.section, found.schema, found.table) == ("schema", "lab", "Session.Channel")
    assert (found.field, found.token, found.ext, found.unique) == (field, token, ext, True)
    assert list(found.primary_key) == [*partition, *(name for name in key if name not in partition)]
    for name, value in key.items():
        if name not in found.inexact:
            assert encode_key_value(found.primary_key[name]) == encode_key_value(str_of(value))


def str_of(value):
    from dj_objectstore.paths.keys import decode_key_value

    return decode_key_value(encode_key_value(value, longest=10**6))


@given(keys, keys)
def test_two_different_keys_never_share_a_path(one, other):
    def texts(key):
        return [(name, encode_key_value(value, longest=10**6)) for name, value in key.items()]

    assert (build(key=one) == build(key=other)) == (texts(one) == texts(other))


@pytest.mark.parametrize(
    ("name", "field", "token", "ext"),
    [
        ("raw_data_Ab3dE5gH.zarr", "raw_data", "Ab3dE5gH", ".zarr"),
        ("raw_data_Ab3dE5gH", "raw_data", "Ab3dE5gH", ""),
        ("raw_data.x8a7b2c4.zarr", "raw_data", "x8a7b2c4", ".zarr"),
        ("raw_data.x8a7b2c4", "raw_data", "x8a7b2c4", ""),
        ("raw_data.zarr", "raw_data", "", ".zarr"),
        ("raw_data.database", "raw_data", "", ".database"),
        ("raw_data", "raw_data", "", ""),
        ("raw_data_-b_dE-gH.dat", "raw_data", "-b_dE-gH", ".dat"),
        ("raw_Ab3dE5gH.nii.gz", "raw", "Ab3dE5gH", ".nii.gz"),
        ("raw_data_Ab3dE5gHijkl.dat", "raw_data", "Ab3dE5gHijkl", ".dat"),
    ],
)
def test_every_spelling_of_a_name_is_read_when_the_fields_are_known(name, field, token, ext):
    found = parse_path(f"_schema/lab/Scan/scan_id=1/{name}", layout=Layout(), fields=["raw", "raw_data"])
    assert (found.field, found.token, found.ext) == (field, token, ext)


def test_without_the_fields_a_name_that_can_be_read_twice_says_so():
    read = lambda name: parse_path(f"_schema/lab/Scan/{name}", layout=Layout())  # noqa: E731
    assert (read("movie_Ab3dE5gH.zarr").field, read("movie_Ab3dE5gH.zarr").unique) == ("movie", True)
    assert read("scan_recorded.dat").unique is False
    assert read("raw_data_Ab3dE5gH.zarr").field == "raw_data"
    assert read("raw_data_Ab3dE5gH.zarr").unique is False


@pytest.mark.parametrize("folder", ["Scan", "scan", "#scan", "_scan", "__scan"])
def test_a_table_is_known_in_datajoint_s_spellings_too(folder):
    found = parse_path(f"_schema/lab/{folder}/scan_id=1/movie_Ab3dE5gH", layout=Layout())
    assert (found.table, found.folder) == ("Scan", folder)
    assert parse_path("_schema/lab/_tbl__part/a=1/x_Ab3dE5gH", layout=Layout()).table == "Tbl.Part"


def test_the_older_objects_folder_is_read():
    found = parse_path("_schema/lab/Scan/objects/scan_id=1/movie_Ab3dE5gH.dat", layout=Layout())
    assert (found.table, found.key, found.field) == ("Scan", {"scan_id": "1"}, "movie")


def test_what_lies_below_an_object_and_its_manifest_belong_to_it():
    path = build()
    chunk = parse_path(f"{path}/c/0.0", layout=Layout())
    assert (chunk.field, chunk.subpath, chunk.is_manifest) == ("raw_data", "c/0.0", False)
    manifest = parse_path(f"{path}.manifest.json", layout=Layout(), fields=["raw_data"])
    assert (manifest.field, manifest.ext, manifest.is_manifest) == ("raw_data", ".zarr", True)


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("_schema/lab/Scan/data.parquet", "foreign"),
        ("_schema/lab", "foreign"),
        ("_schema/lab/Scan", "foreign"),
        ("_schema/lab/Scan/scan_id=1", "foreign"),
        ("_schema/lab//x", "foreign"),
        ("_schema/lab/Scan/UPPER.txt", "foreign"),
        ("_hash/lab/ab/cd/abcdef", "hash"),
        ("_hash/lab/xx/abcdef", "foreign"),
        ("_hash/lab", "foreign"),
        ("raw/day1/a.tif", "filepath"),
        ("_schemas/a", "filepath"),
        ("_dj_objectstore/inflight/a.json", "reserved"),
        ("datajoint_store.json", "reserved"),
    ],
)
def test_the_section_of_a_path_is_recognised(path, section):
    assert parse_path(path, layout=Layout()).section == section


def test_a_hash_addressed_path_gives_schema_hash_and_extension():
    found = parse_path("_hash/lab/ab/cd/abcdef.bin", layout=Layout())
    assert (found.schema, found.hash, found.ext) == ("lab", "abcdef", ".bin")


@given(
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=25, max_size=25).map("a".__add__),
    st.lists(st.integers(1, 6), max_size=4).map(tuple),
    st.sampled_from(["lab", "two_photon_2"]),
    st.sampled_from(["", ".npy"]),
)
def test_a_hash_addressed_path_is_datajoint_s_and_is_read_back(digest, subfolding, schema, ext):
    layout = Layout(subfolding=subfolding)
    path = build_hash_path(layout, schema=schema, digest=digest, ext=ext)
    theirs = datajoint.hash_registry.build_hash_path(digest, schema, subfolding, hash_prefix="_hash")
    assert path == f"{theirs}{ext}"
    found = parse_path(path, layout=layout)
    assert (found.section, found.schema, found.hash, found.ext) == ("hash", schema, digest, ext)


@pytest.mark.parametrize("digest", ["", "a/b", "..", "ä"])
def test_what_is_no_hash_makes_no_path(digest):
    with pytest.raises(AddressError, match="letters and digits"):
        build_hash_path(Layout(), schema="lab", digest=digest)


@given(st.text(max_size=60))
def test_no_path_breaks_the_parser(path):
    assert parse_path(path, layout=Layout()).path == path
    assert parse_path(f"_schema/{path}", layout=Layout()).path == f"_schema/{path}"
    assert parse_path(f"_hash/{path}", layout=Layout()).path == f"_hash/{path}"


@given(names, st.none() | names, st.sampled_from(TIERS))
def test_a_table_s_folder_leads_back_to_its_names(master, part, tier):
    sql_name = tier + master + (f"__{part}" if part else "")
    folder = table_folder(sql_name)
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)?", folder)
    assert sql_name in table_names(folder)
    assert {table_folder(name) for name in table_names(folder)} == {folder}


@pytest.mark.parametrize(
    ("pattern", "attributes"),
    [
        ("subject_id/session_date", ("subject_id", "session_date")),
        ("{subject_id}/{session_id}", ("subject_id", "session_id")),
        ("subject{subject_id}/session{session_id}", ("subject_id", "session_id")),
        ("data/{subject_id}", ("subject_id",)),
        ("subject_id/", ("subject_id",)),
    ],
)
def test_a_partition_pattern_is_read_in_both_syntaxes(pattern, attributes):
    assert parse_partition_pattern(pattern) == attributes


@pytest.mark.parametrize(
    "pattern", ["", "/", "{}", "{a", "a}", "{a}/{a}", "a//b", "a b", "../x", "{a b}", "a=1"]
)
def test_a_pattern_that_names_no_attributes_is_refused(pattern):
    with pytest.raises(AddressError, match="partition pattern"):
        parse_partition_pattern(pattern)


@given(st.integers(4, 16))
def test_tokens_are_letters_and_digits_of_the_length_asked_for(length):
    token = new_token(length)
    assert len(token) == length
    assert is_token(token)


@pytest.mark.parametrize("length", [3, 17, 0, -1])
def test_a_token_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="4 to 16"):
        new_token(length)
