from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dj_objectstore.exceptions import ObjectNotFoundError
from dj_objectstore.widgets.channel import MAX_STREAMS, Channel
from dj_objectstore.widgets.frames.frames import close_frame_service
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.messages.answers import Answer, Opened
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = np.arange(40 * 6 * 8, dtype="u2").reshape(40, 6, 8)


def frame_of(buffers: list[bytes], message: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(buffers[0], message["dtype"]).reshape(message["shape"])


@pytest.fixture
def targets() -> Targets:
    source = ArraySource(FRAMES)
    return Targets(main=lambda: source)


@pytest.fixture
def talk(page: Any, targets: Targets) -> Any:
    page.channel = Channel(post=page.post, targets=targets)
    yield page
    page.channel.close()


def test_a_movie_is_described_and_its_frames_come_as_bytes(talk: Any) -> None:
    facts, _ = talk.ask("describe")
    assert (facts["frames"], facts["height"], facts["width"], facts["channels"]) == (40, 6, 8, 1)
    assert facts["code"]["kind"] == "linear"
    low, high = facts["contrast"]
    assert 0 <= low < high <= FRAMES.max()
    result, buffers = talk.ask("frame", index=17)
    np.testing.assert_array_equal(frame_of(buffers, result), FRAMES[17])


def test_only_the_first_answer_to_a_view_names_the_protocol(talk: Any) -> None:
    first, _ = talk.answer(talk.request("describe"))
    second, _ = talk.answer(talk.request("describe"))
    assert (first["protocol"], "protocol" in second) == (1, False)


def test_answers_name_the_view_that_asked(talk: Any) -> None:
    talk.view = "other"
    message, _ = talk.answer(talk.request("frame", index=1))
    assert message["view"] == "other"


def test_an_error_of_ours_is_told_with_its_hint(talk: Any) -> None:
    error = talk.fail("frame", index=40)
    assert error["code"] == "value-refused"
    assert "40 frames, got frame 40" in error["message"]


def test_an_unexpected_error_is_calm_and_its_values_stay_out_of_page_and_log(
    page: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> ArraySource:
        raise KeyError("secret_key=hunter2")

    page.channel = Channel(post=page.post, targets=Targets(main=fail))
    with caplog.at_level(logging.DEBUG):
        error = page.fail("describe")
    assert error["code"] == "unexpected"
    assert "hunter2" not in str(error) + caplog.text
    assert "KeyError at" in caplog.text


def test_an_object_that_is_gone_is_told_and_tried_again(page: Any) -> None:
    there: list[ArraySource] = []

    def open_source() -> ArraySource:
        if not there:
            raise ObjectNotFoundError("the object 'a' is gone", hint="Restore it.")
        return there[0]

    page.channel = Channel(post=page.post, targets=Targets(main=open_source))
    assert page.fail("describe") == {
        "code": "object-not-found",
        "message": "the object 'a' is gone",
        "hint": "Restore it.",
    }
    there.append(ArraySource(FRAMES))
    assert page.ask("describe")[0]["frames"] == 40


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        "x",
        [],
        {},
        {"kind": "request"},
        {"kind": "request", "view": "a1", "method": "frame"},
        {"view": 1},
    ],
)
def test_nonsense_is_ignored(talk: Any, content: object) -> None:
    talk.channel.receive(None, content, [])
    assert talk.ask("frame", index=0)


def test_a_message_outside_the_protocol_is_answered_where_it_names_its_view(talk: Any) -> None:
    assert talk.fail("evaluate")["code"] == "protocol"


def test_methods_and_targets_that_a_widget_has_not_are_refused(talk: Any) -> None:
    assert talk.fail("list", node="")["code"] == "value-refused"
    assert talk.fail("frame", target="t9", index=0)["message"] == "this movie is not open in the widget"


def test_the_mean_trace_follows_the_movie_and_tells_how_far_it_is(talk: Any) -> None:
    result, _ = talk.ask("profile")
    assert result["indices"] == list(range(40))
    np.testing.assert_allclose(result["values"], FRAMES.mean((1, 2)), rtol=1e-5)
    progress, _ = talk.hear(lambda message: message["kind"] == "progress")
    assert progress["total"] == 40


