"""Configuration files that are written: `save_template`, and how stores are put into a file.

Plain DataJoint refuses a store that has a key or a protocol which it does not know. Those go into a block of
the file that it ignores, ``dj_objectstore``, so that the file works for colleagues without this package too.

>>> split_stores({"main": {"protocol": "s3", "bucket": "lab", "storage_class": "GLACIER"}})[1]
{'main': {'storage_class': 'GLACIER'}}
"""

from __future__ import annotations

import json
import os
import secrets as _random
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.files import BLOCK, CONFIGURATION, SECRETS, read_json, table_of
from dj_objectstore.spec.gathering import DEFAULTS
from dj_objectstore.spec.secrets import SECRET_KEYS, hold_secrets, settle_secrets, without_secrets
from dj_objectstore.spec.validation import check_settings, settings_error

_SECTIONS = (
    "location",
    "subfolding",
    "partition_pattern",
    "token_length",
    "hash_prefix",
    "schema_prefix",
    "filepath_prefix",
    "stage",
)
# the keys that DataJoint 2.3 accepts in the settings of a store, and those that it must find there
PLAIN_KEYS: Mapping[str, tuple[str, ...]] = {
    "file": ("protocol", *_SECTIONS),
    "s3": ("protocol", "endpoint", "bucket", "secure", *_SECTIONS),
    "gcs": ("protocol", "bucket", "project", *_SECTIONS),
    "azure": ("protocol", "container", "account_name", *_SECTIONS),
}
_REQUIRED: Mapping[str, Mapping[str, str]] = {
    "s3": {"endpoint": "s3.amazonaws.com", "location": ""},
    "gcs": {"location": ""},
    "azure": {"location": ""},
}
# the files of secrets that a protocol usually needs
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "s3": ("access_key", "secret_key"),
    "gcs": ("token",),
    "gs": ("token",),
    "azure": ("account_key",),
}
EXAMPLE = {"default": "main", "main": {"protocol": "file", "location": "/data/my-project"}}
_MODE = 0o644


def save_template(
    path: str | os.PathLike[str] = CONFIGURATION,
    *,
    stores: Mapping[str, Any] | None = None,
    create_secrets_dir: bool = False,
) -> Path:
    """Write stores into a configuration file, and their credentials into ``.secrets`` beside it.

    What else the file holds stays as it is. It is replaced at once, or not at all. Options that may hold a
    secret in ``storage_options`` are left out: set them in Python.

    Parameters
    ----------
    path
        The file; made when it does not exist.
    stores
        As ``dj.config['stores']``: settings by the store's name, and ``default``. They replace those of the
        same name. By default an example to edit, unless the file has stores.
    create_secrets_dir
        Also make ``.secrets`` (mode 0700), with one file (0600) for each credential in `stores`, and an empty
        one for each that a store usually has. An empty file is no credential.

    Returns
    -------
    pathlib.Path
        Where the file is.

    Raises
    ------
    ConfigurationError
        When a store is not valid, when the file is no JSON, and when `stores` hold credentials but no
        ``.secrets`` is to be made.
    """
    path = Path(path).expanduser().absolute()
    content = read_json(path)
    has_stores = bool(content.get("stores") or content.get(BLOCK))
    given = dict(stores) if stores is not None else {} if has_stores else EXAMPLE
    _check_stores(given)
    credentials = credentials_of(given)
    if credentials and not create_secrets_dir:
        raise ConfigurationError(
            f"credentials must not stand in {path.name}, and there are some: {', '.join(credentials)}",
            hint="Pass create_secrets_dir=True to write them into .secrets, or leave them out.",
        )
    text = format_content(merge_stores(content or {"database": {"host": "localhost"}}, given))
    if create_secrets_dir:
        folder = path.parent / SECRETS
        before = path.read_text(encoding="utf-8") if path.is_file() else None
        stores = {**_named(content.get("stores")), **_named(given)}
        settle_secrets(folder)
        secrets = {**_placeholders(folder, stores), **credentials}
        hold_secrets(folder, secrets, file=path, before=before, after=text)
        write_content(path, text)
        settle_secrets(folder)
    else:
        write_content(path, text)
    return path


