"""What is read of an object is kept on this machine, where the store says so: `cache = {folder, bytes}`."""

from __future__ import annotations

import json
import os
import pickle
import resource
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import dj_objectstore as djo
from dj_objectstore.objects.cached import BLOCK
from dj_objectstore.objects.movie import PhotonMovie, as_photon, write_photon
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.objects.source import as_source
from dj_objectstore.objects.upload import upload
from dj_objectstore.store.cache import CacheWarning, DiskCache

PATH = "_schema/lab/Scan/i=1/files_Ab3dE5gH"
ROOMY = 10**9


@dataclass
class Bucket:
    """A store with a read cache."""

    settings: dict[str, Any]
    cache: Path

    def open(self, size: int = ROOMY) -> djo.Store:
        cache = {"folder": str(self.cache), "bytes": size}
        return djo.open_store("main", config={"stores": {"main": {**self.settings, "cache": cache}}})

    def files(self) -> list[Path]:
        return [path for path in self.cache.rglob("*") if path.is_file()]

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files())


@pytest.fixture
def bucket(moto_server: Any, tmp_path: Path) -> Bucket:
    return Bucket(moto_server.settings(), tmp_path / "cache")


@pytest.fixture
def disk(tmp_path: Path) -> Bucket:
    """The same on disk, where it does not matter what is asked of the store."""
    (tmp_path / "store").mkdir()
    return Bucket({"protocol": "file", "location": str(tmp_path / "store")}, tmp_path / "cache")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that are sent to S3, by what they do and to which key."""
    from aiobotocore.client import AioBaseClient

    sent: list[str] = []
    send = AioBaseClient._make_api_call

    async def counted(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        sent.append(f"{name} {parameters.get('Key', '').rpartition('/')[2]}".strip())
        return await send(self, name, parameters)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", counted)
    return sent


def store_object(store: djo.Store, value: Any, path: str = PATH) -> ObjectRef:
    return ObjectRef(upload(as_source(value), store, path), opened=store)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = zarr.open_group(tmp_path / "session" / "signals.zarr", mode="w")
    root.create_array("mean", data=np.arange(12).reshape(3, 4), chunks=(1, 4), dimension_names=("y", "x"))
    (tmp_path / "session" / "notes.txt").write_text("a quiet mouse")
    return tmp_path / "session"


def test_what_was_read_once_is_read_again_without_a_request(
    bucket: Bucket, folder: Path, asked: list[str]
) -> None:
    ref = store_object(bucket.open(), folder)
    first = (ref.read("notes.txt"), ref.open_zarr("signals.zarr")["mean"][...].tolist())
    assert "GetObject notes.txt" in asked
    asked.clear()
    again = pickle.loads(pickle.dumps(ref))
    assert (again.read("notes.txt"), again.open_zarr("signals.zarr")["mean"][...].tolist()) == first
    with again.open("notes.txt", "r") as file:
        assert file.read(7) == "a quiet"
    assert again.fsmap["notes.txt"] == b"a quiet mouse"
    assert int(again.to_dask("signals.zarr/mean").sum().compute()) == 66
    assert float(xr.open_zarr(again.fsmap_of("signals.zarr"), consolidated=False)["mean"].sum()) == 66
    assert sorted(again.open_zarr("signals.zarr").array_keys()) == ["mean"]
    assert (again.listdir(), again.listdir("signals.zarr")) == (
        ["notes.txt", "signals.zarr"],
        ["mean", "zarr.json"],
    )
    assert next(again.walk()) == ("", ["signals.zarr"], ["notes.txt"])
    assert list(again.find("signals.zarr/mean")) == [
        *(f"signals.zarr/mean/c/{row}/0" for row in range(3)),
        "signals.zarr/mean/zarr.json",
    ]
    assert asked == []


def test_a_movie_is_scrubbed_again_without_a_request(bucket: Bucket, asked: list[str]) -> None:
    store = bucket.open()
    frames = np.random.default_rng(1).poisson(9, (8, 16, 16)).astype(np.uint16)
    stored = write_photon(store, f"{PATH}.zarr", as_photon(djo.Photon(frames, mode="lossless")))
    movie = PhotonMovie(stored, opened=store)
    assert np.array_equal(movie[...], frames)
    asked.clear()
    again = PhotonMovie(stored, opened=store)
    assert np.array_equal(again[3:5], frames[3:5])
    assert asked == []


def test_a_file_is_kept_by_the_size_and_digest_of_its_row(bucket: Bucket, asked: list[str]) -> None:
    ref = store_object(bucket.open(), b"abc" * BLOCK)
    asked.clear()
    with ref.open() as file:
        file.seek(2 * BLOCK + 1)
        assert file.read(3) == (b"abc" * 3)[(2 * BLOCK + 1) % 3 :][:3]
    assert set(asked) == {"GetObject files_Ab3dE5gH"}
    asked.clear()
    assert ref.read() == b"abc" * BLOCK
    assert len(asked) <= 2  # the blocks that were not there yet, neighbours with one request
    asked.clear()
    assert ref.read() == b"abc" * BLOCK
    assert asked == []


def test_a_process_without_the_network_reads_what_another_one_has_read(bucket: Bucket, folder: Path) -> None:
    ref = store_object(bucket.open(), folder)
    ref.open_zarr("signals.zarr")["mean"][...]
    cache = {"folder": str(bucket.cache), "bytes": ROOMY}
    script = f"""
        import json, socket, sys
        import dj_objectstore as djo
        from dj_objectstore.objects.ref import ObjectRef
        from dj_objectstore.objects.row_json import StoredObject
        def refuse(*_): raise OSError("there is no network")
        socket.socket.connect = socket.socket.connect_ex = refuse
        stores = {{"stores": {{"main": { ({**bucket.settings, "cache": cache})!r}}}}}
        ref = ObjectRef(StoredObject.from_json({json.dumps(ref.to_json())!r}),
                        opened=djo.open_store("main", config=stores))
        print(ref.listdir(), ref.open_zarr("signals.zarr")["mean"][2].tolist())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['notes.txt', 'signals.zarr'] [8, 9, 10, 11]"


