"""``<filepath@store>``: a file that the users keep themselves, put in place by `enable`.

DataJoint's codec checks a path by the rules of ``stores.filepath_default`` and then looks for it in
``stores.default``. Here both, the name in the row, and reading mean the same store.
"""

from __future__ import annotations

import json
import os
import posixpath
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from datajoint.builtin_codecs.filepath import FilepathCodec as _DataJointFilepathCodec

from dj_objectstore.exceptions import ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.spec.sources import resolve_spec
from dj_objectstore.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.spec.layout import Layout
    from dj_objectstore.store.store import Store


class FilepathCodec(_DataJointFilepathCodec, register=False):  # type: ignore[misc,call-arg]
    """A file or folder in the store, named by its path; nothing is copied, and nothing ever removed."""

    name = "filepath"

    def encode(
        self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None
    ) -> dict[str, Any]:
        """Return the row's JSON of a path.

        Raises
        ------
        ValueRefusedError
            When the path lies in a section that is reserved, or outside of ``filepath_prefix``.
        ObjectNotFoundError
            When nothing lies there.
        """
        store = self._store(store_name, key, context)
        path = checked_filepath(os.fspath(value), store.spec.layout, store=store.name)
        try:
            found = store.info(path)
        except ObjectNotFoundError as err:
            raise ObjectNotFoundError(
                f"<filepath@> names a file that exists, and nothing lies at {path!r} in store {store.name!r} "
                f"({store.spec.place})",
                hint="Put the file there first, or correct the path: it is relative to the store's location.",
            ) from err
        return {
            "path": path,
            "store": store.name,
            "size": found.size,
            "is_dir": found.is_dir,
            "timestamp": datetime.now(UTC).isoformat(),
        }

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> ObjectRef:
        """Return a handle of what the row names."""
        # a JSON column of MariaDB comes back as text
        named: Mapping[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
        config = self._codec_config(key, context)
        # plain DataJoint's rows don't name the store of an @ alone
        name = named.get("store") or resolve_spec(None, config, filepath=True).name
        return ObjectRef.from_json({**named, "store": name}, config=config)

    def _store(self, name: str | None, key: Any, context: Any) -> Store:
        config = self._codec_config(key, context)
        return open_store(resolve_spec(name, config, filepath=True))


def checked_filepath(path: str, layout: Layout, *, store: str) -> str:
    """Return a path, normalised, that a user may name.

    Raises
    ------
    ValueRefusedError
        When it is absolute, leads out of the store, or lies where it must not.
    """
    normal = posixpath.normpath(path) if path else ""
    if normal in ("", ".") or normal.startswith("/") or normal.split("/")[0] == "..":
        raise ValueRefusedError(
            f"a path must be relative to the location of store {store!r}, got {path!r}",
            hint="Leave out what comes before the location.",
        )
    for section in (layout.hash_prefix, layout.schema_prefix, RESERVED_PREFIX):
        if f"{normal}/".startswith(f"{section}/"):
            raise ValueRefusedError(
                f"<filepath@> must not name what is managed in {section!r}, got {path!r} in store {store!r}",
                hint="Name a file of your own.",
            )
    prefix = layout.filepath_prefix
    if prefix and not f"{normal}/".startswith(f"{prefix}/"):
        raise ValueRefusedError(
            f"a path in store {store!r} must begin with its filepath_prefix {prefix!r}, got {path!r}",
            hint=f"Write {prefix + '/' + normal!r} if the file lies there.",
        )
    return normal
