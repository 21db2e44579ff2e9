from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dj_objectstore.widgets.frames.attention import SWITCH_SECONDS, Attention


@pytest.fixture(autouse=True)
def interval() -> Iterator[float]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield 0.005
    sys.setswitchinterval(before)


def test_while_a_page_asks_threads_change_more_often(interval: float, wait_until: Any) -> None:
    Attention(lasting_seconds=0.2).pay()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    wait_until(lambda: sys.getswitchinterval() == pytest.approx(interval))


def test_asking_again_makes_it_last_with_one_thread(
    threads: Callable[[], list[str]], wait_until: Any
) -> None:
    attention = Attention(lasting_seconds=0.5)
    for _ in range(100):
        attention.pay()
    assert threads().count("dj-objectstore-attention") == 1
    wait_until(lambda: "dj-objectstore-attention" not in threads())


def test_a_shorter_interval_of_somebody_else_stays(threads: Callable[[], list[str]]) -> None:
    sys.setswitchinterval(1e-4)
    Attention(lasting_seconds=0.01).pay()
    assert sys.getswitchinterval() == pytest.approx(1e-4)
    assert "dj-objectstore-attention" not in threads()


def test_an_interval_that_was_set_meanwhile_stays(threads: Callable[[], list[str]], wait_until: Any) -> None:
    Attention(lasting_seconds=0.1).pay()
    sys.setswitchinterval(0.02)
    wait_until(lambda: "dj-objectstore-attention" not in threads())
    assert sys.getswitchinterval() == pytest.approx(0.02)


def test_closing_puts_the_interval_back_at_once(
    interval: float, threads: Callable[[], list[str]], wait_until: Any
) -> None:
    attention = Attention(lasting_seconds=60)
    attention.pay()
    attention.close()
    assert sys.getswitchinterval() == pytest.approx(interval)
    wait_until(lambda: "dj-objectstore-attention" not in threads())
    attention.pay()
    assert sys.getswitchinterval() == pytest.approx(interval)
