"""A project folder, and an S3 server that checks who asks and what they may do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from object_servers import free_port
from project_folder import assigned, aws, project

__all__ = ["assigned", "aws", "project"]

BUCKET = "lab"
READING = ["s3:GetObject", "s3:ListBucket", "s3:HeadObject"]


@dataclass(frozen=True)
class GuardedServer:
    """The settings of a store on it, and the credentials of its users."""

    endpoint: str
    users: dict[str, dict[str, str]]

    def settings(self, **more: Any) -> dict[str, Any]:
        named = {"protocol": "s3", "endpoint": self.endpoint, "secure": False, "region": "us-east-1"}
        return {**named, "bucket": BUCKET, "location": "project", **more}


@pytest.fixture(scope="session")
def guarded_s3() -> Iterator[GuardedServer]:
    """Run moto in a process of its own, with a user who may write and one who may only read."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        await_answer(address)
        actions = {"writer": ["s3:*"], "reader": READING}
        users = {name: make_user(address, name, allowed) for name, allowed in actions.items()}
        fill_bucket(address)
        post(f"{address}/moto-api/reset-auth", b"0")  # from now on it checks
        yield GuardedServer(f"127.0.0.1:{port}", users)
    finally:
        process.terminate()
        process.wait()


def await_answer(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def post(url: str, data: bytes) -> None:
    request = urllib.request.Request(url, data, {"Content-Type": "text/plain"}, method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def client(service: str, address: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "root", "aws_secret_access_key": "root"}
    return boto3.client(service, endpoint_url=address, region_name="us-east-1", **keys)


def make_user(address: str, name: str, actions: list[str]) -> dict[str, str]:
    iam = client("iam", address)
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="stores", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.close()
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def fill_bucket(address: str) -> None:
    s3 = client("s3", address)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="project/there.txt", Body=b"there")
    s3.close()
