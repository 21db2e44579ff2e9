"""What a bucket needs besides: secrets, parts, storage classes, servers without conditions."""

from __future__ import annotations

import pickle
import threading
import time
import traceback

import pytest

from answering_server import ACCESS_KEY, SECRET_KEY
from dj_objectstore.exceptions import ObjectExistsError, StoreAccessError, UnsafePathError
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.backend import PART
from dj_objectstore.store.store import open_store

SECRETS = (ACCESS_KEY, SECRET_KEY)


@pytest.fixture
def store(s3_store):
    return s3_store


def test_takes_the_credentials_of_the_environment(s3_store, s3_settings, monkeypatch):
    s3_store.put("a", b"1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRETS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS[1])
    keyless = {key: value for key, value in s3_settings.items() if key not in ("access_key", "secret_key")}
    assert open_store(parse_spec("cloud", keyless)).get("a") == b"1"


def test_secrets_are_in_no_repr_pickle_settings_or_error(serve):
    _, store = serve(lambda handler: handler.refuse(403, "AccessDenied"))
    with pytest.raises(StoreAccessError) as raised:
        store.get("a")
    shown = [
        repr(store),
        repr(store.spec),
        str(store.spec),
        repr(store.fs),
        repr(store.fsmap("a")),
        str(store.spec.public_settings()),
        store.fs.to_json(),
        pickle.dumps(store).decode("latin-1"),
        pickle.dumps(store.fs).decode("latin-1"),
        pickle.dumps(store.fsmap("a")).decode("latin-1"),
        "".join(traceback.format_exception(raised.value)),
    ]
    for secret in SECRETS:
        assert not [text for text in shown if secret in text]


def test_sends_eight_mebibytes_a_part(store, s3_settings):
    store.put("large", bytes(2 * PART + 1))
    with store.writer("streamed") as writer:
        for _ in range(5):
            writer.write(bytes(PART // 2))
    real = store._backend._fs
    for key, parts in (("large", 3), ("streamed", 3)):
        found = real.call_s3(
            "head_object", Bucket=s3_settings["bucket"], Key=f"lab/project/{key}", PartNumber=1
        )
        assert found["PartsCount"] == parts
        assert found["ContentLength"] == PART


def test_a_server_may_take_its_time_to_put_parts_together(serve, monkeypatch):
    monkeypatch.setattr("dj_objectstore.store.s3._READ_SECONDS", 1)
    answers = {
        (
            "POST",
            "?uploads",
        ): b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        (
            "POST",
            "?uploadId",
        ): b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
    }

    def answer(handler):
        query = f"?{handler.path.partition('?')[2].partition('=')[0]}"
        body = answers.get((handler.command, query), b"")
        if b"Complete" in body:
            threading.Event().wait(2.5)
        handler.send_response(200)
        handler.send_header("ETag", '"e"')
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    server, store = serve(answer)
    with store.writer("large") as writer:
        writer.write(bytes(PART))
    assert server.requests == ["POST", "PUT", "POST"]


def test_an_upload_that_fails_leaves_no_parts_behind(store, s3_settings):
    with pytest.raises(KeyError), store.writer("broken") as writer:  # noqa: PT012 - both lines are what is tried
        writer.write(bytes(3 * PART))
        raise KeyError
    uploads = store._backend._fs.call_s3("list_multipart_uploads", Bucket=s3_settings["bucket"])
    assert not uploads.get("Uploads")


def test_an_upload_dropped_on_the_thread_of_the_connections_leaves_no_parts_behind(store, s3_settings):
    dropped = [store.writer("dropped")]
    dropped[0].write(bytes(3 * PART))
    fs = store._backend._fs
    assert fs.call_s3("list_multipart_uploads", Bucket=s3_settings["bucket"])["Uploads"]
    fs.loop.call_soon_threadsafe(dropped.clear)
    until = time.monotonic() + 60
    while fs.call_s3("list_multipart_uploads", Bucket=s3_settings["bucket"]).get("Uploads"):
        assert time.monotonic() < until


def test_the_storage_class_is_for_data_and_not_for_metadata(s3_settings):
    store = open_store(parse_spec("cold", s3_settings | {"storage_class": "STANDARD_IA"}))
    classes = {}
    for key in ("movie.zarr/0.0.0", "movie.zarr/.zarray", "movie.zarr.manifest.json", "datajoint_store.json"):
        store.put(key, b"1")
        head = store._backend._fs.call_s3(
            "head_object", Bucket=s3_settings["bucket"], Key=f"lab/project/{key}"
        )
        classes[key] = head.get("StorageClass", "STANDARD")
    assert classes.pop("movie.zarr/0.0.0") == "STANDARD_IA"
    assert set(classes.values()) == {"STANDARD"}


def test_a_key_that_s3fs_would_cut_is_refused(store):
    with pytest.raises(UnsafePathError):
        store.put("a?versionId=1", b"")


def test_a_console_s_sign_for_a_folder_is_no_file(store):
    store._backend._fs.call_s3("put_object", Bucket=store.spec.bucket, Key="lab/project/folder/", Body=b"")
    assert list(store.list()) == []
    assert store.children("folder") == []
    assert store.info("folder").is_dir


def test_the_storage_class_is_for_what_is_sent_in_parts_too(s3_settings):
    store = open_store(parse_spec("cold", s3_settings | {"storage_class": "STANDARD_IA"}))
    store.put("large", bytes(2 * PART + 1))
    with store.writer("streamed") as writer:
        writer.write(bytes(2 * PART + 1))
    for key in ("large", "streamed"):
        head = store._backend._fs.call_s3(
            "head_object", Bucket=s3_settings["bucket"], Key=f"lab/project/{key}"
        )
        assert head["StorageClass"] == "STANDARD_IA"


@pytest.fixture
def without_conditions(store, monkeypatch):
    """A store on a server that answers every condition with 501, as some do."""
    from botocore.exceptions import ClientError

    real = store._backend._fs
    call, asked = real._call_s3, []

    async def refusing(method, *args, **kwargs):
        if "IfNoneMatch" in kwargs:
            asked.append(method)
            raise ClientError({"Error": {"Code": "NotImplemented", "Message": "no such header"}}, method)
        return await call(method, *args, **kwargs)

    monkeypatch.setattr(real, "_call_s3", refusing)
    monkeypatch.setattr(real, "call_s3", sync_of(real, refusing))
    return asked


def sync_of(fs, ask):
    from fsspec.asyn import sync

    return lambda *args, **kwargs: sync(fs.loop, ask, *args, **kwargs)


@pytest.mark.parametrize("size", [3, 2 * PART + 1])
def test_a_server_that_knows_no_conditions_is_asked_first(store, without_conditions, size):
    def stream(key):
        with store.writer(key) as writer:
            writer.write(bytes(size))

    stream("streamed")
    store.put("put", bytes(size))
    assert len(without_conditions) == 1  # it is asked once for what it can't
    for write in (stream, lambda key: store.put(key, b"")):
        for key in ("streamed", "put"):
            with pytest.raises(ObjectExistsError, match=f"'{key}'"):
                write(key)
    assert store.info("streamed").size == store.info("put").size == size
