from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dj_objectstore.exceptions import ChunkError, ValueRefusedError
from dj_objectstore.store.wanted import check_wanted
from dj_objectstore.widgets.frames.budget import MemoryBudget
from dj_objectstore.widgets.frames.describe import describe
from dj_objectstore.widgets.frames.frames import FrameService, frame_service
from dj_objectstore.widgets.frames.lanes import FrameLane, FrameWish
from dj_objectstore.widgets.frames.shots import FIRST, Shot
from dj_objectstore.widgets.messages.answers import SUPERSEDED
from dj_objectstore.widgets.movies.sources import ArraySource

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
        return FrameWish(index, Shot(channel), lambda answer: self.given.update({index: answer}))


def test_a_frame_is_the_one_asked_for(service: FrameService, array: GatedArray) -> None:
    source = ArraySource(array)
    for index in (0, 9, 10, 39, 5):
        np.testing.assert_array_equal(service.read(source, index), FRAMES[index])
    assert sorted(array.reads) == [0, 10, 30]


def test_two_views_of_a_movie_share_what_was_decoded(service: FrameService, array: GatedArray) -> None:
    for _ in range(2):
        service.read(ArraySource(array, identity="movie"), 3)
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
    service.read_ahead(ArraySource(FRAMES), [10], FIRST, is_wanted=lambda _: True)
    assert threads() == []


def test_read_ahead_that_is_no_longer_wanted_reads_nothing(service: FrameService, array: GatedArray) -> None:
    service.read_ahead(ArraySource(array), [10, 20], FIRST, is_wanted=lambda _: False)
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
    service.read(source, 0)
    for index in range(0, 40, 5):
        np.testing.assert_array_equal(service.read_once(source, index), FRAMES[index])
    assert array.reads.count(0) == 1
    assert service.cache.nbytes == FRAMES[:10].nbytes


def test_binned_frames_are_the_means_of_their_pixels_and_are_kept(
    service: FrameService, array: GatedArray
) -> None:
    source = ArraySource(array)
    frame = service.read(source, 7, Shot(step=4))
    assert frame.shape == (2, 2)
    np.testing.assert_allclose(frame[0, 0], FRAMES[7, :4, :4].mean(), atol=0.5)
    assert service.cache.nbytes == 10 * frame.nbytes
    service.read(source, 8, Shot(step=4))
    assert array.reads == [0]
    np.testing.assert_array_equal(service.read(source, 7), FRAMES[7])
    service.read(source, 7, Shot(step=2))
    assert array.reads == [0, 0]


@pytest.mark.parametrize("index", [0, 2, 9, 10, 25, 39, 38])
def test_a_rolling_mean_holds_values(service: FrameService, array: GatedArray, index: int) -> None:
    source = ArraySource(array)
    for at in (max(0, index - 1), index):
        frame = service.read(source, at, Shot(mean=12))
        assert frame.dtype == "<f4"
        np.testing.assert_allclose(frame, FRAMES[max(0, at - 11) : at + 1].mean(0), rtol=1e-6)


def test_a_rolling_mean_of_binned_frames_is_binned(service: FrameService, array: GatedArray) -> None:
    frame = service.read(ArraySource(array), 20, Shot(step=2, mean=5))
    assert frame.shape == (3, 4)


class Unread:
    """An array of which nothing may be read."""

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
        self.shape, self.chunks, self.dtype = shape, chunks, np.dtype("u2")

    def __getitem__(self, index: object) -> np.ndarray:
        raise AssertionError("it was read")


def test_a_chunk_of_a_gigabyte_is_refused_before_it_is_read() -> None:
    source = ArraySource(Unread((4096, 512, 512), (2048, 512, 512)))
    service = FrameService()
    with pytest.raises(ValueRefusedError, match=r"decodes to 1,074 MB.*\n.*cache_bytes"):
        service.read(source, 0)
    with pytest.raises(ValueRefusedError, match="decodes to 1,074 MB"):
        describe(service, source)
    service.cache_bytes = 10**9
    with pytest.raises(AssertionError, match="it was read"):
        service.read(source, 0)
    service.close()


def test_blocks_that_are_decoded_at_once_stay_within_the_budget(wait_until: Any) -> None:
    budget, inside, most, lock = MemoryBudget(100), [], [], threading.Lock()

    def use() -> None:
        with budget.taking(40):
            with lock:
                inside.append(1)
                most.append(len(inside))
            wait_until(lambda: len(most) > 5 or len(inside) > 1)
            with lock:
                inside.pop()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert max(most) == 2
    assert budget.taken == 0


def test_what_is_larger_than_the_budget_is_used_alone() -> None:
    budget = MemoryBudget(100)
    with budget.taking(500):
        assert budget.taken == 500


class NeverAnswering(GatedArray):
    """An array in a store that does not answer."""

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        self.reads.append(index[0].start)
        while not self.gate.wait(0.01):
            check_wanted()
        raise AssertionError("it was let")


def test_a_closed_service_gives_up_what_it_reads(wait_until: Any) -> None:
    service, array, answers = FrameService(), NeverAnswering(), Answers()
    array.gate.clear()
    lane_of(service, array).ask(answers.wish(3))
    wait_until(lambda: array.reads)
    service.close()
    wait_until(lambda: answers.given)
    assert answers.given[3] is SUPERSEDED


def test_a_closed_lane_and_a_cancelled_wish_give_up_what_they_read(
    service: FrameService, wait_until: Any
) -> None:
    array, answers, cancelled = NeverAnswering(), Answers(), threading.Event()
    array.gate.clear()
    lane = lane_of(service, array)
    lane.ask(FrameWish(3, FIRST, lambda answer: answers.given.update({3: answer}), cancelled.is_set))
    wait_until(lambda: array.reads == [0])
    cancelled.set()
    wait_until(lambda: 3 in answers.given)
    lane.ask(answers.wish(15))
    wait_until(lambda: array.reads == [0, 10])
    lane.close()
    wait_until(lambda: 15 in answers.given)
    assert service.cache.loading == 0


def test_the_newest_wish_takes_the_place_of_the_one_before_and_the_oldest_goes_on(
    service: FrameService, wait_until: Any
) -> None:
    array, answers = NeverAnswering(), Answers()
    array.gate.clear()
    lane = lane_of(service, array)
    for index in (0, 10):
        lane.ask(answers.wish(index))
        wait_until(lambda index=index: index in array.reads)
    lane.ask(answers.wish(20))
    wait_until(lambda: 20 in array.reads)
    assert answers.given == {10: SUPERSEDED}
    lane.ask(answers.wish(25))
    lane.close()
    wait_until(lambda: {0, 20, 25} <= answers.given.keys())
    assert array.reads == [0, 10, 20]


def test_the_cache_can_be_made_smaller(service: FrameService, array: GatedArray) -> None:
    source = ArraySource(array)
    for index in (0, 10, 20):
        service.read(source, index)
    assert service.cache.nbytes == 3 * 960
    service.cache_bytes = 1000
    assert service.cache.nbytes == 960


def test_memory_for_decoded_frames_is_bounded(array: GatedArray) -> None:
    service = FrameService(cache_bytes=2000)
    for index in range(40):
        service.read(ArraySource(array, identity="movie"), index)
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
