"""What DataJoint 2.3 refuses or gets wrong about stores, put right by one small shim each.

A shim replaces one method of DataJoint's. Each says for which version it is, and has a test that fails when
DataJoint has mended it: then it goes. `install` and `uninstall` may be repeated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datajoint.settings import Config
from datajoint.storage import StorageBackend

from dj_objectstore.codecs.adapters import StoreSettings, bridge, store_of_settings
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.identity import KEY as IDENTITY

Method = Callable[..., Any]


@dataclass(frozen=True)
class Shim:
    """A method of DataJoint's, what is wrong with it, and what comes in its place.

    Parameters
    ----------
    owner, name
        The class and its method.
    version
        The version of DataJoint that needs it.
    defect
        What is wrong there.
    replace
        Makes the new method of the old one.
    """

    owner: type
    name: str
    version: str
    defect: str
    replace: Callable[[Method], Method]


def _by_our_rules(original: Method) -> Method:
    del original

    def get_store_spec(
        config: Config, store: str | None = None, *, use_filepath_default: bool = False
    ) -> StoreSettings:
        return StoreSettings(resolve_spec(store, config, filepath=use_filepath_default))

    return get_store_spec


def _unless_ours(ours: Method) -> Callable[[Method], Method]:
    """Return a replacement that does what DataJoint does for its own settings, and for folders."""

    def replace(original: Method) -> Method:
        def method(backend: StorageBackend, *args: Any) -> Any:
            is_ours = isinstance(backend.spec, StoreSettings) and backend.protocol != "file"
            return ours(backend, *args) if is_ours else original(backend, *args)

        return method

    return replace


def _checked(original: Method) -> Method:
    def _validate_spec(backend: StorageBackend) -> None:
        if not isinstance(backend.spec, StoreSettings):
            original(backend)
        elif backend.protocol == "file":
            original(backend)
            # DataJoint reads and writes folders itself, past our store: so the project is compared here
            store_of_settings(backend.spec).exists(IDENTITY)

    return _validate_spec


SHIMS = (
    Shim(
        Config,
        "get_store_spec",
        "2.3.5",
        "takes the store '' of an @ alone for a name; refuses a store called default as the default, "
        "settings such as storage_class, and an S3 store without endpoint or location",
        _by_our_rules,
    ),
    Shim(
        StorageBackend,
        "_validate_spec",
        "2.3.5",
        "asks for an endpoint",
        _checked,
    ),
    Shim(
        StorageBackend,
        "_create_filesystem",
        "2.3.5",
        "leaves out region, session_token, storage_class, storage_options and the rest",
        _unless_ours(lambda backend: bridge(backend.spec)),
    ),
    Shim(
        StorageBackend,
        "_full_path",
        "2.3.5",
        "puts the bucket before every path, and the filesystem is rooted at the location",
        _unless_ours(lambda _, path: str(path)),
    ),
    Shim(
        StorageBackend,
        "get_url",
        "2.3.5",
        "makes the URL of that path",
        _unless_ours(lambda backend, path: store_of_settings(backend.spec).url(str(path))),
    ),
)
_originals: list[tuple[type, str, Method]] = []


def install() -> None:
    """Put every shim in place."""
    if _originals:
        return
    for shim in SHIMS:
        original = getattr(shim.owner, shim.name)
        _originals.append((shim.owner, shim.name, original))
        setattr(shim.owner, shim.name, functools.wraps(original)(shim.replace(original)))


def uninstall() -> None:
    """Give DataJoint its own methods back."""
    while _originals:
        owner, name, original = _originals.pop()
        setattr(owner, name, original)
