"""Values that can be inserted, and how each is written into a store.

>>> as_source(b"abc").ext
''
>>> as_source((".csv", io.BytesIO(b"a,b"))).ext
'.csv'
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.exceptions import ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.manifest import Manifest, ManifestFile, build_manifest, manifest_key
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.row_json import StoredObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from dj_objectstore.store.store import Store

ACCEPTED = (
    "a path to a file or folder, bytes, (extension, bytes or stream), a fetched ObjectRef, djo.Source(...), "
    "or the metadata of an object that is already in the store"
)
DOUBLE_SUFFIXES = (".nii.gz", ".tar.gz", ".ome.tif", ".ome.tiff", ".ome.zarr", ".zarr.zip")
FOLDER_SUFFIXES = (".zarr", ".n5", ".ome.zarr")


@dataclass(frozen=True)
class Photon:
    """A movie to insert into a ``<photon@>`` field, with what is known of it.

    Parameters
    ----------
    frames
        Array (time[, channel][, z], y, x) of counts, or an iterator of frames or blocks of frames.
    dims
        Names of the axes, of ``"time", "channel", "z", "y", "x"``; by default from the number of axes.
    gain
        Grey levels per photon; estimated from the movie when None.
    offset
        Grey level of zero photons; estimated with the gain, 0 when only the gain is given.
    variance
        Read variance in grey levels squared; estimated with the gain, 0 when only the gain is given.
    step
        Width of a code in standard deviations of the noise; ``compact`` only.
    frames_per_chunk
        Frames in one chunk; by default about 2.5 MB of codes.
    mode
        ``"compact"`` (quantised Anscombe), ``"lossless"`` (exact integers), or ``"reference"`` (float64).
    frame_rate
        Frames per second.
    times
        Seconds of each frame, shape (time,), where frames are not evenly spaced.
    pixel_size
        Micrometres (y, x) of a pixel.
    """

    frames: Any
    dims: Sequence[str] | None = None
    gain: float | None = None
    offset: float | None = None
    variance: float | None = None
    step: float = 0.5
    frames_per_chunk: int | None = None
    mode: Literal["compact", "lossless", "reference"] = "compact"
    frame_rate: float | None = None
    times: np.ndarray | None = None
    pixel_size: tuple[float, float] | None = None


class Source:
    """A value to insert into an ``<object@>`` field.

    Parameters
    ----------
    value
        A path to a file or folder, bytes, a binary stream, a fetched ``ObjectRef``, or the metadata (a dict
        with ``path``) of an object that already lies in the store.
    ext
        Extension with its dot; by default that of the file or folder.

    Raises
    ------
    ValueRefusedError
        For a value of another kind, or a path where nothing lies.
    """

    def __init__(self, value: Any, *, ext: str | None = None) -> None:
        self.value, self.kind = _classify(value)
        self.ext = checked_ext(_own_ext(self.value, self.kind) if ext is None else ext)

    def __repr__(self) -> str:
        return f"Source({self.kind}, ext={self.ext!r})"

    def write(self, store: Store, path: str) -> StoredObject:
        """Write the value to `path`, a new key relative to the store's location, and return its metadata.

        Files and streams pass in bounded memory, a folder's files concurrently; a folder gets a manifest.
        """
        if self.kind == "folder":
            with progress_bar(f"Uploading {self.value.name}") as advance:
                files = store.put_folder(path, self.value, progress=advance)
            return write_manifest(store, path, [ManifestFile(*file) for file in files], ext=self.ext)
        if self.kind == "ref" and self.value.is_dir:
            return self._copy_folder(store, path)
        size, digest = self._write_file(store, path)
        return StoredObject(
            path=path,
            store=store.name,
            size=size,
            is_dir=False,
            ext=self.ext or None,
            mime_type=mimetypes.guess_type(f"x{self.ext}")[0],
            digest=f"xxh3-128:{digest}",
        )

    def _write_file(self, store: Store, path: str) -> tuple[int, str]:
        if self.kind == "file":
            with progress_bar(f"Uploading {self.value.name}") as advance:
                return store.put_file(path, self.value, progress=advance)
        if self.kind == "ref":
            with self.value.open() as stream:
                return store.put_stream(path, stream)
        stream = io.BytesIO(self.value) if self.kind == "bytes" else self.value
        return store.put_stream(path, stream)

    def _copy_folder(self, store: Store, path: str) -> StoredObject:
        ref = self.value
        names = [entry.key[len(ref.path) + 1 :] for entry in ref.opened.list(f"{ref.path}/")]
        if not names:
            raise ObjectNotFoundError(
                f"nothing lies at {ref.path!r} in store {ref.store!r}", hint="Fetch the row again."
            )
        files = []
        for name in names:
            with ref.open(name) as stream:
                size, digest = store.put_stream(store.safe_join(path, name), stream)
            files.append(ManifestFile(name, size, digest))
        return write_manifest(store, path, files, ext=self.ext)

    def existing(self, store: Store) -> dict[str, Any]:
        """Return the metadata given by the user, once its object has been found inside the store."""
        stored = StoredObject.from_json(self.value)
        path = store.safe_join(stored.path)
        found = next(iter(store.list(f"{path}/")), None) if stored.is_dir else store.exists(path)
        if not found:
            raise ObjectNotFoundError(
                f"metadata can be inserted only for an object that exists: nothing lies at {path!r} "
                f"in store {store.name!r}",
                hint="Insert the file or folder itself, or write it with a staged insert.",
            )
        return {**self.value, "store": store.name}


def as_source(value: Any) -> Source:
    """Return `value` as a `Source`; ``(ext, data)`` becomes ``Source(data, ext=ext)``."""
    if isinstance(value, Source):
        return value
    if isinstance(value, tuple):
        if len(value) != 2 or not isinstance(value[0], str):  # noqa: PLR2004 - (extension, data)
            raise ValueRefusedError(
                "a tuple must be (extension, bytes or stream)", hint='For example (".csv", open(path, "rb")).'
            )
        return Source(value[1], ext=value[0])
    return Source(value)


def write_manifest(store: Store, path: str, files: list[ManifestFile], *, ext: str) -> StoredObject:
    """Write the manifest of the folder at `path` and return the folder's metadata."""
    manifest = Manifest.of(files)
    store.put(manifest_key(path), build_manifest(manifest))
    return StoredObject(
        path=path,
        store=store.name,
        size=manifest.total_size,
        is_dir=True,
        ext=ext or None,
        item_count=len(files),
    )


