"""The frame service over S3 behind a slow and failing network."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dj_objectstore.exceptions import ChunkError, StoreUnavailableError
from dj_objectstore.objects.movie import write_photon
from dj_objectstore.objects.source import Photon
from dj_objectstore.store.store import Store, open_store
from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.frames.frames import FrameService
from dj_objectstore.widgets.frames.lanes import FrameLane, FrameWish
from dj_objectstore.widgets.frames.shots import FIRST
from dj_objectstore.widgets.frames.streams import PlayOptions, Stream
from dj_objectstore.widgets.messages.answers import SUPERSEDED
from dj_objectstore.widgets.movies.stored import Place, open_stored
from fault_proxy import refuse
from object_servers import ObjectServer
from slow_link import SlowLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dj_objectstore.widgets.movies.sources import FrameSource

KEY = "lab/Scan/scan=1/movie_Ab3dE5gH.zarr"


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    light = np.linspace(2, 30, 64)[None, :, None] * np.ones((200, 64, 64))
    return (20 * np.random.default_rng(3).poisson(light) + 100).astype(np.int16)


@pytest.fixture(scope="module")
def settings(moto_server: ObjectServer, counts: np.ndarray) -> dict[str, Any]:
    """Settings of a store that holds a movie of 20 chunks, and a large array of noise in three."""
    settings = moto_server.settings()
    store = open_store("direct", config={"stores": {"direct": settings}})
    photon = Photon(counts, gain=20.0, offset=100.0, variance=0.0, frames_per_chunk=10, frame_rate=30.0)
    write_photon(store, KEY, photon)
    import zarr

    noise = np.random.default_rng(0).integers(0, 65536, (30, 256, 256)).astype("u2")
    array: Any = zarr.create_array(
        store.fsmap("noise.zarr", writable=True),
        shape=noise.shape,
        chunks=(10, 256, 256),
        dtype="u2",
        compressors=None,
    )
    array[...] = noise
    return settings


@pytest.fixture
def link(settings: dict[str, Any]) -> Iterator[SlowLink]:
    host, port = settings["endpoint"].split(":")
    with SlowLink((host, int(port)), latency=0.01, rate=20e6) as link:
        yield link


@pytest.fixture
def far_store(settings: dict[str, Any], link: SlowLink) -> Store:
    return open_store("far", config={"stores": {"far": settings | {"endpoint": link.endpoint}}})


@pytest.fixture
def service() -> Iterator[FrameService]:
    service = FrameService()
    yield service
    service.close()


class Sink:
    """Where a stream's frames go."""

    def __init__(self) -> None:
        self.frames: dict[int, np.ndarray] = {}
        self.missing: list[range] = []
        self.end: tuple[str, Exception | None] | None = None
        self.ended = threading.Event()

    def send_frame(self, _stream: int, index: int, frame: np.ndarray, _encoding: str) -> bool:
        self.frames[index] = frame
        return True

    def send_missing(self, _stream: int, span: range, _error: Exception) -> None:
        self.missing.append(span)

    def send_end(self, _stream: int, reason: str, error: Any) -> None:
        self.end = (reason, error)
        self.ended.set()


def play(service: FrameService, source: FrameSource, *, keep: Any, fps: float, start: int = 0) -> Sink:
    sink = Sink()
    options = PlayOptions(1, start, fps, loop=False, credit=256, keep=keep)
    Stream(options, service=service, get_source=lambda: source, sink=sink).start()  # type: ignore[arg-type]
    return sink


def test_a_request_that_is_no_longer_wanted_downloads_no_further(
    far_store: Store, link: SlowLink, service: FrameService, wait_until: Any
) -> None:
    source = open_stored(Place(far_store, "noise.zarr"))
    link.rate = 400_000.0
    before = link.sent
    wanted = threading.Event()
    wanted.set()
    outcome: list[Any] = []

    def read() -> None:
        try:
            outcome.append(service.read(source, 5, is_wanted=wanted.is_set))
        except NoLongerWantedError as err:
            outcome.append(err)

    reader = threading.Thread(target=read)
    reader.start()
    wait_until(lambda: link.sent > before + 100_000)
    wanted.clear()
    reader.join(20)
    assert isinstance(outcome[0], NoLongerWantedError)
    wait_until(lambda: link.flowing == 0)
    assert link.sent - before < 10 * 256 * 256 * 2 * 0.8
    assert service.cache.loading == 0
    link.rate = 20e6
    np.testing.assert_array_equal(
        service.read(source, 5), open_stored(Place(far_store, "noise.zarr")).read_block(0)[5]
    )


def test_what_another_view_still_wants_goes_on(
    far_store: Store, link: SlowLink, service: FrameService, wait_until: Any
) -> None:
    source = open_stored(Place(far_store, "noise.zarr"))
    link.rate = 1_000_000.0
    wanted, frames = threading.Event(), []
    wanted.set()

    def give_up() -> None:
        # it reads for both, and so to the end
        service.read(source, 25, is_wanted=wanted.is_set)

    def waiting() -> int:
        return sum(len(loading._waiting) for loading in service.cache._loading.values())

    first = threading.Thread(target=give_up)
    second = threading.Thread(target=lambda: frames.append(service.read(source, 26)))
    asked = link.requests
    first.start()
    wait_until(lambda: waiting() == 1)
    second.start()
    wait_until(lambda: waiting() == 2)
    wanted.clear()
    wait_until(lambda: link.requests > asked)
    link.rate = 20e6
    second.join(20)
    first.join(20)
    assert frames[0].shape == (256, 256)
    assert link.requests - asked == 1