def merge_stores(
    content: Mapping[str, Any], stores: Mapping[str, Any], *, all_options: bool = False
) -> dict[str, Any]:
    """Return the content of a configuration file with stores in it, each replacing one of its name."""
    plain, extra = split_stores(stores, all_options=all_options)
    names = {*plain, *extra}
    merged = {key: value for key, value in content.items() if not _is_dotted(key, names)}
    merged["stores"] = _replaced(merged.get("stores"), plain, names)
    block = dict(table_of(merged.get(BLOCK)))
    block["stores"] = _replaced(block.get("stores"), extra, names)
    merged[BLOCK] = {key: value for key, value in block.items() if value}
    return merged if merged[BLOCK] else {key: value for key, value in merged.items() if key != BLOCK}


def split_stores(
    stores: Mapping[str, Any], *, all_options: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what plain DataJoint reads of stores, and what goes into our own block; both without secrets.

    With `all_options` the ``storage_options`` stay whole, also what may be a secret among them.
    """
    plain: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, settings in stores.items():
        if not isinstance(settings, Mapping):
            plain[name] = settings
            continue
        first, second = _split(settings, all_options=all_options)
        plain |= {name: first} if first else {}
        extra |= {name: second} if second else {}
    return plain, extra


def credentials_of(stores: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets in the settings of stores, by the name of the file that each belongs into."""
    return {
        f"stores.{name}.{key}": str(value)
        for name, settings in _named(stores).items()
        for key, value in settings.items()
        if key in SECRET_KEYS and value not in (None, "")
    }


def write_content(path: Path, content: Mapping[str, Any] | str, *, like: Path | None = None) -> None:
    """Write a configuration file at once: whoever reads it sees the old one or the new one.

    It keeps its mode; a new one gets that of `like`.
    """
    target = path.resolve()  # a link stays a link
    model = like.resolve() if like else target
    mode = stat.S_IMODE(model.stat().st_mode) if model.exists() else _MODE
    temporary = target.with_name(f".{target.name}.{_random.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else format_content(content))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def format_content(content: Mapping[str, Any]) -> str:
    """Return the text of a configuration file."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"


def _split(settings: Mapping[str, Any], *, all_options: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    public = {key: value for key, value in settings.items() if key not in SECRET_KEYS}
    if isinstance(public.get("storage_options"), Mapping) and not all_options:
        public["storage_options"] = without_secrets(public["storage_options"])
    known = PLAIN_KEYS.get(public.get("protocol", ""))
    if known is None:
        return {}, public
    if public["protocol"] == "azure" and "bucket" in public:
        public.setdefault("container", public.pop("bucket"))
    plain = {key: value for key, value in public.items() if key in known}
    plain |= {key: value for key, value in _REQUIRED.get(public["protocol"], {}).items() if key not in plain}
    return plain, {key: value for key, value in public.items() if key not in known}


def _check_stores(stores: Mapping[str, Any]) -> None:
    problems = [
        problem for name, settings in _named(stores).items() for problem in check_settings(name, settings)[1]
    ]
    if problems:
        raise settings_error(problems)


def _placeholders(folder: Path, stores: Mapping[str, Any]) -> dict[str, str]:
    """Return an empty secret for each file that stores usually have and that is not there."""
    names = [
        f"stores.{store}.{key}"
        for store, settings in stores.items()
        for key in PLACEHOLDERS.get(settings.get("protocol", ""), ())
    ]
    return {name: "" for name in names if not (folder / name).exists()}


def _named(stores: Any) -> dict[str, Any]:
    items = stores.items() if isinstance(stores, Mapping) else ()
    return {name: settings for name, settings in items if isinstance(settings, Mapping)}


def _replaced(old: Any, new: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """Return stores with those of some names replaced, the defaults first."""
    kept = {name: settings for name, settings in table_of(old).items() if name not in names}
    stores = {**kept, **new}
    return {name: stores[name] for name in (*DEFAULTS, *stores) if name in stores}


def _is_dotted(key: str, names: set[str]) -> bool:
    group, _, rest = key.partition(".")
    return group == "stores" and bool(rest) and rest.partition(".")[0] in names