def test_a_request_that_was_cancelled_is_answered_so_and_once(page: Any) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(_params: Any, job: Any) -> Answer:
        started.set()
        assert go.wait(10)
        assert job.is_answered
        return Answer(Opened(target="t1"))

    page.channel = Channel(post=page.post, targets=Targets(), methods={"open": slow})
    request = page.request("open", node="n1")
    assert started.wait(10)
    page.send(kind="cancel", id=request)
    message, _ = page.answer(request)
    assert message["error"]["code"] == "cancelled"
    go.set()
    close_frame_service()
    assert page.inbox.empty()


def play(talk: Any, **options: Any) -> None:
    message = {"kind": "play", "id": 99, "stream": 1, "from": 0, "fps": 1000.0}
    talk.send(**message | {"loop": False, "credit": 8, "keep": "frames"} | options)


def is_stream(message: dict[str, Any]) -> bool:
    return message["kind"] in ("frame", "end")


def test_playing_sends_every_frame_in_order_while_there_is_credit(talk: Any) -> None:
    play(talk, credit=8, **{"from": 30})
    seen = []
    while True:
        message, buffers = talk.hear(is_stream)
        if message["kind"] == "end":
            break
        seen.append(message["index"])
        np.testing.assert_array_equal(frame_of(buffers, message), FRAMES[message["index"]])
        talk.send(kind="credit", stream=1, n=1)
    assert seen == list(range(30, 40))
    assert message["reason"] == "end"


def test_without_credit_nothing_is_sent(talk: Any) -> None:
    play(talk, credit=3)
    for index in range(3):
        assert talk.hear(is_stream)[0]["index"] == index
    assert talk.answer(99)[0]["ok"]
    talk.ask("frame", index=0)
    assert talk.inbox.empty()
    talk.send(kind="credit", stream=1, n=1)
    assert talk.hear(is_stream)[0]["index"] == 3


def test_a_stream_that_is_stopped_says_so(
    talk: Any, threads: Callable[[], list[str]], wait_until: Any
) -> None:
    play(talk, loop=True, credit=200, fps=200.0)
    talk.hear(is_stream)
    talk.send(kind="stop", stream=1)
    message, _ = talk.hear(lambda message: message["kind"] == "end")
    assert message["reason"] == "stopped"
    wait_until(lambda: "dj-objectstore-play" not in threads())


def test_a_loop_begins_anew(talk: Any) -> None:
    play(talk, loop=True, credit=4, **{"from": 38})
    assert [talk.hear(is_stream)[0]["index"] for _ in range(4)] == [38, 39, 0, 1]


def test_playing_what_can_not_be_read_ends_with_the_error(talk: Any) -> None:
    play(talk, **{"from": 40})
    message, _ = talk.hear(is_stream)
    assert (message["reason"], message["error"]["code"]) == ("error", "value-refused")


def test_streams_of_pages_that_went_away_make_room(talk: Any) -> None:
    for stream in range(MAX_STREAMS + 2):
        play(talk, stream=stream, credit=0)
    ended = {talk.hear(lambda message: message["kind"] == "end")[0]["stream"] for _ in range(2)}
    assert ended == {0, 1}


def test_closing_ends_streams_tells_all_views_and_answers_no_more(
    talk: Any, threads: Callable[[], list[str]], wait_until: Any
) -> None:
    play(talk, loop=True, credit=100, fps=50.0)
    talk.hear(is_stream)
    talk.channel.close()
    event, _ = talk.hear(lambda message: message["kind"] == "event")
    assert (event["name"], event["view"]) == ("closed", "*")
    wait_until(lambda: "dj-objectstore-play" not in threads())
    close_frame_service()
    talk.request("frame", index=0)
    assert threads() == []


def test_a_page_that_can_not_be_reached_ends_its_stream(
    targets: Targets, threads: Callable[[], list[str]], wait_until: Any
) -> None:
    def post(_message: dict[str, Any], _buffers: list[Any]) -> None:
        raise ConnectionError

    channel = Channel(post=post, targets=targets)
    message = {"kind": "play", "view": "a", "id": 1, "stream": 1, "from": 0, "fps": 30.0, "loop": True}
    channel.receive(None, message | {"credit": 100, "keep": "time"})
    wait_until(lambda: "dj-objectstore-play" not in threads())
