"""The floors of the house hold: who may import whom, who may import DataJoint, and what is imported late."""

from __future__ import annotations

from pathlib import Path

import pytest

import dj_objectstore
from layers import check_module, check_package, circles, find_circles

ROOT = Path(dj_objectstore.__file__).parent


def test_every_import_keeps_to_its_floor():
    assert check_package(ROOT) == []


def test_no_module_imports_itself_in_a_circle():
    assert find_circles(ROOT) == []


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("dj_objectstore.store.store", "from dj_objectstore.objects.ref import ObjectRef", "up"),
        ("dj_objectstore.store.store", "import dj_objectstore.codecs", "up"),
        ("dj_objectstore.store.store", "def f():\n    from dj_objectstore.widgets import browser", "up"),
        ("dj_objectstore.store.store", "if TYPE_CHECKING:\n    from dj_objectstore.cli import main", "up"),
        ("dj_objectstore.store.store", "from ..objects import ref", "up"),
        ("dj_objectstore.store.store", "from dj_objectstore import cli", "up"),
        ("dj_objectstore.paths.keys", "from dj_objectstore.photon import noise", "sideways"),
        ("dj_objectstore.testing", "from dj_objectstore.demo import session", "sideways"),
        ("dj_objectstore.objects.ref", "from dj_objectstore.unheard import of", "no floor"),
        ("dj_objectstore.store.store", "import datajoint", "DataJoint"),
        ("dj_objectstore.widgets.browser", "def f():\n    import datajoint as dj", "DataJoint"),
        ("dj_objectstore.objects.movie", "from datajoint.objectref import ObjectRef", "DataJoint"),
        ("dj_objectstore.cli.demo", "from datajoint.errors import DataJointError", "DataJoint"),
        ("dj_objectstore.objects.views", "import dask.array", "inside the function"),
        ("dj_objectstore.store.protocols", "import s3fs", "inside the function"),
        ("dj_objectstore.widgets.frames.frames", "def f():\n    import xarray", "belongs to"),
    ],
)
def test_a_broken_arrow_is_found(module, source, why):
    (broken,) = check_module(source, module)
    assert module in broken
    assert why in broken


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("dj_objectstore.objects.ref", "from datajoint.objectref import ObjectRef"),
        ("dj_objectstore.objects.ref", "from dj_objectstore.objects.source import Source"),
        ("dj_objectstore.objects.ref", "from dj_objectstore.store.store import Store"),
        ("dj_objectstore.objects.ref", "def f():\n    import zarr"),
        ("dj_objectstore.objects.views", "def f():\n    import dask.array, xarray"),
        ("dj_objectstore.store.store", "if TYPE_CHECKING:\n    import s3fs"),
        ("dj_objectstore.paths.keys", "from dj_objectstore.exceptions import AddressError"),
        ("dj_objectstore.codecs.photon", "import datajoint"),
        ("dj_objectstore.demo.session", "from .folder import DemoFolder"),
    ],
)
def test_a_right_arrow_is_allowed(module, source):
    assert check_module(source, module) == []


def test_a_circle_is_found_once():
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == ["a -> b -> c -> a"]


def test_a_line_without_a_circle_is_fine():
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []
