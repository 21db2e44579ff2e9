from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np
import pytest

if TYPE_CHECKING:
    from dj_objectstore import Store


@pytest.fixture
def scan(dj_schema: Any, dj_store: Store) -> Any:
    """A table with one field of each kind, on the store `main`."""
    del dj_store

    class Scan(dj.Manual):
        definition = """
        subject : varchar(32)
        day     : date
        ---
        note = "" : varchar(16)
        files = null : <object@main>
        movie = null : <photon@main>
        """

    return dj_schema(Scan)


@pytest.fixture
def movie() -> np.ndarray:
    """Twelve frames of Poisson light: 12 photons a pixel and a gradient, 20 grey levels per photon."""
    rng = np.random.default_rng(3)
    light = np.linspace(2, 22, 48)[None, :, None] * np.ones((12, 48, 40))
    return (20 * rng.poisson(light) + 100).astype(np.int16)


@pytest.fixture
def keys(dj_store: Store) -> Callable[[], list[str]]:
    """The keys that lie in the store now."""
    return lambda: sorted(entry.key for entry in dj_store.list())


@pytest.fixture
def file_settings(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "store").mkdir()
    return {"protocol": "file", "location": str(tmp_path / "store"), "project_name": "lab"}


@pytest.fixture
def stores() -> Iterator[dict[str, Any]]:
    """The stores of the configuration, which are put back afterwards."""
    before = dj.config.stores
    dj.config.stores = {}
    yield dj.config.stores
    dj.config.stores = before
