"""An S3 server that answers as a test wants it to, and counts what it is asked."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCESS_KEY, SECRET_KEY = "AKIATESTTESTTEST", "very/secret+value"


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
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
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
