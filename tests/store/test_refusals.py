"""What Google's and Microsoft's services refuse, said with what to do; by servers that answer as they do."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dj_objectstore.exceptions import ConfigurationError, ObjectArchivedError, StoreUnavailableError
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import open_store
from object_servers import AZURE_KEY, connection_string


class Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.server.asked.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, code, body = self.server.refusal
        self.send_response(status)
        self.send_header("x-ms-error-code", code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing():
    """Start a server that refuses everything in one way; gives its address."""
    servers = []

    def start(status, code, body=b""):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
        server.refusal, server.asked = (status, code, body), start.asked
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return "{}:{}".format(*server.server_address)

    start.asked = []
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "told", "hint"),
    [
        (403, "NewCode", "NewCode", "renew them when they have expired"),
        (403, "AuthenticationFailed", "the key of the account is wrong", "Correct account_key"),
        (
            403,
            "AuthorizationPermissionMismatch",
            "don't allow it",
            "Ask for permission",
        ),
        (
            401,
            "ExpiredAuthenticationToken",
            "the credentials have expired",
            "renew the credentials",
        ),
    ],
)
def test_what_azure_refuses_is_told(refusing, status, code, told, hint):
    settings = {"protocol": "azure", "container": "lab"}
    settings["connection_string"] = connection_string(refusing(status, code))
    store = open_store(parse_spec("lab", settings))
    for ask in (lambda: store.get("a"), lambda: list(store.list()), lambda: store.put("a", b"1")):
        with pytest.raises(StoreUnavailableError, match=f"store 'lab' .* refuses access .*{told}") as raised:
            ask()
        assert hint in raised.value.hint
        assert AZURE_KEY not in str(raised.value)


@pytest.mark.parametrize("protocol", ["azure", "gs"])
def test_a_service_that_stays_busy_is_an_error_after_three_requests(refusing, protocol):
    address = refusing(503, "ServerBusy", b'{"error": {"code": 503, "message": "busy"}}')
    settings = {
        "azure": {"container": "lab", "connection_string": connection_string(address)},
        "gs": {"bucket": "lab", "storage_options": {"endpoint_url": f"http://{address}", "token": "anon"}},
    }[protocol]
    store = open_store(parse_spec("lab", settings | {"protocol": protocol}))
    with pytest.raises(StoreUnavailableError, match="store 'lab'"):
        store.get("a", 0, 10)
    assert len(refusing.asked) == 3


def test_an_archived_blob_says_how_to_bring_it_back(refusing):
    settings = {"protocol": "azure", "container": "lab", "location": "x"}
    settings["connection_string"] = connection_string(refusing(409, "BlobArchived"))
    with pytest.raises(ObjectArchivedError, match=r"'a' in store 'lab' .* is archived") as raised:
        open_store(parse_spec("lab", settings)).get("a")
    assert "az storage blob set-tier --container-name lab --name 'x/a' --tier Hot" in raised.value.hint


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (401, "Invalid Credentials", "401"),
        (403, "me@lab.org does not have storage.objects.get access", "does not have storage"),
    ],
)
def test_what_google_refuses_is_told(refusing, status, message, told):
    body = json.dumps({"error": {"code": status, "message": message}}).encode()
    options = {"endpoint_url": f"http://{refusing(status, '', body)}", "token": "anon"}
    store = open_store(
        parse_spec("lab", {"protocol": "gs", "bucket": "lab", "project": "p", "storage_options": options})
    )
    with pytest.raises(StoreUnavailableError, match=rf"(?s)store 'lab' .* refuses access .*{told}") as raised:
        list(store.list())
    assert "Check the store's credentials" in raised.value.hint


def test_settings_that_a_library_can_t_use_are_told_without_their_secrets():
    settings = {"protocol": "azure", "container": "lab", "connection_string": "AccountKey=very-secret"}
    with pytest.raises(
        ConfigurationError, match=r"store 'lab' .* can't be opened with its settings"
    ) as raised:
        open_store(parse_spec("lab", settings)).get("a")
    assert "very-secret" not in str(raised.value)


def test_a_token_that_names_no_account_is_told(tmp_path):
    path = tmp_path / "account.json"
    store = open_store(parse_spec("lab", {"protocol": "gs", "bucket": "lab", "token": str(path)}))
    with pytest.raises(ConfigurationError, match=rf"token of store 'lab' must be .* none at '{path}'"):
        store.get("a")
    path.write_text('{"type": "service_account", "private_key": "very-secret"}')
    with pytest.raises(ConfigurationError, match=r"can't be opened with its settings: .* lacks") as raised:
        store.get("a")
    assert "very-secret" not in str(raised.value)
