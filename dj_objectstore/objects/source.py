"""Values that can be inserted.

>>> as_source(b"abc").kind
'bytes'
>>> as_source((".csv", io.BytesIO(b"a,b"))).ext
'.csv'
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.exceptions import ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.hashing import check_hash_name
from dj_objectstore.objects.row_json import StoredObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from dj_objectstore.store.store import Store

ACCEPTED = (
    "a path to a file or folder, bytes, (extension, bytes or stream), a URL that fsspec opens, a fetched "
    "ObjectRef, a zarr array or group, an xarray.Dataset, djo.Source(...), or the metadata of an object that "
    "is already in the store"
)
DOUBLE_SUFFIXES = (".nii.gz", ".tar.gz", ".ome.tif", ".ome.tiff", ".ome.zarr", ".zarr.zip")
FOLDER_SUFFIXES = (".zarr", ".n5", ".ome.zarr")
FOLDER_KINDS = ("folder", "zarr", "dataset")


@dataclass(frozen=True)
class Photon:
    """A movie to insert into a ``<photon@>`` field, with what is known of it.

    Parameters
    ----------
    frames
        Array (time[, channel][, z], y, x) of counts, an iterator of frames or blocks of frames, or the path
        of a TIFF file (with ``tifffile``; ScanImage's tell channels and frame rate themselves).
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
    client
        A ``dask.distributed.Client``, on whose workers an array is coded and written.
    verify
        Read every frame back and compare it before the row is written.
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
    client: Any = None
    verify: bool = False


class Source:
    """A value to insert into an ``<object@>`` or ``<file@>`` field, with what is known of it.

    Parameters
    ----------
    value
        A path to a file or folder, bytes, a binary stream, a URL that fsspec opens, a fetched ``ObjectRef``,
        a ``zarr.Array`` or ``Group``, an ``xarray.Dataset`` (stored as Zarr), or the metadata (a dict with
        ``path``) of an object that already lies in the store.
    ext
        Extension with its dot; by default that of the file or folder.
    name
        Name of the file, kept by ``<file@>``; by default that of the path or stream.
    hash
        Content hash to keep in the row: ``"sha256"``, ``"md5"``, ``"xxh3"`` or ``"blake3"``; files only.

    Raises
    ------
    ValueRefusedError
        For a value of another kind, a path where nothing lies, or a hash that is not known.
    """

    def __init__(
        self,
        value: Any,
        *,
        ext: str | None = None,
        name: str | None = None,
        hash: str | None = None,  # noqa: A002 - the word that users know
    ) -> None:
        self.value, self.kind = _classify(value)
        self.name = PurePath(name).name if name else _own_name(self.value, self.kind)
        self.ext = checked_ext(_own_ext(self.value, self.kind, self.name) if ext is None else ext)
        self.hash = hash
        if hash is not None:
            check_hash_name(hash)
            self._refuse_hash_of_folder()

    def __repr__(self) -> str:
        return f"Source({self.kind}, ext={self.ext!r})"

    @property
    def is_dir(self) -> bool:
        """Whether the value becomes a folder."""
        return self.kind in FOLDER_KINDS or (self.kind in ("ref", "url") and bool(self.value.is_dir))

    def existing(self, store: Store) -> dict[str, Any]:
        """Return the metadata given by the user, once its object has been found inside the store."""
        stored = StoredObject.from_json(self.value)
        path = store.safe_join(stored.path)
        try:
            store.info(path)
        except ObjectNotFoundError as err:
            raise ObjectNotFoundError(
                f"metadata can be inserted only for an object that exists: nothing lies at {path!r} "
                f"in store {store.name!r}",
                hint="Insert the file or folder itself, or write it with a staged insert.",
            ) from err
        return {**self.value, "store": store.name}

    def _refuse_hash_of_folder(self) -> None:
        if self.is_dir:
            raise ValueRefusedError(
                f"a hash is taken of a file, and this value is a folder ({self.kind})",
                hint="Leave hash= out: the manifest of a folder holds a digest of every file.",
            )


@dataclass(frozen=True)
class RemoteFile:
    """A file or folder that fsspec opens by its URL."""

    fs: Any
    path: str
    is_dir: bool

    @classmethod
    def find(cls, url: str) -> RemoteFile:
        """Look what lies at a URL, or refuse it."""
        import fsspec

        try:
            fs, path = fsspec.url_to_fs(url)
            return cls(fs, path, fs.info(path)["type"] == "directory")
        except (OSError, ValueError, ImportError) as err:
            scheme = url.partition("://")[0]
            raise ValueRefusedError(
                f"nothing could be opened at the {scheme}:// URL ({type(err).__name__})",
                hint="Check the URL, and that the library for its protocol is installed.",
            ) from err


def as_source(value: Any) -> Source:
    """Return `value` as a `Source`; ``(ext, data)`` becomes ``Source(data, ext=ext)``."""
    if isinstance(value, Source):
        return value
    if isinstance(value, tuple):
        ext, data = _pair(value, "(extension, bytes or stream)", '(".csv", open(path, "rb"))')
        return Source(data, ext=ext)
    return Source(value)


def as_file_source(value: Any) -> Source:
    """Return `value` as a `Source` of one file; ``(name, data)`` becomes ``Source(data, name=name)``."""
    if isinstance(value, tuple):
        name, data = _pair(value, "(name, bytes or stream)", '("traces.csv", open(path, "rb"))')
        value = Source(data, name=name)
    source = value if isinstance(value, Source) else Source(value)
    if source.is_dir:
        raise ValueRefusedError(
            "<file@> holds one file, got a folder", hint="Use an <object@> field for folders."
        )
    if not source.name:
        raise ValueRefusedError(
            f"<file@> keeps the name of its file, and this {source.kind} has none",
            hint='Give it: ("traces.csv", data) or djo.Source(data, name="traces.csv").',
        )
    return source


def _pair(value: tuple[Any, ...], form: str, example: str) -> tuple[str, Any]:
    if len(value) != 2 or not isinstance(value[0], str):  # noqa: PLR2004 - a pair
        raise ValueRefusedError(f"a tuple must be {form}", hint=f"For example {example}.")
    return value[0], value[1]


def _classify(value: Any) -> tuple[Any, str]:
    """Return a value as `Source` keeps it, with its kind."""
    for is_kind, classified in _KINDS:
        if is_kind(value):
            return classified(value)
    raise ValueRefusedError(f"<object> takes {ACCEPTED}; got {type(value).__name__}")


def _has(*names: str) -> Callable[[Any], bool]:
    return lambda value: all(hasattr(value, name) for name in names)


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value.get("path"), str):
        raise ValueRefusedError(
            f"a dict must be a stored object's metadata, with its path; got {sorted(map(str, value))}",
            hint=f"<object> takes {ACCEPTED}.",
        )
    return dict(value)


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


