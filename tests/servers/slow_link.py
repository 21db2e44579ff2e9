"""A network that is far away and narrow, in front of an S3 server; faults may befall it too.

>>> with SlowLink(("127.0.0.1", 9000), latency=0.05, rate=10 * 2**20) as link:     # doctest: +SKIP
...     settings = moto_server.at(link.endpoint)
"""

from __future__ import annotations

import threading
import time

from fault_proxy import Address, FaultProxy, Link


class SlowLink(FaultProxy):
    """A proxy that holds each request back for `latency` seconds, and answers at `rate` bytes a second.

    Attributes
    ----------
    sent
        Bytes that have been answered.
    requests
        Pieces of requests that have passed: one for each small request.
    flowing
        Requests and answers that are held back now.
    """

    def __init__(self, upstream: Address, *, latency: float, rate: float) -> None:
        super().__init__(("127.0.0.1", 0), upstream)
        self.latency, self.rate = latency, rate
        self.sent = self.requests = self.flowing = 0
        self._free_at = 0.0
        self._gate = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Host and port."""
        host, port = self.address
        return f"{host}:{port}"

    def forward(self, link: Link, data: bytes, is_answer: bool) -> None:
        """Pass on, when it is time."""
        with self._gate:
            self.flowing += 1
        try:
            time.sleep(self._wait_for(len(data)) if is_answer else self.latency)
            super().forward(link, data, is_answer)
        finally:
            with self._gate:
                self.flowing -= 1
                self.sent += len(data) * is_answer
                self.requests += not is_answer

    def _wait_for(self, size: int) -> float:
        """Take a place on the line, and return how long until the last byte has passed."""
        with self._gate:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + size / self.rate
            return self._free_at - now
