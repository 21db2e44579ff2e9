"""How old something in a store is that no row names: as old as the newest file of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_objectstore.paths.parse import parse_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dj_objectstore.maintenance.belonging import Listed
    from dj_objectstore.maintenance.markers import LiveMarkers
    from dj_objectstore.store.store import Store

MAX_FILES = 10_000
"""Files of one object that are looked at."""


@dataclass(frozen=True)
class Age:
    """When the newest file was written, None with the reason where that is not known."""

    newest: datetime | None
    is_written: bool = False
    reason: str = ""


def find_age(
    store: Store, listed: Listed, path: str, *, markers: LiveMarkers, check: Callable[[], None]
) -> Age:
    """Return how old an object, or what lies below a folder, is.

    Parameters
    ----------
    store
        Where it lies.
    listed
        The file or folder of the listing: the object, its manifest, or a folder of a key.
    path
        The object's path, or the folder's.
    markers
        The writes that last.
    check
        Called for each page of files; what it raises ends the look.
    """
    if markers.has(path):
        return Age(None, is_written=True)
    times = [] if listed.is_dir else [listed.modified]
    for page in store.pages(f"{path}/") if listed.is_dir or listed.path != path else ():
        check()
        times += [entry.modified for entry in page]
        if any(markers.has(_object_of(entry.key, store)) for entry in page):
            return Age(None, is_written=True)
        if len(times) > MAX_FILES:
            return Age(None, reason=f"it has more than {MAX_FILES:,} files, whose age was not looked at")
    if not times:
        return Age(None, reason="it holds no file, so that its age is not known")
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return Age(None, reason="the store does not tell how old it is")
    return Age(max(known))


def _object_of(key: str, store: Store) -> str:
    found = parse_path(key, layout=store.spec.layout)
    return key.removesuffix(f"/{found.subpath}") if found.subpath else key
