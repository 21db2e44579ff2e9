"""An error of each kind, with a secret in every source: neither it nor its notes and causes show one."""

from __future__ import annotations

import json
import traceback

import numpy as np
import pytest

import dj_objectstore as djo
from dj_objectstore import exceptions
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.paths.partition import parse_partition_pattern
from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from dj_objectstore.store.identity import KEY as IDENTITY
from dj_objectstore.store.store import Store
from object_servers import free_port
from project_folder import assigned, aws, project

__all__ = ["assigned", "aws", "project"]

CANARY = "canary-5f1c2e9b-sings"


@pytest.fixture
def config(project, moto_server, monkeypatch):
    """The store `main`, whose credentials come from each source that there is; the server takes any."""
    settings = moto_server.settings()
    settings = {key: value for key, value in settings.items() if not key.endswith("_key")}
    customer = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": f"{CANARY}-customer-key"}
    options = {"storage_options": {"s3_additional_kwargs": customer}}
    older = {"object_storage.protocol": "s3", "object_storage.secret_key": f"{CANARY}-older"}
    content = {
        "stores": {"default": "main", "main": settings},
        "dj_objectstore": {"stores": {"main": options}},
    }
    project.write(json.dumps(content | older))
    project.secret("stores.main.secret_key", f"{CANARY}-secret")
    project.secret("stores.main.session_token", f"{CANARY}-token")
    # the server is its own proxy
    project.secret("stores.main.proxy_server", f"http://user:{CANARY}@{moto_server.endpoint}")
    project.secret("database.password", f"{CANARY}-password")
    monkeypatch.setenv("DJ_OBJECT_STORAGE_ACCESS_KEY", f"{CANARY}-variable")
    config = project.config()
    config.stores["main"]["access_key"] = f"{CANARY}-access"
    return config


@pytest.fixture
def store(config):
    opened = djo.open_store(config=config)
    assert len([secret for secret in opened.spec.secrets() if CANARY in secret]) == 5
    return opened


def changed(store, **settings):
    return Store(store.spec.model_copy(update=settings))


def ref_to(store, path, **metadata):
    row = {"path": path, "store": "main", "size": 5, "is_dir": False, "ext": ".dat", **metadata}
    return ObjectRef(ObjectRef.from_json(row)._stored, opened=store)


def break_the_project(store):
    changed(store, project_name="theirs").put("a", b"1")
    changed(store, project_name="mine").get("a")


def break_the_identity(store):
    store.put(IDENTITY, b'{"project_name": "mine", "format_version": "9"}')
    changed(store, project_name="mine").get("a")


def read_what_is_archived(store):
    changed(store, storage_class="GLACIER").put("cold", b"1")
    store.get("cold")


def lose_a_chunk(store):
    files = store.fsmap("movie", writable=True)
    write_movie(np.ones((4, 8, 8), "u2"), files, noise=NoiseModel(gain=1.0), frames_per_chunk=2)
    store.delete(["movie/0.0.0"])
    MovieReader(store.fsmap("movie")).read()


def lose_a_byte(store):
    store.put("object", b"1234")
    ref_to(store, "object").verify()


KINDS = {
    exceptions.ConfigurationError: break_the_project,
    exceptions.StoreNotConfiguredError: lambda _: djo.open_store("other"),
    exceptions.AddressError: lambda _: parse_partition_pattern("{"),
    exceptions.UnsafePathError: lambda store: store.get("../x"),
    exceptions.ValueRefusedError: lambda store: store.put_file("a", "/no/such/file"),
    exceptions.MovieRefusedError: lambda store: write_movie(np.ones(3), store.fsmap("m", writable=True)),
    exceptions.StoreAccessError: lambda store: store.fs.recording("a").open("a/b", "ab"),
    exceptions.StoreUnavailableError: lambda store: changed(store, bucket="no-such-bucket").get("a"),
    exceptions.ObjectNotFoundError: lambda store: store.get("nothing"),
    exceptions.ObjectArchivedError: read_what_is_archived,
    exceptions.ObjectExistsError: lambda store: [store.put("twice", b"1") for _ in range(2)],
    exceptions.ReadOnlyError: lambda store: store.fs.open("a", "wb"),
    exceptions.FormatError: break_the_identity,
    exceptions.IntegrityError: lose_a_byte,
    exceptions.ChunkError: lose_a_chunk,
}


def texts_of(err):
    """Give everything that an error and those it came from can be shown as."""
    yield "".join(traceback.format_exception(err))
    while err is not None:
        yield from (str(err), repr(err), repr(err.args), repr(getattr(err, "__notes__", ())), repr(vars(err)))
        err = err.__cause__ or err.__context__


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_of_each_kind(store, config, kind, monkeypatch):
    from dj_objectstore.spec import configuration

    monkeypatch.setattr(configuration, "_provider", lambda: config)
    with pytest.raises(kind) as raised:
        KINDS[kind](store)
    assert type(raised.value) is kind
    assert not [text for text in texts_of(raised.value) if CANARY in text]


@pytest.mark.parametrize("setting", ["endpoint", "proxy_server"])
def test_an_error_of_what_does_not_answer(store, setting):
    from pydantic import SecretStr

    address = f"127.0.0.1:{free_port()}"
    dead = SecretStr(f"http://user:{CANARY}@{address}") if setting == "proxy_server" else address
    settings = {"proxy_server": None, setting: dead}
    with pytest.raises(djo.StoreUnavailableError, match="did not answer") as raised:
        changed(store, **settings).get("a")
    assert not [text for text in texts_of(raised.value) if CANARY in text]


def test_no_kind_was_forgotten():
    tree = {kind for kind in vars(exceptions).values() if isinstance(kind, type)}
    ours = {kind for kind in tree if issubclass(kind, exceptions.ObjectStoreError)}
    assert ours - {exceptions.ObjectStoreError} == set(KINDS)
