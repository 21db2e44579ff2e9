"""Servers that credentials must not be sent to are refused before the first request."""

from __future__ import annotations

import pytest

from dj_objectstore.spec.models import parse_spec
from dj_objectstore.store.destination import advise_destination, check_destination


def s3(endpoint, **options):
    return parse_spec("main", {"protocol": "s3", "bucket": "lab", "endpoint": endpoint, **options})


@pytest.mark.parametrize(
    "endpoint",
    [
        "169.254.169.254",
        "http://169.254.170.2:80",
        "http://[fe80::1]:9000",
        "http://[::ffff:169.254.169.254]",
        "http://[fd00:ec2::254]",
        "http://metadata.google.internal",
        "http://2852039166",
    ],
)
def test_addresses_of_the_local_link_are_refused(endpoint):
    (problem,) = check_destination(s3(endpoint)).problems
    assert problem.code == "link-local"
    assert "main" in problem.where


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "s3.amazonaws.com", "http://10.0.0.5", "[::1]:9000"])
def test_other_servers_may_be_asked(endpoint):
    assert check_destination(s3(endpoint)).ok


def test_an_endpoint_among_the_options_counts_too():
    spec = s3("127.0.0.1:1", storage_options={"client_kwargs": {"endpoint_url": "http://169.254.169.254"}})
    assert not check_destination(spec).ok
    text = "BlobEndpoint=http://169.254.169.254/a;AccountName=a;AccountKey=YWJj"
    azure = parse_spec("main", {"protocol": "azure", "container": "c", "connection_string": text})
    assert not check_destination(azure).ok


def test_http_off_the_machine_is_warned_of():
    assert "not encrypted" in advise_destination(s3("http://10.0.0.5:9000"))
    assert advise_destination(s3("http://127.0.0.1:9000")) == ""
    assert advise_destination(s3("https://10.0.0.5")) == ""
    assert advise_destination(parse_spec("m", {"protocol": "memory"})) == ""
