"""One page of a store's listing joined to the rows that name what is on it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import StoreUnavailableError
from dj_objectstore.maintenance.age import find_age
from dj_objectstore.maintenance.belonging import Belonging
from dj_objectstore.maintenance.markers import LiveMarkers
from dj_objectstore.maintenance.orphans import OURS, Evidence, is_quarantined, judge
from dj_objectstore.maintenance.references import stored_fields
from dj_objectstore.paths.folder import parse_folder
from dj_objectstore.paths.parse import MANIFEST_SUFFIX, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from dj_objectstore.maintenance.belonging import Kind, Listed
    from dj_objectstore.maintenance.named_paths import Named, NamedPaths
    from dj_objectstore.maintenance.orphans import Standing
    from dj_objectstore.maintenance.schema_tables import SchemaTables
    from dj_objectstore.maintenance.store_owners import StoreOwners
    from dj_objectstore.paths.folder import ParsedFolder
    from dj_objectstore.paths.parse import Section


@dataclass(frozen=True)
class _Asked:
    """Something that rows may name, by `path`; of a manifest that is the path of its object."""

    listed: Listed
    path: str
    section: Section
    kind: Kind
    schema: str
    folder: str


class _Named:
    """What rows were found to name, of the paths that they were asked about."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._left = set(paths)
        self._first: dict[str, tuple[NamedPaths, Named]] = {}
        self._rows: dict[str, int] = defaultdict(int)
        self.reasons: list[str] = []

    @property
    def left(self) -> set[str]:
        """Paths that no row is known to name."""
        return self._left - self._first.keys()

    def add(self, named: NamedPaths, found: dict[str, Named]) -> None:
        for path, row in found.items():
            self._first.setdefault(path, (named, row))
            self._rows[path] += row.rows

    def belonging(self, asked: _Asked) -> Belonging | None:
        """Return whose something is, or None when no row names it."""
        if asked.path not in self._first:
            return None
        named, row = self._first[asked.path]
        return Belonging(
            asked.kind,
            "row",
            "",
            named.table,
            named.field.name,
            row.key,
            self._rows[asked.path],
            named.full_table_name,
        )


