"""What of many objects is in a store, from as few listings as possible.

>>> from dj_objectstore.store.store import open_store
>>> store = open_store("scratch", config={"stores": {"scratch": {"protocol": "memory"}}})
>>> _ = store.put("_schema/a/files_x/notes.txt", b"hello")
>>> list_objects(store, {"_schema/a/files_x": True})["_schema/a/files_x"].files
{'notes.txt': 5}
>>> store.delete_tree("_schema")
1
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectNotFoundError
from dj_objectstore.objects.manifest import manifest_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dj_objectstore.store.store import Entry, Store

# as many files come with one request: so many files of others are worth a request saved
_PAGE = 1000


@dataclass
class Listed:
    """What lies at an object's path.

    Attributes
    ----------
    files
        Bytes of each file, by its path relative to the object; ``""`` is a file at the path itself.
    has_manifest
        Whether there is a manifest; None when that was not looked at.
    """

    files: dict[str, int] = field(default_factory=dict)
    has_manifest: bool | None = None


def list_objects(
    store: Store, paths: Mapping[str, bool], *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Listed]:
    """Return what lies at each path; a path where nothing lies has no files.

    One listing of a folder that they share serves many; files of others in it cost at most as many requests
    as listing the objects one by one.

    Parameters
    ----------
    store
        The store.
    paths
        Keys of objects, and whether each is a folder.
    progress
        Called with the files listed so far and 0, as nobody knows how many there are.
    """
    search = _Search(store, paths, progress)
    if paths:
        search.fill(sorted(paths, key=_parts))
    return search.found


class _Search:
    def __init__(
        self, store: Store, paths: Mapping[str, bool], progress: Callable[[int, int], None] | None
    ) -> None:
        self._store = store
        self._is_dir = paths
        self._allowance = _PAGE * len(paths)
        self._advance = progress
        self._seen = 0
        self.found: dict[str, Listed] = {}

    def fill(self, paths: list[str]) -> None:
        """Look for objects whose paths are sorted by their parts."""
        if len(paths) == 1:
            self.found[paths[0]] = self._list_one(paths[0])
            return
        folder = _common_folder(paths)
        if self._allowance > 0 and self._list_together(folder, paths):
            return
        depth = len(folder)
        groups = [list(group) for _, group in groupby(paths, key=lambda path: _parts(path)[depth])]
        for group in groups if len(groups) > 1 else [[path] for path in paths]:
            self.fill(group)

    def _list_together(self, folder: tuple[str, ...], paths: list[str]) -> bool:
        """List a folder; return False when it holds too many files of others."""
        found = {path: Listed(has_manifest=False) for path in paths}
        manifests = {manifest_key(path): path for path in paths}
        for entry in self._list("".join(f"{name}/" for name in folder)):
            owner = _owner(entry.key, found)
            if owner is not None:
                found[owner].files[entry.key[len(owner) + 1 :]] = entry.size
            elif entry.key in manifests:
                found[manifests[entry.key]].has_manifest = True
            else:
                self._allowance -= 1
                if self._allowance < 0:
                    return False
        self.found |= found
        return True

    def _list_one(self, path: str) -> Listed:
        if not self._is_dir[path]:
            try:
                child = self._store.info(path)
            except ObjectNotFoundError:
                return Listed()
            if not child.is_dir:
                return Listed({"": child.size or 0})
        start = len(path) + 1
        return Listed({entry.key[start:]: entry.size for entry in self._list(f"{path}/")})

    def _list(self, folder: str) -> Iterator[Entry]:
        for entry in self._store.list(folder):
            self._seen += 1
            if self._advance is not None and self._seen % _PAGE == 0:
                self._advance(self._seen, 0)
            yield entry


def _owner(key: str, paths: Mapping[str, Listed]) -> str | None:
    """Return the path that a key is, or lies below."""
    while key:
        if key in paths:
            return key
        key = key.rpartition("/")[0]
    return None


def _common_folder(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the innermost folder that holds all paths, which are sorted by their parts."""
    first, *_, last = (_parts(path)[:-1] for path in paths)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same]


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))
