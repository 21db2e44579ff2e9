"""Configuration files are written whole or not at all, without secrets, and plain DataJoint reads them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

import dj_objectstore as djo
from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.saving import install_save, remove_save, save_configuration

ARCHIVE = {"protocol": "s3", "bucket": "lab", "storage_class": "GLACIER", "project_name": "calcium"}
KEYS = {"access_key": "AKIA", "secret_key": "very secret"}
STORES = {"default": "main", "main": ARCHIVE, "cloud": {"protocol": "gs", "bucket": "b"}}


def content(path):
    return json.loads(path.read_text())


def test_what_plain_datajoint_rejects_goes_into_our_block_and_is_read_from_there(project):
    path = djo.save_template(stores=STORES)
    assert content(path)["stores"] == {
        "default": "main",
        "main": {"protocol": "s3", "bucket": "lab", "endpoint": "s3.amazonaws.com", "location": ""},
    }
    specs = djo.load_stores(project.config())
    assert (specs["main"].storage_class, specs["main"].project_name) == ("GLACIER", "calcium")
    assert specs["cloud"].bucket == "b"


def test_plain_datajoint_accepts_the_file_without_this_package(project):
    stores = STORES | {
        "azure": {"protocol": "azure", "bucket": "c", "account_name": "a", "project_name": "p"},
        "disk": {"protocol": "file", "location": str(project.folder), "cache": {"folder": "c", "bytes": 1}},
        "google": {"protocol": "gcs", "bucket": "c", "project": "p", "storage_options": {"timeout": 3}},
    }
    djo.save_template(stores=stores)
    program = (
        "import sys, datajoint as dj\n"
        "for name in (None, 'main', 'azure', 'disk', 'google'): dj.config.get_store_spec(name)\n"
        "print('dj_objectstore' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "False"


def test_unknown_keys_and_other_stores_are_kept(project):
    before = {
        "database.host": "db",
        "custom": {"ours": [1]},
        "stores": {"old": {"protocol": "memory"}, "main": {"protocol": "memory", "token_length": 4}},
        "dj_objectstore": {"theme": "dark", "stores": {"old": {"project_name": "p"}}},
        "loglevel": "INFO",
    }
    path = project.write(json.dumps(before))
    djo.save_template(path, stores={"main": {"protocol": "file", "location": "/d"}})
    assert content(path) == before | {
        "stores": {"old": {"protocol": "memory"}, "main": {"protocol": "file", "location": "/d"}}
    }


def test_without_stores_an_example_is_written_and_stores_that_are_there_are_kept(project):
    path = djo.save_template()
    assert djo.load_stores(project.config())["main"].protocol == "file"
    path.write_text('{"stores": {"mine": {"protocol": "memory"}}}')
    djo.save_template()
    assert content(path)["stores"] == {"mine": {"protocol": "memory"}}


def test_credentials_go_into_secrets_and_never_into_the_file(project):
    path = djo.save_template(stores={"main": ARCHIVE | KEYS, "other": ARCHIVE}, create_secrets_dir=True)
    folder = project.folder / ".secrets"
    assert "very secret" not in path.read_text()
    assert (folder / "stores.main.secret_key").read_text() == "very secret\n"
    assert (folder / "stores.other.secret_key").read_text() == ""
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    specs = djo.load_stores(project.config())
    assert specs["main"].secrets() == list(KEYS.values())
    assert specs["other"].secrets() == []  # an empty file is no credential


def test_credentials_without_a_place_for_them_are_refused_before_anything_is_written(project):
    with pytest.raises(ConfigurationError, match=r"stores.main.access_key, stores.main.secret_key") as raised:
        djo.save_template(stores={"main": ARCHIVE | KEYS})
    assert "create_secrets_dir=True" in raised.value.hint
    assert "very secret" not in str(raised.value)
    assert list(project.folder.iterdir()) == [project.folder / ".git"]


def test_secrets_that_are_there_are_not_emptied(project):
    project.secret("stores.main.secret_key", "kept")
    djo.save_template(stores={"main": ARCHIVE}, create_secrets_dir=True)
    assert (project.folder / ".secrets" / "stores.main.secret_key").read_text() == "kept\n"


def test_a_store_that_is_not_valid_is_refused(project):
    with pytest.raises(ConfigurationError, match="token_length must be 4 to 16, got 99"):
        djo.save_template(stores={"main": ARCHIVE | {"token_length": 99}})
    assert not (project.folder / "datajoint.json").exists()


def test_a_file_that_is_no_json_is_left_as_it_is(project):
    path = project.write('{"stores": oh')
    with pytest.raises(ConfigurationError, match=r"datajoint.json is no JSON: .*line 1, column 12"):
        djo.save_template(stores=STORES)
    assert path.read_text() == '{"stores": oh'


def test_a_failed_write_leaves_the_old_file_and_nothing_else(project, monkeypatch):
    path = project.write('{"loglevel": "INFO"}')

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        djo.save_template(stores=STORES)
    assert path.read_text() == '{"loglevel": "INFO"}'
    assert sorted(file.name for file in project.folder.iterdir()) == [".git", "datajoint.json"]


def test_a_link_stays_a_link_and_a_mode_stays_as_it_was(project, tmp_path):
    shared = tmp_path / "shared.json"
    shared.write_text("{}")
    shared.chmod(0o640)
    link = project.folder / "datajoint.json"
    link.symlink_to(shared)
    djo.save_template(stores=STORES)
    assert link.is_symlink()
    assert content(shared)["stores"]["default"] == "main"
    assert stat.S_IMODE(shared.stat().st_mode) == 0o640


def test_the_whole_configuration_is_saved_without_secrets(project):
    config = project.config()
    config["database.host"] = "db.example.org"
    config["database.password"] = "pass of the database"
    config.safemode = False
    options = {"client_kwargs": {"aws_secret": "hidden here"}, "timeout": 3}
    config.stores.update({"default": "main", "main": ARCHIVE | KEYS | {"storage_options": options}})
    path = project.folder / "saved.json"
    path.write_text('{"custom": 1, "database": {"password": "older"}, "database.port": 1}')
    save_configuration(config, path)
    text = path.read_text()
    assert [
        hidden for hidden in ("pass of", "AKIA", "very secret", "hidden here", "older") if hidden in text
    ] == []
    assert content(path)["custom"] == 1
    fresh = project.config()
    fresh.load(path)
    assert (fresh["database.host"], fresh.safemode) == ("db.example.org", False)
    assert fresh["database.port"] == config["database.port"]
    assert djo.load_stores(fresh)["main"].storage_options == {"client_kwargs": {}, "timeout": 3}


def test_datajoint_s_configuration_gets_its_save_back_and_loses_it_again(project):
    config_class = type(project.config())
    had = hasattr(config_class, "save")
    install_save(config_class)
    project.config().save("saved.json")
    assert (project.folder / "saved.json").exists()
    if not had:
        remove_save(config_class)
        assert not hasattr(config_class, "save")
