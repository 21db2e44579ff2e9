"""The ``datajoint.toml`` of the document on `file` columns works as written, and becomes a store."""

from __future__ import annotations

import pytest

import dj_objectstore as djo
from dj_objectstore.exceptions import ConfigurationError
from object_servers import connection_string
from project_folder import assert_works, make_bucket

TOML = """
[project]
name = "my_project"

[storage]
backend = "s3"  # or "file", "gcs", "azure"
bucket = "my-bucket"
# For local: path = "/data/my_project"

[storage.credentials]
# Backend-specific credentials (or reference to secrets manager)

[object_storage]
partition_pattern = "subject{subject_id}/session{session_id}"
"""


def test_s3(project, aws):
    make_bucket(aws, "my-bucket")
    project.write(TOML, "datajoint.toml")
    spec = assert_works(None, project.config()).spec
    assert (spec.name, spec.project_name, spec.location) == ("main", "my_project", "my_project")
    assert spec.layout.partition == ("subject_id", "session_id")


def test_a_folder(project, tmp_path):
    text = TOML.replace('"s3"', '"file"').replace('bucket = "my-bucket"', "")
    project.write(
        text.replace('# For local: path = "/data/my_project"', f'path = "{tmp_path}"'), "datajoint.toml"
    )
    assert assert_works(None, project.config()).spec.location == str(tmp_path)


def test_gcs(project, gcs_server):
    gcs_server.make_bucket("my-bucket")
    (name, value), *more = gcs_server.at(gcs_server.endpoint)["storage_options"].items()
    options = f'[storage.storage_options]\n{name} = "{value}"\n' + "".join(f'{n} = "{v}"\n' for n, v in more)
    project.write(TOML.replace('"s3"', '"gcs"') + options, "datajoint.toml")
    assert assert_works(None, project.config()).spec.place == "gs://my-bucket/my_project"


def test_azure(project, azurite_server):
    azurite_server.make_bucket("my-bucket")
    key = f'[storage.credentials]\nconnection_string = "{connection_string(azurite_server.endpoint)}"'
    text = TOML.replace('"s3"', '"azure"').replace("[storage.credentials]", key)
    project.write(text, "datajoint.toml")
    assert assert_works(None, project.config()).spec.place == "az://my-bucket/my_project"


def test_credentials_of_its_own(project, aws):
    make_bucket(aws, "my-bucket")
    credentials = '[storage.credentials]\naccess_key = "AKIA"\nsecret_key = "secret of the file"'
    project.write(TOML.replace("[storage.credentials]", credentials), "datajoint.toml")
    assert assert_works(None, project.config()).spec.secrets() == ["AKIA", "secret of the file"]


def test_it_is_found_from_a_folder_below(project, monkeypatch):
    project.write(TOML, "datajoint.toml")
    (project.folder / "analysis" / "notebooks").mkdir(parents=True)
    monkeypatch.chdir(project.folder / "analysis" / "notebooks")
    assert djo.load_stores(project.config())["main"].bucket == "my-bucket"


def test_a_mistake_in_it_is_told_with_its_line(project):
    project.write(TOML.replace("bucket = ", "bucket "), "datajoint.toml")
    with pytest.raises(ConfigurationError, match=r"datajoint.toml is no TOML: .*line 7"):
        djo.load_stores(project.config())
