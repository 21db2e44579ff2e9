"""Fixtures: the object-store servers that stores are tested against, each started once and on loopback.

What a server needs is installed into pytest's cache the first time. A server that can't start skips its
tests with the reason; with ``CI=true`` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

import swift
from certificate import write_certificate

AZURE_ACCOUNT = "devstoreaccount1"
# the account that every azurite has; published by Microsoft, and of no other use
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
S3_KEY, S3_SECRET = "AKIATESTTESTTEST", "very/secret+value"
_SECONDS = 60


@dataclass(frozen=True)
class ObjectServer:
    """A server: how a store's settings name it, and how a bucket is made on it, unless it is there."""

    endpoint: str
    at: Callable[[str], dict[str, Any]]
    make_bucket: Callable[[str], None]

    def settings(self) -> dict[str, Any]:
        """Return the settings of a store in a new, empty bucket."""
        bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        self.make_bucket(bucket)
        return {**self.at(self.endpoint), "bucket": bucket, "location": "lab/project"}


@dataclass(frozen=True)
class SecureAzurite:
    """An azurite that speaks TLS: adlfs' ``account_host``, and the certificate to trust."""

    account_host: str
    certificate: Path

    def make_container(self, name: str) -> None:
        """Make a container, unless it is there."""
        from azure.core.exceptions import ResourceExistsError
        from azure.storage.blob import BlobServiceClient

        account = {"account_name": AZURE_ACCOUNT, "account_key": AZURE_KEY}
        url, trusted = f"https://{self.account_host}", str(self.certificate)
        with (
            suppress(ResourceExistsError),
            BlobServiceClient(url, account, connection_verify=trusted) as client,
        ):
            client.create_container(name).close()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[ObjectServer]:
    """Run moto, an S3 server that checks no signature."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield _s3_server(f"{host}:{port}", S3_KEY, S3_SECRET)
    server.stop()


@pytest.fixture(scope="session")
def swift_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ObjectServer]:
    """Run OpenStack Swift's s3api, which checks signatures."""
    folder = tmp_path_factory.mktemp("swift")
    ports = {name: free_port() for name in swift.SERVERS}
    with _or_skip("OpenStack Swift"):
        python = installed(request.config, "swift", _install_swift) / "bin" / "python"
        processes = swift.start_swift(python, folder, ports)
        with _stopped(*processes):
            await_port(ports["proxy"], *processes)
    with stopped_at_end(*processes):
        yield _s3_server(f"127.0.0.1:{ports['proxy']}", swift.KEY, swift.SECRET)


@pytest.fixture(scope="session")
def azurite_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ObjectServer]:
    """Run azurite, Microsoft's own emulator of Azure Blob Storage."""
    with _azurite(request.config, tmp_path_factory.mktemp("azurite")) as port:
        yield ObjectServer(f"127.0.0.1:{port}", _azure_at, lambda name: _make_container(port, name))


@pytest.fixture(scope="session")
def azurite_tls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecureAzurite]:
    """Run azurite with TLS, as Azure's library asks for where it is given no connection string."""
    folder = tmp_path_factory.mktemp("azurite-tls")
    certificate, key = write_certificate(folder)
    with _azurite(request.config, folder, "--cert", str(certificate), "--key", str(key)) as port:
        yield SecureAzurite(f"localhost:{port}/{AZURE_ACCOUNT}", certificate)


