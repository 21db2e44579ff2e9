from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from dj_objectstore.widgets.frames.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_threads_start_with_work_and_end_without(threads: Callable[[], list[str]], wait_until: Any) -> None:
    workers = Workers("test", threads=3, idle_seconds=0.01)
    assert threads() == []
    done = threading.Event()
    workers.submit(done.set)
    assert done.wait(10)
    wait_until(lambda: threads() == [])
    again = threading.Event()
    workers.submit(again.set)
    assert again.wait(10)


def test_tasks_run_side_by_side_up_to_the_limit(threads: Callable[[], list[str]]) -> None:
    workers = Workers("test", threads=3)
    together, go = threading.Barrier(4), threading.Event()

    def task() -> None:
        together.wait(10)
        go.wait(10)

    for _ in range(3):
        workers.submit(task)
    workers.submit(lambda: None)
    together.wait(10)
    assert threads() == ["dj-objectstore-test"] * 3
    go.set()
    workers.close()
    assert threads() == []


def test_many_short_tasks_are_all_done() -> None:
    workers, seen, lock = Workers("test", threads=2, idle_seconds=0.001), [], threading.Lock()
    finished = threading.Event()

    def task(n: int) -> None:
        with lock:
            seen.append(n)
            if len(seen) == 2000:
                finished.set()

    for n in range(2000):
        workers.submit(lambda n=n: task(n))
    assert finished.wait(20)
    assert sorted(seen) == list(range(2000))
    workers.close()


def test_a_task_that_fails_ends_no_thread_and_logs_no_values(caplog: pytest.LogCaptureFixture) -> None:
    workers, done = Workers("test", threads=1), threading.Event()

    def fail() -> None:
        raise RuntimeError("secret_key=hunter2")

    with caplog.at_level(logging.DEBUG):
        workers.submit(fail)
        workers.submit(done.set)
        assert done.wait(10)
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text
    workers.close()


def test_after_closing_nothing_is_done() -> None:
    workers = Workers("test", threads=1)
    workers.close()
    workers.submit(lambda: (_ for _ in ()).throw(AssertionError))
