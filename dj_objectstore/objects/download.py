"""Copying objects to disk: under a temporary name first, so that what has its final name is whole.

What was begun and not finished, a file with ``.part`` at its end, is continued by the next download of the
same object to the same place.
"""

from __future__ import annotations

import os
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

import xxhash

from dj_objectstore.exceptions import (
    IntegrityError,
    ObjectArchivedError,
    ObjectNotFoundError,
    UnsafePathError,
)
from dj_objectstore.objects.listing import Listed
from dj_objectstore.objects.manifest import ALGORITHM, ManifestFile, manifest_key, parse_manifest
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.store.transfer import Meter

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from dj_objectstore.exceptions import ObjectStoreError
    from dj_objectstore.store.store import Store

THREADS = 8
_BLOCK = 4 * 2**20
# of a name, so that what is added leaves it below the 255 bytes that a file system takes
_NAME_BYTES = 200


@dataclass(frozen=True)
class FileCopy:
    """A file to copy: from where, to where, its bytes, and its ``xxh3-128`` digest in hex where known."""

    store: Store
    key: str
    path: Path
    size: int
    digest: str | None = None

    def is_whole(self) -> bool:
        """Say whether it is there already, of the right size, and of the right digest where it is known."""
        if not self.path.is_file() or self.path.stat().st_size != self.size:
            return False
        return self.digest is None or _digest(self.path) == self.digest

    def part(self) -> Path:
        """Where it is written first; the same for the same object."""
        return _part_of(self.path, self.store, self.key)


@dataclass(frozen=True)
class ObjectCopy:
    """An object to copy to `target`.

    Attributes
    ----------
    target
        Where it is to lie.
    files
        Its files, where they go until all of them are there.
    folder
        Where the files of a folder object are gathered; None for a file.
    """

    target: Path
    files: tuple[FileCopy, ...]
    folder: Path | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def is_whole(self) -> bool:
        """Say whether it lies at its target already."""
        if self.folder is None:
            return all(file.is_whole() for file in self.files)
        return self.target.is_dir() and all(_moved(file, self).is_whole() for file in self.files)

    def finish(self) -> None:
        """Give a folder whose files are all there its name."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.replace(self.target)


def download(
    store: Store, key: str, destination: Path | str, *, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Copy the file or folder at `key` to `destination` and return the path of the copy.

    Parameters
    ----------
    store, key
        Where it lies.
    destination
        A folder, into which it goes under its stored name, or the path of the copy.
    progress
        Told of (done, total) bytes in place of a progress bar.

    Raises
    ------
    ObjectNotFoundError
        When nothing lies at `key`.
    IntegrityError
        When a file of a folder is missing or is not as written; what did come stays under a ``.part`` name.
    FileExistsError
        When a folder would be written over one that exists.
    """
    target = Path(destination).expanduser()
    if target.is_dir() or str(destination).endswith("/"):
        target = target / PurePosixPath(key).name
    listed = _list(store, key)
    recorded = None if "" in listed.files else _recorded(store, key)
    copy = plan_copy(store, key, target, listed, recorded)
    if copy.folder is not None and target.exists():
        raise FileExistsError(f"{target} exists already; name another folder, or remove it first")
    for failure in copy_objects([copy], title=f"Downloading {target.name}", progress=progress).values():
        raise failure
    return target


def plan_copy(
    store: Store, key: str, target: Path, listed: Listed, recorded: Sequence[ManifestFile] | None
) -> ObjectCopy:
    """Return what copying an object takes.

    Parameters
    ----------
    store, key
        Where the object lies.
    target
        Where it goes.
    listed
        What lies there.
    recorded
        What was written, a file object's path being ``""``; None where that is not known.

    Raises
    ------
    ObjectNotFoundError
        When nothing lies there.
    IntegrityError
        When files that were written are missing.
    UnsafePathError
        When a file's name leads out of the folder.
    """
    written = {file.path: file for file in recorded or ()}
    wrong = sorted(name for name, file in written.items() if listed.files.get(name) != file.size)
    if not listed.files and (wrong or recorded is None):
        raise ObjectNotFoundError(
            f"nothing lies at {key!r} in store {store.name!r}", hint="Look what is there with listdir()."
        )
    if wrong:
        names = ", ".join(name or key for name in wrong)
        raise IntegrityError(
            f"files of {key!r} in store {store.name!r} are missing or not of the size written: {names}",
            hint="Restore them from a copy, or download the other files one by one, with subpath=.",
        )
    digests = {name: _xxh3(file.digest) for name, file in written.items()}
    if "" in listed.files:
        return ObjectCopy(target, (FileCopy(store, key, target, listed.files[""], digests.get("")),))
    folder = _part_of(target, store, key)
    files = (
        FileCopy(store, f"{key}/{name}", _inside(folder, name), size, digests.get(name))
        for name, size in listed.files.items()
    )
    return ObjectCopy(target, tuple(files), folder)


def copy_objects(
    copies: Iterable[ObjectCopy],
    *,
    title: str,
    jobs: int = THREADS,
    progress: Callable[[int, int], None] | None = None,
) -> dict[Path, ObjectStoreError]:
    """Copy objects, several files at a time, and return what is wrong with those that could not be copied.

    Raises
    ------
    StoreUnavailableError
        When the store fails; a later call goes on from there.
    OSError
        When the disk does.
    """
    copies = list(copies)
    for folder in {file.path.parent for copy in copies for file in copy.files}:
        folder.mkdir(parents=True, exist_ok=True)
    shown = progress_bar(title) if progress is None else nullcontext(progress)
    with shown as advance, ThreadPoolExecutor(jobs, thread_name_prefix="download") as pool:
        meter = Meter(sum(copy.size for copy in copies), advance)
        try:
            futures = {
                pool.submit(_fetch_missing, file, meter, gathered=copy.folder is not None): copy
                for copy in copies
                for file in copy.files
            }
            failures = _finish_each(futures, copies)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return failures


