from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.objects import listing
from dj_objectstore.objects.listing import list_objects
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import open_store

NAMES = st.sampled_from(["a", "a.b", "a_", "b", "ä", "k=1", "k=10", "k=1.x"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


def expected(files: dict[str, int], path: str) -> dict[str, int]:
    below = {key[len(path) + 1 :]: size for key, size in files.items() if key.startswith(f"{path}/")}
    return below | ({"": files[path]} if path in files else {})


@given(
    objects=st.dictionaries(PATHS, st.booleans(), min_size=1, max_size=8),
    strangers=st.sets(PATHS, max_size=12),
    page=st.integers(0, 3),
    data=st.data(),
)
def test_listing_many_objects_at_once_finds_what_listing_each_does(
    objects: dict[str, bool], strangers: set[str], page: int, data: Any
) -> None:
    # an object never lies inside of another, and no file has files below it
    alone = {
        path: is_dir
        for path, is_dir in objects.items()
        if not any(path != other and path.startswith(f"{other}/") for other in objects)
    }
    store = open_store(parse_spec(f"memory-{uuid.uuid4().hex}", {"protocol": "memory"}))
    files: dict[str, int] = {}
    for path, is_dir in alone.items():
        names = data.draw(st.sets(st.sampled_from(["x", "x.y", "sub/z"]), max_size=3)) if is_dir else [""]
        for name in names:
            files[f"{path}/{name}" if name else path] = len(path)
    for path in strangers:
        if not any(
            path == key or path.startswith(f"{key}/") or key.startswith(f"{path}/")
            for key in [*files, *alone]
        ):
            files[path] = 1
    for key, size in files.items():
        if not any(other != key and other.startswith(f"{key}/") for other in files):
            store.put(key, b"." * size)
    stored = {entry.key: entry.size for entry in store.list()}
    with mock.patch.object(listing, "_PAGE", page):
        found = list_objects(store, alone)
    assert {path: listed.files for path, listed in found.items()} == {
        path: expected(stored, path) for path in alone
    }


@pytest.mark.parametrize("count", [0, 1])
def test_no_objects_and_one_need_no_common_folder(count: int) -> None:
    store = open_store(parse_spec(f"memory-{uuid.uuid4().hex}", {"protocol": "memory"}))
    store.put("a/x", b"12")
    assert {
        path: listed.files for path, listed in list_objects(store, {"a": True} if count else {}).items()
    } == ({"a": {"x": 2}} if count else {})
