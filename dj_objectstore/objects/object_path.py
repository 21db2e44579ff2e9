"""`ObjectPath`: a stored object as a path of universal_pathlib. Imported only where that is installed.

>>> path = ref.upath()                             # doctest: +SKIP
>>> sorted(file.name for file in path.rglob("*.csv"))  # doctest: +SKIP
['traces.csv']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from upath import UPath
from upath.registry import register_implementation

from dj_objectstore.store.mapping import PROTOCOL

if TYPE_CHECKING:
    from dj_objectstore.store.filesystem import StoreFileSystem


class ObjectPath(UPath):
    """A path inside of one object, read-only; pickles with its filesystem, and so without a secret."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return build_path, (self.fs, self.path)


def build_path(fs: StoreFileSystem, key: str) -> ObjectPath:
    """Return the path of a key on a filesystem."""
    path = ObjectPath(fs.unstrip_protocol(key))
    path.fs  # noqa: B018 - takes the filesystem while the handle in its URL still names it
    return path


register_implementation(PROTOCOL, ObjectPath, clobber=True)
