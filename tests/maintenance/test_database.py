"""Which database is asked, and that asking for it connects nothing."""

from __future__ import annotations

from typing import Any

import datajoint as dj
import pytest
from datajoint import instance

from dj_objectstore.maintenance.database import configured_database, default_connection


def test_the_database_that_is_connected_comes_before_the_settings(
    dj_schema: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = dj_schema.connection
    monkeypatch.setattr(dj.config.database, "host", "elsewhere.lab.org")
    assert default_connection() is connected
    found = configured_database()
    assert found is not None
    assert found.label == f"PostgreSQL at {connected.conn_info['host']}"


def test_without_a_connection_the_settings_count_and_nothing_is_connected(
    dj_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del dj_database
    monkeypatch.setattr(instance, "_singleton_connection", None)
    monkeypatch.setattr(dj.config.database, "host", "elsewhere.lab.org")
    found = configured_database()
    assert found is not None
    assert "elsewhere.lab.org" in found.label
    assert default_connection() is None
    monkeypatch.setattr(dj.config.database, "user", None)
    assert configured_database() is None