def _own_name(value: Any, kind: str) -> str:
    if kind in ("file", "folder", "url"):
        return PurePath(str(value.path if kind == "url" else value)).name
    if kind == "ref":
        return getattr(value, "original_name", None) or PurePath(value.path).name
    name = getattr(value, "name", None) if kind == "stream" else None
    return PurePath(name).name if isinstance(name, str) and not name.startswith("<") else ""


def _own_ext(value: Any, kind: str, name: str) -> str:
    if kind in ("ref", "metadata"):
        return (value.ext if kind == "ref" else value.get("ext")) or ""
    if kind in ("zarr", "dataset"):
        return ".zarr"
    is_dir = kind == "folder" or (kind == "url" and value.is_dir)
    known = FOLDER_SUFFIXES if is_dir else DOUBLE_SUFFIXES
    matching = [suffix for suffix in known if name.lower().endswith(suffix)]
    if matching:
        return name[-max(map(len, matching)) :]
    return "" if is_dir else PurePath(name).suffix


def checked_ext(ext: str) -> str:
    """Return an extension with its dot, or refuse what can't be one."""
    ext = ext if not ext or ext.startswith(".") else f".{ext}"
    if ext and (ext == "." or "/" in ext or "\\" in ext or ".." in ext or not ext.isprintable()):
        raise ValueRefusedError(f"an extension must look like '.dat', got {ext!r}")
    return ext


# by what a value can do, so that zarr and xarray need not be imported; a Dataset is a mapping too
_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], tuple[Any, str]]], ...] = (
    (lambda value: isinstance(value, (bytes, bytearray, memoryview)), lambda value: (bytes(value), "bytes")),
    (lambda value: isinstance(value, str) and "://" in value, lambda value: (RemoteFile.find(value), "url")),
    (lambda value: isinstance(value, (str, PurePath)), _existing_path),
    (_has("opened", "is_dir"), lambda value: (value, "ref")),
    (_has("store_path", "metadata"), lambda value: (value, "zarr")),
    (_has("to_zarr", "data_vars"), lambda value: (value, "dataset")),
    (lambda value: isinstance(value, Mapping), lambda value: (_metadata(value), "metadata")),
    (_has("read"), lambda value: (_binary(value), "stream")),
)
