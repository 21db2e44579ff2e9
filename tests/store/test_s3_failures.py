"""What a bucket's server may answer instead: refusals, failures, halves, nothing."""

from __future__ import annotations

import pytest

from dj_objectstore.exceptions import ObjectArchivedError, StoreAccessError, StoreUnavailableError
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import open_store

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
