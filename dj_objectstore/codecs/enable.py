"""Switching our codecs and stores on in place of DataJoint's, and back."""

from __future__ import annotations

from datajoint import codecs as _datajoint_codecs
from datajoint.codecs import Codec, get_codec, unregister_codec
from datajoint.settings import Config
from datajoint.table import Table

from dj_objectstore.codecs import compat, insert
from dj_objectstore.codecs.file import FileCodec
from dj_objectstore.codecs.filepath import FilepathCodec
from dj_objectstore.codecs.object import ObjectCodec
from dj_objectstore.codecs.photon import PhotonCodec
from dj_objectstore.codecs.staging import staged_insert1
from dj_objectstore.spec.saving import install_save, remove_save

_replaced: dict[str, Codec] = {}
_STAGED = "staged_insert1"
_datajoint_staged = Table.staged_insert1


def enable_codecs() -> None:
    """Serve ``<object@>`` and ``<filepath@>`` by our codecs, and every store to DataJoint's own.

    Tables whose headings are already loaded are served too; may be repeated.
    """
    insert.install()
    compat.install()
    install_save(Config)
    for ours in (ObjectCodec, FilepathCodec):
        current = get_codec(ours.name)
        if not isinstance(current, ours):
            _replaced[ours.name] = current
            _register(ours())
    for only in (PhotonCodec, FileCodec):
        if not isinstance(get_codec(only.name), only):
            _register(only())
    setattr(Table, _STAGED, property(staged_insert1, doc=staged_insert1.__doc__))


def disable_codecs() -> None:
    """Give DataJoint's codecs and stores back to it; ``<photon@>`` and ``<file@>`` have no other and stay."""
    while _replaced:
        _register(_replaced.popitem()[1])
    compat.uninstall()
    remove_save(Config)
    setattr(Table, _STAGED, _datajoint_staged)


def _register(codec: Codec) -> None:
    if codec.name in _datajoint_codecs.list_codecs():
        unregister_codec(codec.name)
    _datajoint_codecs._codec_registry[codec.name] = codec  # noqa: SLF001 - it registers only new subclasses itself
