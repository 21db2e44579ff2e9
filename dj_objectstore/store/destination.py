"""Whether a store's server is a place that credentials may be sent to, asked before the first request.

>>> from dj_objectstore.spec.models import parse_spec
>>> spec = parse_spec("main", {"protocol": "s3", "bucket": "b", "endpoint": "http://169.254.169.254"})
>>> check_destination(spec).problems[0].code
'link-local'
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dj_objectstore.report import Problem, Report
from dj_objectstore.spec.models import AzureSpec, S3Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.spec.models import StoreSpec

# what clouds answer for the machine itself, its credentials included; the last is Amazon's for IPv6
_METADATA = ("metadata.google.internal", "metadata.goog", "fd00:ec2::254")
_ENDPOINT_OPTIONS = ("endpoint_url", "endpoint", "account_host")
_ENDPOINT_PARTS = ("blobendpoint", "endpoint")


def check_destination(spec: StoreSpec) -> Report:
    """Return why a store's server must not be asked; the report is ok where it may be.

    Addresses of the local link are refused: there the machines of a cloud ask for their own credentials.
    """
    where = f"store {spec.name!r}"
    problems = [
        Problem(
            "link-local",
            where,
            f"the endpoint must be a server for data, got {host!r}, an address of the local link",
            "Give the address of the store's own server.",
        )
        for host in dict.fromkeys(_hosts(spec))
        if _is_link_local(host)
    ]
    return Report(tuple(problems))


def advise_destination(spec: StoreSpec) -> str:
    """Return a warning when data and credentials would travel readable for others; ``""`` otherwise."""
    url = spec.endpoint_url if isinstance(spec, S3Spec) else None
    if url is None or urlsplit(url).scheme != "http":
        return ""
    host = urlsplit(url).hostname or ""
    if all(address.is_loopback for address in _addresses(host)):
        return ""
    return f"http to {host} is not encrypted: others on the way can read the data; use https if it can"


def _hosts(spec: StoreSpec) -> Iterator[str]:
    texts = [spec.storage_options.get(name) for name in _ENDPOINT_OPTIONS]
    kwargs = spec.storage_options.get("client_kwargs")
    texts += [kwargs.get("endpoint_url")] if isinstance(kwargs, dict) else []
    if isinstance(spec, S3Spec):
        texts.append(spec.endpoint_url)
    if isinstance(spec, AzureSpec) and spec.connection_string:
        parts = (part.partition("=") for part in spec.connection_string.get_secret_value().split(";"))
        texts += [value for name, _, value in parts if name.strip().lower() in _ENDPOINT_PARTS]
    for text in texts:
        if isinstance(text, str):
            host = urlsplit(text if "://" in text else f"//{text}").hostname
            if host:
                yield host


def _is_link_local(host: str) -> bool:
    if host.rstrip(".").lower() in _METADATA:
        return True
    return any(address.is_link_local or str(address) in _METADATA for address in _addresses(host))


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return the addresses of a host; none for one that can't be resolved, which the check itself tells."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return []
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    mapped = [address.ipv4_mapped for address in addresses if isinstance(address, ipaddress.IPv6Address)]
    return [*addresses, *(address for address in mapped if address is not None)]
