"""A second way to the page: frames over HTTP, where the Jupyter server passes the page's requests on.

jupyter-server-proxy does so, to ports of the machine that it runs on; a frame comes that way in half the
time. A door opens when a page asks for one, on 127.0.0.1 alone, lets in who knows the token of a channel, and
closes with the last channel.

>>> opened = front_door.admit(channel.receive_aside)                              # doctest: +SKIP
>>> front_door.dismiss(opened["token"])                                           # doctest: +SKIP
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from dj_objectstore.widgets.frames.workers import Workers
from dj_objectstore.widgets.messages.strict import ProtocolError

if TYPE_CHECKING:
    from dj_objectstore.widgets.messages.answers import Buffer

Reply = Callable[[dict[str, Any], list["Buffer"]], None]
Receive = Callable[[Any, Reply], None]
"""Takes the content of a message, and answers it once; raises `ProtocolError` for what it does not take."""

TOKEN_HEADER = "X-Dj-Objectstore-Token"  # noqa: S105 - the name of a header
GREETING = b'{"dj_objectstore": 1}'
MAX_BODY = 65_536
ANSWER_SECONDS = 60.0
IDLE_SECONDS = 5.0
"""A connection on which nothing comes for so long is closed."""
THREADS = 16


class Door:
    """The HTTP server of this process; none runs while nobody is admitted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._admitted: dict[str, Receive] = {}
        self._server: _Server | None = None

    @property
    def port(self) -> int | None:
        """Where it is open; None while it is closed."""
        server = self._server
        return None if server is None else server.server_port

    def admit(self, receive: Receive) -> dict[str, Any]:
        """Let requests in for `receive`; return the `port` and the `token` that they have to bring.

        Raises
        ------
        OSError
            When this machine gives no port.
        """
        token = secrets.token_urlsafe(32)
        with self._lock:
            if self._server is None:
                self._server = _Server(self)
                self._server.start()
            self._admitted[token] = receive
            return {"port": self._server.server_port, "token": token}

    def dismiss(self, token: str) -> None:
        """Let nobody in with this token any more."""
        with self._lock:
            self._admitted.pop(token, None)
            server = None if self._admitted else self._server
            if server is not None:
                self._server = None
        if server is not None:
            server.stop()

    def find(self, token: str) -> Receive | None:
        """Return who is asked for with a token."""
        # a search in a dictionary tells by its time at most that a hash was met, never how many letters
        return self._admitted.get(token)


class _Server(HTTPServer):
    """Hands each connection to one of a few threads."""

    def __init__(self, door: Door) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.door = door
        self._workers = Workers("door", threads=THREADS)
        self._thread = threading.Thread(
            target=partial(self.serve_forever, 0.1), name="dj-objectstore-door", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections; those that are open are answered."""
        self.shutdown()
        self.server_close()
        self._workers.close(wait_seconds=0)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._workers.submit(partial(self._answer, request, client_address))

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the page, or the proxy, has gone
        finally:
            self.shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    """Answers a greeting, and requests for frames; anything else is refused without a word of ours."""

    server: _Server
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server_version = "dj-objectstore"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer who asks whether somebody is here."""
        if self._find() is not None:
            self._send([GREETING])

    def do_POST(self) -> None:
        """Answer a message: its length (uint32, little-endian), the message as JSON, its buffers."""
        receive = self._find()
        if receive is None:
            return
        content = self._read()
        answers: SimpleQueue[tuple[dict[str, Any], list[Buffer]]] = SimpleQueue()
        try:
            receive(content, lambda message, buffers: answers.put((message, buffers)))
            message, buffers = answers.get(timeout=ANSWER_SECONDS)
        except ProtocolError:
            self._refuse(HTTPStatus.BAD_REQUEST)
        except Empty:
            self._refuse(HTTPStatus.GATEWAY_TIMEOUT)
        else:
            text = json.dumps(message).encode()
            self._send([struct.pack("<I", len(text)), text, *buffers])

    def log_message(self, *_args: object) -> None:
        """Keep the notebook's output free of it."""

    def _find(self) -> Receive | None:
        receive = self.server.door.find(self.headers.get(TOKEN_HEADER, ""))
        if receive is None:
            self._refuse(HTTPStatus.FORBIDDEN)
        return receive

    def _read(self) -> Any:
        """Return what was sent; None for what is no message."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY:
            return None
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return None

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, parts: list[Buffer]) -> None:
        body = b"".join(parts)
        self.send_response(HTTPStatus.OK)
        for name, value in (
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


front_door = Door()


def _forget() -> None:
    """Leave the door to the parent: its threads are not in a forked child."""
    global front_door  # noqa: PLW0603 - one for each process
    front_door = Door()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
