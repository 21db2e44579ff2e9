"""Folders that appear all at once, and files that are sent in parts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dj_objectstore.exceptions import ObjectExistsError
from dj_objectstore.store import files
from dj_objectstore.store.files import StoreWriter
from dj_objectstore.store.local import TEMPORARY


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    for number in range(20):
        (folder / "sub" / f"{number}.bin").write_bytes(b"%d" % number)
    return folder


@pytest.fixture
def temporary(file_store):
    return Path(file_store.spec.location, TEMPORARY)


class BrokenOffError(Exception):
    pass


def test_a_folder_on_disk_is_seen_whole_or_not_at_all(file_store, source, temporary):
    seen = []
    file_store.put_folder("obj", source, progress=lambda *_: seen.append(list(file_store.list("obj"))))
    assert (len(seen), [found for found in seen if found]) == (20, [])
    assert len(list(file_store.list("obj"))) == 20
    assert list(temporary.iterdir()) == []


def test_a_folder_that_breaks_off_leaves_nothing_on_disk(file_store, source, temporary):
    def break_off(done, total):
        if done > total // 2:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        file_store.put_folder("obj", source, progress=break_off)
    assert not file_store.fs.exists("obj")
    assert list(temporary.iterdir()) == []


def test_a_folder_never_takes_the_place_of_another_one(file_store, source, temporary):
    file_store.put("obj/other", b"1")
    with pytest.raises(ObjectExistsError):
        file_store.put_folder("obj", source)
    assert [entry.key for entry in file_store.list()] == ["obj/other"]
    assert not temporary.exists() or list(temporary.iterdir()) == []


def test_a_folder_that_took_the_name_meanwhile_is_left_alone(file_store, source, temporary):
    def take(done, total):
        if done == total:
            file_store.put("obj/other", b"1")

    with pytest.raises(ObjectExistsError):
        file_store.put_folder("obj", source, progress=take)
    assert [entry.key for entry in file_store.list()] == ["obj/other"]
    assert list(temporary.iterdir()) == []


def test_what_killed_writers_left_goes_after_a_day_and_not_what_still_grows(file_store, source, temporary):
    yesterday = time.time() - 25 * 3600
    for name in ("dead", "alive"):
        (temporary / name / "sub").mkdir(parents=True)
        (temporary / name / "sub/file").write_bytes(b"1")
        for path in (temporary / name / "sub/file", temporary / name / "sub", temporary / name):
            os.utime(path, (yesterday, yesterday))
    os.utime(temporary / "alive/sub/file")
    (temporary / "file").write_bytes(b"1")
    os.utime(temporary / "file", (yesterday, yesterday))
    file_store.put_folder("obj", source)
    assert [path.name for path in temporary.iterdir()] == ["alive"]


class Parts:
    """An upload that keeps the sizes of its parts."""

    def __init__(self):
        self.sizes = []

    def write(self, data):
        self.sizes.append(len(data))

    def commit(self):
        pass


def test_parts_grow_so_that_few_of_them_hold_a_file_of_any_size(monkeypatch):
    monkeypatch.setattr(files, "PART", 4)
    monkeypatch.setattr(files, "_PARTS_OF_A_SIZE", 3)
    parts = Parts()
    with StoreWriter(lambda: parts, lambda _: None, name="a") as writer:
        for _ in range(60):
            writer.write(b"12")
    assert parts.sizes == [4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 4]
