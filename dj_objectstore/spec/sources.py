"""From a configuration to stores: which there are, and which one a name means.

>>> stores = {"default": "main", "main": {"protocol": "memory"}}
>>> resolve_spec(None, {"stores": stores}).name
'main'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dj_objectstore.exceptions import ConfigurationError, StoreNotConfiguredError
from dj_objectstore.spec.configuration import set_configuration
from dj_objectstore.spec.gathering import gather_stores, names_of
from dj_objectstore.spec.models import StoreSpec, parse_spec
from dj_objectstore.spec.validation import check_settings, settings_error

__all__ = ["default_name", "load_stores", "resolve_spec", "set_configuration"]


def load_stores(config: Any = None) -> dict[str, StoreSpec]:
    """Return every configured store by its name.

    Parameters
    ----------
    config
        DataJoint's configuration, or a mapping with ``stores``; by default the configuration of this process.

    Raises
    ------
    ConfigurationError
        Naming every problem of every store.
    """
    specs: dict[str, StoreSpec] = {}
    problems = []
    for name, settings in _named(_stores(config)).items():
        spec, found = check_settings(name, settings)
        problems += found
        if spec is not None:
            specs[name] = spec
    if problems:
        raise settings_error(problems)
    return specs


def resolve_spec(name: str | None, config: Any = None, *, filepath: bool = False) -> StoreSpec:
    """Return the store that a name means.

    Parameters
    ----------
    name
        A store's name; None and ``""`` mean the default store.
    config
        DataJoint's configuration, or a mapping with ``stores``; by default the configuration of this process.
    filepath
        Whether the default for ``<filepath@>`` is meant, which does not fall back to the other one.

    Raises
    ------
    StoreNotConfiguredError
        When there is no such store, naming those that there are.
    ConfigurationError
        When its settings are wrong.
    """
    stores = _stores(config)
    resolved = name or default_name(stores, filepath=filepath)
    named = _named(stores)
    if resolved not in named:
        raise _not_configured(resolved, named, by_default=not name)
    return parse_spec(resolved, named[resolved])


def default_name(stores: Mapping[str, Any], *, filepath: bool = False) -> str:
    """Return the name of the default store.

    Raises
    ------
    StoreNotConfiguredError
        When none is named.
    ConfigurationError
        When what names it is no name.
    """
    setting = "filepath_default" if filepath else "default"
    value = stores.get(setting)
    if isinstance(value, Mapping) and not filepath:
        return "default"  # a store that is called so
    if value is None or value == "":
        named = _named(stores)
        raise StoreNotConfiguredError(
            f"there is no default store: stores.{setting} is not set ({_existing(named)})",
            hint=f"Set dj.config['stores']['{setting}'] to a store's name, or name the store after the @.",
        )
    if not isinstance(value, str):
        raise ConfigurationError(
            f"stores.{setting} must be the name of a store, got {type(value).__name__}",
            hint="Give the name in quotes.",
        )
    return value


def _stores(config: Any) -> Mapping[str, Any]:
    return gather_stores(config).stores


def _named(stores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of each store, without the two defaults."""
    return {name: stores[name] for name in names_of(stores)}


def _not_configured(name: str, named: Mapping[str, Any], *, by_default: bool) -> StoreNotConfiguredError:
    because = ", which stores names as the default," if by_default else ""
    return StoreNotConfiguredError(
        f"store {name!r}{because} is not configured ({_existing(named)})",
        hint=f"Add it: dj.config['stores'][{name!r}] = {{'protocol': 'file', 'location': ...}}, "
        "or correct the name.",
    )


def _existing(named: Mapping[str, Any]) -> str:
    return f"there are {', '.join(map(repr, sorted(named)))}" if named else "no store is configured"
