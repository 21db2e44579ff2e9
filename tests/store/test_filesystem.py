"""The filesystem that libraries are given: rooted, counted, small when pickled, good after a fork."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import numpy as np
import pytest
import xarray as xr
import xxhash
import zarr
from fsspec.implementations.dirfs import DirFileSystem
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import (
    ObjectNotFoundError,
    ReadOnlyError,
    StoreAccessError,
    UnsafePathError,
)
from dj_objectstore.spec.configuration import set_configuration
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store import store as store_module
from dj_objectstore.store.store import open_store

DATA = np.arange(600, dtype="i4").reshape(20, 30)


@pytest.fixture
def store(any_store):
    return any_store


@pytest.fixture
def arrays(store):
    """A Zarr group at ``obj.zarr`` and the filesystem that wrote it."""
    fsmap = store.fsmap("obj.zarr", writable=True)
    root = zarr.open_group(fsmap, mode="w")
    root.create_array("x", data=DATA, chunks=(5, 30), dimension_names=("t", "y"))
    root.create_array("y", data=DATA * 2, chunks=(20, 30), dimension_names=("t", "y"))
    return fsmap.fs


def test_zarr_writes_and_reads_through_it_and_every_byte_is_counted(store, arrays):
    found = zarr.open(store.fsmap("obj.zarr"), mode="r")
    assert np.array_equal(found["x"][:], DATA)
    assert sorted(found) == ["x", "y"]
    stored = {entry.key.removeprefix("obj.zarr/"): store.get(entry.key) for entry in store.list("obj.zarr")}
    assert len(stored) == 8
    assert arrays.ledger.written() == {
        name: (len(data), xxhash.xxh3_128_hexdigest(data)) for name, data in sorted(stored.items())
    }


@pytest.mark.usefixtures("arrays")
def test_zarr_opens_for_appending_and_overwrites(store):
    fsmap = store.fsmap("obj.zarr", writable=True)
    root = zarr.open_group(fsmap, mode="a")
    root["x"][:5] = 0
    assert zarr.open(store.fsmap("obj.zarr"), mode="r")["x"][:5].sum() == 0
    zarr.open_group(fsmap, mode="w")
    assert [entry.key for entry in store.list("obj.zarr")] == ["obj.zarr/zarr.json"]
    assert list(fsmap.fs.ledger.written()) == ["zarr.json"]


@pytest.mark.usefixtures("arrays")
def test_xarray_and_dask_read_it_also_after_pickling(store):
    dataset = xr.open_zarr(store.fsmap("obj.zarr"), consolidated=False)
    for one in (dataset, pickle.loads(pickle.dumps(dataset))):
        assert np.array_equal(one["x"].values, DATA)
    lazy = da.from_zarr(store.fsmap("obj.zarr"), component="y")
    bare = da.from_zarr(store.fsmap("obj.zarr/y"))
    for other in (lazy, pickle.loads(pickle.dumps(lazy)), bare):
        assert np.array_equal(other.compute(), DATA * 2)
    with pytest.raises(ReadOnlyError):
        lazy.store(zarr.open(store.fsmap("obj.zarr"), mode="r+")["y"])


def test_dask_and_xarray_write_through_it_and_every_byte_is_counted(store):
    fsmap = store.fsmap("new.zarr", writable=True)
    root = zarr.open_group(fsmap, mode="w")
    x = root.create_array("x", shape=DATA.shape, dtype=DATA.dtype, chunks=(10, 30))
    da.from_array(DATA, chunks=(10, 30)).store(x, lock=False)
    xr.Dataset({"v": (("t", "y"), DATA)}).to_zarr(fsmap, group="g", mode="a", consolidated=False)
    assert np.array_equal(zarr.open(store.fsmap("new.zarr"), mode="r")["g/v"][:], DATA)
    assert np.array_equal(da.from_zarr(store.fsmap("new.zarr"), component="x").compute(), DATA)
    assert {f"new.zarr/{name}" for name in fsmap.fs.ledger.written()} == {
        e.key for e in store.list("new.zarr")
    }


@pytest.mark.usefixtures("arrays")
def test_a_read_only_view_refuses_every_way_of_writing(store):
    fs, fsmap = store.fs.scoped("obj.zarr"), store.fsmap("obj.zarr")
    for write in (
        lambda: fs.pipe_file("obj.zarr/a", b""),
        lambda: fs.pipe("obj.zarr/a", b""),
        lambda: fs.open("obj.zarr/a", "wb"),
        lambda: fs.open("obj.zarr/a", "w"),
        lambda: fs.rm("obj.zarr", recursive=True),
        lambda: fs.rm_file("obj.zarr/zarr.json"),
        lambda: fs.mv("obj.zarr/zarr.json", "obj.zarr/b"),
        lambda: fs.cp_file("obj.zarr/zarr.json", "obj.zarr/b"),
        lambda: fs.touch("obj.zarr/b"),
        lambda: fs.makedirs("obj.zarr/b"),
        lambda: fs.put_file(__file__, "obj.zarr/b"),
        lambda: fsmap.__setitem__("b", b""),
        lambda: zarr.open(fsmap, mode="r+")["x"].__setitem__(0, 1),
        lambda: zarr.open_group(fsmap, mode="w"),
    ):
        with pytest.raises(ReadOnlyError):
            write()
    assert np.array_equal(zarr.open(fsmap, mode="r")["x"][:], DATA)


@pytest.mark.usefixtures("arrays")
def test_nothing_outside_of_the_object_can_be_named(store):
    store.put("secret.txt", b"not yours")
    store.put("obj.zarr.manifest.json", b"not yours")
    fsmap = store.fsmap("obj.zarr")
    for path in ("secret.txt", "obj.zarr/../secret.txt", "", "/secret.txt", "obj.zarr.manifest.json"):
        for ask in (
            fsmap.fs.cat_file,
            fsmap.fs.ls,
            fsmap.fs.find,
            fsmap.fs.info,
            fsmap.fs.open,
            fsmap.fs.exists,
        ):
            with pytest.raises(UnsafePathError):
                ask(path)
    for key in ("../secret.txt", "a/../../secret.txt"):
        with pytest.raises(UnsafePathError):
            fsmap[key]
    writable = store.fsmap("obj.zarr", writable=True)
    with pytest.raises(UnsafePathError):
        writable["../secret.txt"] = b"mine"


def test_a_mapping_gives_keys_like_a_dictionary(store):
    fsmap = store.fsmap("m", writable=True)
    fsmap["a"] = b"1"
    fsmap["b/c"] = b"2"
    assert dict(fsmap) == {"a": b"1", "b/c": b"2"}
    assert len(fsmap) == 2
    assert "a" in fsmap
    assert "z" not in fsmap
    with pytest.raises(KeyError):
        fsmap["z"]
    del fsmap["a"]
    assert list(fsmap) == ["b/c"]
    assert list(fsmap.fs.ledger.written()) == ["b/c"]


@pytest.mark.parametrize("mode", ["wb", "xb", "w"])
@pytest.mark.parametrize("size", [10, 9 * 2**20])
def test_an_exception_while_writing_commits_nothing(store, mode, size):
    fs = store.fs.recording("")
    data = "x" * size if mode == "w" else bytes(size)
    with pytest.raises(KeyError), fs.open("part", mode) as file:  # noqa: PT012 - both lines are what is tried
        file.write(data)
        raise KeyError
    assert list(store.list()) == []
    assert fs.ledger.written() == {}


def test_text_is_written_and_read(store):
    fs = store.fs.recording("t")
    with fs.open("t/a.txt", "w", encoding="utf-8") as file:
        file.write("größer\n")
    assert fs.read_text("t/a.txt", encoding="utf-8") == "größer\n"
    with pytest.raises(StoreAccessError):
        fs.open("t/a.txt", "ab")
    with pytest.raises(StoreAccessError, match="compression 'gzip'"):
        fs.open("t/a.gz", "wb", compression="gzip")


def test_the_last_write_counts_and_what_was_deleted_is_gone(store):
    fs = store.fs.recording("l")
    fs.pipe_file("l/a", b"1")
    fs.pipe_file("l/b", b"1")
    with fs.open("l/a", "wb") as file:
        file.write(b"22")
    fs.rm("l/b")
    assert fs.ledger.written() == {"a": (2, xxhash.xxh3_128_hexdigest(b"22"))}


def test_counts_from_many_threads(memory_store):
    fs = memory_store.fs.recording("c")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: fs.pipe_file(f"c/{number}", bytes(number)), range(200)))
    assert sum(written.size for written in fs.ledger.written().values()) == sum(range(200))


def test_walks_finds_and_globs(store):
    for key in ("w/a", "w/b/c", "w/b/d/e"):
        store.put(key, b"12")
    fs = store.fs
    assert list(fs.walk("w")) == [("w", ["b"], ["a"]), ("w/b", ["d"], ["c"]), ("w/b/d", [], ["e"])]
    assert fs.find("w") == ["w/a", "w/b/c", "w/b/d/e"]
    assert fs.find("w", maxdepth=1) == ["w/a"]
    assert fs.find("w", withdirs=True) == ["w", "w/a", "w/b", "w/b/c", "w/b/d", "w/b/d/e"]
    assert fs.glob("w/*/c") == ["w/b/c"]
    assert fs.du("w") == 6
    assert fs.ls("w/a", detail=False) == ["w/a"]
    assert fs.isdir("w/b")
    assert fs.isfile("w/a")
    with pytest.raises(ObjectNotFoundError):
        fs.ls("nothing")


@pytest.mark.usefixtures("arrays")
def test_pickles_small_and_equal(store):
    fsmap = store.fsmap("obj.zarr")
    data = pickle.dumps(fsmap)
    assert len(data) < 900
    again = pickle.loads(data)
    assert again.fs == fsmap.fs
    assert hash(again.fs) == hash(fsmap.fs)
    assert np.array_equal(zarr.open(again, mode="r")["x"][:], DATA)
    array = pickle.loads(pickle.dumps(zarr.open(fsmap, mode="r")["x"]))
    assert np.array_equal(array[:], DATA)


@pytest.mark.usefixtures("arrays")
def test_works_in_a_forked_process(store):
    fsmap = store.fsmap("obj.zarr")
    assert fsmap["zarr.json"]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what is tried here
        child = context.Process(target=_fork_and_read, args=(fsmap, queue))
        child.start()
    assert queue.get(timeout=60) == fsmap["zarr.json"][:1]
    child.join(60)
    assert child.exitcode == 0
    assert fsmap["zarr.json"]


def _fork_and_read(fsmap, queue):
    # zarr's own threads don't survive a fork, so that the bytes are what counts here
    queue.put(fsmap["zarr.json"][:1])


@pytest.mark.parametrize("configured", [True, False])
def test_a_worker_takes_its_own_configuration_first_and_else_the_settings(file_store, tmp_path, configured):
    file_store.put("a", b"sent along")
    own = tmp_path / "own"
    own.mkdir()
    (own / "a").write_bytes(b"the worker's")
    code = """
        import pickle, sys
        from dj_objectstore.spec.configuration import set_configuration
        stores = {"disk": {"protocol": "file", "location": sys.argv[1]}} if sys.argv[1] else {}
        import dj_objectstore
        set_configuration(lambda: {"stores": stores})
        print(pickle.loads(sys.stdin.buffer.read()).cat_file("a").decode())
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), str(own) if configured else ""],
        input=pickle.dumps(file_store.fs),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == ("the worker's" if configured else "sent along")


