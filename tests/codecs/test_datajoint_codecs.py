"""DataJoint's own codecs on every store that this package knows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datajoint as dj
import datajoint.codecs
import numpy as np
import pytest
from datajoint.codecs import get_codec
from datajoint.hash_registry import get_store_backend

import dj_objectstore as djo
from dj_objectstore.codecs.adapters import StoreSettings
from dj_objectstore.codecs.filepath import FilepathCodec
from dj_objectstore.store.identity import KEY as IDENTITY

DEFINITION = """
id : int32
---
value  = null : <blob@{store}>
array  = null : <npy@{store}>
paper  = null : <attach@{store}>
raw    = null : <hash@{store}>
path   = null : <filepath@{store}>
files  = null : <object@{store}>
"""


@pytest.fixture
def memory_settings() -> dict[str, Any]:
    return {"protocol": "memory", "location": uuid.uuid4().hex}


@pytest.fixture
def s3_settings(moto_server: Any) -> dict[str, Any]:
    return {**moto_server.settings(), "storage_class": "STANDARD_IA", "subfolding": [2, 2]}


@pytest.fixture
def gs_settings(gcs_server: Any) -> dict[str, Any]:
    return {**gcs_server.settings(), "partition_pattern": "{id}"}


@pytest.fixture
def azure_settings(azurite_server: Any) -> dict[str, Any]:
    return azurite_server.settings()


@pytest.fixture
def aws_settings(moto_server: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An S3 store without endpoint, location or keys: Amazon's, which the environment replaces here."""
    settings = moto_server.settings()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{settings['endpoint']}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", settings["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", settings["secret_key"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return {"protocol": "s3", "bucket": settings["bucket"]}


@pytest.mark.parametrize("store", ["", "main"])
@pytest.mark.parametrize("kind", ["file", "memory", "s3", "aws", "gs", "azure"])
def test_every_codec_of_datajoint_inserts_and_fetches(
    request: pytest.FixtureRequest,
    stores: dict[str, Any],
    dj_schema: Any,
    tmp_path: Path,
    kind: str,
    store: str,
) -> None:
    stores["main"] = request.getfixturevalue(f"{kind}_settings")
    stores["default"] = stores["filepath_default"] = "main"
    scan = declare(dj_schema, store)
    (tmp_path / "paper.txt").write_text("text")
    djo.open_store("main").put("user/file.bin", b"mine")
    array = np.arange(6.0).reshape(2, 3)
    row = {"id": 1, "value": {"a": [1, 2]}, "array": array, "raw": b"bytes"}
    row |= {"paper": str(tmp_path / "paper.txt"), "path": "user/./file.bin", "files": b"object"}
    scan.insert1(row)
    with dj.config.override(download_path=str(tmp_path / "download")):
        fetched = scan.fetch1()
        assert Path(fetched["paper"]).read_text() == "text"
    assert fetched["value"] == {"a": [1, 2]}
    assert np.array_equal(fetched["array"].load(), array)
    assert fetched["raw"] == b"bytes"
    assert (fetched["path"].read(), fetched["path"].store, fetched["path"].size) == (b"mine", "main", 4)
    assert fetched["files"].read() == b"object"
    assert dj.config.get_store_spec("main")["protocol"] == stores["main"]["protocol"]
    assert get_store_backend("main").exists(fetched["path"].path)


def declare(schema: Any, store: str) -> Any:
    class Scan(dj.Manual):
        definition = DEFINITION.format(store=store)

    return schema(Scan)


def test_datajoint_s_data_have_the_storage_class_and_the_project(
    stores: dict[str, Any], s3_settings: dict[str, Any], dj_schema: Any
) -> None:
    stores |= {"default": "main", "main": s3_settings | {"project_name": "lab"}}
    declare(dj_schema, "").insert1({"id": 1, "value": [1]})
    store = djo.open_store("main")
    classes = {
        entry.key.partition("/")[0]: store._backend._fs.call_s3(
            "head_object", Bucket=s3_settings["bucket"], Key=f"lab/project/{entry.key}"
        ).get("StorageClass")
        for entry in store.list()
    }
    assert classes == {"_hash": "STANDARD_IA", "datajoint_store.json": None}


def test_datajoint_s_codecs_refuse_the_store_of_another_project(
    stores: dict[str, Any], file_settings: dict[str, Any]
) -> None:
    stores["theirs"] = file_settings
    stores["mine"] = {**file_settings, "project_name": "mine"}
    djo.open_store("theirs").put("a", b"1")
    assert get_store_backend("theirs").get_buffer("a") == b"1"
    with pytest.raises(djo.ConfigurationError, match="belongs to the project 'lab'"):
        get_store_backend("mine").get_buffer("a")


@pytest.mark.parametrize("codec", ["blob", "attach", "hash", "npy"])
def test_the_first_write_of_a_datajoint_codec_says_whose_a_folder_is(
    stores: dict[str, Any], file_settings: dict[str, Any], dj_schema: Any, codec: str
) -> None:
    stores |= {"default": "main", "main": file_settings}
    table = dj_schema(
        type(codec.capitalize(), (dj.Manual,), {"definition": f"id : int32\n---\nvalue : <{codec}@>"})
    )
    store = djo.open_store("main")
    assert not store.exists(IDENTITY)
    values = {"blob": [1], "attach": __file__, "hash": b"bytes", "npy": np.arange(3)}
    table.insert1({"id": 1, "value": values[codec]})
    assert json.loads(store.get(IDENTITY))["project_name"] == "lab"
    assert len(list(store.list())) == 2


def test_a_datajoint_codec_that_reads_makes_no_file_of_the_store(
    stores: dict[str, Any], file_settings: dict[str, Any]
) -> None:
    Path(file_settings["location"], "a").write_bytes(b"1")
    stores["main"] = file_settings
    assert get_store_backend("main").get_buffer("a") == b"1"
    assert not djo.open_store("main").exists(IDENTITY)


