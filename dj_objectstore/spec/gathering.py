"""The stores of a configuration put together from all their sources, each value with its origin.

What was set in Python counts over the environment, that over ``.secrets``, and that over the configuration
file. DataJoint has merged most of this in ``dj.config['stores']`` and forgotten where it came from; a value
there that none of the sources holds was set in Python.

>>> gather_stores({"stores": {"main": {"protocol": "memory"}}}).origins
{'main': {'protocol': 'set in Python'}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec import legacy
from dj_objectstore.spec.configuration import current_configuration
from dj_objectstore.spec.environment import LEGACY, STORES, read_environment_stores, read_legacy_variables
from dj_objectstore.spec.files import (
    BLOCK,
    Places,
    block_of,
    find_places,
    read_json,
    read_toml,
    stores_of,
    table_of,
)
from dj_objectstore.spec.secrets import SECRET_KEYS, is_known_secret, read_secrets

IN_PYTHON = "set in Python"
DEFAULTS = ("default", "filepath_default")


@dataclass(frozen=True)
class Value:
    """A value and where it came from."""

    value: Any = field(repr=False)  # it may be a secret
    origin: str
    rank: int


@dataclass(frozen=True)
class GatheredStores:
    """Stores as they count now.

    Parameters
    ----------
    stores
        As ``stores`` in ``datajoint.json``: the settings of each store by its name, and the two defaults.
    origins
        Of each store, where each of its settings came from; of a default, under its name and ``""``.
    places
        The files that were looked at.
    unused
        Names of files in ``.secrets`` for which there is no store.
    """

    stores: dict[str, Any] = field(repr=False)  # with their secrets
    origins: dict[str, dict[str, str]]
    places: Places = field(default_factory=Places)
    unused: tuple[str, ...] = ()


_FILE, _BLOCK, _SECRETS, _ENVIRONMENT, _PYTHON = range(5)
_Settings = dict[str, Value]


def gather_stores(config: Any = None) -> GatheredStores:
    """Put the stores of a configuration together.

    Parameters
    ----------
    config
        DataJoint's configuration, or a mapping with ``stores``; by default the configuration of this process.

    Raises
    ------
    ConfigurationError
        When ``stores`` is no mapping, or one of the files can't be read.
    """
    config = current_configuration() if config is None else config
    places = find_places(config)
    environment = read_environment_stores() if places.is_datajoint else None
    return _Gathering(_live_stores(config), places, environment=environment).finish()


def gather_project(places: Places) -> GatheredStores:
    """Put together what the files of a project and the older variables say, and nothing set in Python."""
    live = stores_of(read_json(places.configuration))
    return _Gathering(live, places, environment=None, as_written=True).finish()


def names_of(stores: Mapping[str, Any]) -> list[str]:
    """Return the names of stores, without the two defaults that are in the same mapping."""
    return [
        name
        for name, settings in stores.items()
        if name not in DEFAULTS or (name == "default" and isinstance(settings, Mapping))
    ]


class _Gathering:
    """One run over the sources."""

    def __init__(
        self,
        live: Mapping[str, Any],
        places: Places,
        *,
        environment: Mapping[str, Any] | None,
        as_written: bool = False,
    ) -> None:
        self.as_written = as_written
        self.live = live
        self.places = places
        self.environment = environment
        content = read_json(places.configuration)
        self.file = stores_of(content)
        # what DataJoint itself does not read: our block, and files of older names
        self.block = {} if self.environment is not None else block_of(content)
        self.older = {} if self.environment is not None else stores_of(read_json(places.local))
        self.secrets = read_secrets(places.secrets)
        self.stores: dict[str, _Settings | Any] = {}

    def finish(self) -> GatheredStores:
        """Return the stores."""
        defaults = self._defaults()
        names = [*self.live, *self.older, *self.block]
        for name in dict.fromkeys(names):
            if name not in DEFAULTS or name == "default":
                self._add(name)
        self._add_legacy(defaults)
        stores: dict[str, Any] = {name: found.value for name, found in defaults.items()}
        origins = {name: {"": found.origin} for name, found in defaults.items()}
        for name, settings in self.stores.items():
            if not isinstance(settings, dict):
                stores[name] = settings
                continue
            stores[name] = {key: found.value for key, found in settings.items()}
            origins[name] = {key: found.origin for key, found in settings.items()}
        return GatheredStores(stores, origins, self.places, tuple(self._unused()))

    # -- one store -----------------------------------------------------------------------------------------

    def _add(self, name: str) -> None:
        live = self.live.get(name)
        older = self.older.get(name)
        if name in DEFAULTS and not isinstance(live, Mapping) and not isinstance(older, Mapping):
            return
        if live is not None and not isinstance(live, Mapping):
            self.stores[name] = live
            return
        if live is None and name in self.file and name not in self.older:
            return  # the file names it, and it was taken out in Python
        settings = self._from_live(name, live or {})
        _fill(settings, self.older.get(name), f"{self.places.local}", _FILE)
        if _is_of_the_file(settings):
            _fill(settings, self.block.get(name), f"{self.places.configuration} ({BLOCK})", _BLOCK)
        self._fill_secrets(settings, f"stores.{name}.")
        if any(found.rank != _SECRETS for found in settings.values()):
            self.stores[name] = self._with_paths(settings)

    def _from_live(self, name: str, live: Mapping[str, Any]) -> _Settings:
        return {
            key: Value(value, *self._origin(name, key, value))
            for key, value in live.items()
            if value is not None and not self._is_from_secrets(name, key, value)
        }

    def _origin(self, name: str, key: str, value: Any) -> tuple[str, int]:
        if _holds(self.environment, name, key, value):
            return STORES, _ENVIRONMENT
        if _holds(self.file, name, key, value):
            return str(self.places.configuration), _FILE
        return IN_PYTHON, _PYTHON

    def _is_from_secrets(self, name: str, key: str, value: Any) -> bool:
        """Return whether DataJoint took a value from a secret's file, which is read again here."""
        folder = self.places.secrets
        if folder is None or _holds(self.environment, name, key, value):
            return False
        return is_known_secret(folder / f"stores.{name}.{key}", value)

    def _fill_secrets(self, settings: _Settings, prefix: str) -> None:
        for name, value in self.secrets.items():
            key = name.removeprefix(prefix)
            if name.startswith(prefix) and "." not in key:
                _fill(settings, {key: value}, str(Path(self.places.secrets or "") / name), _SECRETS)

    def _with_paths(self, settings: _Settings) -> _Settings:
        """Find a token's file beside the configuration file, wherever this process runs."""
        token = settings.get("token")
        folder = self.places.configuration or self.places.secrets
        if self.as_written or token is None or folder is None or not isinstance(token.value, str):
            return settings
        path = folder.parent / token.value
        return settings | ({"token": Value(str(path), token.origin, token.rank)} if path.is_file() else {})

    # -- defaults and older settings -----------------------------------------------------------------------

    def _defaults(self) -> dict[str, Value]:
        found = {}
        sources = (
            (self.live, ""),
            (self.block, f"{self.places.configuration} ({BLOCK})"),
            (self.file if self.environment is None else {}, str(self.places.configuration)),
            (self.older, str(self.places.local)),
        )
        for name in DEFAULTS:
            for stores, origin in sources:
                value = stores.get(name)
                if value is not None and not isinstance(value, Mapping):
                    found[name] = Value(value, origin or self._default_origin(name, value), _PYTHON)
                    break
                if isinstance(value, Mapping) and stores is self.live:
                    break  # a store that is called so
        return found

    def _default_origin(self, name: str, value: Any) -> str:
        if self.environment is not None and self.environment.get(name) == value:
            return STORES
        return str(self.places.configuration) if self.file.get(name) == value else IN_PYTHON

    def _add_legacy(self, defaults: dict[str, Value]) -> None:
        """Add the one store of the older settings, unless there is one of its name."""
        if legacy.STORE in self.stores:
            return
        settings = self._legacy_settings()
        if "protocol" not in settings:
            return
        self._fill_secrets(settings, f"stores.{legacy.STORE}.")
        self.stores[legacy.STORE] = self._with_paths(
            legacy.rename_settings(settings, settings["protocol"].value)
        )
        if "default" not in defaults and "default" not in self.stores:
            defaults["default"] = Value(legacy.STORE, settings["protocol"].origin, _FILE)

    def _legacy_settings(self) -> _Settings:
        settings: _Settings = {}
        places = self.places
        if self.environment is None:
            toml = legacy.read_toml_storage(read_toml(places.toml))
            _fill(settings, toml, str(places.toml), _FILE)
            for path in (places.local, places.configuration):
                given = legacy.read_object_storage(read_json(path))
                _fill(settings, given, f"{path} ({legacy.PREFIX}.*)", _BLOCK)
        self._fill_secrets(settings, f"{legacy.PREFIX}.")
        variables = read_legacy_variables() if places.is_datajoint else {}
        for key, value in legacy.read_variables(variables).items():
            _fill(settings, {key: value}, f"{LEGACY}{key.upper()}", _ENVIRONMENT)
        return settings

    def _unused(self) -> Iterator[str]:
        for file in self.secrets:
            match file.split("."):
                case ["stores", name, key] if key in SECRET_KEYS and name not in self.stores:
                    yield file


def _live_stores(config: Any) -> Mapping[str, Any]:
    """Return the stores as a configuration holds them now."""
    stores = getattr(config, "stores", None)
    if stores is None:
        try:
            stores = config["stores"]
        except (KeyError, TypeError):
            stores = {}
    if not isinstance(stores, Mapping):
        raise ConfigurationError(
            f"stores must be a mapping of names to settings, got {type(stores).__name__}",
            hint=f"Correct 'stores' in datajoint.json or {STORES}.",
        )
    return stores


def _holds(stores: Mapping[str, Any] | None, name: str, key: str, value: Any) -> bool:
    settings = table_of((stores or {}).get(name))
    return key in settings and bool(settings[key] == value)


def _is_of_the_file(settings: _Settings) -> bool:
    """Return whether our block of the file means this store, and not another one set in Python."""
    protocol = settings.get("protocol")
    return protocol is None or protocol.rank == _FILE


def _fill(settings: _Settings, given: Any, origin: str, rank: int) -> None:
    """Put in what a source holds and no higher one does."""
    for key, value in table_of(given).items():
        if value is not None and (key not in settings or settings[key].rank < rank):
            settings[key] = Value(value, origin, rank)