def test_in_its_own_process_a_handle_keeps_its_store_whatever_is_configured(file_store, tmp_path):
    file_store.put("a", b"mine")
    set_configuration(lambda: {"stores": {"disk": {"protocol": "file", "location": str(tmp_path)}}})
    try:
        assert pickle.loads(pickle.dumps(file_store.fs)).cat_file("a") == b"mine"
    finally:
        set_configuration(store_configuration)


def store_configuration():
    import datajoint

    return datajoint.config


def test_the_same_settings_give_the_same_store_and_others_another(tmp_path):
    config = {"stores": {"default": "a", "a": {"protocol": "file", "location": str(tmp_path)}}}
    assert open_store(config=config) is open_store("a", config=config) is open_store("", config=config)
    config["stores"]["a"]["token_length"] = 12
    assert open_store(config=config).spec.layout.token_length == 12


def test_renewed_credentials_give_a_handle_the_new_store(s3_settings):
    old = open_store(parse_spec("cloud", s3_settings))
    new = open_store(parse_spec("cloud", s3_settings | {"secret_key": "renewed"}))
    assert old is not new
    assert pickle.loads(pickle.dumps(old.fs)).store is new
    assert store_module.store_of("cloud", old.spec.public_settings()) is new


def test_fsspec_s_own_wrapper_works_on_it(memory_store):
    memory_store.put("d/a", b"1")
    inner = DirFileSystem("d", fs=memory_store.fs)
    assert inner.cat("a") == b"1"
    assert inner.ls("", detail=False) == ["a"]


