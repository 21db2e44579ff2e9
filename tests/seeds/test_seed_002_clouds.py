"""The configurations in the document on Google's and Microsoft's stores work as written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import dj_objectstore as djo
from google_account import checking_tokens
from object_servers import AZURE_ACCOUNT, AZURE_KEY, connection_string
from project_folder import assert_works, run_python, store_block

GCS = """{
  "protocol": "gcs",
  "bucket": "my-gcs-bucket",
  "location": "my-project",
  "project": "my-gcp-project",
  "hash_prefix": "blobs",
  "schema_prefix": "arrays"
}"""
AZURE = """{
  "protocol": "azure",
  "container": "my-container",
  "location": "my-project",
  "hash_prefix": "blobs",
  "schema_prefix": "arrays"
}"""


def test_gcs_protocol(project, gcs_server):
    gcs_server.make_bucket("my-gcs-bucket")
    options = gcs_server.at(gcs_server.endpoint)["storage_options"]  # the emulator's address, without a token
    project.write(store_block(GCS, storage_options=options))
    assert_works("main", project.config())


def test_the_token_of_a_gcs_store_is_a_file_beside_the_configuration(project, gcs_server, monkeypatch):
    gcs_server.make_bucket("my-gcs-bucket")
    with checking_tokens(gcs_server.endpoint) as google:
        project.write(store_block(GCS, storage_options={"endpoint_url": f"http://{google.address}"}))
        google.write_account(project.folder / "service-account.json")
        project.secret("stores.main.token", "service-account.json")
        config = project.config()
        (project.folder / "notebooks").mkdir()
        monkeypatch.chdir(project.folder / "notebooks")
        store = assert_works("main", config)
        assert str(project.folder) in store.spec.token.get_secret_value()
        assert len(google.tokens) == 1


def test_a_token_of_another_gcs_account_is_refused(project, gcs_server):
    gcs_server.make_bucket("my-gcs-bucket")
    with checking_tokens(gcs_server.endpoint) as google, checking_tokens(gcs_server.endpoint) as other:
        project.write(store_block(GCS, storage_options={"endpoint_url": f"http://{google.address}"}))
        other.write_account(project.folder / "service-account.json")
        project.secret("stores.main.token", "service-account.json")
        with pytest.raises(djo.StoreUnavailableError, match="refuses access"):
            djo.open_store(config=project.config()).get("a")
        assert not google.tokens


def test_azure_protocol(project, azurite_server):
    azurite_server.make_bucket("my-container")
    project.write(store_block(AZURE))
    whole = connection_string(azurite_server.endpoint)
    signed = f"{whole.partition('AccountName')[0]}BlobEndpoint={whole.partition('BlobEndpoint=')[2]}"
    for text in (whole, f"{signed}SharedAccessSignature={shared_access_signature()};"):
        project.secret("stores.main.connection_string", text)
        assert_works("main", project.config())


def shared_access_signature():
    from azure.storage.blob import generate_account_sas

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return generate_account_sas(AZURE_ACCOUNT, AZURE_KEY, "sco", "rwdlac", tomorrow)


PROOF = """
import sys
import dj_objectstore as djo

for name in sys.argv[1:]:
    store = djo.open_store(name)
    store.put(f"of-{name}", b"it works")
    assert store.get(f"of-{name}") == b"it works"
    print(name, store.spec.account_name, len(list(store.list())))
"""


def prove_azure(project, azurite_tls, names, **variables):
    """Write and read, in a process that trusts the server's certificate from its start."""
    trusting = {"SSL_CERT_FILE": str(azurite_tls.certificate), **variables}
    result = run_python(project.folder, "-W", "ignore", "-c", PROOF, *names, **trusting)
    assert result.stdout == "".join(f"{name} {AZURE_ACCOUNT} 1\n" for name in names), result.stderr


def azure_store(azurite_tls, location, **options):
    host = {"account_host": azurite_tls.account_host}
    account = {"location": location, "account_name": AZURE_ACCOUNT, "storage_options": host | options}
    return json.loads(AZURE) | account


def test_the_account_of_an_azure_store(project, azurite_tls):
    azurite_tls.make_container("my-container")
    stores = {"azure_store": azure_store(azurite_tls, "with-key")}
    stores["signed"] = azure_store(azurite_tls, "signed", sas_token=shared_access_signature())
    older = {"protocol": "azure", "bucket": "my-container", "location": "older"}
    older |= {"access_key": AZURE_ACCOUNT, "storage_options": azure_store(azurite_tls, "")["storage_options"]}
    settings = {f"object_storage.{key}": value for key, value in older.items()}
    project.write(json.dumps({"stores": stores, **settings}))
    project.secret("stores.azure_store.account_key", AZURE_KEY)
    project.secret("object_storage.secret_key", AZURE_KEY)
    other = connection_string("another.account", "other", "b3RoZXI=")
    prove_azure(
        project, azurite_tls, ["azure_store", "signed", "main"], AZURE_STORAGE_CONNECTION_STRING=other
    )


def test_the_account_s_key_may_be_in_the_environment(project, azurite_tls):
    azurite_tls.make_container("my-container")
    project.write(json.dumps({"stores": {"ambient": azure_store(azurite_tls, "ambient")}}))
    prove_azure(project, azurite_tls, ["ambient"], AZURE_STORAGE_ACCOUNT_KEY=AZURE_KEY)
