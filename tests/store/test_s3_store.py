"""What a bucket needs besides: servers that fail, secrets, parts, storage classes."""

from __future__ import annotations

import pickle
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dj_objectstore.exceptions import (
    ObjectArchivedError,
    ObjectExistsError,
    StoreAccessError,
    StoreUnavailableError,
    UnsafePathError,
)
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.backend import PART
from dj_objectstore.store.store import open_store

SECRETS = ("AKIATESTTESTTEST", "very/secret+value")


@pytest.fixture
def store(s3_store):
    return s3_store


class Server(ThreadingHTTPServer):
    """Answers every request in the way of `answer`, and counts them."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests = []

    def settings(self):
        return {
            "protocol": "s3",
            "endpoint": f"127.0.0.1:{self.server_address[1]}",
            "secure": False,
            "bucket": "lab",
            "access_key": SECRETS[0],
            "secret_key": SECRETS[1],
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.server.requests.append(self.command)
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.server.answer(self)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_):
        pass

    def refuse(self, status, code):
        body = f"<Error><Code>{code}</Code><Message>go away</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def serve():
    """Start a server that answers in one way, and open a store on it."""
    servers = []

    def start(answer):
        server = Server(answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server, open_store(parse_spec("bad", server.settings()))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


ASK = {
    "get": lambda store: store.get("a"),
    "list": lambda store: list(store.list()),
    "children": lambda store: store.children("folder"),
    "exists": lambda store: store.exists("a"),
    "put": lambda store: store.put("a", b"1"),
    "delete": lambda store: store.delete(["a"]),
    "find": lambda store: store.fs.find("folder"),
    "walk": lambda store: list(store.fs.walk("folder")),
}


@pytest.mark.parametrize(
    ("status", "code", "ask"),
    [(403, "AccessDenied", ask) for ask in ASK] + [(503, "SlowDown", ask) for ask in ("get", "list", "put")],
)
def test_a_server_that_refuses_is_an_error_after_few_requests_and_never_an_empty_answer(
    serve, ask, status, code
):
    server, store = serve(lambda handler: handler.refuse(status, code))
    with pytest.raises(StoreUnavailableError, match="'bad'"):
        ASK[ask](store)
    assert len(server.requests) <= 3


def test_a_short_failure_is_got_over(serve):
    def answer(handler):
        if len(handler.server.requests) < 3:
            handler.refuse(503, "SlowDown")
            return
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    _, store = serve(answer)
    assert store.get("a") == b"ok"


def test_a_body_that_breaks_off_is_asked_for_again_and_then_an_error(serve):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(
            b"whole body" if handler.path.startswith("/lab/late") and again(handler) else b"half"
        )
        handler.close_connection = True

    def again(handler):
        return len(handler.server.requests) > 1

    server, store = serve(answer)
    assert store.get("late") == b"whole body"
    server.requests.clear()
    with pytest.raises(StoreUnavailableError):
        store.get("never")
    assert len(server.requests) == 3


def test_an_endpoint_where_nobody_listens_is_named(unused_port):
    spec = parse_spec(
        "far", {"protocol": "s3", "bucket": "b", "endpoint": f"127.0.0.1:{unused_port}", "anon": True}
    )
    with pytest.raises(StoreUnavailableError, match=f"'far'.*127.0.0.1:{unused_port}"):
        open_store(spec).get("a")


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("ask", ASK)
def test_a_missing_bucket_is_a_missing_location(s3_settings, ask):
    store = open_store(parse_spec("cloud", s3_settings | {"bucket": "no-such-bucket"}))
    with pytest.raises(StoreUnavailableError, match="'cloud' does not exist: s3://no-such-bucket"):
        ASK[ask](store)


def test_without_credentials_the_error_says_so(s3_settings, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    keyless = {key: value for key, value in s3_settings.items() if key not in ("access_key", "secret_key")}
    with pytest.raises(StoreUnavailableError, match="redentials"):
        open_store(parse_spec("cloud", keyless)).get("a")


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


def test_what_the_server_did_not_delete_is_an_error(serve):
    def answer(handler):
        body = (
            b'<?xml version="1.0"?><DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code>'
            b"<Message>no</Message></Error></DeleteResult>"
        )
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    _, store = serve(answer)
    with pytest.raises(StoreAccessError, match=r"did not delete 1 files: a \(AccessDenied\)"):
        store.delete(["a"])


def test_a_console_s_sign_for_a_folder_is_no_file(store):
    store._backend._fs.call_s3("put_object", Bucket=store.spec.bucket, Key="lab/project/folder/", Body=b"")
    assert list(store.list()) == []
    assert store.children("folder") == []
    assert store.info("folder").is_dir


@pytest.mark.parametrize(
    ("status", "code", "told", "hint"),
    [
        (403, "InvalidAccessKeyId", "the access key is not known there", "Correct access_key"),
        (403, "SignatureDoesNotMatch", "the secret key does not fit the access key", "secret_key"),
        (400, "ExpiredToken", "the credentials have expired", "Log in again, or renew the credentials"),
        (403, "RequestTimeTooSkewed", "this computer's clock is wrong", "Set the clock"),
        (403, "AccessDenied", "the credentials are known and don't allow it", "Ask for permission"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(serve, status, code, told, hint):
    _, store = serve(lambda handler: handler.refuse(status, code))
    for ask in ("get", "list", "put"):
        with pytest.raises(StoreUnavailableError, match=f"refuses access .*{told}") as raised:
            ASK[ask](store)
        assert hint in raised.value.hint


def test_an_archived_object_is_an_error_that_says_how_to_restore_it(serve):
    _, store = serve(lambda handler: handler.refuse(403, "InvalidObjectState"))
    with pytest.raises(ObjectArchivedError, match=r"'a' in store 'bad' .* is archived") as raised:
        store.get("a")
    assert "aws s3api restore-object --bucket lab --key 'a' --restore-request Days=7" in raised.value.hint


def test_an_archived_object_of_a_real_server_is_told_too(s3_settings):
    store = open_store(parse_spec("cold", s3_settings | {"storage_class": "GLACIER"}))
    store.put("movie.zarr/0.0.0", b"1")
    store.put("movie.zarr/.zarray", b"{}")
    assert store.get("movie.zarr/.zarray") == b"{}"
    with pytest.raises(ObjectArchivedError, match="is archived"):
        store.get("movie.zarr/0.0.0")


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
