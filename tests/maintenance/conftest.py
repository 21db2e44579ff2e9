from __future__ import annotations

import uuid
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo


@pytest.fixture(params=["postgresql", "mariadb"])
def schema(request: Any, dj_store: Any) -> Any:
    """An empty schema on a server of each kind, with the store `main`."""
    del dj_store
    if request.param == "postgresql":
        yield request.getfixturevalue("dj_schema")
        return
    instance = request.getfixturevalue("mariadb_instance")
    djo.enable()
    instance.config.stores = dict(dj.config.stores)
    schema = instance.Schema(f"test_{uuid.uuid4().hex[:8]}")
    yield schema
    schema.drop(prompt=False)


@pytest.fixture
def scan(dj_schema: Any, dj_store: Any) -> Any:
    """A table with a folder or file in each row, on the store `main`."""
    del dj_store

    class Scan(dj.Manual):
        definition = """
        subject_id : varchar(32)
        scan_id : int32
        ---
        files = null : <object@main>
        more = null : <object@main>
        notes = null : <file@main>
        """

    return dj_schema(Scan)


@pytest.fixture
def make_folder(tmp_path: Any) -> Any:
    """Make a folder of small files, by their names."""

    def make(name: str, files: dict[str, bytes]) -> Any:
        for path, data in files.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return tmp_path / name

    return make


@pytest.fixture
def requests(monkeypatch: Any) -> list[str]:
    """The names of the requests that are sent to S3."""
    from aiobotocore.client import AioBaseClient

    sent: list[str] = []
    call = AioBaseClient._make_api_call

    async def counted(self: Any, name: str, arguments: Any) -> Any:
        sent.append(name)
        return await call(self, name, arguments)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", counted)
    return sent
