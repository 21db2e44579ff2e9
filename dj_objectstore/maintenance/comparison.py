"""A whole store against its database: how many objects and bytes have a row, have none, or are not ours.

The paths that rows name are read once for each schema, eight bytes of memory for each; the store is listed
once. Both are told of as they go, and what was counted so far stays when it is stopped.

>>> compare_store(store, configured_database()).parts                       # doctest: +SKIP
(Part(standing='row', objects=120, files=48100, size=730000000), ...)
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dj_objectstore.maintenance.database import database_errors, reason_of
from dj_objectstore.maintenance.markers import LiveMarkers
from dj_objectstore.maintenance.origin import other_origin
from dj_objectstore.maintenance.orphans import OURS, Evidence, earliest_now, is_quarantined, judge
from dj_objectstore.maintenance.path_set import PathSet
from dj_objectstore.maintenance.schema_tables import Elsewhere, read_schema, schemas_of_filepaths
from dj_objectstore.paths.parse import MANIFEST_SUFFIX, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dj_objectstore.maintenance.database import Database
    from dj_objectstore.maintenance.named_paths import NamedPaths
    from dj_objectstore.maintenance.orphans import Standing
    from dj_objectstore.paths.parse import Section
    from dj_objectstore.store.store import Entry, Store


@dataclass(frozen=True)
class Part:
    """What of a store stands to the database in one way; of files that are no objects each counts as one."""

    standing: Standing
    objects: int
    files: int
    size: int


@dataclass(frozen=True)
class Comparison:
    """What a store holds, by what it is to the database.

    Attributes
    ----------
    parts
        The largest first.
    notes
        Why something could not be told, and what else to know, one sentence each.
    is_whole
        Whether all of the store was looked at.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    is_whole: bool


class _Stopped(Exception):  # noqa: N818 - it ends the counting, and reaches nobody
    """The counting is to end."""


