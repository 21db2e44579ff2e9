"""An S3 server in a process of its own that holds one long folder, put there without a request for each file.

As a program it is that server: ``python long_folder.py PORT ENTRIES FOLDERS``.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dj_objectstore.servers import BUCKET, CREDENTIALS

LOCATION, FOLDER = "lab", "long"
ACCOUNT = "123456789012"


@contextmanager
def running_long_folder(entries: int, *, folders: int = 0) -> Iterator[dict[str, Any]]:
    """Run the server, with the entries spread over some folders in it; gives the settings of its store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, __file__, str(port), str(entries), str(folders)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        if server.stdout.readline().strip() != "ready":
            raise RuntimeError("the server with the long folder did not start")
        place = {"protocol": "s3", "endpoint": f"127.0.0.1:{port}", "bucket": BUCKET, "location": LOCATION}
        yield {**place, "secure": False, **CREDENTIALS}
    finally:
        server.terminate()
        server.wait()


def serve(port: int, entries: int, folders: int) -> None:
    """Fill the server's memory, then answer until the process is ended."""
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    backend = s3_backends[ACCOUNT]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    for number in range(entries):
        inside = f"{number % folders:04d}/" if folders else ""
        backend.put_object(BUCKET, f"{LOCATION}/{FOLDER}/{inside}{number:06d}.txt", b"x")
    ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
