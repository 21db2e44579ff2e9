"""``<file@store>``: one file, with the name that it had and its SHA-256."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.codecs import insert
from dj_objectstore.codecs.stored import StoredObjectCodec
from dj_objectstore.objects.file_ref import FileRef
from dj_objectstore.objects.source import Source, as_file_source
from dj_objectstore.objects.upload import upload

if TYPE_CHECKING:
    from dj_objectstore.objects.row_json import StoredObject
    from dj_objectstore.store.store import Store


class FileCodec(StoredObjectCodec):
    """Files, named bytes and streams; fetched as `FileRef`."""

    name = "file"
    handle = FileRef

    def checked(self, value: Any) -> Source:
        """Return `value` as a `Source` of one named file, to be hashed by SHA-256."""
        source = as_file_source(value)
        source.hash = "sha256"
        return source

    def ext(self, value: Source) -> str:
        """Return the extension of the file's name."""
        return value.ext

    def write(self, value: Source, store: Store, path: str) -> StoredObject:
        """Write the file to `path`."""
        return upload(value, store, path, name=value.name)


insert.install()