@given(data=st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=50) | st.none()), max_size=12))
def test_the_ledger_agrees_with_the_store_whatever_was_written_and_deleted(data):
    store = open_store(parse_spec("ledger", {"protocol": "memory"}))
    store.delete_tree("o")
    fs = store.fs.recording("o")
    for name, content in data:
        if content is None:
            fs.rm_file(f"o/{name}")
        else:
            fs.pipe_file(f"o/{name}", content)
    stored = {entry.key[2:]: store.get(entry.key) for entry in store.list("o")}
    assert fs.ledger.written() == {name: (len(d), xxhash.xxh3_128_hexdigest(d)) for name, d in stored.items()}


def test_a_file_that_breaks_off_leaves_what_was_there(any_store, tmp_path, monkeypatch):
    from dj_objectstore.exceptions import StoreUnavailableError
    from dj_objectstore.store.files import StoreReader

    any_store.put("a", b"new")
    target = tmp_path / "folder" / "a"
    any_store.fs.get_file("a", str(target))
    assert target.read_bytes() == b"new"

    class Breaks(StoreReader):
        def readinto(self, _):
            raise StoreUnavailableError("the line went dead")

    target.write_bytes(b"old")
    monkeypatch.setattr(type(any_store), "open", lambda *_: Breaks(lambda *_: b"", 3, name="a"))
    with pytest.raises(StoreUnavailableError):
        any_store.fs.get_file("a", str(target))
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["a"]