def test_what_is_used_least_goes_first_and_the_bound_holds(bucket: Bucket, asked: list[str]) -> None:
    store = bucket.open(8 * BLOCK)
    refs = [store_object(store, bytes([n]) * BLOCK, f"{PATH[:-1]}{n}") for n in range(9)]
    for n, ref in enumerate(refs):
        assert ref.read() == bytes([n]) * BLOCK
        refs[0].read()  # used all the time
        for file in bucket.files():  # a file system's clock may be coarse
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 10**9))
        assert bucket.size() <= 8 * BLOCK
    asked.clear()
    refs[0].read()
    refs[8].read()
    assert asked == []
    refs[1].read()
    assert asked == ["GetObject files_Ab3dE5g1"]


def test_a_damaged_file_is_noticed_and_fetched_again(bucket: Bucket, folder: Path, asked: list[str]) -> None:
    ref = store_object(bucket.open(), folder)
    ref.read("notes.txt")
    for damage in (
        lambda data: data[:-1],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data + b"!",
        lambda _: b"",
    ):
        for file in bucket.files():
            file.write_bytes(damage(file.read_bytes()))
        asked.clear()
        assert ref.read("notes.txt") == b"a quiet mouse"
        assert "GetObject notes.txt" in asked
        asked.clear()
        assert ref.read("notes.txt") == b"a quiet mouse"
        assert asked == []


def test_a_file_in_the_place_of_another_one_is_not_taken_for_it(disk: Bucket) -> None:
    store = disk.open()
    one = store_object(store, b"one", f"{PATH}1")
    two = store_object(store, b"two", f"{PATH}2")
    one.read()
    (mine,) = disk.files()
    two.read()
    (other,) = set(disk.files()) - {mine}
    other.write_bytes(mine.read_bytes())
    assert two.read() == b"two"


def test_damaged_data_of_the_store_are_never_kept(disk: Bucket, folder: Path) -> None:
    store = disk.open()
    ref = store_object(store, folder)
    right = store.get(f"{PATH}/notes.txt")
    store.put(f"{ref.path}/notes.txt", b"a quiet house", overwrite=True)
    assert ref.read("notes.txt") == b"a quiet house"
    store.put(f"{ref.path}/notes.txt", b"short", overwrite=True)
    assert ref.read("notes.txt") == b"short"
    store.put(f"{ref.path}/notes.txt", right, overwrite=True)
    assert ref.read("notes.txt") == b"a quiet mouse"
    store.put(f"{ref.path}/notes.txt", b"a quiet house", overwrite=True)
    with pytest.raises(djo.IntegrityError, match=r"notes\.txt"):
        ref.verify(read_data=True)  # verifying looks into the store


def test_what_users_manage_themselves_is_read_anew_each_time(disk: Bucket) -> None:
    store = disk.open()
    store.put("raw/a.txt", b"one")
    ref = ObjectRef(StoredObject("raw/a.txt", "main", 3, is_dir=False), opened=store)
    assert ref.read() == b"one"
    store.put("raw/a.txt", b"two", overwrite=True)
    assert ref.read() == b"two"
    assert disk.files() == []


def test_an_object_of_which_nothing_was_recorded_is_read_from_the_store(disk: Bucket) -> None:
    store = disk.open()
    store.put(f"{PATH}/a.txt", b"one")
    ref = ObjectRef(StoredObject(PATH, "main", None, is_dir=True), opened=store)
    assert (ref.read("a.txt"), ref.fsmap["a.txt"], list(ref.fsmap)) == (b"one", b"one", ["a.txt"])
    assert disk.files() == []