class PageOwners:
    """One look at one page; `look` may be called once.

    Parameters
    ----------
    owners
        Who asks the database.
    now
        The earliest that the store's time can be, UTC.
    check
        Called between questions; what it raises ends the look.
    """

    def __init__(self, owners: StoreOwners, *, now: datetime, check: Callable[[], None]) -> None:
        self._owners = owners
        self._store = owners.store
        self._layout = owners.store.spec.layout
        self._now = now
        self._check = check

    def look(self, listed: Sequence[Listed]) -> list[Belonging]:
        """Tell whose each thing is, in the order given."""
        told: dict[Listed, Belonging] = {}
        groups: dict[tuple[Section, str, str], list[_Asked]] = defaultdict(list)
        for each in listed:
            found = self._read_path(each)
            if isinstance(found, _Asked):
                groups[found.section, found.schema, found.folder].append(found)
            else:
                told[each] = found
        for asked in groups.values():
            told |= self._ask_group(asked)
        return [told[each] for each in listed]

    # -- by the path -------------------------------------------------------------------------------------

    def _read_path(self, listed: Listed) -> Belonging | _Asked:
        folder = parse_folder(listed.path, layout=self._layout) if listed.is_dir else None
        if folder is not None:
            return self._read_folder(listed, folder)
        found = parse_path(listed.path, layout=self._layout)
        if found.section in ("reserved", "foreign"):
            return Belonging("object", self._judge(listed.path, found.section, Evidence(0, is_read=True)))
        if found.subpath:
            return Belonging("part")
        path = listed.path.removesuffix(MANIFEST_SUFFIX) if found.is_manifest else listed.path
        return _Asked(listed, path, found.section, "object", found.schema, found.folder)

    def _read_folder(self, listed: Listed, found: ParsedFolder) -> Belonging | _Asked:
        if found.kind == "key":
            return _Asked(listed, listed.path, found.section, "key", found.schema, found.folder)
        if found.kind in ("section", "partition"):
            return Belonging(found.kind, "reserved" if found.section == "reserved" else None)
        self._check()
        try:
            schema = self._owners.schema(found.schema)
            if isinstance(schema, str):
                return Belonging(found.kind, "unread", schema)
            if found.kind == "schema":
                return Belonging("schema", None, ". ".join(schema.hidden), schema.name)
            return self._read_table(schema, found.folder)
        except StoreUnavailableError as err:
            return Belonging(found.kind, "unread", err.message)

    def _read_table(self, schema: SchemaTables, folder: str) -> Belonging:
        table = schema.find_table(folder)
        if table is None:
            return Belonging("table", "unread", f"schema {schema.name!r} has no table of this name")
        found = self._owners.ask(lambda _connection: schema.table(table))
        fields = ", ".join(field.name for field in stored_fields(found))
        names = dict.fromkeys(found.primary_key, "")
        name = f"{schema.name}.{table}"
        return Belonging("table", None, "", name, fields, names, full_table_name=found.full_table_name)

    # -- by the rows -------------------------------------------------------------------------------------

    def _ask_group(self, asked: list[_Asked]) -> dict[Listed, Belonging]:
        """Ask about things of one table's folder, or of one section of a schema."""
        section, schema, folder = asked[0].section, asked[0].schema, asked[0].folder
        # before the rows: a write removes its marker once its row is there
        markers = LiveMarkers(self._store, now=self._now) if section in OURS else None
        found = _Named(each.path for each in asked)
        try:
            if section == "filepath":
                self._ask_fields(found, self._owners.filepath_fields())
            else:
                self._ask_schema(found, schema, folder)
        except StoreUnavailableError as err:
            found.reasons.append(err.message)
        return {
            each.listed: found.belonging(each) or self._tell_unnamed(each, found.reasons, markers)
            for each in asked
        }

    def _ask_schema(self, found: _Named, name: str, folder: str) -> None:
        """Ask the rows of the folder's table, then for what is left those of the others."""
        schema = self._owners.schema(name)
        if isinstance(schema, str):
            found.reasons.append(schema)
            return
        first = schema.of_folder(folder) if folder else schema.every()
        self._ask_fields(found, first)
        if folder and found.left:
            self._ask_fields(found, (named for named in schema.every() if named not in first))
        if found.left:
            self._ask_above(found, schema)
            self._owners.ask(lambda _connection: schema.check_rows())
            found.reasons += schema.hidden

    def _ask_fields(self, found: _Named, fields: Iterable[NamedPaths]) -> None:
        paths = sorted(found.left)
        for named in fields:
            self._check()
            try:
                rows = self._owners.ask(partial(named.find, paths=paths))
            except StoreUnavailableError as err:
                found.reasons.append(f"the rows of {named.table} can't be read: {err.message}")
            else:
                found.add(named, rows)

    def _ask_above(self, found: _Named, schema: SchemaTables) -> None:
        """Ask whether a row names a folder above what is left, as its object."""
        above = {parent for path in found.left for parent in _parents(path)}
        for named in schema.every():
            self._check()
            rows = self._owners.ask(partial(named.find_exactly, paths=above))
            for parent, row in rows.items():
                inside = [path for path in found.left if path.startswith(f"{parent}/")]
                found.add(named, dict.fromkeys(inside, row))

    def _tell_unnamed(self, asked: _Asked, reasons: list[str], markers: LiveMarkers | None) -> Belonging:
        """Tell of what no row names why it is there."""
        if markers is None:
            return Belonging(asked.kind, self._judge(asked.path, asked.section, Evidence(0, is_read=True)))
        self._check()
        age = find_age(self._store, asked.listed, asked.path, markers=markers, check=self._check)
        evidence = Evidence(0, not reasons, age.newest, is_written=age.is_written)
        standing = self._judge(asked.path, asked.section, evidence)
        why = ". ".join(dict.fromkeys([*reasons, *([age.reason] if age.reason else [])]))
        if standing == "orphan":
            return Belonging(asked.kind, standing, self._owners.other_origin())
        return Belonging(asked.kind, standing, why if standing == "unread" else "")

    def _judge(self, path: str, section: Section, evidence: Evidence) -> Standing:
        return judge(section, evidence, now=self._now, is_quarantined=is_quarantined(path))


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
