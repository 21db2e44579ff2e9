from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dj_objectstore.exceptions import ChunkError, ValueRefusedError
from dj_objectstore.widgets.answers import SUPERSEDED
from dj_objectstore.widgets.frames import FrameLane, FrameService, FrameWish, frame_service
from dj_objectstore.widgets.sources import ArraySource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRAMES = np.arange(40 * 6 * 8, dtype="u2").reshape(40, 6, 8)


class GatedArray:
    """An array in chunks of ten frames that is read when it is let, and counts its reads."""

    def __init__(self, values: np.ndarray = FRAMES) -> None:
        self.values = values
        self.shape, self.dtype, self.chunks = values.shape, values.dtype, (10, 6, 8)
        self.reads: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        self.reads.append(index[0].start)
        assert self.gate.wait(20)
        return self.values[index]


@pytest.fixture
def array() -> GatedArray:
    return GatedArray()


@pytest.fixture
def service() -> Iterator[FrameService]:
    service = FrameService()
    yield service
    service.close()


def lane_of(service: FrameService, array: GatedArray) -> FrameLane:
    source = ArraySource(array)
    return FrameLane(service, lambda: source)


class Answers:
    """Collects what a lane answers, by the frame that was asked for."""

    def __init__(self) -> None:
        self.given: dict[int, Any] = {}

    def wish(self, index: int, channel: int = 0) -> FrameWish:
        return FrameWish(index, channel, lambda answer: self.given.update({index: answer}))


def test_a_frame_is_the_one_asked_for(service: FrameService, array: GatedArray) -> None:
    source = ArraySource(array)
    for index in (0, 9, 10, 39, 5):
        np.testing.assert_array_equal(service.read(source, index, channel=0), FRAMES[index])
    assert sorted(array.reads) == [0, 10, 30]


def test_two_views_of_a_movie_share_what_was_decoded(service: FrameService, array: GatedArray) -> None:
    for _ in range(2):
        service.read(ArraySource(array, identity="movie"), 3, channel=0)
    assert array.reads == [0]


def test_of_the_frames_that_wait_only_the_newest_is_read(
    service: FrameService, array: GatedArray, wait_until: Any
) -> None:
    lane, answers = lane_of(service, array), Answers()
    array.gate.clear()
    for index in (0, 10):
        lane.ask(answers.wish(index))
        wait_until(lambda index=index: index in array.reads)
    for index in range(20, 40):
        lane.ask(answers.wish(index))
    array.gate.set()
    wait_until(lambda: len(answers.given) == 22)
    assert all(answers.given[index] is SUPERSEDED for index in range(20, 39))
    for index in (0, 10, 39):
        np.testing.assert_array_equal(answers.given[index], FRAMES[index])


def test_what_comes_next_is_read_before_it_is_asked_for(
    service: FrameService, array: GatedArray, wait_until: Any
) -> None:
    lane, answers = lane_of(service, array), Answers()
    for index in (15, 14, 13):
        lane.ask(answers.wish(index))
        wait_until(lambda index=index: index in answers.given)
    wait_until(lambda: 0 in array.reads)


def test_frames_of_memory_are_not_read_ahead(service: FrameService, threads: Callable[[], list[str]]) -> None:
    service.read_ahead(ArraySource(FRAMES), [10], channel=0, is_wanted=lambda: True)
    assert threads() == []


def test_read_ahead_that_is_no_longer_wanted_reads_nothing(service: FrameService, array: GatedArray) -> None:
    service.read_ahead(ArraySource(array), [10, 20], channel=0, is_wanted=lambda: False)
    service.close()
    assert array.reads == []


def test_an_error_answers_the_wish_and_the_lane_goes_on(
    service: FrameService, array: GatedArray, wait_until: Any
) -> None:
    lane, answers = lane_of(service, array), Answers()
    lane.ask(answers.wish(40))
    wait_until(lambda: 40 in answers.given)
    assert isinstance(answers.given[40], ValueRefusedError)
    lane.ask(answers.wish(39))
    wait_until(lambda: 39 in answers.given)
    np.testing.assert_array_equal(answers.given[39], FRAMES[39])


def test_a_movie_that_can_not_be_opened_is_tried_again(service: FrameService, wait_until: Any) -> None:
    tries = []

    def open_source() -> ArraySource:
        tries.append(1)
        if len(tries) == 1:
            raise ChunkError("not now")
        return ArraySource(FRAMES)

    lane, answers = FrameLane(service, open_source), Answers()
    for index in (1, 2):
        lane.ask(answers.wish(index))
        wait_until(lambda index=index: index in answers.given)
    assert isinstance(answers.given[1], ChunkError)
    np.testing.assert_array_equal(answers.given[2], FRAMES[2])


def test_looking_a_movie_over_keeps_nothing(service: FrameService, array: GatedArray) -> None:
    source = ArraySource(array)
    service.read(source, 0, channel=0)
    for index in range(0, 40, 5):
        np.testing.assert_array_equal(service.read_once(source, index, channel=0), FRAMES[index])
    assert array.reads.count(0) == 1
    assert service.cache.nbytes == FRAMES[:10].nbytes


def test_memory_for_decoded_frames_is_bounded(array: GatedArray) -> None:
    service = FrameService(cache_bytes=2000)
    for index in range(40):
        service.read(ArraySource(array, identity="movie"), index, channel=0)
        assert service.cache.nbytes <= 2000
    service.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_forked_child_gets_a_service_that_works() -> None:
    parent = frame_service()
    done = threading.Event()
    parent.frames.submit(done.set)
    assert done.wait(10)
    child = os.fork()
    if child == 0:
        fresh, worked = frame_service(), threading.Event()
        fresh.frames.submit(worked.set)
        os._exit(0 if fresh is not parent and worked.wait(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
