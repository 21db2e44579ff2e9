"""What DataJoint does by itself: a `test_2_3_5_` fails once DataJoint has mended it, and its shim can go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datajoint as dj
import datajoint.codecs
import pytest
from datajoint.codecs import get_codec
from datajoint.errors import DataJointError

import dj_objectstore as djo
from dj_objectstore.codecs import compat


@pytest.fixture
def plain(stores: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """DataJoint without this package."""
    djo.disable()
    yield stores
    djo.enable()


def test_2_3_5_takes_an_at_alone_for_a_name(plain: dict[str, Any], file_settings: dict[str, Any]) -> None:
    file_settings.pop("project_name")
    plain |= {"default": "main", "main": file_settings}
    with pytest.raises(DataJointError, match="Storage '' is requested but not configured"):
        dj.config.get_store_spec("")


def test_2_3_5_refuses_a_store_called_default(plain: dict[str, Any], file_settings: dict[str, Any]) -> None:
    file_settings.pop("project_name")
    plain["default"] = file_settings
    with pytest.raises(DataJointError, match="default must be a string"):
        dj.config.get_store_spec()


S3 = {"protocol": "s3", "bucket": "lab", "location": "", "endpoint": "host"}


@pytest.mark.parametrize("setting", ["storage_class", "project_name", "region", "session_token", "cache"])
def test_2_3_5_refuses_settings_of_ours(plain: dict[str, Any], setting: str) -> None:
    plain["main"] = {**S3, setting: "x"}
    with pytest.raises(DataJointError, match=f"Invalid key.*{setting}"):
        dj.config.get_store_spec("main")


@pytest.mark.parametrize("setting", ["location", "endpoint"])
def test_2_3_5_asks_for_what_has_a_default(plain: dict[str, Any], setting: str) -> None:
    plain["main"] = {name: value for name, value in S3.items() if name != setting}
    with pytest.raises(DataJointError, match=f"is missing: {setting}"):
        dj.config.get_store_spec("main")


def test_2_3_5_asks_an_s3_backend_for_an_endpoint(plain: dict[str, Any]) -> None:
    del plain
    with pytest.raises(DataJointError, match="Missing S3 configuration: endpoint"):
        dj.storage.StorageBackend({"protocol": "s3", "bucket": "lab"})


def test_2_3_5_opens_a_filesystem_without_the_settings(plain: dict[str, Any]) -> None:
    del plain
    backend = dj.storage.StorageBackend({**S3, "region": "eu-west-1", "session_token": "t"})
    options = backend.fs.storage_options
    assert "token" not in options
    assert "region_name" not in options["client_kwargs"]
    assert backend._full_path("a") == "lab/a"
    assert backend.get_url("a") == "s3://lab/a"


def test_2_3_5_writes_into_a_folder_past_the_store(plain: dict[str, Any], tmp_path: Path) -> None:
    del plain
    backend = dj.storage.StorageBackend({"protocol": "file", "location": str(tmp_path)})
    backend.put_buffer(b"1", "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def count_resolutions(monkeypatch: pytest.MonkeyPatch, values: int) -> int:
    """Return how often the types of a column are found out while its values are decoded."""
    found = []
    parse = datajoint.codecs.parse_type_spec
    attribute = SimpleNamespace(codec=get_codec("file"), store="main")
    stored = {"path": "a", "store": "main", "size": 1, "name": "a", "is_dir": False}
    with monkeypatch.context() as patched:
        patched.setattr(datajoint.codecs, "parse_type_spec", lambda spec: found.append(spec) or parse(spec))
        for _ in range(values):
            datajoint.codecs.decode_attribute(attribute, stored, connection=None)
    return len(found)


def test_2_3_5_finds_out_the_types_anew_for_each_value(
    plain: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del plain
    assert count_resolutions(monkeypatch, 4) == 2 * count_resolutions(monkeypatch, 2) > 0


@pytest.mark.usefixtures("stores")
def test_the_types_of_a_column_are_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count_resolutions(monkeypatch, 1)
    assert count_resolutions(monkeypatch, 5) == 0


@pytest.mark.usefixtures("stores")
def test_a_codec_that_is_registered_anew_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = datajoint.codecs.resolve_dtype
    before = resolve("<file@main>")[1][0]
    other = type(before)()
    monkeypatch.setitem(datajoint.codecs._codec_registry, "file", other)
    assert resolve("<file@main>")[1][0] is other


def test_2_3_5_looks_for_a_filepath_in_the_wrong_store(
    plain: dict[str, Any], file_settings: dict[str, Any], tmp_path: Path
) -> None:
    file_settings.pop("project_name")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.dat").write_bytes(b"raw")
    plain |= {"default": "main", "filepath_default": "raw", "main": file_settings}
    plain["raw"] = {"protocol": "file", "location": str(tmp_path / "raw")}
    with pytest.raises(FileNotFoundError):
        get_codec("filepath").encode("a.dat", store_name=None)


def test_disable_gives_everything_back() -> None:
    from datajoint.builtin_codecs.filepath import FilepathCodec as DataJointsOwn
    from datajoint.builtin_codecs.object import ObjectCodec as DataJointsObject

    methods = [(shim.owner, shim.name) for shim in compat.SHIMS]
    ours = [getattr(owner, name) for owner, name in methods]
    djo.enable()
    djo.enable()
    assert [getattr(owner, name) for owner, name in methods] == ours
    try:
        djo.disable()
        djo.disable()
        theirs = [getattr(owner, name) for owner, name in methods]
        assert not {method.__wrapped__ for method in ours} - set(theirs)
        assert type(get_codec("filepath")) is DataJointsOwn
        assert type(get_codec("object")) is DataJointsObject
    finally:
        djo.enable()
    assert [getattr(owner, name).__wrapped__ for owner, name in methods] == theirs


@pytest.mark.parametrize("shim", compat.SHIMS, ids=lambda shim: shim.name)
def test_each_shim_is_for_the_version_that_is_installed(shim: compat.Shim) -> None:
    installed = dj.__version__.split(".")[:2]
    assert shim.version.split(".")[:2] == installed, f"does DataJoint {dj.__version__} still {shim.defect}?"
