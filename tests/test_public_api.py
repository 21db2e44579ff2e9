"""The public names are a promise: this list changes only on purpose."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import dj_objectstore as djo

ERRORS = [
    "AddressError",
    "ChunkError",
    "ConfigurationError",
    "FormatError",
    "IntegrityError",
    "MovieRefusedError",
    "ObjectArchivedError",
    "ObjectExistsError",
    "ObjectNotFoundError",
    "ObjectStoreError",
    "ReadOnlyError",
    "StoreAccessError",
    "StoreNotConfiguredError",
    "StoreUnavailableError",
    "UnsafePathError",
    "ValueRefusedError",
]
NAMES = [
    "FileRef",
    "ObjectRef",
    "Photon",
    "PhotonMovie",
    "Report",
    "Source",
    "Store",
    "__version__",
    "browse",
    "configure",
    "convert",
    "disable",
    "download",
    "enable",
    "load_ipython_extension",
    "load_stores",
    "open_store",
    "save_template",
    "scrub",
    "staged_insert1",
    "verify",
]


def test_the_public_names_are_these():
    assert sorted(djo.__all__) == sorted(NAMES + ERRORS)


def test_dir_tells_the_public_names():
    assert sorted(dir(djo)) == sorted(djo.__all__)


@pytest.mark.parametrize("name", NAMES + ERRORS)
def test_every_public_name_exists(name):
    assert getattr(djo, name) is not None


@pytest.mark.parametrize("name", [name for name in NAMES + ERRORS if name != "__version__"])
def test_every_public_name_is_documented(name):
    assert inspect.getdoc(getattr(djo, name))


def test_every_error_of_the_tree_is_public():
    tree = [djo.ObjectStoreError]
    for error in tree:
        tree += error.__subclasses__()
    assert {error.__name__ for error in tree if error.__module__.startswith("dj_objectstore")} == set(ERRORS)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'scrubb'"):
        _ = djo.scrubb


def test_the_import_loads_nothing_heavy():
    """What a notebook does not use, it does not wait for."""
    program = (
        "import sys, datajoint; before = set(sys.modules); import dj_objectstore;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(new & {'dask', 'xarray', 'zarr', 's3fs', 'anywidget', 'ipywidgets', 'PIL'}))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
