"""A page of a folder costs one request, however much the folder holds; by servers whose folders never end."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.store import open_store
from object_servers import connection_string

NOW = "2026-01-02T03:04:05Z"


def s3_page(number):
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{number}</NextContinuationToken>"
    file = f"<Contents><Key>f/{number:05}</Key><Size>1</Size><LastModified>{NOW}</LastModified></Contents>"
    return f"<ListBucketResult><KeyCount>1</KeyCount>{more}{file}</ListBucketResult>"


def gcs_page(number):
    return json.dumps({"items": [_gcs_file(number)], "nextPageToken": str(number)})


def _gcs_file(number):
    return {"name": f"f/{number:05}", "size": "1", "updated": NOW}


def azure_page(number):
    written = "<Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified>"
    properties = f"{written}<Content-Length>1</Content-Length><BlobType>BlockBlob</BlobType>"
    blob = f"<Blob><Name>f/{number:05}</Name><Properties>{properties}</Properties></Blob>"
    more = f"<NextMarker>{number}</NextMarker>"
    return f"<EnumerationResults><Blobs>{blob}</Blobs>{more}</EnumerationResults>"


PAGES = {"s3": s3_page, "gs": gcs_page, "azure": azure_page}


def settings_at(protocol, address):
    url = f"http://{address}"
    return {
        "s3": {"bucket": "lab", "endpoint": url, "access_key": "key", "secret_key": "secret"},
        "gs": {"bucket": "lab", "storage_options": {"endpoint_url": url, "token": "anon"}},
        "azure": {"container": "lab", "connection_string": connection_string(address)},
    }[protocol] | {"protocol": protocol}


class Endless(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.page(len(self.server.asked)).encode()
        self.send_response(200)
        kind = "application/json" if body.startswith(b"{") else "application/xml"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def endless(request):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.page, server.asked = PAGES[request.param], []
    server.protocol = request.param
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("endless", PAGES, indirect=True)
@pytest.mark.parametrize("ask", ["pages", "child_pages"])
def test_a_page_costs_one_request(endless, ask):
    address = "{}:{}".format(*endless.server_address)
    store = open_store(parse_spec("endless", settings_at(endless.protocol, address)))
    pages = getattr(store, ask)("f")
    for number in (1, 2, 3):
        assert len(next(pages)) == 1
        assert len(endless.asked) == number
