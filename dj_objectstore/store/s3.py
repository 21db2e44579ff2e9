"""Stores in buckets of S3 and of servers that speak its protocol.

Repeating is left to one layer, botocore's: three attempts with short time-outs, so that a server that does
not answer is an error within half a minute. What botocore can't repeat, a body that breaks off, is repeated
here.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import StoreAccessError, UnsafePathError
from dj_objectstore.spec.base import text_of
from dj_objectstore.store.backend import PAGE, PART, Child, Entry
from dj_objectstore.store.failures import BEYOND_END_CODES, response_code
from dj_objectstore.store.remote import FsspecUpload, RemoteBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dj_objectstore.spec.models import S3Spec
    from dj_objectstore.store.backend import Upload

_ATTEMPTS = 3
_CONNECT_SECONDS = 5
_READ_SECONDS = 8
_CONNECTIONS = 32
# a service may take a thousand, and a slow one would not be done before the time-out
_DELETED_AT_ONCE = 200
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

    page_size = PAGE

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
                return bytes(self._fs.cat_file(self._path(key), start=start, end=end, max_concurrency=1))
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

        self.unless_there(key, send, create=create)

    def upload(self, key: str, *, create: bool) -> Upload:
        """Begin a file that is sent in parts."""
        stream = self._fs.open(self._path(key), "wb", block_size=PART, **self._write_options(key))
        return S3Upload(stream, self, key, create=create)

    def unless_there(self, key: str, send: Callable[[str], None], *, create: bool) -> None:
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

    def children(self, key: str) -> list[Child]:
        """Return what lies directly in a folder."""
        found: list[Child] = []
        is_there = False
        for page in self._pages(key, delimiter="/"):
            prefix = len(self._prefix(key))
            found += [
                Child(common["Prefix"][prefix:-1], is_dir=True)
                for common in page.get("CommonPrefixes", ())
                if common["Prefix"][prefix:-1]
            ]
            found += [
                Child(item["Key"][prefix:], is_dir=False, size=item["Size"], modified=item["LastModified"])
                for item in page.get("Contents", ())
                if item["Key"][prefix:]
            ]
            is_there = is_there or bool(page.get("KeyCount"))
        if not is_there and key:
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", key)
        return found

    def walk(self, key: str) -> Iterator[Entry]:
        """Give the files below a folder, a page of a thousand at a time."""
        root = len(self._prefix(""))
        for page in self._pages(key, delimiter=""):
            for item in page.get("Contents", ()):
                # a key with a slash at its end is a console's sign for an empty folder
                if not item["Key"].endswith("/"):
                    yield Entry(item["Key"][root:], item["Size"], item["LastModified"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, many with one request."""
        paths = [self._path(key).partition("/")[2] for key in keys]
        for at in range(0, len(paths), _DELETED_AT_ONCE):
            objects = [{"Key": path} for path in paths[at : at + _DELETED_AT_ONCE]]
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


class S3Upload(FsspecUpload):
    """An upload in parts, put together only where there is no file yet."""

    def __init__(self, stream: Any, backend: S3Backend, key: str, *, create: bool) -> None:
        super().__init__(stream)
        self._backend = backend
        self._key = key
        self._create = create

    def commit(self) -> None:
        """Put the parts together."""
        # closing sends the last part and leaves putting together to us
        self._stream.autocommit = False
        self._stream.close()
        self._backend.unless_there(self._key, self._put_together, create=self._create)

    def abort(self) -> None:
        """Forget the parts."""
        self._stream.closed = True
        self._stream.discard()

    def _put_together(self, mode: str) -> None:
        self._stream.mode = "xb" if mode == "create" else "wb"
        self._stream.commit()
