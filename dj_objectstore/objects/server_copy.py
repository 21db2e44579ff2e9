"""Copying a stored object into another row on the server, without its bytes passing through this machine.

What was recorded of the files when they were written is taken over, after their sizes have been compared with
what lies in the store, before and after the copy. Where the server can't copy, `upload` reads and writes.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import (
    IntegrityError,
    ObjectExistsError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from dj_objectstore.objects.listing import list_objects
from dj_objectstore.objects.manifest import ALGORITHM, ManifestFile
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.upload import THREADS, file_metadata, write_manifest
from dj_objectstore.objects.verify import check_sizes, not_as_written, recorded_files
from dj_objectstore.store.transfer import Meter

if TYPE_CHECKING:
    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.objects.row_json import StoredObject
    from dj_objectstore.objects.source import Source
    from dj_objectstore.store.store import Store


def copy_on_server(
    source: Source, store: Store, path: str, *, name: str | None = None
) -> StoredObject | None:
    """Copy the object of a `Source` that holds a handle to the new key `path`, and return its metadata.

    Parameters
    ----------
    source
        Of the kind ``"ref"``.
    store, path
        Where to.
    name
        Original name of a file, to be kept in the row.

    Returns
    -------
    StoredObject or None
        None when the server can't copy it, and nothing was written.

    Raises
    ------
    ObjectNotFoundError
        When the object is gone.
    IntegrityError
        When its files, or their copies, are not of the sizes that were written.
    ObjectExistsError
        When something lies at `path` already.
    """
    ref: ObjectRef = source.value
    if source.hash and not (ref.hash or "").startswith(f"{source.hash}:"):
        return None  # the bytes must be read to be hashed
    files = _written_files(ref)
    _refuse_existing(store, path)
    if not _copy_files(ref, store, path, files):
        return None
    _check_copies(ref, store, path, files)
    if ref.is_dir:
        return write_manifest(store, path, files, ext=source.ext)
    (file,) = files
    stored = file_metadata(store, path, file.size, ext=source.ext, digest=file.digest)
    return replace(stored, hash=ref.hash if source.hash else None, original_name=name)


def _written_files(ref: ObjectRef) -> list[ManifestFile]:
    """Return the files of an object as they lie in the store, with the digests that are known."""
    listed = list_objects(ref.opened, {ref.key(): bool(ref.is_dir)})[ref.key()]
    if not listed.files and ref.item_count != 0:
        raise ref.missing()
    if not _is_ours(ref):
        return [ManifestFile(name, size, None) for name, size in listed.files.items()]
    findings = check_sizes(ref, listed).findings
    if findings:
        raise not_as_written(ref, list(findings))
    recorded = {file.path: file.digest for file in recorded_files(ref) or ()}
    return [ManifestFile(name, size, _xxh3(recorded.get(name))) for name, size in listed.files.items()]


def _is_ours(ref: ObjectRef) -> bool:
    """Return whether an object never changes; what users keep themselves may, since its row was written."""
    layout = ref.opened.spec.layout
    return ref.key().startswith((f"{layout.schema_prefix}/", f"{layout.hash_prefix}/"))


def _xxh3(digest: str | None) -> str | None:
    algorithm, _, value = (digest or "").partition(":")
    return value if algorithm == ALGORITHM else None


def _refuse_existing(store: Store, path: str) -> None:
    try:
        store.info(path)
    except ObjectNotFoundError:
        return
    raise ObjectExistsError(
        f"something lies already at {path!r} in store {store.name!r}, and nothing is ever overwritten",
        hint="Insert again: objects get a fresh token for each write.",
    )


def _copy_files(ref: ObjectRef, store: Store, path: str, files: list[ManifestFile]) -> bool:
    """Copy files, several at a time; False when the server does not copy the first one."""
    stopped = threading.Event()
    with progress_bar(f"Copying {ref.path.rpartition('/')[2]}") as advance:
        meter = Meter(sum(file.size for file in files), advance)

        def copy(file: ManifestFile) -> bool:
            key, target = (
                (f"{ref.key()}/{file.path}", f"{path}/{file.path}") if file.path else (ref.key(), path)
            )
            is_copied = not stopped.is_set() and store.copy_from(ref.opened, key, target, file.size)
            meter.add(file.size)
            return is_copied

        with ThreadPoolExecutor(THREADS, thread_name_prefix="copy") as pool:
            try:
                # what the server refuses for one it refuses for all, and the bytes may still be read
                if not all(pool.map(copy, files[:1])):
                    return False
            except StoreUnavailableError:
                return False
            try:
                return all(pool.map(copy, files[1:]))
            except BaseException:
                stopped.set()
                pool.shutdown(cancel_futures=True)
                raise


def _check_copies(ref: ObjectRef, store: Store, path: str, files: list[ManifestFile]) -> None:
    found = list_objects(store, {path: bool(ref.is_dir)})[path].files
    wrong = sorted(file.path or path for file in files if found.get(file.path) != file.size)
    if wrong:
        raise IntegrityError(
            f"store {store.name!r} copied files of {ref.path!r} to another size: {', '.join(wrong)}",
            hint="Insert again; when this repeats, insert a downloaded copy.",
        )
