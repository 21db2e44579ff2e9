"""The manifest beside every folder object: which files it holds, their sizes and digests.

>>> manifest_key("_schema/lab/Scan/scan_id=1/files_Ab3dE5gH")
'_schema/lab/Scan/scan_id=1/files_Ab3dE5gH.manifest.json'
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
ALGORITHM = "xxh3-128"


@dataclass(frozen=True, order=True)
class ManifestFile:
    """One file of a folder: its path relative to the folder, bytes, and digest in hex (None: not known)."""

    path: str
    size: int
    digest: str | None


@dataclass(frozen=True)
class Manifest:
    """All files of a folder object, sorted by path."""

    files: tuple[ManifestFile, ...]
    created: datetime

    @classmethod
    def of(cls, files: Iterable[ManifestFile]) -> Manifest:
        """Make the manifest of files that have just been written."""
        return cls(tuple(sorted(files)), datetime.now(UTC))

    @property
    def total_size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def manifest_key(path: str) -> str:
    """Return where the manifest of the folder object at `path` lies."""
    return f"{path}.manifest.json"


def build_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as JSON."""
    document = {
        "format": FORMAT,
        "files": [{"path": file.path, "size": file.size, "digest": file.digest} for file in manifest.files],
        "total_size": manifest.total_size,
        "item_count": len(manifest.files),
        "created": manifest.created.isoformat(),
        "algorithm": ALGORITHM,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest, also one of DataJoint's older layout, which has no digests.

    Raises
    ------
    FormatError
        When it is not JSON, or of a newer format.
    """
    try:
        document = json.loads(data)
        version = document.get("format", FORMAT)
        files = tuple(ManifestFile(f["path"], f["size"], f.get("digest")) for f in document["files"])
        created = datetime.fromisoformat(document["created"])
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise FormatError(
            f"a manifest must be JSON with files and created, and this one is not ({err!r})",
            hint="It was damaged or written by something else; verify the object with read_data=True.",
        ) from err
    if version != FORMAT:
        raise FormatError(
            f"manifests of format {FORMAT} can be read, this one is of format {version!r}",
            hint="Upgrade dj-objectstore.",
        )
    return Manifest(files, created)
