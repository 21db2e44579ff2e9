"""``<object@store>``: files and folders; a superset of DataJoint's codec, put in place by `enable`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.codecs.stored import StoredObjectCodec
from dj_objectstore.objects.source import Source, as_source
from dj_objectstore.objects.upload import upload

if TYPE_CHECKING:
    from dj_objectstore.objects.row_json import StoredObject
    from dj_objectstore.store.store import Store


class ObjectCodec(StoredObjectCodec, register=False):  # type: ignore[call-arg]
    """Files, folders, bytes and streams; fetched as `ObjectRef`."""

    name = "object"

    def checked(self, value: Any) -> Source:
        """Return `value` as a `Source`."""
        return as_source(value)

    def ext(self, value: Source) -> str:
        """Return the source's own extension."""
        return value.ext

    def write(self, value: Source, store: Store, path: str) -> StoredObject:
        """Write the source to `path`."""
        return upload(value, store, path)

    def existing(self, value: Source, store: Store) -> dict[str, Any] | None:
        """Return the metadata that the user gave for an object that lies in the store."""
        return value.existing(store) if value.kind == "metadata" else None
