"""Stores in buckets of Google Cloud Storage.

Listing asks the service for page after page itself: gcsfs would collect them all. Repeating is left to one
layer, gcsfs', with three attempts, so that a server that does not answer is an error within half a minute.
"""

from __future__ import annotations

import errno
import functools
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dj_objectstore.spec.base import text_of
from dj_objectstore.store.backend import PAGE, PART, Child, Entry
from dj_objectstore.store.remote import FsspecUpload, RemoteBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.spec.models import GCSSpec
    from dj_objectstore.store.backend import Upload

_ATTEMPTS = 3
_CONNECT_SECONDS = 5
_READ_SECONDS = 8


def open_gcs(spec: GCSSpec) -> GCSBackend:
    """Connect nothing yet; the first request does."""
    from aiohttp import ClientTimeout

    options: dict[str, Any] = {
        "project": spec.project,
        "token": _token(text_of(spec.token)),
        "requests_timeout": ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS),
    }
    given = {name: value for name, value in options.items() if value is not None} | spec.storage_options
    fs = _filesystem_class()(**given, skip_instance_cache=True, use_listings_cache=False)
    return GCSBackend(fs, spec)


def _token(text: str | None) -> Any:
    """Return what gcsfs calls a token: a file's path or one of its words, or what the file holds."""
    return json.loads(text) if text and text.lstrip().startswith("{") else text


@functools.cache
def _filesystem_class() -> type[Any]:
    """Return gcsfs' class, that of its core, which speaks plain HTTP to any server, with fewer attempts."""
    from gcsfs.core import GCSFileSystem
    from gcsfs.retry import retry_request

    class Filesystem(GCSFileSystem):  # type: ignore[misc]
        """GCS with three attempts for each request."""

        _request = retry_request(retries=_ATTEMPTS)(GCSFileSystem._request.__wrapped__)  # noqa: SLF001 - its own way

    return Filesystem


class GCSBackend(RemoteBackend):
    """The keys of a bucket below the store's location."""

    page_size = PAGE

    def __init__(self, fs: Any, spec: GCSSpec) -> None:
        super().__init__(fs, spec.keys_root)
        self._bucket = spec.bucket
        # what stands in for Google may not know how to create only
        self._looks_first = "endpoint_url" in spec.storage_options

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file, or of a range of it."""
        if start is None and end is None:
            return bytes(self._fs.cat_file(self._path(key)))
        return self._read_range(key, start, end)

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file in one request."""
        self._look(key, create=create)
        mode = "create" if create else "overwrite"
        # below this size it sends one request; parts are for what comes as a stream
        self._fs.pipe_file(self._path(key), data, mode=mode, chunksize=max(PART, len(data) + 1))

    def upload(self, key: str, *, create: bool) -> Upload:
        """Begin a file that is sent in parts."""
        self._look(key, create=create)
        return FsspecUpload(self._fs.open(self._path(key), "xb" if create else "wb", block_size=PART))

    def children(self, key: str) -> list[Child]:
        """Return what lies directly in a folder."""
        found: list[Child] = []
        prefix = self._prefix(key)
        is_there = not key
        for page in self._pages(prefix, delimiter="/"):
            names = [folder[len(prefix) : -1] for folder in page.get("prefixes", ())]
            found += [Child(name, is_dir=True) for name in names if name]
            files = page.get("items", ())
            found += [
                Child(item["name"][len(prefix) :], is_dir=False, size=int(item["size"]), modified=_time(item))
                for item in files
                if item["name"][len(prefix) :]
            ]
            is_there = is_there or bool(names or files)
        if not is_there:
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", key)
        return found

    def walk(self, key: str) -> Iterator[Entry]:
        """Give the files below a folder, a page of a thousand at a time."""
        root = len(self._prefix(""))
        for page in self._pages(self._prefix(key), delimiter=None):
            for item in page.get("items", ()):
                # a key with a slash at its end is a console's sign for an empty folder
                if not item["name"].endswith("/"):
                    yield Entry(item["name"][root:], int(item["size"]), _time(item))

    def url(self, key: str) -> str:
        """Return the ``gs://`` URL."""
        return f"gs://{self._path(key)}"

    def missing_location(self) -> bool:
        """Return whether the bucket is not there, when the service says so."""
        try:
            self._fs.call("GET", "b/{}", self._bucket, json_out=True)
        except FileNotFoundError:
            return True
        return False

    def _delete_one(self, key: str) -> None:
        try:
            self._fs.rm_file(self._path(key))
        except FileNotFoundError:
            if self.missing_location():
                raise

    def _look(self, key: str, *, create: bool) -> None:
        if create and self._looks_first and self._fs.exists(self._path(key)):
            raise FileExistsError(errno.EEXIST, "something lies there already", key)

    def _pages(self, prefix: str, *, delimiter: str | None) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            page = self._fs.call(
                "GET",
                "b/{}/o",
                self._bucket,
                prefix=prefix,
                delimiter=delimiter,
                maxResults=self.page_size,
                pageToken=token,
                json_out=True,
            )
            yield page
            token = page.get("nextPageToken")
            if not token:
                return

    def _prefix(self, key: str) -> str:
        inside = self._path(key).partition("/")[2]
        return f"{inside}/" if inside else ""


def _time(item: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(item["updated"])
