"""What a folder on disk needs besides: symlinks, unmounted disks, whole files."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from dj_objectstore.exceptions import (
    ObjectExistsError,
    StoreUnavailableError,
    UnsafePathError,
    ValueRefusedError,
)
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import open_store


@pytest.fixture
def store(file_store):
    return file_store


@pytest.fixture
def root(store):
    return Path(store.spec.location)


def test_a_missing_location_is_named_with_a_remedy_and_never_made(tmp_path):
    gone = tmp_path / "unmounted"
    store = open_store(parse_spec("lab", {"protocol": "file", "location": str(gone)}))
    for ask in (
        lambda: store.get("a"),
        lambda: store.put("a", b""),
        lambda: list(store.list()),
        store.children,
        lambda: store.exists("a"),
        lambda: store.delete(["a"]),
        lambda: store.delete_tree("a"),
        lambda: store.open("a"),
        lambda: store.put_folder("a", tmp_path),
    ):
        with pytest.raises(StoreUnavailableError, match=r"'lab' does not exist.*unmounted") as raised:
            ask()
        assert "mount the disk" in raised.value.hint
    assert not gone.exists()


def test_a_symlink_that_leads_out_is_refused_by_every_access(store, root, tmp_path):
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "file").write_text("secret")
    (root / "link").symlink_to(secret)
    (root / "file").symlink_to(secret / "file")
    for key in ("link/file", "file"):
        for ask in (store.get, store.open, store.info, store.exists):
            with pytest.raises(UnsafePathError, match="symlink"):
                ask(key)
    for key in ("link/new", "file"):
        with pytest.raises(UnsafePathError, match="symlink"):
            store.put(key, b"", overwrite=True)
    with pytest.raises(UnsafePathError):
        store.delete(["link/file"])
    assert [entry.key for entry in store.list()] == ["file", "link"]
    store.delete(["link", "file"])
    assert (secret / "file").read_text() == "secret"


def test_a_symlink_inside_the_location_is_followed(store, root):
    store.put("real/a", b"1")
    (root / "alias").symlink_to(root / "real")
    assert store.get("alias/a") == b"1"
    assert [child.name for child in store.children("alias")] == ["a"]


def test_a_location_that_is_a_symlink_works(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    store = open_store(parse_spec("linked", {"protocol": "file", "location": tmp_path / "link"}))
    store.put("a", b"1")
    assert (tmp_path / "disk" / "a").read_bytes() == b"1"
    assert store.url("a") == f"file://{tmp_path}/link/a"


def test_no_part_of_a_file_is_seen_under_its_name(store, root):
    with store.writer("big") as writer:
        for _ in range(20):
            writer.write(bytes(2**20))
            assert list(store.list()) == []
            assert not (root / "big").exists()
    assert store.info("big").size == 20 * 2**20
    assert [p.name for p in root.rglob("*") if p.is_file()] == ["big"]


def test_a_killed_writer_leaves_nothing_under_the_name(store, root):
    code = """
        import os, sys
        from dj_objectstore.spec.models import parse_spec
        from dj_objectstore.store.store import Store
        store = Store(parse_spec("disk", {"protocol": "file", "location": sys.argv[1]}))
        writer = store.writer("victim")
        writer.write(bytes(9 * 2**20))
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), str(root)], check=False)
    assert list(store.list()) == []
    store.put("victim", b"again")


def test_without_hard_links_a_file_is_still_created_once(store, monkeypatch):
    def no_links(source, target):
        raise OSError(errno.EPERM, "no hard links here", source, None, target)

    monkeypatch.setattr(os, "link", no_links)
    store.put("k", b"1")
    with pytest.raises(ObjectExistsError):
        store.put("k", b"2")
    assert store.get("k") == b"1"


def test_folders_that_are_left_empty_go(store, root):
    store.put("a/b/c", b"1")
    store.put("a/d", b"1")
    store.delete(["a/b/c"])
    assert not (root / "a/b").exists()
    assert (root / "a").exists()


def test_writing_beside_one_who_removes_the_folder_succeeds(store):
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            store.put("shared/x", b"", overwrite=True)
            store.delete(["shared/x"])

    other = threading.Thread(target=disturb)
    other.start()
    try:
        for number in range(200):
            store.put(f"shared/{number}", b"1")
            store.delete([f"shared/{number}"])
    finally:
        stop.set()
        other.join()


def test_a_folder_without_files_is_kept_and_goes_with_its_tree(store, tmp_path):
    (tmp_path / "source/sub/empty").mkdir(parents=True)
    assert store.put_folder("obj", tmp_path / "source") == []
    assert [child.name for child in store.children("obj/sub")] == ["empty"]
    store.delete_tree("obj")
    assert not store.fs.exists("obj")


@pytest.mark.parametrize("target", ["../outside", "/etc/hostname", "."])
def test_a_folder_with_a_symlink_that_leaves_it_or_runs_in_a_circle_is_refused(store, tmp_path, target):
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "outside").write_text("not yours")
    (source / "a").write_text("first")
    (source / "link").symlink_to(target)
    with pytest.raises(ValueRefusedError, match="'link'"):
        store.put_folder("obj", source)
    assert list(store.list()) == []


def test_a_folder_follows_symlinks_inside_of_it(store, tmp_path):
    source = tmp_path / "source"
    (source / "real").mkdir(parents=True)
    (source / "real/a").write_text("1")
    (source / "b").symlink_to("real/a")
    (source / "again").symlink_to("real")
    assert [name for name, *_ in store.put_folder("obj", source)] == ["again/a", "b", "real/a"]


def test_a_pipe_in_a_folder_is_refused(store, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueRefusedError, match="neither"):
        store.put_folder("obj", tmp_path)


def test_a_location_that_goes_away_later_is_an_error(store, root):
    store.put("a", b"1")
    shutil.rmtree(root)
    with pytest.raises(StoreUnavailableError):
        list(store.list())
    with pytest.raises(StoreUnavailableError):
        store.get("a")


def test_a_full_disk_says_so(store, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(Exception, match="no room for 'a'"):
        store.put("a", b"1")
    assert list(store.list()) == []


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(store, root):
    folder = root / "_dj_objectstore" / "tmp"
    folder.mkdir(parents=True)
    for name, hours in (("killed", 25), ("living", 1)):
        (folder / name).write_bytes(b"1")
        written = time.time() - hours * 3600
        os.utime(folder / name, (written, written))
    store.put("a", b"1")
    assert [path.name for path in folder.iterdir()] == ["living"]
