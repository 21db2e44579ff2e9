"""Older spellings of the one store of a pipeline, which become the store ``main``.

They are the keys ``object_storage.*`` of ``datajoint.json``, with ``.secrets/object_storage.*`` and the
variables ``DJ_OBJECT_STORAGE_*``, and ``datajoint.toml``.

>>> read_object_storage({"object_storage.protocol": "file", "object_storage.location": "/data"})
{'protocol': 'file', 'location': '/data'}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from dj_objectstore.spec.files import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

STORE = "main"
PREFIX = "object_storage"
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NUMBERS = ("token_length",)
_FLAGS = ("secure", "anon")
# names that the older settings had for all protocols alike
_RENAMED = {"azure": {"bucket": "container", "access_key": "account_name", "secret_key": "account_key"}}
_TOML_NAMES = {"backend": "protocol", "path": "location"}
_TOML_TABLES = ("project", "storage", PREFIX)


def read_object_storage(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings ``object_storage.*`` of a configuration file, dotted or as a block."""
    settings = dict(table_of(content.get(PREFIX)))
    for key, value in content.items():
        group, _, name = key.partition(".")
        if group == PREFIX and name:
            settings[name] = value
    return {name: value for name, value in settings.items() if value is not None}


def read_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of variables of the environment, whose values are all text."""
    return {name: _typed(name, text) for name, text in variables.items()}


def read_toml_storage(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a ``datajoint.toml``: its tables project, storage and object_storage."""
    project, storage, more = (table_of(content.get(name)) for name in _TOML_TABLES)
    if not storage:
        return {}
    settings = {_TOML_NAMES.get(key, key): value for key, value in storage.items() if key != "credentials"}
    settings |= table_of(storage.get("credentials"))
    settings |= more
    if "name" in project:
        settings.setdefault("project_name", project["name"])
        if settings.get("protocol") != "file":
            # there the project's folder begins every key
            settings.setdefault("location", project["name"])
    return settings


def rename_settings(settings: Mapping[str, T], protocol: str) -> dict[str, T]:
    """Return older settings under the names that a store of the protocol has for them."""
    names = _RENAMED.get(protocol, {})
    return {names.get(name, name): value for name, value in settings.items()}


def _typed(name: str, text: str) -> Any:
    if name in _NUMBERS and text.strip().isdigit():
        return int(text)
    if name in _FLAGS:
        return _TRUTH.get(text.strip().lower(), text)
    return text
