"""What all codecs of stored objects share: where an object goes, and what its row and its handle are.

A subclass says which values it takes (`checked`), how one is written (`write`), and which handle a row gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datajoint.builtin_codecs import SchemaCodec

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.paths.schema_path import build_schema_path
from dj_objectstore.paths.tokens import new_token
from dj_objectstore.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datajoint.codecs import Codec

    from dj_objectstore.objects.row_json import StoredObject


class Written(dict[str, Any]):
    """The row JSON of an object that the insert hook has written: it passes the codec untouched."""


class StoredObjectCodec(SchemaCodec, register=False):  # type: ignore[misc,call-arg]
    """Base of ``<object@>`` and ``<photon@>``."""

    handle: ClassVar[type[ObjectRef]] = ObjectRef

    def checked(self, value: Any) -> Any:
        """Return `value` as what `write` takes, or raise ValueRefusedError."""
        raise NotImplementedError

    def ext(self, value: Any) -> str:
        """Return the extension of the stored name, with its dot."""
        raise NotImplementedError

    def write(self, value: Any, store: Store, path: str) -> StoredObject:
        """Write a checked value to the new key `path`."""
        raise NotImplementedError

    def existing(self, value: Any, store: Store) -> dict[str, Any] | None:
        """Return the row JSON when `value` names an object that is already stored, else None."""
        del value, store
        return None

    # -- what DataJoint calls ------------------------------------------------------------------------------

    def get_dtype(self, is_store: bool) -> str:  # noqa: FBT001 - DataJoint's signature
        """Return the column type; a store is required."""
        if not is_store:
            raise ConfigurationError(
                f"<{self.name}> keeps its data in a store and needs an @",
                hint=f"Write <{self.name}@> for the default store, or <{self.name}@name>.",
            )
        return "json"

    def validate(self, value: Any) -> None:
        """Raise ValueRefusedError when `value` can't be inserted."""
        if not isinstance(value, Written):
            self.checked(value)

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        store_name: str | None = None,
    ) -> dict[str, Any]:
        """Return the row JSON of `value`, which the insert hook has already written."""
        if isinstance(value, Written):
            return dict(value)
        schema, table, field, primary_key = self._extract_context(dict(key or {}), context)
        store = open_store(store_name, config=self._codec_config(key, context))
        checked = self.checked(value)
        given = self.existing(checked, store)
        if given is not None:
            return given
        path = self.new_path(
            store, self.ext(checked), schema=schema, table=table, field=field, key=primary_key
        )
        return self.write(checked, store, path).to_json()

    def decode(
        self,
        stored: Mapping[str, Any] | str,
        *,
        key: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> ObjectRef:
        """Return the handle of a stored object; asks the store nothing."""
        # for each row of a fetch: what `_codec_config` does for the rest takes longer than the handle
        config = context["config"] if context else self._codec_config(key, context)
        return self.handle.from_json(stored, config=config)

    def new_path(
        self, store: Store, ext: str, *, schema: str, table: str, field: str, key: Mapping[str, Any]
    ) -> str:
        """Return a new key for an object of this row, with a fresh token."""
        layout = store.spec.layout
        return build_schema_path(
            layout=layout,
            schema=schema,
            table=table,
            key=key,
            field=field,
            token=new_token(layout.token_length),
            ext=ext,
            room=store.spec.path_room,
        )


def codec_of(attribute: Any) -> StoredObjectCodec | None:
    """Return the codec of ours that serves a heading's attribute, or None.

    A heading that was loaded before `enable` still holds DataJoint's own codec, while DataJoint encodes and
    decodes by the name: so it is looked up by name here too.
    """
    from datajoint.codecs import get_codec, is_codec_registered

    codec: Codec | None = attribute.codec
    if codec is None or not is_codec_registered(codec.name):
        return None
    current = get_codec(codec.name)
    return current if isinstance(current, StoredObjectCodec) else None
