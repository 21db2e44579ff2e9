"""What stands in for Google's checks: a service account, its tokens, and a store that asks for one.

gcp-storage-emulator takes everybody. Requests pass through here on their way to it, and only with a token
that was issued for an assertion signed with the account's own key.
"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ACCOUNT = "pipeline@lab.iam.gserviceaccount.com"
_DROPPED = ("transfer-encoding", "connection", "content-length")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CheckingServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/token":
            self._send(*self.server.issue(body.decode()))
        elif self.headers.get("Authorization", "").removeprefix("Bearer ") in self.server.tokens:
            self._send(*self._forwarded(body))
        else:
            error = {"error": {"code": 401, "message": "Invalid Credentials"}}
            self._send(401, {"Content-Type": "application/json"}, json.dumps(error).encode())

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 - http.server's names

    def _forwarded(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        line = http.client.HTTPConnection(self.server.emulator, timeout=60)
        try:
            line.request(self.command, self.path, body or None, dict(self.headers))
            answer = line.getresponse()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}
            return answer.status, kept, answer.read()
        finally:
            line.close()

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class CheckingServer(ThreadingHTTPServer):
    """Issues tokens to one account, and passes on what comes with one."""

    daemon_threads = True

    def __init__(self, emulator: str) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator = emulator
        self.tokens: set[str] = set()
        self.address = "{}:{}".format(*self.server_address[:2])
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def write_account(self, path: Path) -> Path:
        """Write the JSON file that Google gives out for a service account."""
        from cryptography.hazmat.primitives import serialization as to

        key = self._key.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, to.NoEncryption())
        account = {
            "type": "service_account",
            "project_id": "lab",
            "private_key_id": "1",
            "private_key": key.decode(),
            "client_email": ACCOUNT,
            "token_uri": f"http://{self.address}/token",
        }
        path.write_text(json.dumps(account))
        return path

    def issue(self, form: str) -> tuple[int, dict[str, str], bytes]:
        """Answer a request for a token."""
        from urllib.parse import parse_qs

        from cryptography.hazmat.primitives import serialization as to
        from google.auth import exceptions, jwt

        public = self._key.public_key().public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
        try:
            jwt.decode(parse_qs(form)["assertion"][0], public)
        except (ValueError, exceptions.GoogleAuthError):
            return 400, {"Content-Type": "application/json"}, b'{"error": "invalid_grant"}'
        token = f"ya29.{secrets.token_urlsafe()}"
        self.tokens.add(token)
        answer = {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


@contextmanager
def checking_tokens(emulator: str) -> Iterator[CheckingServer]:
    """Start a server that checks tokens, in front of the emulator at an address."""
    with CheckingServer(emulator) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
