"""An S3 server in a process of its own, and the requests that a call sends to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dj_objectstore.servers import BUCKET, CREDENTIALS, make_bucket

# moto would keep what is larger on disk, whose speed is not what is measured
IN_MEMORY = {"MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(2**34)}


def count_requests(run: Callable[[], object]) -> int:
    """Return how many requests a call sends to S3."""
    from aiobotocore.client import AioBaseClient

    sent = 0
    real = AioBaseClient._make_api_call

    async def counted(self: Any, name: str, options: Any) -> Any:
        nonlocal sent
        sent += 1
        return await real(self, name, options)

    AioBaseClient._make_api_call = counted
    try:
        run()
    finally:
        AioBaseClient._make_api_call = real
    return sent


@contextmanager
def running_server() -> Iterator[dict[str, Any]]:
    """Run moto in a process of its own, so that it shares no lock with what is measured; gives a store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = "{}:{}".format(*probe.getsockname())
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", endpoint.partition(":")[2]]
    server = subprocess.Popen(
        command, env=os.environ | IN_MEMORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and server.poll() is None:
            try:
                urllib.request.urlopen(f"http://{endpoint}/moto-api/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        make_bucket(endpoint)
        place = {"protocol": "s3", "endpoint": endpoint, "bucket": BUCKET, "location": "lab"}
        yield {**place, "secure": False, **CREDENTIALS}
    finally:
        server.terminate()
        server.wait()
