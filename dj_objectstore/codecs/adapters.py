"""``gs`` and ``memory`` for DataJoint's own codecs, by its interface for storage plug-ins.

DataJoint finds them by their entry points, so they work after ``import datajoint`` alone. `compat` helps it
with the other stores in the same way: `bridge` gives it the filesystem of our store.
"""

from __future__ import annotations

from typing import Any

from datajoint.storage_adapter import StorageAdapter

from dj_objectstore.spec.models import StoreSpec, parse_spec
from dj_objectstore.store.filesystem import StoreFileSystem
from dj_objectstore.store.store import Store, open_store


class StoreSettings(dict[str, Any]):
    """The settings of a store as DataJoint is given them: a dict that knows the spec it was made of."""

    def __init__(self, spec: StoreSpec) -> None:
        layout = spec.layout
        defaults = {
            "location": spec.location,
            "hash_prefix": layout.hash_prefix,
            "schema_prefix": layout.schema_prefix,
            "filepath_prefix": layout.filepath_prefix,
            "subfolding": layout.subfolding or None,
            "partition_pattern": layout.partition_pattern,
            "token_length": layout.token_length,
        }
        if spec.protocol == "s3":
            defaults |= {"endpoint": getattr(spec, "endpoint", ""), "secure": getattr(spec, "secure", True)}
        super().__init__({**defaults, **spec.full_settings()})
        self.spec = spec

    def __repr__(self) -> str:
        return repr(self.spec)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


def store_of_settings(settings: dict[str, Any]) -> Store:
    """Return the store that DataJoint's settings mean; those from elsewhere have no name but their place."""
    spec = settings.spec if isinstance(settings, StoreSettings) else _anonymous(settings)
    return open_store(spec)


def bridge(settings: dict[str, Any]) -> StoreFileSystem:
    """Return the filesystem of a store for DataJoint, which names everything relative to the location."""
    return StoreFileSystem.of(store_of_settings(settings), read_only=False)


def _anonymous(settings: dict[str, Any]) -> StoreSpec:
    place = settings.get("bucket") or settings.get("container") or settings.get("location") or ""
    return parse_spec(f"{settings.get('protocol')}-{place}".replace("/", "-"), settings)


class _Adapter(StorageAdapter):  # type: ignore[misc]
    """A protocol of ours in DataJoint's interface."""

    def create_filesystem(self, spec: dict[str, Any]) -> StoreFileSystem:
        """Return the store's filesystem."""
        return bridge(spec)

    def validate_spec(self, spec: dict[str, Any]) -> None:
        """Check the settings by our rules."""
        store_of_settings(spec)

    def full_path(self, spec: dict[str, Any], relpath: str) -> str:
        """Return the path as it is: the filesystem is rooted at the location."""
        del spec
        return relpath

    def get_url(self, spec: dict[str, Any], path: str) -> str:
        """Return the address that fsspec knows a path by."""
        return store_of_settings(spec).url(path)


class GSAdapter(_Adapter):
    """Google Cloud Storage by its URL's protocol."""

    protocol = "gs"


class MemoryAdapter(_Adapter):
    """The memory of this process, for tests."""

    protocol = "memory"
