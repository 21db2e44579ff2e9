"""Copying an object to disk: under a temporary name first, so that what has its final name is whole."""

from __future__ import annotations

import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectNotFoundError, UnsafePathError
from dj_objectstore.objects.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.store.store import Entry, Store

THREADS = 8


def download(store: Store, key: str, destination: Path | str) -> Path:
    """Copy the file or folder at `key` to `destination` and return the path of the copy.

    Raises
    ------
    ObjectNotFoundError
        When nothing lies at `key`.
    FileExistsError
        When a folder would be written over one that exists.
    """
    target = Path(destination).expanduser()
    if target.is_dir() or str(destination).endswith("/"):
        target = target / PurePosixPath(key).name
    target.parent.mkdir(parents=True, exist_ok=True)
    if store.exists(key):
        _download_file(store, key, target)
        return target
    entries = list(store.list(f"{key}/"))
    if not entries:
        raise ObjectNotFoundError(
            f"nothing lies at {key!r} in store {store.name!r}", hint="Look what is there with listdir()."
        )
    _download_folder(store, key, entries, target)
    return target


def _download_file(store: Store, key: str, target: Path) -> int:
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with store.open(key) as source, part.open("xb") as sink:
            shutil.copyfileobj(source, sink, 4 * 2**20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _download_folder(store: Store, key: str, entries: list[Entry], target: Path) -> None:
    if target.exists():
        raise FileExistsError(f"{target} exists already; name another folder, or remove it first")
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with progress_bar(f"Downloading {target.name}") as advance:
            _download_files(
                store, [(e.key, _inside(part, e.key[len(key) + 1 :]), e.size) for e in entries], advance
            )
        part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _download_files(
    store: Store, files: list[tuple[str, Path, int]], advance: Callable[[int, int], None]
) -> None:
    for _, path, _ in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    done, total = 0, sum(size for *_, size in files)
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for size in pool.map(lambda file: _download_file(store, file[0], file[1]), files):
                done += size
                advance(done, total)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _inside(folder: Path, name: str) -> Path:
    """Return where the file `name` of an object goes below `folder`; a name leading out is refused."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or set("\\:") & set(name):
        raise UnsafePathError(
            f"the file name {name!r} in the store would leave the folder {folder.parent}",
            hint="Download the other files one by one, with subpath=.",
        )
    return folder.joinpath(*parts)
