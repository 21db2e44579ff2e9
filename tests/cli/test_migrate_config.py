"""`dj-objectstore migrate-config` rewrites older settings, and nothing that it shows is a secret."""

from __future__ import annotations

import json
import stat

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.cli import main
from dj_objectstore.cli.external_columns import find_external_columns
from project_folder import assert_works, run_command

OLD = {
    "database.host": "localhost",
    "object_storage.project_name": "my_project",
    "object_storage.protocol": "s3",
    "object_storage.bucket": "lab",
    "object_storage.location": "my_project",
    "object_storage.access_key": "AKIAOLD",
    "object_storage.partition_pattern": "subject{subject_id}/session{session_id}",
    "custom": {"kept": True},
}


@pytest.fixture
def migrate(project, capsys):
    """Run the command in the project's folder, and return what it prints."""

    def run(*arguments, code):
        assert main(["migrate-config", "--no-database", *arguments]) == code
        return capsys.readouterr().out

    del project  # made first: it is the working folder
    return run


def content(project):
    return json.loads((project.folder / "datajoint.json").read_text())


def secrets(project):
    folder = project.folder / ".secrets"
    return {path.name: path.read_text().strip() for path in folder.iterdir() if path.name != ".gitignore"}


def test_it_shows_a_diff_and_writes_nothing_unless_told_to(project, migrate):
    path = project.write(json.dumps(OLD, indent=2))
    shown = migrate(code=1)
    assert '-  "object_storage.bucket": "lab",' in shown
    assert '+      "bucket": "lab",' in shown
    assert f"+++ {project.folder / '.secrets' / 'stores.main.access_key'}" in shown
    assert "AKIAOLD" not in shown
    assert json.loads(path.read_text()) == OLD
    assert not (project.folder / ".secrets").exists()


def test_settings_become_a_store_and_credentials_go_into_secrets(project, migrate):
    project.write(json.dumps(OLD))
    project.secret("object_storage.secret_key", "very hidden")
    before = djo.load_stores(project.config())
    shown = migrate("--write", code=0)
    assert "very hidden" not in shown
    assert content(project) == {
        "database.host": "localhost",
        "custom": {"kept": True},
        "stores": {
            "default": "main",
            "main": {
                "protocol": "s3",
                "bucket": "lab",
                "endpoint": "s3.amazonaws.com",
                "location": "my_project",
                "partition_pattern": "subject_id/session_id",
            },
        },
        "dj_objectstore": {"stores": {"main": {"project_name": "my_project"}}},
    }
    assert secrets(project) == {"stores.main.access_key": "AKIAOLD", "stores.main.secret_key": "very hidden"}
    after = djo.load_stores(project.config())["main"]
    assert (after.place, after.layout.partition) == (before["main"].place, before["main"].layout.partition)
    assert after.secrets() == before["main"].secrets()
    assert "nothing to rewrite" in migrate(code=0)


def test_what_is_of_today_already_is_left_alone(project, migrate):
    stores = {"default": "a", "a": {"protocol": "file", "location": "/d", "filepath_prefix": None}}
    project.write(json.dumps({"stores": stores}))
    assert "nothing to rewrite" in migrate(code=0)


def test_credentials_that_stand_in_the_file_are_moved(project, migrate):
    keys = {"access_key": "AKIAINLINE", "secret_key": "XXX"}
    stores = {"my_store": {"protocol": "s3", "endpoint": "s3.amazonaws.com", "bucket": "b", "location": "p"}}
    database = {"host": "db", "password": "pass of the database"}
    project.write(json.dumps({"database": database, "stores": {"my_store": stores["my_store"] | keys}}))
    shown = migrate("--write", code=0)
    assert [text for text in ("AKIAINLINE", "XXX", "pass of") if text in shown] == []
    assert content(project) == {
        "database": {"host": "db"},
        "stores": {"default": "my_store"} | stores,
    }
    assert secrets(project) == {
        "stores.my_store.access_key": "AKIAINLINE",
        "stores.my_store.secret_key": "XXX",
        "database.password": "pass of the database",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in (project.folder / ".secrets").iterdir()} == {0o600}


def test_a_credential_that_stands_in_both_places_is_not_shown(project, migrate):
    settings = {"protocol": "s3", "bucket": "b", "access_key": "in the file", "secret_key": "same here"}
    project.write(json.dumps({"stores": {"main": settings}}, indent=2))
    project.secret("stores.main.access_key", "in the folder")
    project.secret("stores.main.secret_key", "same here")
    shown = migrate("--write", code=0)
    assert [text for text in ("in the file", "in the folder", "same here") if text in shown] == []
    assert secrets(project)["stores.main.access_key"] == "in the folder"


def test_datajoint_toml_is_rewritten_and_its_credentials_taken_out(project, migrate):
    text = (
        '[project]\nname = "p"\n\n[storage]\nbackend = "s3"  # a comment\nbucket = "b"\n\n'
        '[storage.credentials]\naccess_key = "AKIATOML"\nsecret_key = "of the toml"\n'
    )
    path = project.write(text, "datajoint.toml")
    shown = migrate("--write", code=0)
    assert [secret for secret in ("AKIATOML", "of the toml") if secret in shown] == []
    assert content(project)["stores"]["main"]["bucket"] == "b"
    assert path.read_text() == text.partition("access_key")[0]
    assert djo.load_stores(project.config())["main"].secrets() == ["AKIATOML", "of the toml"]


def test_dj_local_conf_becomes_datajoint_json(project, migrate, tmp_path):
    old = {
        "database.host": "db",
        "database.password": "old password",
        "stores": {"raw": {"protocol": "file", "location": str(tmp_path)}},
        "fetch_format": "array",
    }
    path = project.write(json.dumps(old), "dj_local_conf.json")
    assert "old password" not in migrate("--write", code=0)
    assert not path.exists()
    assert content(project)["database.host"] == "db"
    assert content(project)["fetch_format"] == "array"
    assert secrets(project) == {"database.password": "old password"}
    config = project.config()
    assert config["database.password"] == "old password"
    assert_works(None, config)


def test_variables_are_written_down_and_named(project, migrate, monkeypatch):
    monkeypatch.setenv("DJ_OBJECT_STORAGE_PROTOCOL", "file")
    monkeypatch.setenv("DJ_OBJECT_STORAGE_LOCATION", "/data")
    found = json.loads(migrate("--write", "--json", code=0))
    assert "DJ_OBJECT_STORAGE_LOCATION, DJ_OBJECT_STORAGE_PROTOCOL: unset" in found["notes"][0]
    assert content(project)["stores"]["main"]["location"] == "/data"


def test_what_can_not_be_read_is_2(project, capsys):
    project.write("{")
    assert main(["migrate-config"]) == 2
    assert "is no JSON" in capsys.readouterr().err


def test_columns_of_the_older_type_are_found_and_left_alone(dj_schema):
    class Older(dj.Manual):
        definition = """
        scan : int32
        ---
        data = null : varchar(8)  # to be
        """

    table = dj_schema(Older)
    connection = table.connection
    name = table.full_table_name
    connection.query(f"COMMENT ON COLUMN {name}.\"data\" IS ':external-my_store:raw frames'")
    before = table.heading.as_sql
    (column,) = [found for found in find_external_columns() if found.schema == dj_schema.database]
    assert (column.column, column.type) == ("data", "external-my_store")
    assert table.heading.as_sql == before


def test_nobody_is_asked_for_a_password(project):
    project.write(json.dumps(OLD | {"database.user": "me"}))
    result = run_command(project.folder, "migrate-config")
    assert "no database was looked at" in result.stdout
