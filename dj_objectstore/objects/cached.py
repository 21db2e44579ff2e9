"""Reading an object through the read cache of its store.

An object never changes, so what was read of it once can be kept: blocks of the files that its row or its
manifest records, of the sizes recorded, and as a whole of the digests recorded. The rest of the store, what
users manage themselves, and objects of which nothing was recorded are read from the store each time.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

import xxhash

from dj_objectstore.exceptions import FormatError, ObjectNotFoundError
from dj_objectstore.objects.manifest import ALGORITHM, ManifestFile, manifest_key, parse_manifest
from dj_objectstore.store.cache import DiskCache
from dj_objectstore.store.files import StoreReader
from dj_objectstore.store.store import Child, Entry, Store

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from dj_objectstore.objects.row_json import StoredObject

BLOCK = 4 * 2**20
_READ_BUFFER = 2**18


@dataclass(frozen=True)
class Recorded:
    """The files that were written of one object, by their keys, and when."""

    files: Mapping[str, ManifestFile] = field(default_factory=dict)
    created: datetime | None = None


def reading(store: Store, stored: StoredObject) -> Store:
    """Return the store to read an object through: with its cache, if it has one and the object never changes.

    Parameters
    ----------
    store
        The store that holds it.
    stored
        What the row says of it.
    """
    if stored.is_dir:
        return reading_folder(store, stored.path)
    if not _is_cached(store, stored.path) or stored.size is None:
        return store
    algorithm, _, digest = (stored.digest or "").partition(":")
    file = ManifestFile("", stored.size, digest if algorithm == ALGORITHM else None)
    return CachedStore(store, stored.path, Recorded({stored.path: file}, stored.timestamp))


def reading_folder(store: Store, path: str) -> Store:
    """Return the store to read the folder object at `path` through; see `reading`."""
    return CachedStore(store, path) if _is_cached(store, path) else store


def _is_cached(store: Store, path: str) -> bool:
    # an object's place has a token of its own, and nothing is ever written there again
    is_immutable = path.startswith(f"{store.spec.layout.schema_prefix}/")
    return store.spec.cache is not None and is_immutable and not isinstance(store, CachedStore)


class CachedStore(Store):
    """A store of which one object is read through the cache; all else is as in the store itself.

    Parameters
    ----------
    store
        The store.
    path
        Key of the object.
    recorded
        What was written; by default what the manifest says. What it does not name is not part of the object.
    """

    def __init__(self, store: Store, path: str, recorded: Recorded | None = None) -> None:
        self.__dict__.update(store.__dict__)  # the same connections
        self._uncached = store
        self._path = path
        self._given = recorded

    def __reduce__(self) -> tuple[Any, ...]:
        return CachedStore, (self._uncached, self._path, self._given)

    def get(self, key: str, start: int | None = None, end: int | None = None) -> bytes:
        """Return a file's bytes, or those of a range as a slice takes it.

        Raises
        ------
        ObjectNotFoundError
            When there is no file.
        """
        key = self.safe_join(key)
        if key == manifest_key(self._path):
            return _read_manifest(self._uncached, key)[start:end]
        file = self._file(key)
        if file is None:
            return self._uncached.get(key, start, end)
        first, stop, _ = slice(start, end).indices(file.size)
        data = _BlockReader(self._uncached, key, file).read(first, stop)
        return self._uncached.get(key, start, end) if data is None else data

    def open(self, key: str) -> IO[bytes]:
        """Open a file for reading; seekable, read in blocks."""
        key = self.safe_join(key)
        file = self._file(key)
        if file is None:
            return self._uncached.open(key)
        return io.BufferedReader(StoreReader(partial(self.get, key), file.size, name=key), _READ_BUFFER)

    def info(self, key: str) -> Child:
        """Return what lies at a key, a file or a folder, as it was recorded."""
        key = self.safe_join(key)
        files = self._files(key)
        if files is None:
            return self._uncached.info(key)
        name = key.rpartition("/")[2]
        if key in files:
            return Child(name, is_dir=False, size=files[key].size, modified=self._created)
        if any(other.startswith(f"{key}/") for other in files):
            return Child(name, is_dir=True)
        raise self._nothing_at(key)

    def child_pages(self, key: str = "") -> Iterator[builtins.list[Child]]:
        """Give what was written directly in a folder, in one page, sorted by name."""
        key = self.safe_join(key)
        files = self._files(key)
        if files is None:
            yield from self._uncached.child_pages(key)
            return
        below = (other[len(key) + 1 :].partition("/") for other in files if other.startswith(f"{key}/"))
        names = {name: bool(slash) for name, slash, _ in below}
        if not names:
            raise self._nothing_at(key)
        yield [
            Child(name, is_dir=True) if names[name] else self.info(f"{key}/{name}") for name in sorted(names)
        ]

    def pages(self, prefix: str = "") -> Iterator[builtins.list[Entry]]:
        """Give the files that were written in a folder and below it, in one page, sorted by key."""
        key = self.safe_join(prefix)
        files = self._files(key)
        if files is None:
            yield from self._uncached.pages(prefix)
            return
        names = (name for name in sorted(files) if name.startswith(f"{key}/") or name == prefix)
        yield [Entry(name, files[name].size, self._created) for name in names]

    def _file(self, key: str) -> ManifestFile | None:
        """Return what was recorded of a file; None when that is to be asked of the store."""
        files = self._files(key)
        if files is None:
            return None
        if key not in files:
            raise self._nothing_at(key)
        return files[key]

    def _files(self, key: str) -> Mapping[str, ManifestFile] | None:
        """Return the files of the object by their keys, when a key is inside of it and they are known."""
        if key != self._path and not key.startswith(f"{self._path}/"):
            return None
        return self._recorded.files or None

    @property
    def _recorded(self) -> Recorded:
        return self._given or _read_recorded(self._uncached, self._path)

    @property
    def _created(self) -> datetime | None:
        return self._recorded.created

    def _nothing_at(self, key: str) -> ObjectNotFoundError:
        return ObjectNotFoundError(
            f"nothing was written at {key!r} in store {self.name!r}", hint="List what is there."
        )


class _BlockReader:
    """A recorded file, read block by block: what the cache lacks is fetched and kept."""

    def __init__(self, store: Store, key: str, file: ManifestFile) -> None:
        self._store = store
        self._key = key
        self._file = file
        self._cache, self._place = _open_cache(store)

    def read(self, first: int, stop: int) -> bytes | None:
        """Return a range; None when the store holds something else than was recorded."""
        if stop <= first:
            return b""
        numbers = range(first // BLOCK, -(-stop // BLOCK))
        blocks = {number: self._find(number) for number in numbers}
        for is_missing, run in groupby(numbers, key=lambda number: blocks[number] is None):
            if is_missing and not self._fetch(list(run), blocks):
                return None
        whole = b"".join(blocks[number] or b"" for number in numbers)
        at = numbers.start * BLOCK
        return whole if (first, stop) == (at, at + len(whole)) else whole[first - at : stop - at]

    def _fetch(self, run: list[int], blocks: dict[int, bytes | None]) -> bool:
        """Fetch neighbouring blocks with one request; return whether they are of the size recorded."""
        start, stop = run[0] * BLOCK, min(self._file.size, (run[-1] + 1) * BLOCK)
        is_whole = stop - start == self._file.size
        data = self._store.get(self._key) if is_whole else self._store.get(self._key, start, stop)
        if len(data) != stop - start:
            return False
        is_right = (
            not (is_whole and self._file.digest) or xxhash.xxh3_128_hexdigest(data) == self._file.digest
        )
        for number in run:
            at = number * BLOCK - start
            block = data if is_whole and len(run) == 1 else data[at : at + BLOCK]
            blocks[number] = block
            if is_right:
                self._cache.keep(self._name(number), block)
        return True

    def _find(self, number: int) -> bytes | None:
        found = self._cache.find(self._name(number))
        is_right = found is not None and len(found) == min(BLOCK, self._file.size - number * BLOCK)
        return found if is_right else None

    def _name(self, number: int) -> str:
        return f"{self._place}\n{self._key}\n{self._file.size}\n{self._file.digest}\n{number}"


@lru_cache(maxsize=8)
def _read_recorded(store: Store, path: str) -> Recorded:
    """Return what the manifest of a folder object says; nothing where there is none that can be read."""
    try:
        manifest = parse_manifest(_read_manifest(store, manifest_key(path)))
    except (ObjectNotFoundError, FormatError):
        return Recorded()
    return Recorded({f"{path}/{file.path}": file for file in manifest.files}, manifest.created)


def _read_manifest(store: Store, key: str) -> bytes:
    """Return a manifest, which is kept too once it could be read."""
    cache, place = _open_cache(store)
    name = f"{place}\n{key}"
    kept = cache.find(name)
    if kept is not None:
        return kept
    data = store.get(key)
    parse_manifest(data)
    cache.keep(name, data)
    return data


@lru_cache(maxsize=64)
def _open_cache(store: Store) -> tuple[DiskCache, str]:
    """Return the cache of a store, and what tells the store from others that share the cache."""
    spec = store.spec
    if spec.cache is None:
        raise AssertionError("only a store with a cache is read through one")
    settings = {name: value for name, value in spec.public_settings().items() if name != "cache"}
    # the account of an Azure store may be named there alone; what is kept is named by a digest of all this
    connection = getattr(spec, "connection_string", None)
    hidden = hashlib.sha256(connection.get_secret_value().encode()).hexdigest() if connection else ""
    place = json.dumps([spec.name, settings, hidden], sort_keys=True, default=str)
    return _disk_cache(spec.cache.folder, spec.cache.bytes), place


# stores that share a folder share its bound
_disk_cache = lru_cache(maxsize=None)(DiskCache)
