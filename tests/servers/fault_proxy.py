"""A byte-level proxy that breaks connections where a test says, in front of PostgreSQL or of an S3 server.

>>> with FaultProxy(("127.0.0.1", 0), ("127.0.0.1", 9000)) as proxy:     # doctest: +SKIP
...     proxy.when(b"PUT /", lose_answer)
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

Address = tuple[str, int] | str
Action = Callable[["Link", bytes], None]

SERVICE_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/xml\r\nContent-Length: 67\r\n"
    b"Connection: close\r\n\r\n<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>\n\n\n"
)
# PostgreSQL's message for a connection that its administrator ends, as a pooler in front of it passes it on
_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
TERMINATED = b"E" + struct.pack("!i", len(_FIELDS) + 4) + _FIELDS + b"Z\0\0\0\x05I"
_SECONDS = 10
HELD = 0.3  # seconds for which `interrupt` holds a request up


class Link:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.is_muted = False
        self.answered = threading.Event()

    def reset(self) -> None:
        """Break both sides off, as a network does: with a reset where the kind of socket knows one."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            _end(side)

    def reset_server(self) -> None:
        """End the server's side, and the client's once it has read what was sent."""
        self.is_muted = True
        with suppress(OSError):
            self.client.shutdown(socket.SHUT_WR)
        _end(self.server)


@dataclass
class Fault:
    """What happens when bytes that hold `trigger` pass; `times` says how often."""

    trigger: bytes
    action: Action
    times: int
    is_answer: bool
    hits: int = 0


class FaultProxy:
    """A proxy from one socket to another; a string is the path of a unix socket."""

    def __init__(self, listen: Address, upstream: Address) -> None:
        self._upstream = upstream
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._listener = socket.socket(_family(listen), socket.SOCK_STREAM)
        self._listener.bind(listen)
        self._listener.listen(64)
        self._links: list[Link] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.reset()

    @property
    def address(self) -> Any:
        """Where it listens."""
        return self._listener.getsockname()

    def when(self, trigger: bytes, action: Action, *, times: int = 1, is_answer: bool = False) -> Fault:
        """Do something when bytes that hold `trigger` pass to the server, or back from it."""
        fault = Fault(trigger, action, times, is_answer)
        with self._lock:
            self._faults.append(fault)
        return fault

    def heal(self) -> None:
        """Break nothing any more."""
        with self._lock:
            self._faults.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(_family(self._upstream), socket.SOCK_STREAM)
            server.connect(self._upstream)
            link = Link(client, server)
            self._links.append(link)
            for is_answer in (False, True):
                threading.Thread(target=self._pump, args=(link, is_answer), daemon=True).start()

    def _pump(self, link: Link, is_answer: bool) -> None:
        source = link.server if is_answer else link.client
        with suppress(OSError):
            while data := source.recv(65536):
                fault = self._match(data, is_answer)
                if fault is not None:
                    fault.action(link, data)
                else:
                    self.forward(link, data, is_answer)
        # what one side has ended, the other one is told
        for side in (link.client, link.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def forward(self, link: Link, data: bytes, is_answer: bool) -> None:
        """Pass on what nothing befalls."""
        _forward(link, data, is_answer)

    def _match(self, data: bytes, is_answer: bool) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.is_answer == is_answer and fault.hits < fault.times and fault.trigger in data:
                    fault.hits += 1
                    return fault
        return None


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_UNIX if isinstance(address, str) else socket.AF_INET


def _end(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()


def _forward(link: Link, data: bytes, is_answer: bool) -> None:
    if not is_answer:
        link.server.sendall(data)
        return
    if not link.is_muted:
        link.client.sendall(data)
    link.answered.set()


# -- what a fault does -------------------------------------------------------------------------------------


def refuse(link: Link, data: bytes) -> None:
    """Break off before the request reaches the server."""
    del data
    link.reset()


def lose_answer(link: Link, data: bytes) -> None:
    """Let the server do what was asked, and break off before its answer comes."""
    link.answered.clear()
    link.is_muted = True
    link.server.sendall(data)
    link.answered.wait(_SECONDS)
    link.reset()


def terminate(link: Link, data: bytes) -> None:
    """End a PostgreSQL connection as its administrator would, before the request reaches the server."""
    del data
    link.client.sendall(TERMINATED)
    link.reset_server()


def terminate_after(link: Link, data: bytes) -> None:
    """Let PostgreSQL do what was asked, and end the connection in place of its answer."""
    link.answered.clear()
    link.is_muted = True
    link.server.sendall(data)
    link.answered.wait(_SECONDS)
    terminate(link, data)


def cut(link: Link, data: bytes) -> None:
    """Break off in the middle of what passes to the server."""
    link.server.sendall(data[: len(data) // 2])
    link.reset()


def cut_answer(link: Link, data: bytes) -> None:
    """Break off in the middle of what passes to the client."""
    link.client.sendall(data[: len(data) // 2])
    link.reset()


def unavailable(link: Link, data: bytes) -> None:
    """Answer 503 in place of an S3 server."""
    del data
    link.client.sendall(SERVICE_UNAVAILABLE)
    with suppress(OSError):
        link.client.shutdown(socket.SHUT_WR)


def interrupt(link: Link, data: bytes) -> None:
    """Press Ctrl-C in this process while the request is on its way."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(HELD)
    link.server.sendall(data)


def interrupt_after(link: Link, data: bytes) -> None:
    """Let the server do what was asked, and press Ctrl-C in this process as its answer comes."""
    link.answered.clear()
    link.server.sendall(data)
    link.answered.wait(_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)
