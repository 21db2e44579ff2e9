"""Where the bytes of a store are: summed by schema and table from one listing.

>>> measure_store(store)                     # doctest: +SKIP
[Share(section='schema', schema='lab', table='Scan', objects=12, files=4810, size=73000000000)]
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dj_objectstore.paths.parse import Section, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.store.store import Store


@dataclass(frozen=True)
class Share:
    """What one table, or one section without tables, takes.

    Attributes
    ----------
    section
        ``"schema"``, ``"hash"``, ``"filepath"``, ``"reserved"`` or ``"foreign"``.
    schema, table
        Of the schema section, and the schema of the hash section; else ``""``.
    objects
        Number of objects; of other sections that of files.
    files, size
        Number of files, and their bytes.
    """

    section: Section
    schema: str
    table: str
    objects: int
    files: int
    size: int


@dataclass
class _Sum:
    objects: set[int] = field(default_factory=set)
    files: int = 0
    size: int = 0


def measure_store(store: Store, progress: Callable[[int], bool] = lambda _files: True) -> list[Share]:
    """Sum up what lies in a store, the largest share first.

    Parameters
    ----------
    store
        The store.
    progress
        Told how many files were counted; returns False to stop, which gives what was counted so far.
    """
    sums: dict[tuple[Section, str, str], _Sum] = defaultdict(_Sum)
    files = 0
    for page in store.pages():
        for entry in page:
            found = parse_path(entry.key, layout=store.spec.layout)
            share = sums[found.section, found.schema or "", found.table or ""]
            share.files += 1
            share.size += entry.size
            name = entry.key.removesuffix(f"/{found.subpath}") if found.subpath else entry.key
            # a number takes a fraction of the memory that a path does
            share.objects.add(hash(name.removesuffix(".manifest.json")))
        files += len(page)
        if not progress(files):
            break
    shares = [Share(*place, len(share.objects), share.files, share.size) for place, share in sums.items()]
    return sorted(shares, key=lambda share: -share.size)