def _classify(value: Any) -> tuple[Any, str]:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), "bytes"
    if isinstance(value, (str, PurePath)):
        return _existing_path(value)
    if isinstance(value, Mapping):
        if not isinstance(value.get("path"), str):
            raise ValueRefusedError(
                f"a dict must be a stored object's metadata, with its path; got {sorted(map(str, value))}",
                hint=f"<object> takes {ACCEPTED}.",
            )
        return dict(value), "metadata"
    if hasattr(value, "opened") and hasattr(value, "is_dir"):
        return value, "ref"
    if hasattr(value, "read"):
        return _binary(value), "stream"
    raise ValueRefusedError(f"<object> takes {ACCEPTED}; got {type(value).__name__}")


def _existing_path(value: str | PurePath) -> tuple[Path, str]:
    path = Path(value).expanduser()
    if path.is_dir():
        return path, "folder"
    if path.is_file():
        return path, "file"
    raise ValueRefusedError(
        f"there is no file or folder at {str(value)!r}",
        hint="Give the path of an existing file or folder; to store text, give its bytes with an extension: "
        '(".txt", text.encode()).',
    )


def _binary(stream: Any) -> Any:
    if isinstance(stream, io.TextIOBase):
        raise ValueRefusedError(
            "a stream must be binary, this one gives text", hint='Open the file with mode "rb".'
        )
    return stream


def _own_ext(value: Any, kind: str) -> str:
    if kind in ("ref", "metadata"):
        return (value.ext if kind == "ref" else value.get("ext")) or ""
    if kind not in ("file", "folder"):
        return ""
    name = value.name.lower()
    known = FOLDER_SUFFIXES if kind == "folder" else DOUBLE_SUFFIXES
    matching = [suffix for suffix in known if name.endswith(suffix)]
    if matching:
        return str(value.name)[-max(map(len, matching)) :]
    return str(value.suffix) if kind == "file" else ""


def checked_ext(ext: str) -> str:
    """Return an extension with its dot, or refuse what can't be one."""
    ext = ext if not ext or ext.startswith(".") else f".{ext}"
    if ext and (ext == "." or "/" in ext or "\\" in ext or ".." in ext or not ext.isprintable()):
        raise ValueRefusedError(f"an extension must look like '.dat', got {ext!r}")
    return ext
