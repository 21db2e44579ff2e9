"""The outcome of an insert when an S3 store refuses, breaks off, or is interrupted at any step."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import dj_objectstore as djo
from dj_objectstore.store.inflight import FOLDER
from fault_proxy import (
    HELD,
    Action,
    cut,
    cut_answer,
    interrupt,
    interrupt_after,
    lose_answer,
    refuse,
    unavailable,
)

BIG = bytes(range(256)) * 80_000  # three parts of an upload
SMALL = b"abc" * 1000
DATA_KEY = b"i%3D1/"
PAGE = 4096
Insert = Callable[[Any, Path], None]


def copy_file(table: Any, folder: Path) -> None:
    del folder
    table.insert1({"i": 1, "files": SMALL})


def copy_big_file(table: Any, folder: Path) -> None:
    (folder / "big.bin").write_bytes(BIG)
    table.insert1({"i": 1, "files": folder / "big.bin"})


def copy_folder(table: Any, folder: Path) -> None:
    for name in range(20):
        (folder / f"{name}.bin").write_bytes(SMALL)
    table.insert1({"i": 1, "files": folder})


def stage(table: Any, folder: Path) -> None:
    del folder
    with djo.staged_insert1(table) as staged:
        staged.rec["i"] = 1
        z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(64, 64), chunks=(8, 64), dtype="i4")
        z[:] = np.arange(64 * 64).reshape(64, 64)


def stage_file(table: Any, folder: Path) -> None:
    del folder
    with djo.staged_insert1(table) as staged:
        staged.rec["i"] = 1
        with staged.open("files", ".bin") as file:
            file.write(BIG)


def light() -> np.ndarray:
    return np.random.default_rng(1).poisson(9, (8, 16, 16)).astype(np.uint16)


def copy_movie(table: Any, folder: Path) -> None:
    del folder
    table.insert1({"i": 1, "movie": djo.Photon(light(), mode="lossless", frames_per_chunk=2)})


def stage_movie(table: Any, folder: Path) -> None:
    del folder
    with djo.staged_insert1(table) as staged:
        staged.rec["i"] = 1
        recording = staged.photon("movie", gain=1, offset=0, frames_per_chunk=2)
        for frame in light():
            recording.append(frame)


def copy_named_file(table: Any, folder: Path) -> None:
    del folder
    table.insert1({"i": 1, "report": ("report.csv", SMALL)})


INSERTS = [
    *(copy_file, copy_big_file, copy_folder, stage, stage_file),
    *(copy_movie, stage_movie, copy_named_file),
]
FILES = (copy_file, copy_big_file, stage_file, copy_named_file)


def combined(few: int, **values: Sequence[Any]) -> Callable[[Any], Any]:
    """Give a test every combination of values in `make stress`, `few` of them in `make test`: each waits."""

    def mark(test: Any) -> Any:
        test.combined = (few, values)
        return test

    return mark


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    few, values = getattr(metafunc.function, "combined", (0, {}))
    if not values:
        return
    if metafunc.config.getoption("--hypothesis-profile") == "stress":
        rows = list(product(*values.values()))
    else:
        rows = [tuple(choice[row % len(choice)] for choice in values.values()) for row in range(few)]
    metafunc.parametrize(tuple(values), rows)


@combined(len(INSERTS), insert=INSERTS, fault=[refuse, cut, cut_answer, lose_answer, unavailable])
def test_a_break_that_lasts_leaves_no_row_and_what_remains_is_recorded(
    faulty: Any, far: Any, account: Any, tmp_path: Path, insert: Insert, fault: Action
) -> None:
    is_answer = fault is cut_answer
    broken = faulty.proxy.when(
        b"HTTP/1.1" if is_answer else DATA_KEY, fault, times=10**6, is_answer=is_answer
    )
    with pytest.raises(djo.StoreUnavailableError):
        insert(far, tmp_path)
    assert broken.hits
    faulty.proxy.heal()
    assert account(faulty.direct, far).rows == 0


@combined(
    4,
    insert=[
        stage,
        copy_big_file,
        copy_folder,
        copy_movie,
        copy_file,
        stage_file,
        stage_movie,
        copy_named_file,
    ],
    fault=[refuse, cut, unavailable],
)
def test_a_short_break_is_overcome(
    faulty: Any, far: Any, account: Any, tmp_path: Path, insert: Insert, fault: Action
) -> None:
    broken = faulty.proxy.when(DATA_KEY, fault)
    insert(far, tmp_path)
    found = account(faulty.direct, far)
    assert (broken.hits, found.rows, found.orphans) == (1, 1, [])


@combined(
    len(INSERTS),
    insert=INSERTS,
    press=[interrupt, interrupt_after],
    step=[DATA_KEY, FOLDER.encode(), b"manifest.json"],
)
def test_ctrl_c_at_the_store_leaves_no_row_and_nothing_that_is_not_recorded(
    faulty: Any, far: Any, account: Any, tmp_path: Path, insert: Insert, press: Action, step: bytes
) -> None:
    if step == b"manifest.json" and insert in FILES:
        step = DATA_KEY  # a file has no manifest
    pressed = faulty.proxy.when(step, press)
    with pytest.raises(KeyboardInterrupt):
        insert(far, tmp_path)
    assert pressed.hits == 1
    faulty.proxy.heal()
    time.sleep(HELD + 0.2)  # what was still on its way has arrived by now
    found = account(faulty.direct, far)
    assert (found.rows, found.orphans) == (0, [])
    assert list(faulty.direct.list()) == []


def test_ctrl_c_while_a_staged_row_copies_another_object_leaves_nothing(
    faulty: Any, far: Any, movie: np.ndarray
) -> None:
    def stage_and_copy() -> None:
        with djo.staged_insert1(far) as staged:
            staged.rec.update(i=1, movie=djo.Photon(movie, mode="lossless"))
            staged.store("files")["a"] = SMALL

    pressed = faulty.proxy.when(b"i%3D1/movie_", interrupt)
    with pytest.raises(KeyboardInterrupt):
        stage_and_copy()
    assert pressed.hits == 1
    time.sleep(HELD + 0.2)
    assert (len(far()), list(faulty.direct.list())) == (0, [])


def test_ctrl_c_after_the_row_was_committed_takes_nothing_from_it(
    faulty: Any, far: Any, account: Any, tmp_path: Path
) -> None:
    pressed = faulty.proxy.when(b"POST /", interrupt)  # the marker is deleted
    with pytest.raises(KeyboardInterrupt):
        copy_file(far, tmp_path)
    assert pressed.hits == 1
    assert account(faulty.direct, far).rows == 1


@pytest.mark.parametrize("fault", [cut_answer, lose_answer])
def test_a_read_that_breaks_is_overcome_or_an_error_and_never_other_bytes(
    faulty: Any, far: Any, tmp_path: Path, fault: Action
) -> None:
    copy_big_file(far, tmp_path)
    ref = far.fetch1("files")
    if fault is lose_answer:
        faulty.proxy.when(b"GET /", fault)
    else:
        faulty.proxy.when(b"HTTP/1.1", fault, is_answer=True)
    assert ref.read() == BIG
    faulty.proxy.when(b"GET /", refuse, times=10**6)
    with pytest.raises(djo.StoreUnavailableError):
        ref.read()
    with pytest.raises(djo.StoreUnavailableError):
        ref.download(tmp_path / "copy.bin")
    assert [p.name for p in tmp_path.iterdir()] == ["big.bin"]


# -- a disk that is full -----------------------------------------------------------------------------------


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to write files that are larger, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def big_folder(table: Any, folder: Path) -> None:
    for name in range(5):
        (folder / f"{name}.bin").write_bytes(SMALL)
    (folder / "5.bin").write_bytes(BIG)
    with files_of_at_most(100_000):
        table.insert1({"i": 1, "files": folder})


def big_file(table: Any, folder: Path) -> None:
    (folder / "big.bin").write_bytes(BIG)
    with files_of_at_most(100_000):
        table.insert1({"i": 1, "files": folder / "big.bin"})


def big_staged_file(table: Any, folder: Path) -> None:
    with files_of_at_most(100_000):
        stage_file(table, folder)


def big_staged_zarr(table: Any, folder: Path) -> None:
    del folder
    with files_of_at_most(100_000), djo.staged_insert1(table) as staged:
        staged.rec["i"] = 1
        z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(4, 99, 999), chunks=(1, 99, 999))
        z[:] = np.random.default_rng(1).normal(size=z.shape)


@pytest.mark.parametrize("insert", [big_folder, big_file, big_staged_file, big_staged_zarr])
def test_a_disk_that_is_full_leaves_no_row_and_nothing_in_the_store(
    scan: Any, dj_store: Any, account: Any, tmp_path: Path, insert: Insert
) -> None:
    with pytest.raises(djo.StoreAccessError, match="no room"):
        insert(scan, tmp_path)
    assert account(dj_store, scan).rows == 0
    assert list(dj_store.list()) == []


def test_a_disk_without_room_for_a_marker_is_told_and_leaves_nothing(
    scan: Any, dj_store: Any, account: Any
) -> None:
    with files_of_at_most(10), pytest.raises(djo.StoreAccessError, match="no room"):
        scan.insert1({"i": 1, "files": SMALL})
    assert account(dj_store, scan).rows == 0
    assert list(dj_store.list()) == []


@combined(len(INSERTS), insert=INSERTS, room=[0, 1, 2, 3, 4, 6, 9, 13, 18])
def test_a_disk_that_fills_at_any_step_leaves_no_row_and_nothing_in_the_store(
    small: Any, account: Any, tmp_path: Path, insert: Insert, room: int
) -> None:
    fill(small.disk / "others", room)
    told = ""
    try:
        insert(small.table, tmp_path)
    except djo.StoreAccessError as err:
        told = str(err)
    rows = account(small.store, small.table).rows
    if told:
        assert (rows, list(small.store.list()), "no room" in told) == (0, [], True)
    else:
        assert (rows, room > 1) == (1, True)


def fill(path: Path, room: int) -> None:
    """Write a file that leaves `room` pages of its disk."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(PAGE)):
            pass
    os.truncate(path, path.stat().st_size - room * PAGE)
