from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dj_objectstore.widgets import door
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.door import MAX_BODY, TOKEN_HEADER
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Page

MOVIE = np.random.default_rng(2).poisson(20, (30, 40, 50)).astype("u2")
WAIT = 20.0


@pytest.fixture
def viewer(page: Page) -> Iterator[Page]:
    source = ArraySource(MOVIE)
    page.channel = Channel(post=page.post, targets=Targets(main=lambda: source))
    yield page
    page.channel.close()


def call(opened: dict[str, Any], body: bytes | None, *, token: str | None = None) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", opened["port"], timeout=WAIT)
    headers = {TOKEN_HEADER: opened["token"] if token is None else token}
    try:
        line.request("GET" if body is None else "POST", "/", body, headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def ask(opened: dict[str, Any], **params: Any) -> tuple[dict[str, Any], bytes]:
    request = {"kind": "request", "view": "a1", "id": 7, "method": "frame", "params": params}
    status, body = call(opened, json.dumps(request).encode())
    assert status == 200
    (length,) = struct.unpack_from("<I", body)
    return json.loads(body[4 : 4 + length]), body[4 + length :]


def test_a_page_that_asks_for_a_door_gets_frames_through_it(viewer: Page) -> None:
    opened, _ = viewer.ask("door")
    assert call(opened, None) == (200, b'{"dj_objectstore": 1}')
    message, codes = ask(opened, index=17)
    assert (message["kind"], message["view"], message["id"], message["ok"]) == ("response", "a1", 7, True)
    assert message["sent"] > 0
    frame = np.frombuffer(codes, message["result"]["dtype"]).reshape(message["result"]["shape"])
    np.testing.assert_array_equal(frame, MOVIE[17])
    assert viewer.inbox.empty()


def test_an_error_comes_the_way_that_was_asked(viewer: Page) -> None:
    opened, _ = viewer.ask("door")
    message, rest = ask(opened, index=30)
    assert (message["ok"], message["error"]["code"], rest) == (False, "value-refused", b"")


def test_all_views_of_a_widget_use_one_door_and_each_widget_has_a_token_of_its_own(viewer: Page) -> None:
    first, _ = viewer.ask("door")
    viewer.view = "b1"
    assert viewer.ask("door")[0] == first
    other = Channel(post=viewer.post, targets=Targets(main=lambda: ArraySource(MOVIE)))
    mine, viewer.channel = viewer.channel, other
    second, _ = viewer.ask("door")
    viewer.channel = mine
    assert second["port"] == first["port"]
    assert second["token"] != first["token"]
    other.close()
    assert call(second, None)[0] == 403
    assert call(first, None)[0] == 200


@pytest.mark.parametrize("token", ["", "x", "0" * 43])
@pytest.mark.parametrize("body", [None, b"{}"])
def test_who_has_no_token_is_refused_without_a_word(viewer: Page, token: str, body: bytes | None) -> None:
    opened, _ = viewer.ask("door")
    assert call(opened, body, token=token) == (403, b"")


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "request", "view": "a1", "id": 1, "method": "describe", "params": {}},
        {"kind": "request", "view": "a1", "id": 1, "method": "door", "params": {}},
        {"kind": "stop", "view": "a1", "stream": 1},
        {"kind": "request", "view": "a1", "id": 1, "method": "frame", "params": {"index": "1"}},
        {"kind": "request", "view": "a1", "id": 1, "method": "frame", "params": {"index": 1, "path": "/etc"}},
        [],
        None,
    ],
)
def test_anything_but_a_request_for_a_frame_is_refused(viewer: Page, message: object) -> None:
    opened, _ = viewer.ask("door")
    assert call(opened, json.dumps(message).encode()) == (400, b"")
    assert ask(opened, index=1)[0]["ok"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 30_000, b"[" + b" " * MAX_BODY + b"]"])
def test_what_is_no_message_is_refused(viewer: Page, body: bytes) -> None:
    opened, _ = viewer.ask("door")
    assert call(opened, body) == (400, b"")
    assert ask(opened, index=1)[0]["ok"]


def test_other_machines_can_not_reach_it(viewer: Page) -> None:
    opened, _ = viewer.ask("door")
    server = door.front_door._server
    assert server is not None
    assert server.socket.getsockname() == ("127.0.0.1", opened["port"])


def test_nothing_listens_before_a_page_asks_and_after_the_widget_is_closed(
    viewer: Page, wait_until: Any
) -> None:
    viewer.ask("describe")
    assert door.front_door.port is None
    opened, _ = viewer.ask("door")
    assert door.front_door.port == opened["port"]
    assert viewer.channel is not None
    viewer.channel.close()
    assert door.front_door.port is None
    with pytest.raises(OSError, match="refused"):
        call(opened, None)
    wait_until(lambda: not [one for one in threading.enumerate() if one.name == "dj-objectstore-door"])


def test_a_connection_that_breaks_off_harms_nobody(viewer: Page) -> None:
    opened, _ = viewer.ask("door")
    for sent in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n{"):
        with socket.create_connection(("127.0.0.1", opened["port"])) as line:
            line.sendall(sent)
    assert ask(opened, index=2)[0]["ok"]


def test_the_token_is_in_no_log(viewer: Page, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        opened, _ = viewer.ask("door")
        ask(opened, index=2)
        call(opened, b"{}")
    assert opened["token"] not in caplog.text
