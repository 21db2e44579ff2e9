"""The JSON that a row holds for one stored object.

Plain DataJoint reads the same JSON, so its names are kept, and what it does not know is added.

>>> StoredObject(path="_schema/lab/Scan/scan_id=1/a_Ab3dE5gH.csv", store="main", size=3, is_dir=False).store
'main'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from dj_objectstore.exceptions import FormatError


@dataclass(frozen=True)
class StoredObject:
    """Metadata of one stored object.

    Parameters
    ----------
    path
        Key relative to the store's location.
    store
        Name of the store, never empty for rows that this package writes.
    size
        Bytes stored, of all files of a folder; None where it is not known.
    ext
        Extension with its dot, or None.
    is_dir
        Whether the object is a folder.
    timestamp
        UTC, at the end of the upload.
    hash
        Content hash as ``name:hex``, or None.
    mime_type
        Guessed from the extension; files only.
    item_count
        Number of files; folders only.
    digest
        ``xxh3-128:hex`` of the bytes that were sent; files only.
    original_name
        Name that the file had; ``<file@>`` only.
    """

    path: str
    store: str | None
    size: int | None
    is_dir: bool
    ext: str | None = None
    timestamp: datetime | None = field(default_factory=lambda: datetime.now(UTC))
    hash: str | None = None
    mime_type: str | None = None
    item_count: int | None = None
    digest: str | None = None
    original_name: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row's JSON."""
        optional = {
            "mime_type": self.mime_type,
            "item_count": self.item_count,
            "digest": self.digest,
            "original_name": self.original_name,
        }
        return {
            "path": self.path,
            "store": self.store,
            "size": self.size,
            "hash": self.hash,
            "ext": self.ext,
            "is_dir": self.is_dir,
            "timestamp": self.timestamp.isoformat() if self.timestamp else None,
        } | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def from_json(cls, stored: str | Mapping[str, Any]) -> StoredObject:
        """Read a row's JSON, ours or plain DataJoint's.

        Raises
        ------
        FormatError
            When the JSON names no path.
        """
        data = checked_row(stored)
        return cls(
            path=data["path"],
            store=data.get("store") or None,
            size=data.get("size"),
            is_dir=bool(data.get("is_dir")),
            ext=data["ext"] if "ext" in data else _suffix(data),
            timestamp=_parse_timestamp(data.get("timestamp")),
            hash=data.get("hash"),
            mime_type=data.get("mime_type"),
            item_count=data.get("item_count"),
            digest=data.get("digest"),
            original_name=data.get("original_name"),
        )


def checked_row(stored: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row's JSON as a mapping that names a path.

    Raises
    ------
    FormatError
        When it names none.
    """
    data = json.loads(stored) if isinstance(stored, str) else stored
    # a dict comes first: asking an abstract class costs more than all the rest of a fetch
    if not isinstance(data, (dict, Mapping)) or not isinstance(data.get("path"), str):
        raise FormatError(
            f"the row's JSON of an object must name its path, got {data!r:.200}",
            hint="It was written by something else than an object codec; correct the row with update1.",
        )
    return data


def _suffix(data: Mapping[str, Any]) -> str | None:
    """Return the extension of a file of DataJoint's ``<npy@>`` or ``<filepath@>``, which don't record it."""
    return None if data.get("is_dir") else PurePosixPath(data["path"]).suffix or None


def _parse_timestamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
