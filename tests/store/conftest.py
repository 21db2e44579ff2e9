"""One store of each protocol, empty."""

from __future__ import annotations

import os
import threading
import uuid

import pytest

from answering_server import ACCESS_KEY, SECRET_KEY, Server
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import open_store


@pytest.fixture(scope="session")
def s3_server():
    """The address of an S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def s3_settings(s3_server):
    """The settings of an empty bucket."""
    import boto3

    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{s3_server}",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=bucket)
    client.close()
    return {
        "protocol": "s3",
        "endpoint": s3_server,
        "secure": False,
        "bucket": bucket,
        "location": "lab/project",
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
    }


@pytest.fixture
def serve():
    """Start a server that answers in one way, and open a store on it."""
    servers = []

    def start(answer):
        server = Server(answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server, open_store(parse_spec("bad", server.settings()))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def s3_store(s3_settings):
    return open_store(parse_spec("cloud", s3_settings))


@pytest.fixture
def file_store(tmp_path_factory):
    return open_store(
        parse_spec("disk", {"protocol": "file", "location": str(tmp_path_factory.mktemp("store"))})
    )


@pytest.fixture
def memory_store():
    return open_store(parse_spec(f"memory-{uuid.uuid4().hex[:8]}", {"protocol": "memory"}))


@pytest.fixture(params=["file", "memory", "s3"])
def any_store(request):
    return request.getfixturevalue(f"{request.param}_store")


@pytest.fixture(autouse=True, scope="session")
def no_ambient_credentials():
    """Keep this machine's own AWS configuration out of the tests."""
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
