"""Switching our ``<object@>`` on in place of DataJoint's, and back."""

from __future__ import annotations

from datajoint import codecs as _datajoint_codecs
from datajoint.codecs import Codec, get_codec, unregister_codec
from datajoint.table import Table

from dj_objectstore.codecs import insert
from dj_objectstore.codecs.file import FileCodec
from dj_objectstore.codecs.object import ObjectCodec
from dj_objectstore.codecs.photon import PhotonCodec
from dj_objectstore.codecs.staging import staged_insert1

_replaced: dict[str, Codec] = {}
_STAGED = "staged_insert1"
_datajoint_staged = Table.staged_insert1


def enable_codecs() -> None:
    """Serve ``<object@>`` by our codec, for tables whose headings are already loaded too; may be repeated."""
    insert.install()
    current = get_codec(ObjectCodec.name)
    if not isinstance(current, ObjectCodec):
        _replaced[ObjectCodec.name] = current
        _register(ObjectCodec())
    for codec in (PhotonCodec, FileCodec):
        if not isinstance(get_codec(codec.name), codec):
            _register(codec())
    setattr(Table, _STAGED, property(staged_insert1, doc=staged_insert1.__doc__))


def disable_codecs() -> None:
    """Give ``<object@>`` back to DataJoint; ``<photon@>`` has no other codec and stays."""
    while _replaced:
        _register(_replaced.popitem()[1])
    setattr(Table, _STAGED, _datajoint_staged)


def _register(codec: Codec) -> None:
    if codec.name in _datajoint_codecs.list_codecs():
        unregister_codec(codec.name)
    _datajoint_codecs._codec_registry[codec.name] = codec  # noqa: SLF001 - it registers only new subclasses itself
