"""Stores in buckets of S3 and of servers that speak its protocol.

Repeating is left to one layer, botocore's: three attempts with short time-outs, so that a server that does
not answer is an error within half a minute. What botocore can't repeat, a body that breaks off, is repeated
here.
"""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import StoreAccessError, UnsafePathError
from dj_objectstore.spec.base import text_of
from dj_objectstore.store.backend import PART, Child, Entry, in_pages
from dj_objectstore.store.failures import BEYOND_END_CODES, response_code
from dj_objectstore.store.remote import RemoteBackend
from dj_objectstore.store.s3_copy import copy_in_s3
from dj_objectstore.store.s3_upload import S3Upload
from dj_objectstore.store.wanted import cat_while_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dj_objectstore.spec.models import S3Spec
    from dj_objectstore.store.backend import Upload

_ATTEMPTS = 3
_CONNECT_SECONDS = 5
_READ_SECONDS = 8
_CONNECTIONS = 32
# a service may take a thousand, and a slow one would not be done before the time-out
_DELETED_AT_ONCE = 25
_DELETING = 4
# names of errors that tell of a body that broke off, whatever library read it
_BROKEN_BODY = ("ClientPayloadError", "IncompleteRead", "IncompleteReadError", "ResponseStreamingError")
# how servers answer to a condition that they don't know
_UNKNOWN_CONDITION = ("NotImplemented", "501")
# small and read often: not for an archive
_METADATA = (".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json", "datajoint_store.json")


def open_s3(spec: S3Spec) -> S3Backend:
    """Connect nothing yet; the first request does."""
    import s3fs

    options = _merged(_s3fs_options(spec), spec.storage_options)
    fs = s3fs.S3FileSystem(**options, skip_instance_cache=True, use_listings_cache=False)
    # s3fs would repeat what botocore has repeated
    fs.retries = 1
    return S3Backend(fs, spec)


def _s3fs_options(spec: S3Spec) -> dict[str, Any]:
    """Return the arguments of s3fs for a store; without credentials it takes those of the environment."""
    options: dict[str, Any] = {
        "anon": spec.anon,
        "key": text_of(spec.access_key),
        "secret": text_of(spec.secret_key),
        "token": text_of(spec.session_token),
        "endpoint_url": spec.endpoint_url,
        "use_ssl": spec.secure,
        "default_block_size": PART,
        "config_kwargs": _config(spec),
        "client_kwargs": {"region_name": spec.region, "verify": spec.ca_bundle},
        "s3_additional_kwargs": {},
    }
    options["client_kwargs"] = {name: value for name, value in options["client_kwargs"].items() if value}
    if spec.profile:
        options["profile"] = spec.profile
    if spec.kms_key_id:
        options["s3_additional_kwargs"] = {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": spec.kms_key_id,
        }
    return options


def _config(spec: S3Spec) -> dict[str, Any]:
    config: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "retries": {"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        "max_pool_connections": _CONNECTIONS,
    }
    if spec.endpoint_url:
        # servers other than Amazon's may not know the checksums that newer clients add
        config["request_checksum_calculation"] = "when_required"
        config["response_checksum_validation"] = "when_required"
    if spec.addressing_style:
        config["s3"] = {"addressing_style": spec.addressing_style}
    if spec.proxy_server:
        proxy = spec.proxy_server.get_secret_value()
        config["proxies"] = {"http": proxy, "https": proxy}
    return config


