from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import FormatError
from dj_objectstore.objects.manifest import (
    Manifest,
    ManifestFile,
    build_manifest,
    manifest_key,
    parse_manifest,
)

files = st.builds(
    ManifestFile,
    st.text(min_size=1, max_size=30),
    st.integers(0, 2**50),
    st.none() | st.text("0123456789abcdef", min_size=32, max_size=32),
)


@given(st.lists(files, max_size=8, unique_by=lambda file: file.path))
def test_a_manifest_is_read_back_as_it_was_written(listed: list[ManifestFile]) -> None:
    manifest = Manifest.of(listed)
    assert parse_manifest(build_manifest(manifest)) == manifest


def test_a_manifest_tells_totals_and_sorts_its_files() -> None:
    document = json.loads(
        build_manifest(Manifest.of([ManifestFile("b", 2, None), ManifestFile("a", 1, None)]))
    )
    assert (document["total_size"], document["item_count"]) == (3, 2)
    assert [file["path"] for file in document["files"]] == ["a", "b"]


def test_a_manifest_lies_beside_its_folder_under_the_name_that_datajoint_knows() -> None:
    assert manifest_key("s/t/files_Ab3dE5gH") == "s/t/files_Ab3dE5gH.manifest.json"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"files": 3}', b'{"files": [], "created": "yesterday"}'])
def test_what_is_not_a_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="must be JSON"):
        parse_manifest(data)


def test_a_manifest_of_a_newer_format_is_refused() -> None:
    with pytest.raises(FormatError, match="format 2"):
        parse_manifest(b'{"format": 2, "files": [], "created": "2026-01-01T00:00:00+00:00"}')
