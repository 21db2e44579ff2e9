"""`dj-objectstore stores` lists the stores and where their settings come from."""

from __future__ import annotations

import json

from project_folder import run_command

STORES = {
    "default": "main",
    "filepath_default": "raw",
    "main": {"protocol": "s3", "bucket": "lab", "location": "p"},
    "raw": {"protocol": "file", "location": "/data"},
}


def test_the_table(project):
    path = project.write(json.dumps({"stores": STORES}))
    secret = project.secret("stores.main.access_key", "AKIAHIDDEN")
    project.secret("stores.main.secret_key", "hidden value")
    result = run_command(project.folder, "stores")
    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        "name  protocol  location                        default",
        "main  s3        s3://lab/p at s3.amazonaws.com  default",
        f"    protocol, bucket, location: {path}",
        f"    access_key: {secret}",
        f"    secret_key: {secret.with_name('stores.main.secret_key')}",
        "raw   file      /data                           filepaths",
        f"    protocol, location: {path}",
    ]
    assert "hidden" not in result.stdout.lower()


def test_as_json(project):
    project.write(json.dumps({"stores": STORES}))
    result = run_command(project.folder, "stores", "--json", DJ_OBJECT_STORAGE_PROTOCOL="file")
    rows = json.loads(result.stdout)["stores"]
    assert [(row["name"], row["protocol"], row["default"]) for row in rows] == [
        ("main", "s3", "default"),
        ("raw", "file", "filepaths"),
    ]


def test_a_store_that_is_wrong_is_listed_and_told(project):
    project.write(json.dumps({"stores": STORES | {"bad": {"protocol": "ftp"}}}))
    result = run_command(project.folder, "stores")
    assert result.returncode == 1
    assert "bad " in result.stdout
    assert "protocol must be one of" in result.stderr


def test_a_broken_dj_stores_is_told(project):
    result = run_command(project.folder, "stores", DJ_STORES="{")
    assert result.returncode == 2
    assert result.stderr.startswith("dj-objectstore stores: DJ_STORES: is no JSON")


def test_no_store_at_all_says_how_to_begin(project):
    result = run_command(project.folder, "stores")
    assert (result.returncode, "save_template" in result.stdout) == (0, True)
