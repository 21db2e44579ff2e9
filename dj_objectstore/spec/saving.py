"""``dj.config.save``, which DataJoint 2 no longer has: its configuration in a file that ``load`` reads.

>>> install_save(Config)                 # doctest: +SKIP
>>> dj.config.save("datajoint.json")     # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.spec.files import BLOCK, read_json, table_of
from dj_objectstore.spec.gathering import gather_stores
from dj_objectstore.spec.legacy import PREFIX as LEGACY
from dj_objectstore.spec.templates import merge_stores, write_content

if TYPE_CHECKING:
    import os

_NAME = "save"


def install_save(config_class: type[Any]) -> None:
    """Give DataJoint's configuration its ``save`` back, unless it has one."""
    if not hasattr(config_class, _NAME):
        setattr(config_class, _NAME, save_configuration)


def remove_save(config_class: type[Any]) -> None:
    """Undo `install_save`."""
    if vars(config_class).get(_NAME) is save_configuration:
        delattr(config_class, _NAME)


def save_configuration(config: Any, path: str | os.PathLike[str]) -> Path:
    """Write DataJoint's configuration to a file that ``dj.config.load`` reads, without any secret.

    Parameters
    ----------
    config
        DataJoint's configuration. Its stores are written as they count now.
    path
        The file; what it holds that DataJoint does not know is kept.
    """
    path = Path(path).expanduser().absolute()
    settings = config.model_dump(mode="json", exclude_defaults=True, exclude={"stores", "ignore_config_file"})
    content = _merged(read_json(path), settings)
    content.get("database", {}).pop("password", None)
    write_content(path, merge_stores(content, gather_stores(config).stores))
    return path


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's content with new settings over it, group by group, and without stores and secrets."""
    dropped = ("stores", BLOCK, LEGACY, "database.password")
    kept = {
        key: value
        for key, value in old.items()
        if key not in dropped and key.partition(".")[0] not in ("stores", LEGACY)
    }
    for key, value in new.items():
        kept[key] = {**table_of(kept.get(key)), **value} if isinstance(value, Mapping) else value
    # of a setting that stands there in both spellings the later one would count
    return {key: value for key, value in kept.items() if "." not in key or not _has(new, *key.split(".", 1))}


def _has(settings: Mapping[str, Any], group: str, name: str) -> bool:
    return name in table_of(settings.get(group))
