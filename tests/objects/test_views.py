"""Members of a handle that look inside: `find`, `to_numpy`, `open_hdf5`, `upath`."""

from __future__ import annotations

import io
import pickle
import sys
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

import dj_objectstore as djo
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject

PATH = "_schema/lab/Scan/i=1/files_Ab3dE5gH"


@pytest.fixture
def store(tmp_path: Any) -> djo.Store:
    return djo.open_store(
        "main", config={"stores": {"main": {"protocol": "file", "location": str(tmp_path)}}}
    )


def folder(store: djo.Store) -> ObjectRef:
    return ObjectRef(StoredObject(PATH, "main", None, is_dir=True), opened=store)


def file(store: djo.Store, data: bytes) -> ObjectRef:
    store.put(PATH, data)
    return ObjectRef(StoredObject(PATH, "main", len(data), is_dir=False), opened=store)


def hdf5() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["traces"] = np.arange(1_000_000)
    return buffer.getvalue()


def test_find_gives_relative_names_lazily(store: djo.Store) -> None:
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt", "subway/d.txt"):
        store.put(f"{PATH}/{name}", b"")
    store.put(f"{PATH}.manifest.json", b"{}")
    ref = folder(store)
    found = ref.find()
    assert iter(found) is found
    assert list(found) == ["a.txt", "sub/b.txt", "sub/deep/c.txt", "subway/d.txt"]
    assert list(ref.find("sub")) == ["sub/b.txt", "sub/deep/c.txt"]
    assert list(ref.find("nothing")) == []
    with pytest.raises(djo.UnsafePathError):
        ref.find("..")


def test_a_file_can_not_be_searched(store: djo.Store) -> None:
    with pytest.raises(djo.ValueRefusedError, match="can't be searched"):
        file(store, b"abc").find()


def test_to_numpy_reads_the_whole_array(store: djo.Store) -> None:
    data = np.arange(12).reshape(3, 4)
    root = zarr.open(store.fsmap(PATH, writable=True), mode="w")
    root.create_array("a", data=data, chunks=(2, 4))
    assert np.array_equal(folder(store).to_numpy("a"), data)
    assert np.array_equal(np.asarray(folder(store).to_numpy("a")), data)


def test_open_hdf5_reads_only_what_is_used(store: djo.Store) -> None:
    ref = file(store, hdf5())
    with ref.open_hdf5() as opened:
        assert opened["traces"][123_456] == 123_456
        with pytest.raises(OSError, match="no write intent"):
            opened["traces"][0] = 1
    store.put(f"{PATH}x/data.h5", hdf5())
    inside = ObjectRef(StoredObject(f"{PATH}x", "main", None, is_dir=True), opened=store)
    with inside.open_hdf5("data.h5") as opened:
        assert opened["traces"].shape == (1_000_000,)


def test_what_is_no_hdf5_file_is_told_by_its_name(store: djo.Store) -> None:
    with pytest.raises(djo.FormatError, match="is not an HDF5 file"):
        file(store, b"abc").open_hdf5()
    with pytest.raises(djo.ObjectNotFoundError):
        folder(store).open_hdf5("nothing.h5")


def test_without_its_library_a_view_says_what_to_install(
    store: djo.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    monkeypatch.setitem(sys.modules, "upath", None)
    monkeypatch.delitem(sys.modules, "dj_objectstore.objects.object_path", raising=False)
    ref = file(store, b"abc")
    with pytest.raises(djo.ConfigurationError, match="h5py"):
        ref.open_hdf5()
    with pytest.raises(djo.ConfigurationError, match="universal_pathlib"):
        ref.upath()


def test_a_path_of_universal_pathlib_reads_the_object_and_nothing_else(store: djo.Store) -> None:
    for name in ("a.txt", "sub/größe +%20.csv", "sub/deep/c.csv"):
        store.put(f"{PATH}/{name}", name.encode())
    store.put(f"{PATH}x/other.txt", b"not of this object")
    path = folder(store).upath()
    assert sorted(child.name for child in path.iterdir()) == ["a.txt", "sub"]
    assert (path / "a.txt").read_text() == "a.txt"
    assert (path / "sub" / "größe +%20.csv").read_bytes() == "sub/größe +%20.csv".encode()
    assert {file.relative_to(path).as_posix() for file in path.rglob("*.csv")} == {
        "sub/größe +%20.csv",
        "sub/deep/c.csv",
    }
    assert ((path / "sub").is_dir(), (path / "a.txt").is_file(), (path / "no").exists()) == (
        True,
        True,
        False,
    )
    assert ((path / "a.txt").stat().st_size, (path / "a.txt").suffix) == (5, ".txt")
    with (path / "a.txt").open("rb") as stream:
        assert stream.read() == b"a.txt"
    for outside in (path / ".." / "x", path.parent / f"{path.name}x" / "other.txt", path / "../../x"):
        with pytest.raises(djo.UnsafePathError):
            outside.read_bytes()
    for change in (
        lambda: (path / "b.txt").write_text("new"),
        (path / "a.txt").unlink,
        (path / "new").mkdir,
    ):
        with pytest.raises(djo.ReadOnlyError):
            change()


def test_a_path_reaches_a_worker_without_a_secret(moto_server: Any) -> None:
    settings = moto_server.settings()
    cloud = djo.open_store("main", config={"stores": {"main": settings}})
    cloud.put(f"{PATH}/a.txt", b"abc")
    pickled = pickle.dumps(folder(cloud).upath())
    assert settings["secret_key"].encode() not in pickled
    again = pickle.loads(pickled)
    assert settings["secret_key"] not in repr(again) + str(again) + repr(again.storage_options)
    assert (again / "a.txt").read_bytes() == b"abc"
