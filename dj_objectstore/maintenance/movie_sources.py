"""Movies as they lie in stores and on disks before they are photon movies: opened, and sliced in time.

What is opened can travel to the workers of a cluster by its place, and is read there.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ObjectNotFoundError, UnsafePathError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.photon.format import DIMS
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.tiff import SUFFIXES, open_tiff

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dj_objectstore.objects.ref import ObjectRef

#: the frames, and what is known of them, as options of `Photon`
Opened = tuple[Any, dict[str, Any]]


class NpyMovie:
    """An npy file as an array that is mapped where it is read; only its path travels."""

    def __init__(self, path: Path) -> None:
        self._path = path
        array = self._array()
        self.shape, self.dtype = array.shape, array.dtype

    def _array(self) -> NDArray[Any]:
        try:
            return np.asanyarray(np.load(self._path, mmap_mode="r", allow_pickle=False))
        except (ValueError, EOFError) as err:
            raise ValueRefusedError(f"{str(self._path)!r} is no npy file of numbers: {err}") from err

    def __getitem__(self, key: Any) -> NDArray[Any]:
        frames: NDArray[Any] = self._array()[key]
        return frames


class StoredMovie:
    """A photon movie as an array of counts."""

    def __init__(self, reader: MovieReader) -> None:
        self.reader = reader
        self.shape, self.dtype = reader.shape, reader.dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return self.reader.read(key)


class DiskFolder(MutableMapping[str, bytes]):
    """A folder on disk as the reader and the writer of movies take it; it travels by its path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _place(self, name: str) -> Path:
        if {"", ".", ".."} & set(name.split("/")):
            raise UnsafePathError(f"{name!r} is no name of a file in a movie")
        return self._folder / name

    def __getitem__(self, name: str) -> bytes:
        try:
            return self._place(name).read_bytes()
        except FileNotFoundError as err:
            raise KeyError(name) from err

    def __setitem__(self, name: str, data: bytes) -> None:
        self._place(name).write_bytes(data)

    def __delitem__(self, name: str) -> None:
        self._place(name).unlink()

    def __iter__(self) -> Iterator[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return (path.relative_to(self._folder).as_posix() for path in files)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@contextmanager
def open_file(path: Path) -> Iterator[Opened]:
    """Give the frames of a file or folder on disk: npy, TIFF, a photon movie, or a Zarr array.

    Raises
    ------
    ObjectNotFoundError
        Where nothing lies.
    ValueRefusedError
        For what is none of these.
    """
    if path.is_dir():
        yield _open_folder(path)
    elif not path.exists():
        raise ObjectNotFoundError(
            f"there is no file or folder at {str(path)!r}", hint="Give the path of a movie."
        )
    elif path.suffix.lower() == ".npy":
        yield NpyMovie(path), {}
    elif path.suffix.lower() in SUFFIXES:
        frames = open_tiff(path)
        yield frames, {"dims": frames.dims, "frame_rate": frames.frame_rate}
        frames.close()
    else:
        raise ValueRefusedError(
            f"{path.name!r} must be a Zarr array (a folder), an npy or a TIFF file",
            hint="Save the movie as one of them first.",
        )


@contextmanager
def open_object(old: ObjectRef) -> Iterator[Opened]:
    """Give the frames of a stored object, and what is known of them."""
    ext = (old.ext or "").lower()
    if isinstance(old, PhotonMovie):
        yield old, {"dims": old.dims, **_known(old.reader)}
    elif ext == ".npy":
        with old.open() as stream:
            yield np.load(stream, allow_pickle=False), {}
    elif ext.endswith(SUFFIXES):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "movie.tif"
            with old.open() as stream, path.open("wb") as copy:
                while part := stream.read(1 << 22):
                    copy.write(part)
            with open_file(path) as opened:
                yield opened
    else:
        yield _of_zarr(old.open_zarr(), old.path)


def _open_folder(path: Path) -> Opened:
    attributes = path / ".zattrs"
    if attributes.is_file() and _is_photon(attributes.read_bytes()):
        reader = MovieReader(DiskFolder(path))
        return StoredMovie(reader), {"dims": reader.dims, **_known(reader)}
    import zarr

    try:
        found = zarr.open(path, mode="r")
    except (FileNotFoundError, ValueError) as err:
        raise ValueRefusedError(
            f"{path.name!r} is a folder, and no Zarr array lies in it", hint="Give the array's own folder."
        ) from err
    return _of_zarr(found, path.name)


def _is_photon(attributes: bytes) -> bool:
    try:
        return bool(json.loads(attributes).get("codec_name") == "photon")
    except (ValueError, AttributeError):
        return False


def _of_zarr(found: Any, name: str) -> Opened:
    if not hasattr(found, "dtype"):
        raise ValueRefusedError(
            f"{name!r} is a Zarr group, and a movie is an array",
            hint="Give the folder of its array, or store that as an object.",
        )
    names = getattr(found.metadata, "dimension_names", None) or found.attrs.get("_ARRAY_DIMENSIONS") or ()
    return found, {"dims": tuple(names)} if names and set(names) <= set(DIMS) else {}


def _known(reader: MovieReader) -> dict[str, Any]:
    return {"frame_rate": reader.frame_rate, "times": reader.times, "pixel_size": reader.pixel_size}
