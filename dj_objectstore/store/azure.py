"""Stores in containers of Azure Blob Storage.

adlfs finds the credentials and runs the connection; the requests are those of Azure's own library, which
lists page by page and commits the blocks of an upload only where there is no file yet.
"""

from __future__ import annotations

import errno
import functools
import uuid
from typing import TYPE_CHECKING, Any

from dj_objectstore.spec.base import text_of
from dj_objectstore.store.backend import Child, Entry
from dj_objectstore.store.failures import response_code
from dj_objectstore.store.remote import RemoteBackend
from dj_objectstore.store.wanted import run_while_wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator

    from dj_objectstore.spec.models import AzureSpec

_ATTEMPTS = 3
_CONNECT_SECONDS = 5
_READ_SECONDS = 8
_POLL_SECONDS = 0.2


def open_azure(spec: AzureSpec) -> AzureBackend:
    """Connect nothing yet; the first request does."""
    options: dict[str, Any] = {
        "account_name": spec.account_name,
        "account_key": text_of(spec.account_key),
        "connection_string": text_of(spec.connection_string),
    }
    given = {name: value for name, value in options.items() if value is not None} | spec.storage_options
    fs = _filesystem_class()(given, skip_instance_cache=True, use_listings_cache=False)
    return AzureBackend(fs, spec)


@functools.cache
def _filesystem_class() -> type[Any]:
    """Return adlfs' class with short time-outs and fewer attempts."""
    from adlfs import AzureBlobFileSystem
    from azure.storage.blob.aio import BlobServiceClient, LinearRetry

    class Filesystem(AzureBlobFileSystem):  # type: ignore[misc]
        """Azure that is an error within half a minute when it does not answer."""

        def __init__(self, given: dict[str, Any], **options: Any) -> None:
            self._names_account = "account_name" in given and "connection_string" not in given
            super().__init__(**given, **options)

        def do_connect(self) -> None:
            """Make the client, with the credentials that adlfs found."""
            if self._names_account:
                self.connection_string = None  # one of the environment may be of another account
            super().do_connect()
            found: Any = self.service_client
            self.service_client: Any = BlobServiceClient(
                account_url=found.url,
                credential=found.credential,
                retry_policy=LinearRetry(backoff=1, retry_total=_ATTEMPTS - 1, random_jitter_range=1),
                connection_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
            )

    return Filesystem


