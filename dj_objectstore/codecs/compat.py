"""What DataJoint 2.3 refuses or gets wrong about stores, put right by one small shim each.

A shim replaces one method or function of DataJoint's. Each says for which version it is, and has a test that
fails when DataJoint has mended it: then it goes. `install` and `uninstall` may be repeated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import datajoint.codecs
from datajoint.codecs import _codec_registry
from datajoint.settings import Config
from datajoint.storage import StorageBackend

from dj_objectstore.codecs.adapters import StoreSettings, bridge, store_of_settings
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.identity import KEY as IDENTITY

if TYPE_CHECKING:
    from types import ModuleType

Method = Callable[..., Any]


@dataclass(frozen=True)
class Shim:
    """A method of DataJoint's, what is wrong with it, and what comes in its place.

    Parameters
    ----------
    owner, name
        The class and its method, or the module and its function.
    version
        The version of DataJoint that needs it.
    defect
        What is wrong there.
    replace
        Makes the new method of the old one.
    """

    owner: type | ModuleType
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
            # DataJoint reads folders itself, past our store: so the project is compared here
            store_of_settings(backend.spec).exists(IDENTITY)

    return _validate_spec


def _through_the_store(original: Method) -> Method:
    def put_buffer(backend: StorageBackend, buffer: bytes, remote_path: Any) -> None:
        if isinstance(backend.spec, StoreSettings) and backend.protocol == "file":
            store_of_settings(backend.spec).put(str(remote_path), buffer, overwrite=True)
        else:
            original(backend, buffer, remote_path)

    return put_buffer


def _remembered(original: Method) -> Method:
    known: dict[str, tuple[str, list[Any], str | None]] = {}

    def resolve_dtype(
        dtype: str, seen: set[str] | None = None, store_name: str | None = None
    ) -> tuple[str, list[Any], str | None]:
        if seen is not None or store_name is not None:
            return cast("tuple[str, list[Any], str | None]", original(dtype, seen, store_name))
        found: tuple[str, list[Any], str | None] | None = known.get(dtype)
        if found is not None:
            for codec in found[1]:
                if _codec_registry.get(codec.name) is not codec:
                    break  # it was registered anew
            else:
                return found
        known[dtype] = resolved = cast("tuple[str, list[Any], str | None]", original(dtype))
        return resolved

    return resolve_dtype


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
        "put_buffer",
        "2.3.5",
        "writes into a folder past the store, which then says nowhere whose it is",
        _through_the_store,
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
    Shim(
        datajoint.codecs,
        "resolve_dtype",
        "2.3.5",
        "finds out anew for each value of a column which codecs its type has",
        _remembered,
    ),
)
_originals: list[tuple[Any, str, Method]] = []


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
