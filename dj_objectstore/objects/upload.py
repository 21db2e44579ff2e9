"""Writing an inserted value to its place in a store: one function for each kind of value.

Files and streams pass in bounded memory, the files of a folder concurrently; a folder gets a manifest.
"""

from __future__ import annotations

import io
import mimetypes
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from dj_objectstore.exceptions import ObjectNotFoundError
from dj_objectstore.objects.hashing import HashingReader
from dj_objectstore.objects.manifest import Manifest, ManifestFile, build_manifest, manifest_key
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.objects.staging_filesystem import staging_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dj_objectstore.objects.source import Source
    from dj_objectstore.store.ledger import Written
    from dj_objectstore.store.store import Store

    Opened = Callable[[], IO[bytes]]

THREADS = 8


def upload(source: Source, store: Store, path: str, *, name: str | None = None) -> StoredObject:
    """Write a value to the new key `path` and return its metadata.

    Parameters
    ----------
    source
        The value.
    store
        Where to.
    path
        New key relative to the store's location.
    name
        Original name of a file, to be kept in the row.
    """
    if source.kind == "ref":
        from dj_objectstore.objects.server_copy import copy_on_server

        copied = copy_on_server(source, store, path, name=name)
        if copied is not None:
            return copied
    if source.is_dir:
        return write_manifest(store, path, _FOLDERS[source.kind](source, store, path), ext=source.ext)
    with _opened(source) as stream:
        written, content_hash = _put(source, store, path, stream)
    stored = file_metadata(store, path, written.size, ext=source.ext, digest=written.digest)
    return replace(stored, hash=content_hash, original_name=name)


def file_metadata(store: Store, path: str, size: int, *, ext: str, digest: str | None) -> StoredObject:
    """Return the metadata of a file that has been written."""
    return StoredObject(
        path=path,
        store=store.name,
        size=size,
        is_dir=False,
        ext=ext or None,
        mime_type=mimetypes.guess_type(f"x{ext}")[0],
        digest=f"xxh3-128:{digest}" if digest else None,
    )


def write_manifest(store: Store, path: str, files: list[ManifestFile], *, ext: str) -> StoredObject:
    """Write the manifest of the folder at `path` and return the folder's metadata."""
    manifest = Manifest.of(files)
    store.put(manifest_key(path), build_manifest(manifest))
    return StoredObject(
        path=path,
        store=store.name,
        size=manifest.total_size,
        is_dir=True,
        ext=ext or None,
        item_count=len(files),
    )


@contextmanager
def _opened(source: Source) -> Iterator[IO[bytes]]:
    """Open what is read as one stream; a stream that the user gave stays open."""
    if source.kind == "stream":
        yield source.value
        return
    openers: dict[str, Opened] = {
        "bytes": lambda: io.BytesIO(source.value),
        "file": lambda: source.value.open("rb"),
        "ref": lambda: source.value.open(),  # noqa: PLW0108 - only a ref has it
        "url": lambda: source.value.fs.open(source.value.path, "rb"),
    }
    with openers[source.kind]() as stream:
        yield stream


def _put(source: Source, store: Store, path: str, stream: IO[bytes]) -> tuple[Written, str | None]:
    with progress_bar(f"Uploading {source.name or 'data'}") as advance:
        if source.hash:
            reader = HashingReader(stream, source.hash)
            return store.put_stream(path, io.BufferedReader(reader), progress=advance), reader.hash
        if source.kind == "file":
            return store.put_file(path, source.value, progress=advance), None
        return store.put_stream(path, stream, progress=advance), None


def _put_folder(source: Source, store: Store, path: str) -> list[ManifestFile]:
    with progress_bar(f"Uploading {source.name}") as advance:
        return [ManifestFile(*file) for file in store.put_folder(path, source.value, progress=advance)]


def _put_ref(source: Source, store: Store, path: str) -> list[ManifestFile]:
    ref = source.value
    start = len(ref.path) + 1
    names = [entry.key[start:] for entry in ref.opened.list(f"{ref.path}/")]
    if not names and ref.item_count != 0:
        raise ref.missing()
    return _put_streams(store, path, ((name, partial(ref.open, name)) for name in names))


def _put_url(source: Source, store: Store, path: str) -> list[ManifestFile]:
    remote = source.value
    names = remote.fs.find(remote.path)
    if not names:
        raise ObjectNotFoundError("the folder at the URL holds no files", hint="Check the URL.")
    start = len(remote.fs._strip_protocol(remote.path)) + 1  # noqa: SLF001 - fsspec's own way to a plain path
    return _put_streams(store, path, ((name[start:], partial(remote.fs.open, name, "rb")) for name in names))


def _put_streams(store: Store, path: str, opened: Iterable[tuple[str, Opened]]) -> list[ManifestFile]:
    """Copy named streams below `path`, several at a time."""

    def copy(item: tuple[str, Opened]) -> ManifestFile:
        name, open_stream = item
        with open_stream() as stream:
            return ManifestFile(name, *store.put_stream(store.safe_join(path, name), stream))

    with ThreadPoolExecutor(THREADS) as pool:
        try:
            return list(pool.map(copy, opened))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _put_zarr(source: Source, store: Store, path: str) -> list[ManifestFile]:
    """Copy a Zarr node file by file, as it is stored."""
    from dj_objectstore.objects.views import zarr_files

    return _put_streams(store, path, zarr_files(source.value))


def _put_dataset(source: Source, store: Store, path: str) -> list[ManifestFile]:
    """Store an xarray.Dataset as Zarr, in the layout that every reader knows."""
    mapping = staging_map(store, path)
    try:
        source.value.to_zarr(mapping, mode="w", zarr_format=2, consolidated=True)
    finally:
        mapping.fs.close()
    return [ManifestFile(name, *written) for name, written in mapping.fs.ledger.written().items()]


_FOLDERS: dict[str, Callable[[Any, Any, str], list[ManifestFile]]] = {
    "folder": _put_folder,
    "ref": _put_ref,
    "url": _put_url,
    "zarr": _put_zarr,
    "dataset": _put_dataset,
}
