"""A secret, whatever source it comes from, appears in nothing that is shown, logged, pickled or saved."""

from __future__ import annotations

import json
import logging
import pickle
import traceback

import pytest

import dj_objectstore as djo
from dj_objectstore.cli import main
from dj_objectstore.codecs.adapters import StoreSettings
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.spec import configuration
from dj_objectstore.spec.gathering import gather_stores
from dj_objectstore.spec.saving import save_configuration
from object_servers import free_port
from project_folder import assigned, aws, project

__all__ = ["assigned", "aws", "project"]

CANARY = "canary-5f1c2e9b-sings"
S3 = {"protocol": "s3", "bucket": "lab", "location": "p", "secure": False}
KEYS = {
    "access_key": f"{CANARY}-access",
    "secret_key": f"{CANARY}-secret",
    "session_token": f"{CANARY}-token",
}
OPTIONS = {"client_kwargs": {"aws_session_token": f"{CANARY}-option"}, "config_kwargs": {}}
SOURCES = ("python", "environment", "secrets", "file", "options", "proxy", "older")


def hidden(text):
    return CANARY not in (text if isinstance(text, str) else text.decode("latin-1"))


@pytest.fixture(params=SOURCES)
def config(request, project, monkeypatch):
    """The secrets of the store `main` come from one source; nobody listens at its endpoint."""
    settings = S3 | {"endpoint": f"127.0.0.1:{free_port()}"}
    match request.param:
        case "python":
            made = project.config()
            made.stores = {"default": "main", "main": settings | KEYS}
            return made
        case "environment":
            monkeypatch.setenv("DJ_STORES", json.dumps({"default": "main", "main": settings | KEYS}))
        case "secrets":
            project.write(json.dumps({"stores": {"default": "main", "main": settings}}))
            for key, value in KEYS.items():
                project.secret(f"stores.main.{key}", value)
        case "file":
            project.write(json.dumps({"stores": {"default": "main", "main": settings | KEYS}}))
        case "options":
            block = {"stores": {"main": {"storage_options": OPTIONS}}}
            project.write(
                json.dumps({"stores": {"default": "main", "main": settings}, "dj_objectstore": block})
            )
        case "proxy":
            proxy = {"proxy_server": f"http://user:{CANARY}@127.0.0.1:{free_port()}"}
            project.write(json.dumps({"stores": {"default": "main", "main": settings | proxy}}))
        case "older":
            older = settings | KEYS
            project.write(json.dumps({f"object_storage.{key}": value for key, value in older.items()}))
    return project.config()


@pytest.fixture
def store(config):
    opened = djo.open_store(config=config)
    assert any(CANARY in secret for secret in opened.spec.secrets())
    return opened


@pytest.fixture
def ref(store):
    del store
    return ObjectRef.from_json(
        {
            "path": "_schema/s/T/id=1/f_abcd1234.dat",
            "store": "main",
            "size": 1,
            "is_dir": False,
            "ext": ".dat",
        }
    )


def test_texts_of_handles(store, ref):
    for handle in (store, store.spec, store.fs, store.fsmap("a"), ref, djo.load_stores({"stores": {}})):
        assert hidden(repr(handle))
        assert hidden(str(handle))
    assert hidden(json.dumps(store.spec.public_settings()))
    assert hidden(store.spec.model_dump_json())
    assert hidden(repr(store.spec.model_dump()))
    assert hidden(repr(StoreSettings(store.spec)))
    assert hidden(store.fs.to_json())
    assert hidden(store.url("a"))


def test_pickles(store, ref):
    for handle in (store, store.spec, store.fs, store.fsmap("a"), ref):
        assert hidden(pickle.dumps(handle))


def test_errors_with_their_tracebacks_and_logs(store, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(djo.StoreUnavailableError) as raised:
        store.get("nothing")
    assert hidden(str(raised.value))
    assert hidden("".join(traceback.format_exception(raised.value)))
    ours = [record for record in caplog.records if record.name.startswith("dj_objectstore")]
    assert all(hidden(record.getMessage()) for record in ours)


@pytest.mark.parametrize(
    "wrong",
    [
        {"protocol": "ftp"},
        {"buckett": "x"},
        {"secret_key": [CANARY]},
        {"access_key": {CANARY: CANARY}},
        {"secret_key": None},
        {"endpoint": f"https://user:{CANARY}@host"},
        {"session_token": 5, "anon": True},
        {"storage_options": [CANARY]},
        {"proxy_server": [CANARY]},
    ],
)
def test_settings_that_are_wrong(wrong):
    stores = {"stores": {"main": S3 | KEYS | wrong}}
    with pytest.raises(djo.ConfigurationError) as raised:
        djo.load_stores(stores)
    assert hidden("".join(traceback.format_exception(raised.value)))


def test_a_name_that_is_not_configured(config):
    with pytest.raises(djo.StoreNotConfiguredError) as raised:
        djo.open_store("other", config=config)
    assert hidden("".join(traceback.format_exception(raised.value)))


def test_a_saved_configuration(config, project):
    config["database.password"] = CANARY
    save_configuration(config, project.folder / "saved.json")
    assert hidden((project.folder / "saved.json").read_text())


def test_what_holds_secrets_inside_does_not_show_them(config):
    assert hidden(repr(gather_stores(config)))


@pytest.mark.parametrize(
    ("config", "command"),
    [
        ("environment", "doctor"),
        ("secrets", "doctor"),
        ("file", "doctor"),
        ("older", "doctor"),
        ("file", "stores"),
        ("file", "migrate-config"),
    ],
    indirect=["config"],
)
def test_what_the_command_line_says(config, command, monkeypatch, capsys):
    monkeypatch.setattr(configuration, "_provider", lambda: config)
    main([command, "--json"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)
    assert hidden(printed.out)
    assert hidden(printed.err)
