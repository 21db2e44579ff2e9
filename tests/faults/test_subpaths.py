"""Whatever a subpath is, nothing outside of the object is named by it, and nothing is written."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dj_objectstore as djo
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject

BASE = "_schema/lab/Scan/i=1"
OURS, OTHER = f"{BASE}/files_Ab3dE5gH", f"{BASE}/files_Zy9xW7vU"
SECRET, MINE = b"of another object", b"of this object"

SEGMENTS = st.sampled_from(
    [
        *(
            "..",
            ".",
            "",
            "%2e%2e",
            "%2E%2E",
            "..%2f..",
            "%00",
            "\0",
            "\\",
            "..\\..",
            "~",
            "a",
            "sub",
            "b.bin",
        ),
        *("files_Ab3dE5gH", "files_Zy9xW7vU", "files_Zy9xW7vU.manifest.json", "_schema", "_dj_objectstore"),
        *(
            "/",
            "file:",
            "s3:",
            "memory:",
            "etc",
            "passwd",
            "*",
            "?",
            "[a]",
            "**",
            "{a,b}",
            "\u2025",
            "\uff0e\uff0e",
            "e\u0301",
        ),
    ]
)
SUBPATHS = st.one_of(
    st.lists(SEGMENTS, min_size=1, max_size=8).map("/".join),
    st.lists(SEGMENTS, max_size=5).map(lambda parts: "/" + "/".join(parts)),
    st.lists(SEGMENTS, max_size=5).map(lambda parts: "file:///" + "/".join(parts)),
    st.sampled_from([f"../{OTHER.rpartition('/')[2]}/secret", f"/{OTHER}/secret", OTHER, f"{OTHER}/secret"]),
    st.text(min_size=1, max_size=40),
)


@pytest.fixture(scope="module", params=["file", "memory"])
def store(request: pytest.FixtureRequest) -> Iterator[djo.Store]:
    """A store with two objects and a file beside them."""
    with tempfile.TemporaryDirectory() as folder:
        location = folder if request.param == "file" else "lab"
        made = {"main": {"protocol": request.param, "location": location}}
        opened = djo.open_store("main", config={"stores": made})
        for name in ("a", "sub/b.bin"):
            opened.put(f"{OURS}/{name}", MINE)
        for key in (f"{OTHER}/secret", f"{OTHER}/a", f"{OURS}x/a", f"{BASE}/a", "a", "sub/b.bin"):
            opened.put(key, SECRET)
        yield opened


@pytest.fixture(scope="module")
def ref(store: djo.Store) -> ObjectRef:
    return ObjectRef(StoredObject(OURS, "main", None, is_dir=True), opened=store)


def texts(found: Any) -> list[str]:
    return [found] if isinstance(found, str) else [str(name) for name in found]


def whole(file: IO[bytes]) -> bytes:
    with file:
        return file.read()


def reads(ref: ObjectRef, subpath: str) -> dict[str, Callable[[], Any]]:
    inside = f"{OURS}/{subpath}"
    return {
        "read": lambda: ref.read(subpath),
        "open": lambda: whole(ref.open(subpath)),
        "listdir": lambda: ref.listdir(subpath),
        "find": lambda: list(ref.find(subpath)),
        "exists": lambda: ref.exists(subpath),
        "key": lambda: ref.key(subpath),
        "open_zarr": lambda: ref.open_zarr(subpath),
        "to_dask": lambda: ref.to_dask(subpath),
        "fsmap_of": lambda: list(ref.fsmap_of(subpath)),
        "fsmap": lambda: ref.fsmap[subpath],
        "fs.cat": lambda: ref.fs.cat_file(subpath),
        "fs.cat inside": lambda: ref.fs.cat_file(inside),
        "fs.ls": lambda: ref.fs.ls(inside, detail=False),
        "fs.find": lambda: ref.fs.find(inside),
        "fs.glob": lambda: ref.fs.glob(inside),
        "fs.open": lambda: whole(ref.fs.open(inside)),
    }


def writes(ref: ObjectRef, subpath: str) -> list[Callable[[], Any]]:
    inside = f"{OURS}/{subpath}"
    return [
        lambda: ref.open(subpath, "wb"),
        lambda: ref.fsmap.__setitem__(subpath, b"changed"),
        lambda: ref.fsmap.__delitem__(subpath),
        lambda: ref.fs.pipe_file(inside, b"changed"),
        lambda: ref.fs.open(inside, "wb"),
        lambda: ref.fs.open(inside, "ab"),
        lambda: ref.fs.rm(inside, recursive=True),
        lambda: ref.fs.mv(inside, f"{OURS}/moved"),
        lambda: ref.fs.cp_file(f"{OURS}/a", inside),
        lambda: ref.fs.touch(inside),
    ]


def is_inside(found: Any) -> bool:
    """Return whether what a method gave is of this object alone."""
    if isinstance(found, bytes):
        return SECRET not in found
    if isinstance(found, bool):
        return True
    names = texts(found)
    strange = [name for name in names if name.startswith(BASE) and not f"{name}/".startswith(f"{OURS}/")]
    return "secret" not in names and not strange


@given(subpath=SUBPATHS)
def test_nothing_outside_of_the_object_is_named(ref: ObjectRef, subpath: str) -> None:
    for name, read in reads(ref, subpath).items():
        with contextlib.suppress(djo.ObjectStoreError, KeyError, ValueError, NotImplementedError):
            found = read()
            assert is_inside(found), name


@given(subpath=SUBPATHS)
def test_nothing_is_written_through_a_handle(ref: ObjectRef, store: djo.Store, subpath: str) -> None:
    before = {entry.key: store.get(entry.key) for entry in store.list()}
    for write in writes(ref, subpath):
        with pytest.raises((djo.ObjectStoreError, KeyError, ValueError, NotImplementedError, OSError)):
            write()
    assert {entry.key: store.get(entry.key) for entry in store.list()} == before


@given(subpath=SUBPATHS)
def test_a_download_stays_in_its_folder(ref: ObjectRef, subpath: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder, "into")
        into.mkdir()
        with contextlib.suppress(djo.ObjectStoreError, ValueError):
            copy = ref.download(into, subpath)
            assert copy.resolve().is_relative_to(into.resolve())
            assert all(SECRET not in p.read_bytes() for p in into.rglob("*") if p.is_file())
        assert [p.name for p in Path(folder).iterdir()] == ["into"]
