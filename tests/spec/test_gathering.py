"""Where settings come from: Python over the environment over `.secrets` over the file, and each says so."""

from __future__ import annotations

import json
import os

import pytest

import dj_objectstore as djo
from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.gathering import IN_PYTHON, gather_stores

S3 = {"protocol": "s3", "bucket": "lab"}


def in_file(project, stores, **more):
    return project.write(json.dumps({"stores": stores} | more))


def test_each_value_says_where_it_came_from(project):
    path = in_file(project, {"main": S3}, dj_objectstore={"stores": {"main": {"project_name": "p"}}})
    secret = project.secret("stores.main.access_key", "AKIA")
    config = project.config()
    config.stores["main"]["secret_key"] = "typed"
    origins = gather_stores(config).origins["main"]
    assert origins == {
        "protocol": str(path),
        "bucket": str(path),
        "project_name": f"{path} (dj_objectstore)",
        "access_key": str(secret),
        "secret_key": IN_PYTHON,
    }


def test_python_counts_over_the_environment(project, monkeypatch):
    monkeypatch.setenv("DJ_STORES", json.dumps({"main": S3}))
    config = project.config()
    config.stores["main"]["bucket"] = "mine"
    gathered = gather_stores(config)
    assert gathered.stores["main"]["bucket"] == "mine"
    assert gathered.origins["main"] == {"protocol": "DJ_STORES", "bucket": IN_PYTHON}


def test_the_environment_counts_over_secrets_which_fill_in_what_it_lacks(project, monkeypatch):
    in_file(project, {"main": S3, "other": S3}, dj_objectstore={"stores": {"more": {"protocol": "memory"}}})
    project.secret("stores.main.access_key", "of the folder")
    project.secret("stores.main.secret_key", "of the folder too")
    monkeypatch.setenv("DJ_STORES", json.dumps({"main": S3 | {"access_key": "of the environment"}}))
    stores = gather_stores(project.config()).stores
    assert list(stores) == ["main"]  # the whole block of the file is replaced
    assert stores["main"]["access_key"] == "of the environment"
    assert stores["main"]["secret_key"] == "of the folder too"


def test_secrets_count_over_the_file(project):
    in_file(project, {"main": S3 | {"access_key": "of the file", "secret_key": "s"}})
    project.secret("stores.main.access_key", "of the folder")
    assert gather_stores(project.config()).stores["main"]["access_key"] == "of the folder"


def test_a_renewed_secret_counts_at_once(project):
    in_file(project, {"main": S3})
    project.secret("stores.main.secret_key", "s")
    project.secret("stores.main.access_key", "first")
    config = project.config()
    assert djo.load_stores(config)["main"].access_key.get_secret_value() == "first"
    path = project.secret("stores.main.access_key", "second one")
    os.utime(path, ns=(1, 1))
    assert djo.load_stores(config)["main"].access_key.get_secret_value() == "second one"


@pytest.mark.parametrize("placeholder", ["", "<access key>", "your_access_key", "YOUR_ACCESS_KEY"])
def test_a_placeholder_is_no_credential(project, placeholder):
    in_file(project, {"main": S3})
    for key in ("access_key", "secret_key"):
        project.secret(f"stores.main.{key}", placeholder)
    assert djo.load_stores(project.config())["main"].secrets() == []


def test_secrets_of_a_store_that_is_not_configured_make_none(project):
    in_file(project, {"main": S3})
    project.secret("stores.old.access_key", "AKIA")
    gathered = gather_stores(project.config())
    assert list(gathered.stores) == ["main"]
    assert gathered.unused == ("stores.old.access_key",)


def test_a_file_that_is_loaded_later_counts_with_its_block_and_its_secrets(project, tmp_path):
    config = project.config()
    later = tmp_path / "later"
    (later / ".secrets").mkdir(parents=True)
    block = {"stores": {"cloud": {"protocol": "gs", "bucket": "b"}, "main": {"storage_class": "GLACIER"}}}
    (later / "lab.json").write_text(json.dumps({"stores": {"main": S3}, "dj_objectstore": block}))
    (later / ".secrets" / "stores.main.access_key").write_text("AKIA")
    (later / ".secrets" / "stores.main.secret_key").write_text("secret")
    config.load(later / "lab.json")
    stores = djo.load_stores(config)
    assert stores["main"].storage_class == "GLACIER"
    assert stores["main"].secrets() == ["AKIA", "secret"]
    assert stores["cloud"].bucket == "b"


def test_each_configuration_has_its_own_stores(project, tmp_path):
    in_file(project, {"main": {"protocol": "file", "location": str(tmp_path)}})
    first, second = project.config(), project.config()
    second.stores["main"] = {"protocol": "memory"}
    assert djo.load_stores(first)["main"].protocol == "file"
    assert djo.load_stores(second)["main"].protocol == "memory"


def test_our_block_of_the_file_does_not_change_a_store_set_in_python(project):
    in_file(project, {"main": S3}, dj_objectstore={"stores": {"main": {"storage_class": "GLACIER"}}})
    config = project.config()
    config.stores["main"] = {"protocol": "memory"}
    assert djo.load_stores(config)["main"].protocol == "memory"


def test_a_store_taken_out_in_python_is_gone(project):
    in_file(project, {"main": S3, "other": S3}, dj_objectstore={"stores": {"other": {"project_name": "p"}}})
    config = project.config()
    del config.stores["other"]
    assert list(djo.load_stores(config)) == ["main"]


def test_files_and_secrets_are_left_out_when_they_are_to_be_ignored(project, monkeypatch):
    in_file(project, {"main": S3})
    project.secret("stores.env.access_key", "AKIA")
    monkeypatch.setenv("DJ_IGNORE_CONFIG_FILE", "true")
    monkeypatch.setenv("DJ_STORES", json.dumps({"env": S3}))
    gathered = gather_stores(project.config())
    assert gathered.stores == {"env": S3}


def test_the_default_may_stand_in_our_block(project):
    in_file(project, {}, dj_objectstore={"stores": {"default": "m", "m": {"protocol": "memory"}}})
    assert djo.open_store(config=project.config()).name == "m"


def test_stores_of_dj_local_conf_are_read_where_there_is_no_datajoint_json(project):
    project.write(json.dumps({"stores": {"raw": S3}, "database.host": "db"}), "dj_local_conf.json")
    assert djo.load_stores(project.config())["raw"].bucket == "lab"
    in_file(project, {"main": S3})
    assert list(djo.load_stores(project.config())) == ["main"]


def test_a_file_that_is_broken_for_a_moment_counts_as_it_was(project):
    path = in_file(project, {"main": S3}, dj_objectstore={"stores": {"main": {"storage_class": "GLACIER"}}})
    config = project.config()
    assert djo.load_stores(config)["main"].storage_class == "GLACIER"
    path.write_text('{"stores": ')
    assert djo.load_stores(config)["main"].storage_class == "GLACIER"
    other = project.write("[1]", "other.json")
    config._config_path = other
    with pytest.raises(ConfigurationError, match=r"other.json must be a JSON object, got a list"):
        djo.load_stores(config)


def test_settings_in_dotted_keys_are_settings(project):
    project.write(
        json.dumps({"stores.main.protocol": "s3", "stores.main.bucket": "b", "stores.default": "main"})
    )
    assert djo.open_store(config=project.config()).spec.bucket == "b"
