"""Every configuration in the document on stores works as written; only folders and servers are ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

import dj_objectstore as djo
from project_folder import assert_works, make_bucket, run_python, store_block

MINIMAL = """{
  "stores": {
    "default": "main",
    "main": {
      "protocol": "file",
      "location": "/data/my-project"
    }
  }
}"""
COMPLETE = """{
  "stores": {
    "default": "main",
    "main": {
      "protocol": "s3",
      "endpoint": "s3.amazonaws.com",
      "bucket": "neuroscience-data",
      "location": "lab-project-2024",

      "hash_prefix": "blobs",
      "schema_prefix": "arrays",
      "filepath_prefix": "imported",

      "subfolding": [2, 2],
      "partition_pattern": "subject_id/session_date",
      "token_length": 8
    }
  }
}"""
PREFIXES = """{
  "hash_prefix": "content_addressed",
  "schema_prefix": "structured_data",
  "filepath_prefix": "user_files"
}"""
SEVERAL = """{
  "stores": {
    "default": "main",
    "filepath_default": "raw_data",
    "main": {
      "protocol": "file",
      "location": "/data/fast-storage",
      "hash_prefix": "blobs",
      "schema_prefix": "arrays"
    },
    "archive": {
      "protocol": "s3",
      "endpoint": "s3.amazonaws.com",
      "bucket": "archive-bucket",
      "location": "long-term-storage",
      "hash_prefix": "archived_blobs",
      "schema_prefix": "archived_arrays",
      "subfolding": [2, 2]
    },
    "raw_data": {
      "protocol": "file",
      "location": "/data/acquisition",
      "filepath_prefix": "recordings"
    }
  }
}"""
FILE = """{
  "protocol": "file",
  "location": "/data/my-project",
  "hash_prefix": "blobs",
  "schema_prefix": "arrays",
  "filepath_prefix": null
}"""
S3 = """{
  "protocol": "s3",
  "endpoint": "s3.amazonaws.com",
  "bucket": "my-bucket",
  "location": "my-project/production",
  "secure": true,
  "hash_prefix": "blobs",
  "schema_prefix": "arrays"
}"""
LEGACY = """
dj.config['stores'] = {
    'my_store': {
        'protocol': 's3',
        'endpoint': 's3.amazonaws.com',
        'bucket': 'my-bucket',
        'location': 'my-project',
        'access_key': 'XXX',
        'secret_key': 'YYY'
    }
}
"""
EQUIVALENT = """{
  "stores": {
    "default": "my_store",
    "my_store": {
      "protocol": "s3",
      "endpoint": "s3.amazonaws.com",
      "bucket": "my-bucket",
      "location": "my-project",
      "hash_prefix": "_hash"
    }
  }
}"""
VERIFY = """
import datajoint as dj

# Check default store
spec = dj.config.get_store_spec()
print(f"Default store: {dj.config['stores']['default']}")
print(f"Protocol: {spec['protocol']}")
print(f"Location: {spec['location']}")
print(f"Hash prefix: {spec['hash_prefix']}")
print(f"Schema prefix: {spec['schema_prefix']}")
print(f"Filepath prefix: {spec['filepath_prefix']}")

# Check named store
spec = dj.config.get_store_spec('archive')
print(f"Archive location: {spec['location']}")

# List all stores
print(f"Configured stores: {list(dj.config['stores'].keys())}")
"""
TEST_ACCESS = """
from datajoint.hash_registry import get_store_backend

# Test backend connectivity
backend = get_store_backend('main')
print(f"Backend type: {type(backend)}")

# For file protocol, check paths exist
if spec['protocol'] == 'file':
    import os
    assert os.path.exists(spec['location']), f"Location not found: {spec['location']}"
"""
SECRETS_SETUP = """
# Create secrets directory
mkdir .secrets
echo "*" > .secrets/.gitignore

# Add credentials (no quotes)
echo "analyst" > .secrets/database.user
echo "dbpass123" > .secrets/database.password
echo "EXAMPLE_ACCESS_KEY" > .secrets/stores.main.access_key
echo "EXAMPLE_SECRET_KEY" > .secrets/stores.main.secret_key
"""


@pytest.fixture
def folders(tmp_path):
    """The document's folders, on this disk."""

    def put(text):
        for name in ("my-project", "fast-storage", "acquisition"):
            (tmp_path / name).mkdir(exist_ok=True)
            text = text.replace(f"/data/{name}", str(tmp_path / name))
        return text

    return put


def test_minimal(project, folders):
    project.write(folders(MINIMAL))
    assert assert_works(None, project.config()).name == "main"


