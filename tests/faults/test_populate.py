"""`populate` in several processes, two writers of one key, and threads, on a store that speaks S3."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Any

import datajoint as dj
import numpy as np
import pytest
import zarr
from datajoint.errors import DuplicateError

import dj_objectstore as djo
from dj_objectstore.servers import PORT, USER

pytestmark = pytest.mark.parametrize("dj_store", ["s3"], indirect=True)

SPAWN = multiprocessing.get_context("fork")


@pytest.fixture
def table(dj_schema: Any, dj_store: Any) -> Any:
    del dj_store
    definition = "i : int32\n---\nfiles = null : <object@main>\nmovie = null : <photon@main>"
    return dj_schema(type("Scan", (dj.Manual,), {"definition": definition}))


def result_of(dj_schema: Any, make: Any, keys: int) -> Any:
    """Declare a table that is computed for every key by `make`."""

    @dj_schema
    class Source(dj.Manual):
        definition = "i : int32"

    Source.insert({"i": i} for i in range(keys))
    definition = "-> Source\n---\nfiles = null : <object@main>\nmovie = null : <photon@main>"
    namespace = {"definition": definition, **make}
    return dj_schema(type("Result", (dj.Computed,), namespace), context={"Source": Source})


def stage(table: Any, key: dict[str, Any]) -> None:
    with table.staged_insert1 as staged:
        staged.rec.update(key)
        z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(16, 8), chunks=(4, 8), dtype="i4")
        z[:] = key["i"]
        fail_sometimes(key)


def copy(table: Any, key: dict[str, Any]) -> None:
    frames = np.full((4, 8, 8), key["i"], dtype=np.uint16)
    table.insert1({**key, "files": b"%d" % key["i"], "movie": djo.Photon(frames, mode="lossless")})
    fail_sometimes(key)


def fail_sometimes(key: dict[str, Any]) -> None:
    if key["i"] % 5 == 2:
        raise ValueError("one in five")


def plain(write: Any) -> dict[str, Any]:
    return {"make": write}


def in_three_parts(write: Any) -> dict[str, Any]:
    return {
        "make_fetch": lambda _self, key: (key["i"],),
        "make_compute": lambda _self, _key, i: (i,),
        "make_insert": lambda self, key, _i: write(self, key),
    }


@pytest.mark.parametrize(("write", "parts"), [(stage, in_three_parts), (copy, plain)])
def test_every_row_is_whole_when_one_make_in_five_raises(
    dj_schema: Any, dj_store: Any, account: Any, write: Any, parts: Any
) -> None:
    result = result_of(dj_schema, parts(write), keys=10)
    done = result.populate(processes=4, suppress_errors=True)
    assert (done["success_count"], len(done["error_list"])) == (8, 2)
    found = account(dj_store, result)
    # the copies of the two that were rolled back; a staged insert had not been sent
    assert (found.rows, len(found.orphans)) == (8, 0 if write is stage else 4)


def insert_at_once(table: Any, host: str, start: Any, results: Any, data: bytes) -> None:
    with dj.Connection(host, USER, "", PORT, use_tls=False, backend="postgresql") as connection:
        mine = dj.FreeTable(connection, table.full_table_name)
        start.wait(30)
        try:
            mine.insert1({"i": 1, "files": data})
        except DuplicateError as err:
            results.put((data, str(err)))
        else:
            results.put((data, ""))


def test_of_two_processes_with_one_key_one_wins_and_the_other_is_told(
    table: Any, dj_store: Any, dj_database: str, account: Any
) -> None:
    start, results = SPAWN.Barrier(2), SPAWN.Queue()
    both = [
        SPAWN.Process(target=insert_at_once, args=(table, dj_database, start, results, data))
        for data in (b"first", b"second")
    ]
    for process in both:
        process.start()
    answers = dict(results.get(timeout=60) for _ in both)
    for process in both:
        process.join(60)
    (winner,) = [data for data, error in answers.items() if not error]
    (told,) = filter(None, answers.values())
    assert "duplicate key" in told
    assert table.fetch1("files").read() == winner
    found = account(dj_store, table)
    assert (found.rows, found.orphans) == (1, [])


def test_threads_with_connections_of_their_own_insert_side_by_side(
    table: Any, dj_store: Any, dj_database: str, account: Any
) -> None:
    failures: list[BaseException] = []

    def insert_some(number: int) -> None:
        try:
            with dj.Connection(
                dj_database, USER, "", PORT, use_tls=False, backend="postgresql"
            ) as connection:
                mine = dj.FreeTable(connection, table.full_table_name)
                for i in range(number * 10, number * 10 + 5):
                    mine.insert1({"i": i, "files": b"%d" % i})
                stage(mine, {"i": number * 10 + 5})
        except BaseException as err:  # noqa: BLE001 - shown below
            failures.append(err)

    threads = [threading.Thread(target=insert_some, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = account(dj_store, table)
    assert (found.rows, found.orphans) == (24, [])
    assert (table & {"i": 13}).fetch1("files").read() == b"13"
