"""What lies at a key of a store, seen as a movie: photon movies, Zarr, TIFF, HDF5, and folders of them.

>>> source = open_stored(Place(store, "recordings/movie_a1b2c3d4.zarr"))      # doctest: +SKIP
"""

from __future__ import annotations

import json
import math
import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.codecs.interop import as_object_ref
from dj_objectstore.exceptions import FormatError, ObjectNotFoundError, ObjectStoreError, ValueRefusedError
from dj_objectstore.objects.folder import ObjectFolder
from dj_objectstore.store.mapping import StoreMap
from dj_objectstore.widgets.movies.joined import join_movies, open_all
from dj_objectstore.widgets.movies.multiscale import find_levels, open_multiscale
from dj_objectstore.widgets.movies.planes import RangedFile
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, FrameSource, recorded_dims
from dj_objectstore.widgets.movies.stored_files import open_file
from dj_objectstore.widgets.movies.unpacking import CheckedFiles, CheckedObject

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import zarr

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.store.store import Store

ZarrKind = Literal["array", "group", "movie"]
MOVIE_AXES = 3
DOCUMENTS = (".zarray", ".zattrs", "zarr.json", ".zgroup")
TIFF_SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
MOVIE_SUFFIXES = (".zarr", ".nwb", ".h5", ".hdf5", ".npy")
MOVIE_FILES = TIFF_SUFFIXES + MOVIE_SUFFIXES[1:]