@contextmanager
def _azurite(config: pytest.Config, folder: Path, *more: str) -> Iterator[int]:
    port = free_port()
    with _or_skip("azurite"):
        program = installed(config, "azurite", _install_azurite) / "node_modules/.bin/azurite-blob"
        options = (
            "--silent --skipApiVersionCheck --inMemoryPersistence --disableTelemetry --disableProductStyleUrl"
        )
        process = subprocess.Popen(
            [program, *options.split(), "--blobPort", str(port), *more],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with _stopped(process):
            await_port(port, process)
    with stopped_at_end(process):
        yield port


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """Run gcp-storage-emulator, which checks no credentials and knows no conditions."""
    port = free_port()
    program = Path(__file__).with_name("gcs_emulator.py")
    with _or_skip("gcp-storage-emulator"):
        process = subprocess.Popen(
            [sys.executable, program, "start", f"--port={port}", "--in-memory", "--quiet"],
            cwd=tmp_path_factory.mktemp("gcs"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with _stopped(process):
            await_port(port, process)
    with stopped_at_end(process):
        yield ObjectServer(f"127.0.0.1:{port}", _gcs_at, lambda name: _make_gcs_bucket(port, name))


# -- settings and buckets ----------------------------------------------------------------------------------


def _s3_server(endpoint: str, key: str, secret: str) -> ObjectServer:
    def at(endpoint: str) -> dict[str, Any]:
        named = {"protocol": "s3", "endpoint": endpoint, "secure": False}
        return {**named, "access_key": key, "secret_key": secret, "region": "us-east-1"}

    def make_bucket(name: str) -> None:
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=f"http://{endpoint}",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=name)
        client.close()

    return ObjectServer(endpoint, at, make_bucket)


def _azure_at(endpoint: str) -> dict[str, Any]:
    return {"protocol": "azure", "connection_string": connection_string(endpoint)}


def connection_string(endpoint: str, account: str = AZURE_ACCOUNT, key: str = AZURE_KEY) -> str:
    """Return how Azure names an account at an endpoint."""
    blobs = f"http://{endpoint}/{account}"
    return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};BlobEndpoint={blobs};"


def _make_container(port: int, name: str) -> None:
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    with (
        suppress(ResourceExistsError),
        BlobServiceClient.from_connection_string(connection_string(f"127.0.0.1:{port}")) as client,
    ):
        client.create_container(name).close()


def _gcs_at(endpoint: str) -> dict[str, Any]:
    options = {"endpoint_url": f"http://{endpoint}", "token": "anon"}
    return {"protocol": "gs", "project": "lab", "storage_options": options}


def _make_gcs_bucket(port: int, name: str) -> None:
    import json
    import urllib.error
    import urllib.request

    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/storage/v1/b?project=lab",
        json.dumps({"name": name}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=_SECONDS).close()
    except urllib.error.HTTPError as err:
        if err.code != HTTPStatus.CONFLICT:
            raise


# -- installing, starting, stopping ------------------------------------------------------------------------


def free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def installed(config: pytest.Config, name: str, install: Callable[[Path], None]) -> Path:
    """Return the folder that holds a server, installed there by whichever run comes first."""
    import fasteners

    if config.cache is None:
        raise RuntimeError("pytest runs without its cache (-p no:cacheprovider)")
    folder = Path(config.cache.mkdir("servers"))
    with fasteners.InterProcessLock(folder / f"{name}.lock"):
        if not (folder / name / "complete").exists():
            shutil.rmtree(folder / name, ignore_errors=True)
            install(folder / name)
            (folder / name / "complete").touch()
    return folder / name


def _install_swift(folder: Path) -> None:
    # made anew, and not by venv.create: the Python that runs the tests is in an environment itself
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "swift>=2.35"]
    subprocess.run(pip, check=True, capture_output=True, timeout=600)


def _install_azurite(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not on the PATH")
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}')
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "azurite@3.35.0"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=600)


@contextmanager
def _or_skip(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, subprocess.SubprocessError) as err:
        told = f"{name} does not start: {err} {getattr(err, 'stderr', None) or b''!r}"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)


def await_port(port: int, *processes: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens on a port; RuntimeError when a process ends first, or nobody does."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("a server ended by itself")
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port} after {_SECONDS} s")


@contextmanager
def _stopped(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop the servers when the block fails."""
    try:
        yield
    except BaseException:
        _stop(processes)
        raise


@contextmanager
def stopped_at_end(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop the servers after the block."""
    try:
        yield
    finally:
        _stop(processes)


def _stop(processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