def _merged(ours: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return our options with the user's over them, mapping by mapping."""
    merged = dict(ours)
    for name, value in given.items():
        both = isinstance(value, dict) and isinstance(ours.get(name), dict)
        merged[name] = _merged(ours[name], value) if both else value
    return merged


class S3Backend(RemoteBackend):
    """The keys of a bucket below the store's location."""

    def __init__(self, fs: Any, spec: S3Spec) -> None:
        super().__init__(fs, spec.keys_root)
        self._spec = spec
        self._has_conditions = True

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file, or of a range of it, in one request."""
        if start is not None and end is not None and 0 <= end <= start:
            return b""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                # with one connection there is no request for the size beforehand
                return cat_while_wanted(self._fs, self._path(key), start=start, end=end, max_concurrency=1)
            except Exception as err:
                if response_code(err) in BEYOND_END_CODES:
                    return b""  # beyond the end, as for a slice
                if type(err).__name__ not in _BROKEN_BODY or attempt == _ATTEMPTS:
                    raise
        raise AssertionError  # the loop returns or raises

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file in one request, or in concurrent parts."""
        path, options = self._path(key), self._write_options(key)

        def send(mode: str) -> None:
            self._fs.pipe_file(path, data, mode=mode, chunksize=PART, **options)

        self._unless_there(key, send, create=create)

    def upload(self, key: str, *, create: bool) -> Upload:
        """Begin a file that is sent in parts."""
        bucket, _, path = self._path(key).partition("/")
        return S3Upload(
            self._fs,
            {"Bucket": bucket, "Key": path},
            self._write_options(key),
            finish=partial(self._unless_there, key, create=create),
        )

    def copy(self, source: str, key: str, size: int) -> bool:
        """Copy a file of a bucket on the server."""
        bucket, _, path = source.partition("/")
        to_bucket, _, to_path = self._path(key).partition("/")
        place = {"Bucket": to_bucket, "Key": to_path}
        copy_in_s3(self._fs, {"Bucket": bucket, "Key": path}, place, self._write_options(key), size)
        return True

    def _unless_there(self, key: str, send: Callable[[str], None], *, create: bool) -> None:
        """Send with the mode ``create``, and to a server that has no such request, after a look."""
        if not create:
            send("overwrite")
            return
        if self._has_conditions:
            try:
                send("create")
            except Exception as err:
                if response_code(err) not in _UNKNOWN_CONDITION:
                    raise
                self._has_conditions = False
            else:
                return
        if self._fs.exists(self._path(key)):
            raise FileExistsError(errno.EEXIST, "something lies there already", key)
        send("overwrite")

    def child_pages(self, key: str) -> Iterator[list[Child]]:
        """Give what lies directly in a folder, with one request a page."""
        is_there = not key
        for page in self._pages(key, delimiter="/"):
            is_there = is_there or bool(page.get("KeyCount"))
            yield list(_children_of(page, len(self._prefix(key))))
        if not is_there:
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", key)

    def pages(self, key: str) -> Iterator[list[Entry]]:
        """Give the files below a folder, with one request a page."""
        root = len(self._prefix(""))
        for page in self._pages(key, delimiter=""):
            yield [
                Entry(item["Key"][root:], item["Size"], item["LastModified"])
                for item in page.get("Contents", ())
                # a key with a slash at its end is a console's sign for an empty folder
                if not item["Key"].endswith("/")
            ]

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, many with one request."""
        objects = ({"Key": self._path(key).partition("/")[2]} for key in keys)
        with ThreadPoolExecutor(_DELETING) as pool:
            list(pool.map(self._delete_at_once, in_pages(objects, _DELETED_AT_ONCE)))

    def _delete_at_once(self, objects: list[dict[str, str]]) -> None:
        answer = self._fs.call_s3(
            "delete_objects", Bucket=self._spec.bucket, Delete={"Objects": objects, "Quiet": True}
        )
        failed = [f"{error['Key']} ({error['Code']})" for error in answer.get("Errors", ())]
        if failed:
            raise StoreAccessError(
                f"store {self._spec.name!r} did not delete {len(failed)} files: {', '.join(failed[:10])}",
                hint="Check whether the credentials allow s3:DeleteObject, and delete them again.",
            )

    def url(self, key: str) -> str:
        """Return the ``s3://`` URL."""
        return f"s3://{self._path(key)}"

    def _pages(self, key: str, *, delimiter: str) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {"Bucket": self._spec.bucket, "Prefix": self._prefix(key)}
        request |= {"Delimiter": delimiter, "MaxKeys": self.page_size}
        while True:
            page = self._fs.call_s3("list_objects_v2", **request)
            yield page
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def _prefix(self, key: str) -> str:
        inside = self._path(key).partition("/")[2]
        return f"{inside}/" if inside else ""

    def _path(self, key: str) -> str:
        if "?versionId=" in key:
            # s3fs would cut the key here, and write another one
            raise UnsafePathError(
                f"a key must not hold '?versionId=', got {key!r}", hint="Rename the file before inserting it."
            )
        return super()._path(key)

    def _write_options(self, key: str) -> dict[str, Any]:
        name = key.rpartition("/")[2]
        is_metadata = name in _METADATA or name.endswith(".manifest.json")
        if not self._spec.storage_class or is_metadata:
            return {}
        return {"StorageClass": self._spec.storage_class}


def _children_of(page: dict[str, Any], prefix: int) -> Iterator[Child]:
    """Give the folders and files of a page, by their names behind a prefix of this length."""
    for common in page.get("CommonPrefixes", ()):
        if name := common["Prefix"][prefix:-1]:
            yield Child(name, is_dir=True)
    for item in page.get("Contents", ()):
        if name := item["Key"][prefix:]:
            yield Child(name, is_dir=False, size=item["Size"], modified=item["LastModified"])