@dataclass(frozen=True)
class Place:
    """A file or folder of a store, by its key relative to the store's location.

    `root` is the key of the object that it belongs to: of one, no file may silently be missing.
    """

    store: Store
    key: str
    root: str | None = None

    @property
    def name(self) -> str:
        """Last part of the key."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def identity(self) -> Hashable:
        """Equal for equal places, also of stores that are opened twice."""
        return (self.store.name, self.store.url(self.key))

    def below(self, *parts: str) -> Place:
        """Return a place below this one.

        Raises
        ------
        UnsafePathError
            When it would lie elsewhere.
        """
        key = self.store.safe_join(self.key, *parts) if self.key else self.store.safe_join(*parts)
        return replace(self, key=key)

    def read(self, *parts: str) -> bytes | None:
        """Return the bytes of a file below, or None where there is none."""
        try:
            return self.store.get(self.below(*parts).key)
        except ObjectNotFoundError:
            return None

    def fsmap(self) -> StoreMap:
        """Return the folder as a read-only mapping for zarr."""
        if self.root is None:
            return StoreMap(self.key, CheckedFiles.of(self.store, prefix=self.key))
        return StoreMap(self.key, CheckedObject.of(self.store, prefix=self.root))


def as_ref(value: Any) -> ObjectRef | None:
    """Return a handle as this package's own, also one of DataJoint's codecs; None for anything else."""
    return None if isinstance(value, Mapping | str | Path) else as_object_ref(value)


def zarr_kind(place: Place) -> ZarrKind | None:
    """Return what kind of Zarr lies at a place, in version 2 or 3; None where there is none."""
    return _kind_by(place.read)


def _kind_by(read: Callable[[str], bytes | None]) -> ZarrKind | None:
    if read(".zarray") is not None:
        return "movie" if _json(read(".zattrs")).get("codec_name") == "photon" else "array"
    if (document := read("zarr.json")) is not None:
        return "group" if _json(document).get("node_type") == "group" else "array"
    return "group" if read(".zgroup") is not None else None


def open_zarr(place: Place) -> zarr.Array[Any] | zarr.Group:
    """Open the Zarr array or group at a place, read-only.

    Raises
    ------
    FormatError
        When its metadata can't be read.
    ObjectNotFoundError
        When nothing is there.
    """
    import zarr

    files = place.fsmap()
    try:
        found = zarr.open(files, mode="r")
    except ObjectStoreError:
        raise
    except FileNotFoundError as err:
        raise missing(place) from err
    except (ValueError, KeyError, TypeError) as err:
        raise FormatError(
            f"the Zarr metadata of {place.key!r} in store {place.store.name!r} can't be read",
            hint="Look at its .zarray or zarr.json: it may be damaged, or too new for this zarr.",
        ) from err
    if isinstance(found, zarr.Array) and found.dtype.kind in "biufc":
        files.fs.expect(math.prod(found.chunks) * found.dtype.itemsize)
    return found


def open_stored(place: Place, *, title: str = "", dims: Sequence[str] | None = None) -> FrameSource:
    """Open the movie at a place: photon movie, Zarr, TIFF, HDF5, NWB or npy file, or what a folder holds.

    Of a Zarr group it is the first array with frames, with its coarser versions where it is an OME-Zarr; of a
    folder of TIFF files all of them, by name, as one movie.

    Parameters
    ----------
    dims
        Names of the axes, where the data do not know them.

    Raises
    ------
    ObjectNotFoundError
        When nothing is there.
    FormatError
        When it is of no known format.
    ValueRefusedError
        When it holds no movie, or one that can't be shown.
    """
    title = title or place.name
    # asked for together: a store far away takes as long for one as for all
    found = open_all(partial(place.read, name) for name in DOCUMENTS)
    documents = {name: data for name, data in zip(DOCUMENTS, found, strict=True) if data is not None}
    match _kind_by(documents.get):
        case "movie":
            return _open_photon(place, title, documents)
        case "array":
            return _open_array(place, title, dims)
        case "group":
            return _open_group(place, title, dims)
        case None:
            return _open_unlabelled(place, title, dims)


def missing(place: Place) -> ObjectStoreError:
    """Return the error to raise where no Zarr was found: nothing there, or something else."""
    where = f"{place.key!r} in store {place.store.name!r}"
    if place.store.exists(place.key) or next(iter(place.store.list(f"{place.key}/")), None) is not None:
        return FormatError(f"{where} is not a movie or a Zarr array", hint="Browse it to see what it holds.")
    return ObjectNotFoundError(
        f"the object {where} is gone",
        hint="It was removed, or the store's location has changed; restore it, or correct the row.",
    )


def _open_photon(place: Place, title: str, documents: dict[str, bytes]) -> FrameSource:
    from dj_objectstore.photon.reader import MovieReader
    from dj_objectstore.widgets.movies.photon_source import PhotonSource

    reader = MovieReader(ChainMap(documents, ObjectFolder(place.store, place.key)))
    return PhotonSource(reader, identity=place.identity, title=title)


def _open_array(place: Place, title: str, dims: Sequence[str] | None) -> FrameSource:
    array: Any = open_zarr(place)
    facts = Facts(title=title, notes=array_notes(array))
    return ArraySource(array, dims=dims, identity=(place.identity, tuple(dims or ())), facts=facts)


def _open_group(place: Place, title: str, dims: Sequence[str] | None) -> FrameSource:
    group: Any = open_zarr(place)
    if levels := find_levels(group):
        return open_multiscale(group, levels, identity=place.identity, facts=Facts(title=title))
    inner = _first_movie(place, group)
    return open_stored(inner, title=title, dims=dims)


def _open_unlabelled(place: Place, title: str, dims: Sequence[str] | None) -> FrameSource:
    try:
        found = place.store.info(place.key)
    except ObjectNotFoundError as err:
        raise missing(place) from err
    if found.is_dir:
        return _open_folder(place, title, dims)
    source = open_file(RangedFile(place, found.size or 0, found.modified), title=title, dims=dims)
    if source is None:
        raise missing(place)
    return source


def _open_folder(place: Place, title: str, dims: Sequence[str] | None) -> FrameSource:
    """Open the TIFF files of a folder as one movie; else the first file or Zarr in it that holds one."""
    names = sorted((child.name for child in place.store.children(place.key)), key=by_number)
    stacks = [name for name in names if name.lower().endswith(TIFF_SUFFIXES)]
    if stacks:
        openers = [partial(open_stored, place.below(name), dims=dims) for name in stacks]
        return join_movies(open_all(openers), title=title)
    for name in names:
        if name.lower().endswith(MOVIE_SUFFIXES):
            return open_stored(place.below(name), title=title, dims=dims)
    raise missing(place)


def by_number(name: str) -> list[tuple[int, int, str]]:
    """Sort names with the numbers in them by value.

    >>> sorted(["a10.tif", "a9.tif"], key=by_number)
    ['a9.tif', 'a10.tif']
    """
    pieces = re.split(r"(\d+)", name.casefold())
    return [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces]


def array_notes(array: Any) -> tuple[tuple[str, str], ...]:
    """Return the facts to show of an array of any library."""
    names = recorded_dims(array) or ()
    sizes = [str(size) for size in array.shape]
    labelled = [f"{name} {size}" for name, size in zip(names, sizes, strict=True)] if names else sizes
    notes = [("Shape", ", ".join(labelled)), ("Type", str(array.dtype))]
    chunks = getattr(array, "chunks", None)
    if chunks:
        largest = [max(part) if isinstance(part, tuple) else part for part in chunks]
        notes.append(("Chunks", " x ".join(str(part) for part in largest)))
    return tuple(notes)


def _first_movie(place: Place, group: Any) -> Place:
    import zarr

    members = sorted(group.members(max_depth=None))
    for path, node in members:
        if isinstance(node, zarr.Array) and len(node.shape) >= MOVIE_AXES and node.dtype.kind in "buif":
            return place.below(*path.split("/"))
    raise ValueRefusedError(
        f"the Zarr group {place.key!r} in store {place.store.name!r} holds no array with frames",
        hint="A movie needs three axes or more: (time, y, x). Browse the group to see its arrays.",
    )


def _json(document: bytes | None) -> dict[str, Any]:
    try:
        content = json.loads(document or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
