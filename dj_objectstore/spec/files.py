"""The configuration's files: where they are, and what they say.

DataJoint looks for ``datajoint.json`` from the working folder upwards as far as the repository's root; the
older ``dj_local_conf.json`` and ``datajoint.toml`` are looked for in the same places.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.environment import find_json_problem

CONFIGURATION = "datajoint.json"
LOCAL = "dj_local_conf.json"
TOML = "datajoint.toml"
SECRETS = ".secrets"
BLOCK = "dj_objectstore"
_SYSTEM_SECRETS = Path("/run/secrets/datajoint")

_contents: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}


@dataclass(frozen=True)
class Places:
    """Where the files of one configuration are; None where there is none, or where it must not count.

    Parameters
    ----------
    configuration
        ``datajoint.json``, or what was loaded in its place.
    local, toml
        The older files.
    secrets
        The folder of secrets.
    is_datajoint
        Whether this is DataJoint's configuration, for which the environment counts too.
    """

    configuration: Path | None = None
    local: Path | None = None
    toml: Path | None = None
    secrets: Path | None = None
    is_datajoint: bool = False


def find_places(config: Any) -> Places:
    """Return where the files of DataJoint's configuration are; a plain mapping has none."""
    ignores = getattr(config, "ignore_config_file", None)
    if ignores is None:
        return Places()
    loaded = getattr(config, "_config_path", None)
    path = Path(loaded).absolute() if loaded else None
    if path is not None and not path.is_file():
        path = None
    if ignores:
        # a file that was loaded by name still counts
        return Places(path, is_datajoint=True)
    known = getattr(config, "_secrets_dir", None)
    return _complete(path, path.parent if path else None, Path(known).absolute() if known else None)


def find_project_places(folder: Path) -> Places:
    """Return where the files of the project are that a folder belongs to, as DataJoint would find them."""
    path = find_upwards(CONFIGURATION, folder)
    return _complete(path, path.parent if path else folder, None)


def find_upwards(name: str, start: Path | None = None) -> Path | None:
    """Return the first file of a name from a folder upwards to the root of its repository."""
    folder = (start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / name).is_file():
            return candidate / name
        if (candidate / ".git").exists() or (candidate / ".hg").exists():
            return None
    return None


def read_json(path: Path | None) -> dict[str, Any]:
    """Return what a configuration file says; nothing for no file.

    A file that is being edited, and is no JSON for a moment, counts as it was.

    Raises
    ------
    ConfigurationError
        When it is no JSON object, naming the line.
    """
    return _read(path, _parse_json)


def read_toml(path: Path | None) -> dict[str, Any]:
    """Return what a ``datajoint.toml`` says; nothing for no file.

    Raises
    ------
    ConfigurationError
        When it is no TOML, naming the line.
    """
    return _read(path, _parse_toml)


def table_of(value: Any) -> Mapping[str, Any]:
    """Return a value as it is when it is a mapping, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def stores_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stores in a file's content, those in dotted keys (``stores.main.protocol``) too."""
    stores = {
        name: dict(settings) if isinstance(settings, Mapping) else settings
        for name, settings in table_of(content.get("stores")).items()
    }
    for key, value in content.items():
        match key.split("."):
            case ["stores", name] if isinstance(name, str):
                stores.setdefault(name, value)
            case ["stores", name, attribute]:
                settings = stores.setdefault(name, {})
                if isinstance(settings, dict):
                    settings[attribute] = value
    return stores


def block_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stores in this package's own block of a file, which plain DataJoint ignores."""
    return stores_of(table_of(content.get(BLOCK)))


def _complete(path: Path | None, folder: Path | None, known_secrets: Path | None) -> Places:
    local = None if path else find_upwards(LOCAL, folder)
    toml = find_upwards(TOML, folder)
    beside = [found.parent / SECRETS for found in (path, local, toml) if found]
    if path is None:
        beside.append((folder or Path.cwd()) / SECRETS)
    secrets = [candidate for candidate in beside if candidate.is_dir()]
    elsewhere = [known_secrets] if known_secrets else [_SYSTEM_SECRETS] if _SYSTEM_SECRETS.is_dir() else []
    return Places(path, local, toml, next(iter([*secrets, *elsewhere]), None), is_datajoint=True)


def _read(path: Path | None, parse: Any) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = path.stat()
        state = (found.st_mtime_ns, found.st_size)
        known = _contents.get(path)
        if known and known[0] == state:
            return known[1]
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigurationError(f"{path} can't be read: {err}", hint="Check who may read it.") from err
    try:
        content: dict[str, Any] = parse(text, path)
    except ConfigurationError:
        if known:
            return known[1]
        raise
    _contents[path] = state, content
    return content


def _parse_json(text: str, path: Path) -> dict[str, Any]:
    problem = find_json_problem(text, str(path))
    if problem:
        raise ConfigurationError(f"{path} {problem.message}", hint="Correct it in an editor.")
    content: dict[str, Any] = json.loads(text)
    return content


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ConfigurationError(f"{path} is no TOML: {err}", hint="Correct it in an editor.") from err