class AzureBackend(RemoteBackend):
    """The keys of a container below the store's location."""

    def __init__(self, fs: Any, spec: AzureSpec) -> None:
        super().__init__(fs, spec.keys_root)
        self._container = fs.service_client.get_container_client(spec.root)

    def read(self, key: str, start: int | None, end: int | None) -> bytes:
        """Return the bytes of a file, or of a range of it."""
        if start is None and end is None:
            return self._download(key, None, None)
        return self._read_range(key, start, end)

    def _read_bytes(self, key: str, start: int, end: int | None) -> bytes:
        return self._download(key, start, None if end is None else end - start)

    def _download(self, key: str, offset: int | None, length: int | None) -> bytes:
        async def download() -> Any:
            async with self._blob(key) as blob:
                stream = await blob.download_blob(offset=offset, length=length, max_concurrency=4)
                return await stream.readall()

        return bytes(self.run(download))

    def write(self, key: str, data: bytes, *, create: bool) -> None:
        """Write a whole file, in one request or in blocks."""
        self.run(self._upload, key, data, create)

    async def _upload(self, key: str, data: bytes, create: bool) -> None:  # noqa: FBT001 - passed on as it is
        async with self._blob(key) as blob:
            await blob.upload_blob(data, overwrite=not create)

    def upload(self, key: str, *, create: bool) -> AzureUpload:
        """Begin a file that is sent in blocks."""
        return AzureUpload(self, key, create=create)

    def copy(self, source: str, key: str, size: int) -> bool:
        """Copy a file of a container of the account on the server."""
        del size
        self.run(self._copy, source, key)
        return True

    async def _copy(self, source: str, key: str) -> None:
        import asyncio

        container, _, path = source.partition("/")
        url = self._fs.service_client.get_blob_client(container, path).url
        async with self._blob(key) as blob:
            status = (await blob.start_copy_from_url(url))["copy_status"]
            while status == "pending":
                await asyncio.sleep(_POLL_SECONDS)
                status = (await blob.get_blob_properties()).copy.status
        if status != "success":
            raise OSError(errno.EIO, f"the service ended the copy with {status!r}", key)

    def info(self, key: str) -> Child:
        """Return what lies at a key, a file or the beginning of other keys."""
        name = key.rpartition("/")[2]
        if not key:
            return Child("", is_dir=True)
        found = self.run(self._properties, key)
        if found is not None:
            return Child(name, is_dir=False, size=found.size, modified=found.last_modified)
        if any(self._listed(self._prefix(key), delimiter=False, size=1)):
            return Child(name, is_dir=True)
        raise FileNotFoundError(errno.ENOENT, "nothing lies there", key)

    async def _properties(self, key: str) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        async with self._blob(key) as blob:
            try:
                return await blob.get_blob_properties()
            except ResourceNotFoundError as err:
                if response_code(err) == "ContainerNotFound":
                    raise
                return None

    def child_pages(self, key: str) -> Iterator[list[Child]]:
        """Give what lies directly in a folder, with one request a page."""
        prefix = self._prefix(key)
        is_there = not key
        for page in self._listed(prefix, delimiter=True):
            is_there = is_there or bool(page)
            yield [_child(item, len(prefix)) for item in page if item.name != prefix]
        if not is_there:
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", key)

    def pages(self, key: str) -> Iterator[list[Entry]]:
        """Give the files below a folder, with one request a page."""
        root = len(self._prefix(""))
        for page in self._listed(self._prefix(key), delimiter=False):
            yield [
                Entry(item.name[root:], item.size, item.last_modified)
                for item in page
                # a key with a slash at its end is a tool's sign for an empty folder
                if not item.name.endswith("/")
            ]

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, several requests at a time."""
        self.run(self._delete_all, list(keys))

    async def _delete_all(self, keys: list[str]) -> None:
        import asyncio

        gate = asyncio.Semaphore(16)

        async def delete(key: str) -> None:
            from azure.core.exceptions import ResourceNotFoundError

            async with gate, self._blob(key) as blob:
                try:
                    await blob.delete_blob()
                except ResourceNotFoundError as err:
                    if response_code(err) == "ContainerNotFound":
                        raise

        await asyncio.gather(*map(delete, keys))

    def url(self, key: str) -> str:
        """Return the ``abfs://`` URL."""
        return f"abfs://{self._path(key)}"

    async def stage(self, key: str, block: str, data: bytes) -> None:
        """Send a block of a file that is not there yet."""
        async with self._blob(key) as blob:
            await blob.stage_block(block, data)

    async def commit(self, key: str, blocks: list[str], create: bool) -> None:  # noqa: FBT001 - passed on
        """Make a file of its blocks."""
        from azure.core import MatchConditions
        from azure.storage.blob import BlobBlock

        condition = {"match_condition": MatchConditions.IfMissing} if create else {}
        async with self._blob(key) as blob:
            await blob.commit_block_list([BlobBlock(block) for block in blocks], **condition)

    def run(self, ask: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Any:
        """Run one of the requests above on the connection's own thread."""
        return run_while_wanted(self._fs.loop, ask, *args)

    def _listed(self, prefix: str, *, delimiter: bool, size: int | None = None) -> Iterator[list[Any]]:
        ask = self._container.walk_blobs if delimiter else self._container.list_blobs
        pages = ask(name_starts_with=prefix or None, results_per_page=size or self.page_size).by_page()
        while (page := self.run(_next_page, pages)) is not None:
            yield page

    def _blob(self, key: str) -> Any:
        return self._container.get_blob_client(self._path(key).partition("/")[2])

    def _prefix(self, key: str) -> str:
        inside = self._path(key).partition("/")[2]
        return f"{inside}/" if inside else ""


def _child(item: Any, prefix: int) -> Child:
    """Return a folder or file of a listing, by its name behind a prefix of this length."""
    if not hasattr(item, "size"):
        return Child(item.name[prefix:].rstrip("/"), is_dir=True)
    return Child(item.name[prefix:], is_dir=False, size=item.size, modified=item.last_modified)


async def _next_page(pages: AsyncIterator[Any]) -> list[Any] | None:
    try:
        page = await anext(pages)
    except StopAsyncIteration:
        return None
    return [item async for item in page]


class AzureUpload:
    """Blocks that become a file when they are committed; the service forgets those that never are."""

    def __init__(self, backend: AzureBackend, key: str, *, create: bool) -> None:
        self._backend = backend
        self._key = key
        self._create = create
        self._blocks: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a block."""
        block = uuid.uuid4().hex
        self._backend.run(self._backend.stage, self._key, block, bytes(data))
        self._blocks.append(block)

    def commit(self) -> None:
        """Make the file."""
        self._backend.run(self._backend.commit, self._key, self._blocks, self._create)

    def abort(self) -> None:
        """Do nothing: there is no file."""
        self._blocks.clear()
