"""Stores in buckets of Google Cloud Storage.

Listing asks the service for page after page itself: gcsfs would collect them all. Repeating is left to one
layer, gcsfs', with three attempts, so that a server that does not answer is an error within half a minute.
"""

from __future__ import annotations

import errno
import functools
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.base import text_of
from dj_objectstore.store.backend import PART, Child, Entry
from dj_objectstore.store.remote import FsspecUpload, RemoteBackend
from dj_objectstore.store.wanted import cat_while_wanted

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
        "token": _token(spec),
        "requests_timeout": ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS),
    }
    given = {name: value for name, value in options.items() if value is not None} | spec.storage_options
    try:
        fs = _filesystem_class()(**given, skip_instance_cache=True, use_listings_cache=False)
    except KeyError as err:
        raise ValueError(f"the file of the account lacks {err}") from err
    return GCSBackend(fs, spec)


def _token(spec: GCSSpec) -> Any:
    """Return what gcsfs calls a token: a file's path or one of its words, or what the file holds.

    Raises
    ------
    ConfigurationError
        When there is no such file: gcsfs would take its name for a token, and show it to Google.
    """
    text = text_of(spec.token)
    if text and text.lstrip().startswith("{"):
        return json.loads(text)
    if text and text.endswith(".json") and not Path(text).is_file():
        raise ConfigurationError(
            f"token of store {spec.name!r} must be the path of a service account's file, and there is none "
            f"at {text!r}",
            hint="Correct the path, which is relative to the configuration file, or put the file there.",
        )
    return text


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

    def __init__(self, fs: Any, spec: GCSSpec) -> None:
        super().__init__(fs, spec.keys_root)
        self._bucket = spec.bucket
        # what stands in for Google may not know how to create only
        self._looks_first = "endpoint_url" in spec.storage_options

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file, or of a range of it."""
        if start is None and end is None:
            return cat_while_wanted(self._fs, self._path(key))
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

    def copy(self, source: str, key: str, size: int) -> bool:
        """Copy a file of a bucket on the server."""
        del size
        self._fs.cp_file(source, self._path(key))
        return True

    def child_pages(self, key: str) -> Iterator[list[Child]]:
        """Give what lies directly in a folder, with one request a page."""
        prefix = self._prefix(key)
        is_there = not key
        for page in self._pages(prefix, delimiter="/"):
            is_there = is_there or bool(page.get("prefixes") or page.get("items"))
            yield list(_children_of(page, len(prefix)))
        if not is_there:
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", key)

    def pages(self, key: str) -> Iterator[list[Entry]]:
        """Give the files below a folder, with one request a page."""
        root = len(self._prefix(""))
        for page in self._pages(self._prefix(key), delimiter=None):
            yield [
                Entry(item["name"][root:], int(item["size"]), _time(item))
                for item in page.get("items", ())
                # a key with a slash at its end is a console's sign for an empty folder
                if not item["name"].endswith("/")
            ]

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
        if create and self._looks_first and self._has_file(key):
            raise FileExistsError(errno.EEXIST, "something lies there already", key)

    def _has_file(self, key: str) -> bool:
        """Return whether there is a file, from one request; a folder would cost a second one."""
        try:
            self._fs.call("GET", "b/{}/o/{}", self._bucket, self._inside(key), json_out=True)
        except FileNotFoundError:
            return False
        return True

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

    def _inside(self, key: str) -> str:
        return self._path(key).partition("/")[2]

    def _prefix(self, key: str) -> str:
        inside = self._inside(key)
        return f"{inside}/" if inside else ""


def _children_of(page: dict[str, Any], prefix: int) -> Iterator[Child]:
    """Give the folders and files of a page, by their names behind a prefix of this length."""
    for folder in page.get("prefixes", ()):
        if name := folder[prefix:-1]:
            yield Child(name, is_dir=True)
    for item in page.get("items", ()):
        if name := item["name"][prefix:]:
            yield Child(name, is_dir=False, size=int(item["size"]), modified=_time(item))


def _time(item: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(item["updated"])