def test_dragging_over_a_slow_store_shows_frames_on_the_way_and_the_last_one(
    far_store: Store, link: SlowLink, service: FrameService, counts: np.ndarray, wait_until: Any
) -> None:
    source = open_stored(Place(far_store, KEY))
    lane = FrameLane(service, lambda: source)
    answers: dict[int, Any] = {}
    link.latency = 0.05

    def wish(index: int) -> FrameWish:
        return FrameWish(index, FIRST, lambda answer: answers.update({index: answer}))

    for index in range(0, 200, 10):
        lane.ask(wish(index))
        wait_until(lambda: link.flowing > 0 or len(answers) > 2)
    wait_until(lambda: len(answers) == 20)
    shown = {index: answer for index, answer in answers.items() if isinstance(answer, np.ndarray)}
    assert {0, 190} <= shown.keys()
    assert all(answer is SUPERSEDED for index, answer in answers.items() if index not in shown)
    assert source.table is not None
    for index, codes in shown.items():
        np.testing.assert_allclose(source.table[codes], counts[index], atol=200)


def test_playing_over_a_slow_store_leaves_frames_out_to_keep_time(
    far_store: Store, link: SlowLink, service: FrameService
) -> None:
    source = open_stored(Place(far_store, KEY))
    link.latency, link.rate = 0.1, 400_000.0
    sink = play(service, source, keep="time", fps=200.0)
    assert sink.ended.wait(60)
    assert sink.end == ("end", None)
    assert len(sink.frames) < 200
    assert 199 in sink.frames


def test_playing_over_a_slow_store_waits_to_keep_all_frames(
    far_store: Store, link: SlowLink, service: FrameService
) -> None:
    source = open_stored(Place(far_store, KEY))
    link.latency = 0.1
    sink = play(service, source, keep="frames", fps=500.0)
    assert sink.ended.wait(60)
    assert sorted(sink.frames) == list(range(200))


def test_stopping_a_stream_stops_its_requests(
    far_store: Store, link: SlowLink, service: FrameService, wait_until: Any
) -> None:
    source = open_stored(Place(far_store, "noise.zarr"))
    link.rate = 300_000.0
    sink = Sink()
    options = PlayOptions(1, 0, 30.0, loop=True, credit=8, keep="frames")
    stream = Stream(options, service=service, get_source=lambda: source, sink=sink)  # type: ignore[arg-type]
    begun = link.sent
    stream.start()
    wait_until(lambda: link.sent > begun + 50_000)
    stream.stop()
    assert sink.ended.wait(20)
    assert sink.end == ("stopped", None)
    wait_until(lambda: link.flowing == 0)
    assert link.sent - begun < 10 * 256 * 256 * 2 * 0.8
    assert service.cache.loading == 0


def test_a_lost_chunk_is_told_and_the_rest_plays_on(
    settings: dict[str, Any], far_store: Store, service: FrameService
) -> None:
    direct = open_store("direct", config={"stores": {"direct": settings}})
    lost = direct.get(f"{KEY}/3.0.0")
    direct.delete([f"{KEY}/3.0.0"])
    try:
        source = open_stored(Place(far_store, KEY))
        sink = play(service, source, keep="frames", fps=500.0)
        assert sink.ended.wait(60)
        assert sink.end == ("end", None)
        assert sink.missing == [range(30, 40)]
        assert sorted(sink.frames) == [*range(30), *range(40, 200)]
        with pytest.raises(ChunkError, match="frames 30-39"):
            service.read(source, 35)
    finally:
        direct.put(f"{KEY}/3.0.0", lost)
    assert service.read(source, 35).shape == (64, 64)


def test_a_store_that_goes_away_ends_the_stream_with_the_reason_and_comes_back(
    far_store: Store, link: SlowLink, service: FrameService
) -> None:
    source = open_stored(Place(far_store, KEY))
    service.read(source, 0)
    link.when(b"GET", refuse, times=10_000)
    sink = play(service, source, keep="frames", fps=500.0)
    assert sink.ended.wait(90)
    assert sink.end is not None
    assert isinstance(sink.end[1], StoreUnavailableError)
    assert sorted(sink.frames) == list(range(10))
    link.heal()
    assert service.read(source, 150).shape == (64, 64)


def test_a_thousand_random_seeks_leave_no_thread_no_request_and_no_memory(
    far_store: Store, link: SlowLink, threads: Callable[[], list[str]], wait_until: Any
) -> None:
    service = FrameService(cache_bytes=6 * 10 * 64 * 64)
    source = open_stored(Place(far_store, KEY))
    lanes = [FrameLane(service, lambda: source) for _ in range(2)]
    indices = np.random.default_rng(1).integers(0, 200, 1000).tolist()
    link.latency, link.rate = 0.002, 100e6

    def seek(some: list[int]) -> None:
        answered = threading.Semaphore(0)
        for turn, index in enumerate(some):
            is_cancelled = (lambda: True) if turn % 7 == 0 else (lambda: False)
            lanes[turn % 2].ask(FrameWish(index, FIRST, lambda _: answered.release(), is_cancelled))
            if turn % 7 and turn % 5 == 0:
                assert answered.acquire(timeout=20)

    seek(indices[:200])
    wait_until(lambda: not (service.cache.loading or service._queued))
    gc.collect()
    tracemalloc.start()
    seek(indices[200:])
    wait_until(lambda: not (service.cache.loading or service._queued or link.flowing))
    assert service.cache.nbytes <= service.cache_bytes
    service.close()
    wait_until(lambda: gc.collect() >= 0 and tracemalloc.get_traced_memory()[0] < 2_000_000)
    tracemalloc.stop()
    wait_until(lambda: threads() == [])
