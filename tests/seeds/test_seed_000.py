"""Every configuration in the document on photon movies works as written, on folders and servers of ours."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

import dj_objectstore as djo
from project_folder import assert_works, make_bucket

S3 = """
import datajoint as dj

dj.config['stores'] = {
    'imaging': {
        'protocol': 's3',
        'endpoint': 's3.amazonaws.com',
        'bucket': 'my-imaging-data',
        'location': 'calcium',  # Prefix within bucket
        'access_key': 'YOUR_ACCESS_KEY',  # Or use AWS credentials
        'secret_key': 'YOUR_SECRET_KEY',
    }
}
"""
MINIO = """
dj.config['stores'] = {
    'imaging': {
        'protocol': 's3',
        'endpoint': 'minio.example.com:9000',
        'bucket': 'imaging-data',
        'location': 'photon-movies',
        'access_key': 'minio_access_key',
        'secret_key': 'minio_secret_key',
        'secure': True,  # Use HTTPS
    }
}
"""
GCS = """
dj.config['stores'] = {
    'imaging': {
        'protocol': 'gs',
        'bucket': 'my-imaging-bucket',
        'location': 'calcium',
        'project': 'my-gcp-project',
    }
}
"""
LOCAL = """
dj.config['stores'] = {
    'local': {
        'protocol': 'file',
        'location': '/data/dj-storage',
    }
}
"""
SEVERAL = """
dj.config['stores'] = {
    'raw': {  # Raw data
        'protocol': 's3',
        'bucket': 'imaging-raw',
        'location': 'movies',
    },
    'processed': {  # Processed data
        'protocol': 's3',
        'bucket': 'imaging-processed',
        'location': 'movies',
    },
    'archive': {  # Long-term archive
        'protocol': 's3',
        'bucket': 'imaging-archive',
        'location': 'movies',
        'storage_class': 'GLACIER',  # S3 storage class
    },
}
"""
DEFAULT = """
dj.config['stores'] = {
    'default': {  # Special name 'default'
        'protocol': 's3',
        'bucket': 'my-bucket',
    }
}
"""
DJ_STORES = """{
  "imaging": {
    "protocol": "s3",
    "bucket": "my-bucket"
  }
}"""


def run(block, config):
    exec(textwrap.dedent(block), {"dj": type("datajoint", (), {"config": config})})


def test_s3(assigned, aws):
    run(S3.replace("import datajoint as dj", ""), assigned)
    make_bucket(aws, "my-imaging-data")
    store = assert_works("imaging")
    assert store.spec.access_key.get_secret_value() == "YOUR_ACCESS_KEY"  # taken as it is given in Python


def test_minio(assigned, moto_server):
    make_bucket(moto_server, "imaging-data")
    # the server here speaks no TLS
    block = MINIO.replace("minio.example.com:9000", moto_server.endpoint).replace("True", "False")
    run(block, assigned)
    assert_works("imaging")


def test_google_cloud_storage(assigned, gcs_server):
    gcs_server.make_bucket("my-imaging-bucket")
    run(GCS, assigned)
    assert djo.load_stores()["imaging"].project == "my-gcp-project"
    # the emulator's address, and that it asks for no credentials
    assigned["stores"]["imaging"]["storage_options"] = gcs_server.at(gcs_server.endpoint)["storage_options"]
    assert assert_works("imaging").spec.protocol in ("gs", "gcs")


def test_local_filesystem(assigned, tmp_path):
    run(LOCAL.replace("/data/dj-storage", str(tmp_path)), assigned)
    assert_works("local")


def test_several_stores_with_the_credentials_of_the_environment(assigned, aws):
    run(SEVERAL, assigned)
    make_bucket(aws, "imaging-raw", "imaging-processed", "imaging-archive")
    for name in ("raw", "processed"):
        assert_works(name)
    archive = djo.open_store("archive")
    assert archive.spec.storage_class == "GLACIER"
    archive.put("movie.bin", b"light")
    archive.put("movie.zarr/.zattrs", b"{}")
    classes = {item["Key"]: item["StorageClass"] for item in contents(aws, "imaging-archive")}
    assert classes["movies/movie.bin"] == "GLACIER"
    assert classes["movies/movie.zarr/.zattrs"] == "STANDARD"
    archive.delete_tree("movie.zarr")
    archive.delete(["movie.bin"])


def contents(server, bucket):
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://{server.endpoint}", region_name="us-east-1")
    found = client.list_objects_v2(Bucket=bucket)["Contents"]
    client.close()
    return found


@pytest.mark.parametrize("name", [None, "", "default"])
def test_a_store_that_is_named_default(assigned, aws, name):
    run(DEFAULT, assigned)
    make_bucket(aws, "my-bucket")
    assert assert_works(name).name == "default"


def test_configuration_that_is_saved_and_loaded(project, tmp_path):
    from dj_objectstore.spec.saving import save_configuration

    config = project.config()
    run(LOCAL.replace("/data/dj-storage", str(tmp_path)), config)
    config.stores["local"]["project_name"] = "calcium"
    save_configuration(config, tmp_path / "dj_local_conf.json")
    fresh = project.config()
    fresh.load(tmp_path / "dj_local_conf.json")
    assert assert_works("local", fresh).spec == djo.load_stores(config)["local"]


def test_stores_in_the_environment(project, aws, monkeypatch):
    monkeypatch.setenv("DJ_STORES", DJ_STORES)
    make_bucket(aws, "my-bucket")
    project.write(json.dumps({"stores": {"main": {"protocol": "memory"}}}))
    config = project.config()
    assert list(djo.load_stores(config)) == ["imaging"]
    assert_works("imaging", config)


SAVE_AND_LOAD = """
# Save to dj_local_conf.json
dj.config.save('/path/to/dj_local_conf.json')

# Load in future sessions
dj.config.load('/path/to/dj_local_conf.json')
"""


def test_saving_and_loading_as_written(project, tmp_path):
    program = "\n".join(
        [
            "import datajoint as dj, dj_objectstore as djo; djo.enable()",
            LOCAL.replace("/data/dj-storage", str(tmp_path)),
            SAVE_AND_LOAD.replace("/path/to", str(project.folder)),
            "djo.open_store('local').put('a', b'it works')",
        ]
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, cwd=project.folder)
    assert (tmp_path / "a").read_bytes() == b"it works"
    saved = json.loads((project.folder / "dj_local_conf.json").read_text())
    assert saved["stores"] == {"local": {"protocol": "file", "location": str(tmp_path)}}