def _finish_each(
    futures: dict[Future[None], ObjectCopy], copies: list[ObjectCopy]
) -> dict[Path, ObjectStoreError]:
    """Give each object its name when its last file has come."""
    failures: dict[Path, ObjectStoreError] = {}
    remaining = {copy.target: len(copy.files) for copy in copies}
    for copy in copies:
        if not copy.files:
            copy.finish()
    for future in as_completed(futures):
        copy = futures[future]
        try:
            future.result()
        except (ObjectNotFoundError, ObjectArchivedError, IntegrityError) as err:
            failures.setdefault(copy.target, err)
        remaining[copy.target] -= 1
        if not remaining[copy.target] and copy.target not in failures:
            copy.finish()
    return failures


def _fetch_missing(file: FileCopy, meter: Meter, *, gathered: bool) -> None:
    """Copy a file; one that an earlier attempt has gathered in its folder is not copied again."""
    if gathered and file.is_whole():
        meter.add(file.size)
    else:
        fetch_file(file, meter)


def fetch_file(file: FileCopy, meter: Meter) -> None:
    """Copy one file, going on from where an earlier attempt has ended.

    Raises
    ------
    ObjectNotFoundError
        When it is gone.
    IntegrityError
        When it is not what was written.
    """
    sink = _open_part(file.part())
    part = Path(sink.name)
    try:
        with sink:
            _fill(file, sink, meter)
    finally:
        if file.size and part.exists() and not part.stat().st_size:
            part.unlink(missing_ok=True)
    try:
        part.replace(file.path)
    except FileNotFoundError:
        # another process that was copying the same object has been faster
        if not file.is_whole():
            raise


def _fill(file: FileCopy, sink: IO[bytes], meter: Meter) -> None:
    """Add to a part what it lacks; one that was damaged in between is begun anew."""
    was_begun = sink.tell() > 0
    is_whole = _add_rest(file, sink, meter)
    if not is_whole and was_begun:
        sink.truncate(0)
        is_whole = _add_rest(file, sink, meter)
    if not is_whole:
        sink.truncate(0)
        where = f"{file.key!r} in store {file.store.name!r}"
        raise IntegrityError(
            f"{where} is not as written: its size or its digest differs",
            hint="Restore it from a copy; verify(read_data=True) tells what else is damaged.",
        )


def _add_rest(file: FileCopy, sink: IO[bytes], meter: Meter) -> bool:
    """Copy what is not in the part yet; return whether it now holds what was written."""
    sink.seek(0)
    hasher = xxhash.xxh3_128()
    while block := sink.read(_BLOCK):
        hasher.update(block)
        meter.add(len(block))
    with file.store.open(file.key) as source:
        source.seek(sink.tell())
        while block := source.read(_BLOCK):
            hasher.update(block)
            sink.write(block)
            meter.add(len(block))
    sink.flush()
    os.fsync(sink.fileno())
    return sink.tell() == file.size and file.digest in (None, hasher.hexdigest())


def _open_part(part: Path) -> IO[bytes]:
    """Open a temporary file at its end; where another process writes it, one of another name."""
    sink = part.open("a+b")
    if _is_ours(sink, part):
        return sink
    sink.close()
    return part.with_name(f"{part.name.removesuffix('.part')}.{secrets.token_hex(4)}.part").open("x+b")


def _is_ours(sink: IO[bytes], part: Path) -> bool:
    """Lock a file against other processes; False when one has it, or has just given it its final name."""
    if sys.platform != "win32":
        try:
            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks
    try:
        return os.path.samestat(part.stat(), os.fstat(sink.fileno()))
    except FileNotFoundError:
        return False


def _list(store: Store, key: str) -> Listed:
    try:
        found = store.info(key)
    except ObjectNotFoundError:
        return Listed()
    if not found.is_dir:
        return Listed({"": found.size or 0})
    start = len(key) + 1
    return Listed({entry.key[start:]: entry.size for entry in store.list(f"{key}/")})


def _recorded(store: Store, key: str) -> tuple[ManifestFile, ...] | None:
    try:
        return parse_manifest(store.get(manifest_key(key))).files
    except ObjectNotFoundError:
        return None


def _xxh3(digest: str | None) -> str | None:
    name, _, value = (digest or "").rpartition(":")
    return value or None if name in ("", ALGORITHM) else None


def _digest(path: Path) -> str:
    hasher = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest()


def _moved(file: FileCopy, copy: ObjectCopy) -> FileCopy:
    """Return a file of a folder as it lies once the folder has its name."""
    inside = file.path.relative_to(copy.folder or copy.target)
    return FileCopy(file.store, file.key, copy.target / inside, file.size, file.digest)


def _part_of(target: Path, store: Store, key: str) -> Path:
    identity = xxhash.xxh3_64_hexdigest(store.url(key).encode())[:8]
    name = target.name.encode()[:_NAME_BYTES].decode(errors="ignore")
    return target.with_name(f"{name}.{identity}.part")


def _inside(folder: Path, name: str) -> Path:
    """Return where the file `name` of an object goes below `folder`; a name leading out is refused."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or set("\\:") & set(name):
        raise UnsafePathError(
            f"the file name {name!r} in the store would leave the folder {folder.parent}",
            hint="Download the other files one by one, with subpath=.",
        )
    return folder.joinpath(*parts)