def test_filepath_has_a_default_of_its_own(
    stores: dict[str, Any], file_settings: dict[str, Any], memory_settings: dict[str, Any], dj_schema: Any
) -> None:
    stores |= {"default": "main", "filepath_default": "raw", "main": file_settings}
    stores["raw"] = {**memory_settings, "filepath_prefix": "recordings"}
    scan = declare(dj_schema, "")
    djo.open_store("raw").put("recordings/day/a.dat", b"raw")
    scan.insert1({"id": 1, "path": "recordings//day/a.dat", "value": "kept in main"})
    ref = scan.fetch1("path")
    assert (ref.store, ref.path, ref.read()) == ("raw", "recordings/day/a.dat", b"raw")
    assert [entry.key.partition("/")[0] for entry in djo.open_store("main").list()] == ["_hash", IDENTITY]
    # rows of plain DataJoint don't name the store of an @ alone
    codec = get_codec("filepath")
    for name in (None, ""):
        assert codec.decode({"path": "recordings/day/a.dat", "store": name}).read() == b"raw"
    del stores["filepath_default"]
    with pytest.raises(djo.StoreNotConfiguredError, match=r"stores\.filepath_default is not set"):
        scan.insert1({"id": 2, "path": "recordings/day/a.dat"})


def test_a_folder_is_a_filepath_too(stores: dict[str, Any], file_settings: dict[str, Any]) -> None:
    stores |= {"filepath_default": "main", "main": file_settings}
    djo.open_store("main").put("day/a.dat", b"1")
    stored = FilepathCodec().encode("day", store_name="")
    assert (stored["path"], stored["is_dir"], stored["size"]) == ("day", True, None)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/abs/a", "relative to the location"),
        ("../a", "relative to the location"),
        ("", "relative to the location"),
        ("raw/../..", "relative to the location"),
        ("_hash/x", "managed in '_hash'"),
        ("raw/../_schema/x", "managed in '_schema'"),
        ("_schema", "managed in '_schema'"),
        ("_dj_objectstore/x", "managed in '_dj_objectstore'"),
        ("rawer/x", "must begin with its filepath_prefix 'raw'"),
        ("raw/nothing", "nothing lies at 'raw/nothing'"),
    ],
)
def test_a_filepath_that_must_not_be_named_is_refused(
    stores: dict[str, Any], memory_settings: dict[str, Any], path: str, problem: str
) -> None:
    stores |= {"filepath_default": "main", "main": {**memory_settings, "filepath_prefix": "raw"}}
    with pytest.raises(djo.ObjectStoreError, match=problem):
        FilepathCodec().encode(path, store_name="")


def test_a_store_with_settings_of_ours_is_shown_as_the_user_wrote_it(stores: dict[str, Any]) -> None:
    stores["main"] = {"protocol": "gs", "bucket": "lab", "storage_options": {"token": "anon"}}
    spec = dj.config.get_store_spec("main")
    assert (spec["protocol"], spec["bucket"], spec["location"]) == ("gs", "lab", "")
    assert (spec["hash_prefix"], spec["schema_prefix"], spec["filepath_prefix"]) == ("_hash", "_schema", None)
    assert get_store_backend("main").get_url("a/b") == "gs://lab/a/b"


def test_a_pickled_spec_is_a_plain_dict(stores: dict[str, Any], memory_settings: dict[str, Any]) -> None:
    import pickle

    stores["main"] = memory_settings
    spec = dj.config.get_store_spec("main")
    assert isinstance(spec, StoreSettings)
    assert type(pickle.loads(pickle.dumps(spec))) is dict


# -- MariaDB, with a configuration of its own ---------------------------------------------------------------


@pytest.fixture
def insert_on_mariadb(mariadb_instance: Any, file_settings: dict[str, Any]) -> Iterator[Any]:
    """Insert one value through one codec and fetch it, on an instance that alone knows the store."""
    mariadb_instance.config.stores = {"default": "own", "filepath_default": "own", "own": file_settings}
    (Path(file_settings["location"]) / "mine.txt").write_bytes(b"mine")
    schema = mariadb_instance.Schema(f"test_{uuid.uuid4().hex[:8]}")

    def insert(codec: str, value: Any) -> Any:
        definition = f"id : int32\n---\nvalue : <{codec}@>"
        table = schema(type(codec.capitalize(), (dj.Manual,), {"definition": definition}))()
        table.insert1({"id": 1, "value": value})
        return table.fetch1("value")

    yield insert
    schema.drop(prompt=False)


def test_every_codec_that_works_on_mariadb_works_there(insert_on_mariadb: Any) -> None:
    array = np.arange(6.0)
    assert np.array_equal(insert_on_mariadb("npy", array).load(), array)
    assert insert_on_mariadb("hash", b"bytes") == b"bytes"
    ref = insert_on_mariadb("filepath", "mine.txt")
    assert (ref.store, ref.read()) == ("own", b"mine")
    assert insert_on_mariadb("object", b"object").read() == b"object"
    counts = np.random.default_rng(1).poisson(20, (12, 8, 8)).astype(np.int16)
    movie = insert_on_mariadb("photon", djo.Photon(counts, mode="lossless"))
    assert np.array_equal(movie[:], counts)


@pytest.mark.parametrize(("codec", "value"), [("blob", [1]), ("attach", __file__)])
def test_2_3_5_inserts_no_chained_codec_on_mariadb(insert_on_mariadb: Any, codec: str, value: Any) -> None:
    with pytest.raises(TypeError, match="dict can not be used as parameter"):
        insert_on_mariadb(codec, value)
