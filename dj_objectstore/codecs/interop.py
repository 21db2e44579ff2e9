"""What DataJoint's own codecs give, as handles of this package, so that it can be browsed like our objects.

>>> as_object_ref((Recording & key).fetch1("waveform"))      # an NpyRef of <npy@>  # doctest: +SKIP
ObjectRef(file '_schema/lab/recording/i=1/waveform_Ab3dE5gH.npy' in store 'main', size not known)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from datajoint.builtin_codecs.npy import NpyRef
from datajoint.objectref import ObjectRef as DataJointRef

from dj_objectstore.codecs.adapters import StoreSettings
from dj_objectstore.exceptions import FormatError
from dj_objectstore.objects.file_ref import FileRef
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.spec.models import FileSpec
from dj_objectstore.store.store import Store, open_store


def as_object_ref(value: Any, *, config: Any = None) -> ObjectRef | None:
    """Return a handle for what a user holds of a stored object; None for anything else.

    Parameters
    ----------
    value
        A handle of ours; DataJoint's ``ObjectRef`` (``<object@>`` and ``<filepath@>`` of plain DataJoint) or
        ``NpyRef`` (``<npy@>``); the path of a file on disk (what ``<attach@>`` gives); or the JSON that a row
        holds of one of these or of ``<hash@>``, as a dict or text.
    config
        DataJoint's configuration, where it is not that of this process.
    """
    if isinstance(value, ObjectRef):
        return value
    if isinstance(value, DataJointRef):
        return ObjectRef(StoredObject.from_json(value.to_json()), config=config, opened=_store_of(value))
    if isinstance(value, NpyRef):
        opened = _store_of(value)
        name = value.store or (opened.name if opened else None)
        stored = StoredObject(value.path, name, None, is_dir=False, ext=".npy", timestamp=None)
        return ObjectRef(stored, config=config, opened=opened)
    if isinstance(value, (str, PurePath)) and not str(value).lstrip().startswith("{"):
        return _local_file(Path(value))
    return _row_value(value, config) if isinstance(value, (str, Mapping)) else None


def _store_of(ref: Any) -> Store | None:
    """Return the store that DataJoint has already found for a handle; None to find it by its name."""
    backend: Any = getattr(ref, "_backend", None)
    settings = getattr(backend, "spec", None)
    return open_store(settings.spec) if isinstance(settings, StoreSettings) else None


def _local_file(path: Path) -> ObjectRef | None:
    path = path.expanduser().absolute()
    if not path.is_file():
        return None
    # a name that no configured store has
    store = open_store(FileSpec(name=str(path.parent), protocol="file", location=str(path.parent)))
    size = path.stat().st_size
    stored = StoredObject(path.name, store.name, size, is_dir=False, ext=path.suffix or None, timestamp=None)
    return ObjectRef(stored, opened=store)


def _row_value(value: str | Mapping[str, Any], config: Any) -> ObjectRef | None:
    try:
        stored = StoredObject.from_json(json.loads(value) if isinstance(value, str) else value)
    except (FormatError, ValueError):
        return None
    return (FileRef if stored.original_name else ObjectRef)(stored, config=config)
