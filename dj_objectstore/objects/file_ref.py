"""`FileRef`: the handle that a fetched ``<file@>`` field gives."""

from __future__ import annotations

from pathlib import Path

from dj_objectstore.objects.ref import ObjectRef


class FileRef(ObjectRef):
    """Handle to one stored file, which knows the name that it had."""

    @property
    def original_name(self) -> str | None:
        """Name of the file when it was inserted."""
        return self._stored.original_name

    def download(self, destination: Path | str, subpath: str | None = None) -> Path:
        """Copy the file to disk, into a folder under its original name, and return where it lies."""
        target = Path(destination).expanduser()
        if self.original_name and (target.is_dir() or str(destination).endswith("/")):
            target = target / Path(self.original_name).name
        return super().download(target, subpath)