def test_complete_with_the_secrets_of_the_document(project, aws):
    make_bucket(aws, "neuroscience-data")
    project.write(COMPLETE)
    subprocess.run(["sh", "-euc", SECRETS_SETUP], check=True, cwd=project.folder)
    config = project.config()
    spec = assert_works(None, config).spec
    assert spec.access_key.get_secret_value() == "EXAMPLE_ACCESS_KEY"
    assert spec.secret_key.get_secret_value() == "EXAMPLE_SECRET_KEY"
    assert spec.layout.partition == ("subject_id", "session_date")
    assert config["database.user"] == "analyst"


def test_section_prefixes(project, tmp_path):
    settings = json.loads(PREFIXES)
    project.write(store_block(PREFIXES, protocol="file", location=str(tmp_path)))
    layout = assert_works(None, project.config()).spec.layout
    assert {key: getattr(layout, key) for key in settings} == settings


def test_several_stores_and_two_defaults(project, folders, aws):
    make_bucket(aws, "archive-bucket")
    project.write(folders(SEVERAL))
    project.secret("stores.archive.access_key", "EXAMPLE_ACCESS_KEY")
    project.secret("stores.archive.secret_key", "EXAMPLE_SECRET_KEY")
    config = project.config()
    from dj_objectstore.spec.sources import resolve_spec

    assert resolve_spec(None, config).name == "main"
    assert resolve_spec(None, config, filepath=True).name == "raw_data"
    for name in ("main", "archive", "raw_data"):
        assert_works(name, config)


def test_file_protocol(project, folders):
    project.write(store_block(folders(FILE)))
    assert_works("main", project.config())


def test_s3_protocol(project, aws):
    make_bucket(aws, "my-bucket")
    project.write(store_block(S3))
    project.secret("stores.main.access_key", "EXAMPLE_ACCESS_KEY")
    project.secret("stores.main.secret_key", "EXAMPLE_SECRET_KEY")
    assert assert_works("main", project.config()).spec.location == "my-project/production"


def test_the_older_external_store_and_its_equivalent(project, assigned, aws):
    make_bucket(aws, "my-bucket")
    exec(LEGACY, {"dj": type("datajoint", (), {"config": assigned})})
    older = assert_works("my_store")
    project.write(EQUIVALENT)
    project.secret("stores.my_store.access_key", "XXX")
    project.secret("stores.my_store.secret_key", "YYY")
    newer = assert_works(None, project.config())
    assert (newer.spec.place, newer.spec.secrets()) == (older.spec.place, older.spec.secrets())


@pytest.mark.parametrize("prelude", ["", "import dj_objectstore as djo; djo.enable()"])
def test_the_blocks_that_verify_a_configuration_run_as_written(project, folders, tmp_path, prelude):
    project.write(folders(SEVERAL))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
    program = "\n".join([prelude, textwrap.dedent(VERIFY), textwrap.dedent(TEST_ACCESS)])
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines() == [
        "Default store: main",
        "Protocol: file",
        f"Location: {tmp_path / 'fast-storage'}",
        "Hash prefix: blobs",
        "Schema prefix: arrays",
        "Filepath prefix: None",
        "Archive location: long-term-storage",
        "Configured stores: ['default', 'filepath_default', 'main', 'archive', 'raw_data']",
        "Backend type: <class 'datajoint.storage.StorageBackend'>",
    ]


TEMPLATES = """
import datajoint as dj

# Create config file
dj.config.save_template('datajoint.json')

# Create config + secrets directory with placeholders
dj.config.save_template('datajoint.json', create_secrets_dir=True)
"""


def test_the_block_that_makes_templates_runs_as_written(project):
    # the document's two lines are a choice: DataJoint overwrites no file
    program = TEMPLATES.replace("'datajoint.json', ", "'other.json', ")
    result = run_python(project.folder, "-W", "ignore", "-c", program)
    assert result.returncode == 0, result.stderr
    assert {"datajoint.json", "other.json", ".secrets"} <= {path.name for path in project.folder.iterdir()}
    assert djo.load_stores(project.config()) == {}


def test_templates_with_and_without_secrets(project):
    path = djo.save_template("datajoint.json")
    assert path == project.folder / "datajoint.json"
    assert not (project.folder / ".secrets").exists()
    djo.save_template("datajoint.json", create_secrets_dir=True)
    assert (project.folder / ".secrets" / ".gitignore").read_text().splitlines()[-1] == "*"
    assert json.loads(path.read_text())["stores"]["default"] == "main"
