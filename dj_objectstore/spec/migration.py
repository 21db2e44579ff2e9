"""Older configuration rewritten as today's: stores in ``datajoint.json``, credentials in ``.secrets``.

`plan_migration` reads everything and writes nothing; `Changes.write` writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.partition import parse_partition_pattern
from dj_objectstore.spec.changes import Changes, FileChange
from dj_objectstore.spec.environment import LEGACY, read_legacy_variables
from dj_objectstore.spec.files import (
    CONFIGURATION,
    SECRETS,
    Places,
    find_project_places,
    read_json,
    stores_of,
)
from dj_objectstore.spec.gathering import gather_project, names_of
from dj_objectstore.spec.legacy import PREFIX, STORE
from dj_objectstore.spec.secrets import SECRET_KEYS, read_secrets
from dj_objectstore.spec.templates import credentials_of, format_content, merge_stores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DATABASE_PASSWORD = "database.password"  # noqa: S105 - the name of its file


def plan_migration(folder: Path) -> Changes:
    """Return what has to change in the project that a folder belongs to.

    Raises
    ------
    ConfigurationError
        When one of its files can't be read.
    """
    places = find_project_places(folder)
    old = read_json(places.configuration) or read_json(places.local)
    stores = _new_stores(places)
    secrets = credentials_of(stores) | _database_password(old)
    beside = places.local or places.toml or folder / CONFIGURATION
    target = places.configuration or beside.parent / CONFIGURATION
    kept = read_secrets(places.secrets)
    secrets |= {name: kept[name] for name in secrets if name in kept}
    moved = {name: value for name, value in secrets.items() if kept.get(name) != value}
    changes = [*_configuration(target, places, old, stores), *_toml(places, secrets), *_old_secrets(places)]
    return Changes(
        changes=tuple(changes),
        secrets=moved,
        masked=frozenset({*secrets.values(), *kept.values()}),
        folder=places.secrets or target.parent / SECRETS,
        notes=tuple(_notes(places, stores)),
    )


def _new_stores(places: Places) -> dict[str, Any]:
    """Return the stores as they will stand in the file, their credentials included."""
    found = gather_project(places).stores
    written = {**stores_of(read_json(places.configuration)), **stores_of(read_json(places.local))}
    stores: dict[str, Any] = {}
    for name in names_of(found):
        settings = found[name]
        if isinstance(settings, Mapping):
            unset = {key: None for key, value in dict(written.get(name) or {}).items() if value is None}
            stores[name] = unset | {key: _modern(key, value) for key, value in settings.items()}
        elif name in written:
            stores[name] = settings
    defaults = {name: value for name, value in found.items() if name not in stores and isinstance(value, str)}
    if not defaults.get("default") and "default" not in stores and len(stores) == 1:
        defaults["default"] = next(iter(stores))
    return defaults | stores


def _modern(key: str, value: Any) -> Any:
    """Return a value in today's spelling."""
    if key == "partition_pattern" and isinstance(value, str) and "{" in value:
        try:
            return "/".join(parse_partition_pattern(value))
        except AddressError:
            return value  # `doctor` tells what is wrong with it
    return value


def _configuration(
    target: Path, places: Places, old: Mapping[str, Any], stores: Mapping[str, Any]
) -> Iterator[FileChange]:
    content = {key: value for key, value in old.items() if not _is_older(key)}
    if isinstance(content.get("database"), Mapping):
        content["database"] = {key: value for key, value in content["database"].items() if key != "password"}
    if names_of(stores):
        content = merge_stores(content, stores, all_options=True)
    before = target.read_text(encoding="utf-8") if target.is_file() else None
    if content != old or before is None:
        if content:
            yield FileChange(target, before, format_content(content))
        if places.local is not None and before is None:
            yield FileChange(places.local, places.local.read_text(encoding="utf-8"), None)


def _is_older(key: str) -> bool:
    return key == _DATABASE_PASSWORD or key.partition(".")[0] == PREFIX or key.startswith("stores.")


def _toml(places: Places, secrets: Mapping[str, str]) -> Iterator[FileChange]:
    """Take the credentials out of ``datajoint.toml``, line by line; the rest of it no longer counts."""
    if places.toml is None:
        return
    before = places.toml.read_text(encoding="utf-8")
    names = "|".join(map(re.escape, SECRET_KEYS))
    lines = before.splitlines(keepends=True)
    kept = [
        line
        for line in lines
        if not (re.match(rf"\s*({names})\s*=", line) and any(value in line for value in secrets.values()))
    ]
    if len(kept) < len(lines):
        yield FileChange(places.toml, before, "".join(kept))


def _old_secrets(places: Places) -> Iterator[FileChange]:
    for name in read_secrets(places.secrets):
        if name.startswith(f"{PREFIX}.") and places.secrets is not None:
            yield FileChange(places.secrets / name, "", None)


def _database_password(content: Mapping[str, Any]) -> dict[str, str]:
    database = content.get("database")
    nested = database.get("password") if isinstance(database, Mapping) else None
    password = content.get(_DATABASE_PASSWORD) or nested
    return {_DATABASE_PASSWORD: str(password)} if password else {}


def _notes(places: Places, stores: Mapping[str, Any]) -> Iterator[str]:
    variables = read_legacy_variables()
    if variables:
        names = ", ".join(f"{LEGACY}{name.upper()}" for name in variables)
        yield f"{names}: unset; once datajoint.json has a store {STORE!r} these are not read"
    if places.toml is not None:
        yield f"{places.toml}: its [storage] is not read once datajoint.json has a store {STORE!r}; remove it"
    if isinstance(stores.get("default"), Mapping):
        yield (
            "the store named 'default' stays as it is, as rows name it; plain DataJoint takes stores.default "
            "for the name of another store, so it works with this package alone"
        )