def compare_store(
    store: Store,
    database: Database,
    progress: Callable[[int, str], bool] = lambda _files, _note: True,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Comparison:
    """Compare all that lies in a store with the rows of a database.

    Parameters
    ----------
    store
        The store.
    database
        Where its rows are; it is read on a connection of its own.
    progress
        Told how many files were compared, and which rows are being read; returns False to stop.
    clock
        Gives the kernel's time, UTC.

    Raises
    ------
    StoreAccessError
        When the store or the database does not answer.
    """
    now = earliest_now(clock())
    markers = LiveMarkers(store, now=now)
    with closing(database.connect()) as connection:
        rows = _Rows(connection, Elsewhere(store, database.config), backend=database.backend)
        counting = _Counting(store, rows, markers, progress, now=now)
        found = counting.run()
    origin = other_origin(store, database)
    has_orphans = any(part.standing == "orphan" for part in found.parts)
    return replace(found, notes=(origin, *found.notes)) if origin and has_orphans else found


class _Rows:
    """The paths that rows name, read schema by schema."""

    def __init__(self, connection: Any, elsewhere: Elsewhere, *, backend: str) -> None:
        self._connection = connection
        self._elsewhere = elsewhere
        self._errors = database_errors(backend)
        self._paths: dict[str, PathSet] = {}
        self._reasons: dict[str, list[str]] = {}
        self._filepaths: tuple[PathSet, list[str]] | None = None

    def of_schema(self, name: str, tell: Callable[[str], None]) -> tuple[PathSet, list[str]]:
        """Return what the rows of a schema name, and why not all of them were read."""
        if name not in self._paths:
            paths = PathSet()
            reasons: list[str] = []
            try:
                schema = read_schema(name, self._connection, self._elsewhere)
                if isinstance(schema, str):
                    reasons.append(schema)
                else:
                    self._read(schema.every(), paths, reasons, tell)
                    reasons += schema.hidden
            except self._errors as err:
                reasons.append(f"schema {name!r} can't be read: {reason_of(err)}")
            self._paths[name], self._reasons[name] = paths, reasons
        return self._paths[name], self._reasons[name]

    def of_filepaths(self, tell: Callable[[str], None]) -> tuple[PathSet, list[str]]:
        """Return what the ``<filepath@>`` fields of all schemas name, and why not all of them were read."""
        if self._filepaths is None:
            paths = PathSet()
            reasons: list[str] = []
            try:
                self._read(list(self._filepath_fields()), paths, reasons, tell)
            except self._errors as err:
                reasons.append(f"the fields with paths can't be found: {reason_of(err)}")
            self._filepaths = paths, reasons
        return self._filepaths

    def _filepath_fields(self) -> Iterator[NamedPaths]:
        for name, tables in sorted(schemas_of_filepaths(self._connection).items()):
            schema = read_schema(name, self._connection, self._elsewhere)
            if isinstance(schema, str):
                continue
            for table in sorted(tables.intersection(schema.tables)):
                yield from (named for named in schema.of_table(table) if named.field.codec == "filepath")

    def _read(
        self, fields: list[NamedPaths], paths: PathSet, reasons: list[str], tell: Callable[[str], None]
    ) -> None:
        for named in fields:
            count = 0
            try:
                for page in named.stream(self._connection):
                    paths.add(path for path in page if path is not None)
                    if None in page:
                        reasons.append(f"the {named.field.name} of a row of {named.table} can't be read")
                    count += len(page)
                    tell(f"{count:,} rows of {named.table} read")
            except self._errors as err:
                reasons.append(f"the rows of {named.table} can't be read: {reason_of(err)}")


@dataclass
class _Sum:
    objects: int = 0
    files: int = 0
    size: int = 0


@dataclass
class _Object:
    """The object whose files are listed just now."""

    path: str
    section: Section
    schema: str
    is_named: bool = False
    is_written: bool = False
    newest: datetime | None = None
    has_age: bool = True
    files: int = 0
    size: int = 0

    def add(self, entry: Entry) -> None:
        self.files += 1
        self.size += entry.size
        if entry.modified is None:
            self.has_age = False
        elif self.newest is None or entry.modified > self.newest:
            self.newest = entry.modified


@dataclass
class _Counting:
    """One comparison under way: a store gives the files of an object one after the other."""

    store: Store
    rows: _Rows
    markers: LiveMarkers
    progress: Callable[[int, str], bool]
    now: datetime = field(kw_only=True)
    files: int = 0

    def __post_init__(self) -> None:
        self._sums: dict[Standing, _Sum] = defaultdict(_Sum)
        self._reasons: dict[str, None] = {}
        self._object: _Object | None = None

    def run(self) -> Comparison:
        is_whole = True
        try:
            for page in self.store.pages():
                for entry in page:
                    self._take(entry)
                self.files += len(page)
                self._tell("")
        except _Stopped:
            is_whole = False
        # of an object that was listed in part it is not known how old it is
        if is_whole or (self._object is not None and self._object.is_named):
            self._finish()
        parts = [Part(standing, s.objects, s.files, s.size) for standing, s in self._sums.items()]
        return Comparison(
            tuple(sorted(parts, key=lambda part: -part.size)), tuple(self._reasons), is_whole=is_whole
        )

    def _tell(self, note: str) -> None:
        if not self.progress(self.files, note):
            raise _Stopped

    def _take(self, entry: Entry) -> None:
        found = parse_path(entry.key, layout=self.store.spec.layout)
        path = entry.key.removesuffix(f"/{found.subpath}") if found.subpath else entry.key
        path = path.removesuffix(MANIFEST_SUFFIX) if found.is_manifest else path
        current = self._object
        if current is None or current.path != path:
            self._finish()
            current = _Object(path, found.section, found.schema, is_written=self.markers.has(path))
        current.is_named = current.is_named or self._is_named(entry.key, found.section, found.schema)
        current.add(entry)
        self._object = current

    def _is_named(self, key: str, section: Section, schema: str) -> bool:
        """Return whether a row names a file, or any folder above it."""
        if section in OURS:
            paths, reasons = self.rows.of_schema(schema, self._tell)
        elif section == "filepath":
            paths, reasons = self.rows.of_filepaths(self._tell)
        else:
            return False
        self._reasons |= dict.fromkeys(reasons)
        own = key.removesuffix(MANIFEST_SUFFIX)
        return any(path in paths for path in _upwards(own))

    def _finish(self) -> None:
        found, self._object = self._object, None
        if found is None:
            return
        is_read = found.section not in OURS or not self.rows.of_schema(found.schema, self._tell)[1]
        evidence = Evidence(
            int(found.is_named),
            is_read,
            found.newest if found.has_age else None,
            is_written=found.is_written,
        )
        standing = judge(found.section, evidence, now=self.now, is_quarantined=is_quarantined(found.path))
        total = self._sums[standing]
        total.objects += 1
        total.files += found.files
        total.size += found.size


def _upwards(path: str) -> Iterator[str]:
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
