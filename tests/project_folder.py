"""A project folder as the documents show it, and proof that its stores work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.paths.tokens import new_token
from object_servers import S3_KEY, S3_SECRET, ObjectServer


class Project:
    """A folder with a configuration, which DataJoint reads as if it were started there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".git").mkdir()

    def write(self, text: str, name: str = "datajoint.json") -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def secret(self, name: str, value: str) -> Path:
        folder = self.folder / ".secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / name).write_text(f"{value}\n")
        (folder / name).chmod(0o600)
        return folder / name

    def config(self) -> Any:
        """Return the configuration that ``import datajoint`` would make now, as for a ``dj.Instance``."""
        from datajoint.settings import _create_config

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells that there is no datajoint.json
            return _create_config()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("DJ_IGNORE_CONFIG_FILE", raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Project(folder)


@pytest.fixture
def assigned() -> Iterator[Any]:
    """DataJoint's own configuration, whose stores a test may assign."""
    before = dict(dj.config.stores)
    yield dj.config
    dj.config.stores = before


@pytest.fixture
def aws(moto_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """Amazon's S3, as far as this process can tell; it takes any credentials, and has some of its own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{moto_server.endpoint}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", S3_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", S3_SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return moto_server


def make_bucket(server: ObjectServer, *names: str) -> None:
    """Make buckets, unless another test has."""
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://{server.endpoint}", region_name="us-east-1")
    for name in names:
        client.create_bucket(Bucket=name)
    client.close()


def assert_works(name: str | None = None, config: Any = None) -> djo.Store:
    """Write a file to the store and read it back."""
    store = djo.open_store(name, config=config)
    key = f"proof/{new_token()}.txt"
    store.put(key, b"it works")
    assert store.get(key) == b"it works"
    assert key in [entry.key for entry in store.list("proof")]
    store.delete([key])
    return store


def run_command(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``dj-objectstore`` in a folder, as a shell does."""
    return run_python(folder, "-m", "dj_objectstore.cli", *arguments, **environment)


def run_python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with no configuration but what is there and in `environment`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def store_block(text: str, **more: Any) -> str:
    """Return a configuration whose only store is described by `text`, and `more`."""
    return json.dumps({"stores": {"default": "main", "main": json.loads(text) | more}})