def test_a_lost_file_is_an_error_and_nothing_outside_can_be_named(disk: Bucket, folder: Path) -> None:
    store = disk.open()
    ref = store_object(store, folder)
    store.delete([f"{ref.path}/notes.txt"])
    with pytest.raises(djo.IntegrityError, match=r"notes\.txt"):
        ref.fsmap["notes.txt"]
    with pytest.raises(djo.ObjectNotFoundError):
        ref.read("notes.txt")
    with pytest.raises(djo.ObjectNotFoundError, match="nothing was written"):
        ref.read("no/such/file")
    for subpath in ("..", "../x", "signals.zarr/../../x"):
        with pytest.raises(djo.UnsafePathError):
            ref.read(subpath)
        with pytest.raises(djo.UnsafePathError):
            ref.fs.cat_file(f"{ref.path}/{subpath}")


def test_a_full_disk_does_not_stop_reading(disk: Bucket, folder: Path) -> None:
    ref = store_object(disk.open(), folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))  # so the system refuses, as a full disk does
    try:
        with pytest.warns(CacheWarning, match="reading goes on without it"):
            assert ref.read("notes.txt") == b"a quiet mouse"
        assert ref.open_zarr("signals.zarr")["mean"][0, 1] == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert disk.files() == []
    assert ref.read("notes.txt") == b"a quiet mouse"
    assert disk.files() != []


def test_a_folder_that_can_not_be_made_does_not_stop_reading(disk: Bucket, folder: Path) -> None:
    disk.cache.write_text("a file is in the way")
    ref = store_object(disk.open(), folder)
    with pytest.warns(CacheWarning, match="can't be written"):
        assert ref.read("notes.txt") == b"a quiet mouse"


def test_no_secret_is_kept_and_nobody_else_may_look(bucket: Bucket, folder: Path) -> None:
    ref = store_object(bucket.open(), folder)
    ref.open_zarr("signals.zarr")["mean"][...]
    secret = bucket.settings["secret_key"].encode()
    assert bucket.files()
    for file in bucket.files():
        assert secret not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert bucket.settings["secret_key"] not in repr([ref, ref.reading, ref.fs])
    assert secret not in pickle.dumps([ref, ref.reading, ref.fs])


def test_stores_that_share_a_folder_keep_their_files_apart(tmp_path: Path) -> None:
    cache = {"folder": str(tmp_path / "cache"), "bytes": ROOMY}
    stores = {}
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        stores[name] = {"protocol": "file", "location": str(tmp_path / name), "cache": cache}
    config = {"stores": stores}
    refs = [store_object(djo.open_store(name, config=config), name.encode()) for name in stores]
    assert [ref.read() for ref in refs] == [b"here", b"there"]
    assert [ref.read() for ref in refs] == [b"here", b"there"]


def test_a_foreign_file_in_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_bytes(b"x" * 1000)
    cache = DiskCache(str(tmp_path), 100)
    for name in "abcdef":
        cache.keep(name, b"y" * 40)
    assert (tmp_path / "thesis.tex").stat().st_size == 1000
    cache.keep("too large", b"z" * 1000)
    assert cache.find("too large") is None


WRITER = """
    import sys
    from dj_objectstore.store.cache import DiskCache
    cache = DiskCache(sys.argv[1], 200_000)
    for n in range(600):
        data = bytes([n % 251]) * (500 + n % 7 * 700)
        cache.keep(f"file {n % 97}", f"{n % 97:3}".encode() + data)
        for other in (n % 97, n * 7 % 97):
            found = cache.find(f"file {other}")
            assert found is None or found[:3] == f"{other:3}".encode(), (other, found[:3])
    print("done")
"""


def test_processes_share_it_and_none_sees_a_file_in_part(tmp_path: Path) -> None:
    script = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
    running = [subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for process in running:
        out, err = process.communicate(timeout=240)
        assert (process.returncode, out.strip()) == (0, b"done"), err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 210_000
    assert not [path for path in files if path.suffix == ".part"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> ObjectRef:
    """A file of several blocks on disk, with a cache."""
    root = tmp_path_factory.mktemp("shared")
    cache = {"folder": str(root / "cache"), "bytes": ROOMY}
    store = djo.open_store(
        "main",
        config={"stores": {"main": {"protocol": "file", "location": str(root / "data"), "cache": cache}}},
    )
    (root / "data").mkdir()
    return store_object(store, np.random.default_rng(1).bytes(3 * BLOCK + 5))


@settings(max_examples=25)
@given(data=st.data())
def test_any_range_is_that_of_the_file(shared: ObjectRef, data: st.DataObject) -> None:
    edges = st.sampled_from([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5, 4 * BLOCK])
    position = st.none() | edges | edges.map(lambda edge: -edge)
    start, end = data.draw(position), data.draw(position)
    whole = shared.opened.get(PATH)
    read: Callable[..., bytes] = shared.reading.get
    assert read(PATH, start, end) == whole[start:end]
