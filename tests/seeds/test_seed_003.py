"""The settings in the document on `object` columns work as written, and become the default store."""

from __future__ import annotations

import json
import shlex

import pytest

import dj_objectstore as djo
from project_folder import assert_works, make_bucket

S3 = """{
    "database.host": "localhost",
    "database.user": "datajoint",

    "object_storage.project_name": "my_project",
    "object_storage.protocol": "s3",
    "object_storage.endpoint": "s3.amazonaws.com",
    "object_storage.bucket": "my-bucket",
    "object_storage.location": "my_project",
    "object_storage.partition_pattern": "{subject_id}/{session_id}"
}"""
LOCAL = """{
    "object_storage.project_name": "my_project",
    "object_storage.protocol": "file",
    "object_storage.location": "/data/my_project",
    "object_storage.partition_pattern": "{subject_id}/{session_id}"
}"""
VARIABLES = """
DJ_OBJECT_STORAGE_PROTOCOL=s3
DJ_OBJECT_STORAGE_BUCKET=my-bucket
DJ_OBJECT_STORAGE_LOCATION=my_project
DJ_OBJECT_STORAGE_PARTITION_PATTERN="subject{subject_id}/session{session_id}"
"""
PATTERN = """{
    "object_storage.partition_pattern": "subject{subject_id}/session{session_id}"
}"""
ONE_ATTRIBUTE_MORE = """{
    "object_storage.partition_pattern": "{subject_id}/{experiment_id}"
}"""


@pytest.fixture
def local(tmp_path):
    (tmp_path / "my_project").mkdir()
    return LOCAL.replace("/data/my_project", str(tmp_path / "my_project"))


def set_variables(monkeypatch):
    for line in VARIABLES.split("\n"):
        for word in shlex.split(line):
            monkeypatch.setenv(*word.split("=", 1))


def test_s3_with_its_secrets(project, aws):
    make_bucket(aws, "my-bucket")
    project.write(S3)
    project.secret("object_storage.access_key", "EXAMPLE_ACCESS_KEY")
    project.secret("object_storage.secret_key", "EXAMPLE_SECRET_KEY")
    config = project.config()
    assert config["database.user"] == "datajoint"
    spec = assert_works(None, config).spec
    assert (spec.name, spec.project_name, spec.location) == ("main", "my_project", "my_project")
    assert spec.layout.partition == ("subject_id", "session_id")
    assert spec.secrets() == ["EXAMPLE_ACCESS_KEY", "EXAMPLE_SECRET_KEY"]


def test_a_folder(project, local):
    project.write(local)
    assert assert_works(None, project.config()).spec.project_name == "my_project"


def test_gcs(project, gcs_server):
    gcs_server.make_bucket("my-bucket")
    settings = {"protocol": "gcs", "bucket": "my-bucket", "location": "my_project"}
    settings["storage_options"] = gcs_server.at(gcs_server.endpoint)["storage_options"]
    project.write(json.dumps({f"object_storage.{key}": value for key, value in settings.items()}))
    assert assert_works(None, project.config()).spec.place == "gs://my-bucket/my_project"


def test_variables_of_the_environment(project, aws, monkeypatch):
    make_bucket(aws, "my-bucket")
    set_variables(monkeypatch)
    spec = assert_works(None, project.config()).spec
    assert (spec.bucket, spec.layout.partition) == ("my-bucket", ("subject_id", "session_id"))


def test_the_environment_counts_over_the_secrets_and_those_over_the_file(project, monkeypatch):
    content = json.loads(S3) | {"object_storage.access_key": "of the file", "object_storage.secret_key": "s"}
    project.write(json.dumps(content))
    assert djo.load_stores(project.config())["main"].access_key.get_secret_value() == "of the file"
    project.secret("object_storage.access_key", "of the folder")
    assert djo.load_stores(project.config())["main"].access_key.get_secret_value() == "of the folder"
    monkeypatch.setenv("DJ_OBJECT_STORAGE_ACCESS_KEY", "of the environment")
    monkeypatch.setenv("DJ_OBJECT_STORAGE_TOKEN_LENGTH", "12")
    spec = djo.load_stores(project.config())["main"]
    assert spec.access_key.get_secret_value() == "of the environment"
    assert spec.layout.token_length == 12


@pytest.mark.parametrize(
    ("pattern", "attributes"),
    [(PATTERN, ("subject_id", "session_id")), (ONE_ATTRIBUTE_MORE, ("subject_id", "experiment_id"))],
)
def test_partition_patterns(project, local, pattern, attributes):
    project.write(json.dumps(json.loads(local) | json.loads(pattern)))
    assert assert_works(None, project.config()).spec.layout.partition == attributes


def test_a_store_that_is_called_main_already_counts(project, local, tmp_path):
    stores = {"stores": {"main": {"protocol": "file", "location": str(tmp_path)}}}
    project.write(json.dumps(json.loads(local) | stores))
    assert djo.load_stores(project.config())["main"].location == str(tmp_path)
