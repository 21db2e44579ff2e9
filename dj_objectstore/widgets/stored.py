"""What lies at a key of a store, seen as a movie: photon movies, Zarr arrays, arrays in Zarr groups.

>>> source = open_stored(Place(store, "recordings/movie_a1b2c3d4.zarr"))      # doctest: +SKIP
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dj_objectstore.exceptions import FormatError, ObjectNotFoundError, ObjectStoreError, ValueRefusedError
from dj_objectstore.objects.folder import ObjectFolder
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.widgets.sources import ArraySource, Facts, FrameSource, recorded_dims

if TYPE_CHECKING:
    from collections.abc import Hashable

    import zarr

    from dj_objectstore.store.store import Store

ZarrKind = Literal["array", "group", "movie"]
MOVIE_AXES = 3


@dataclass(frozen=True)
class Place:
    """A file or folder of a store, by its key relative to the store's location."""

    store: Store
    key: str

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
        return Place(
            self.store, self.store.safe_join(self.key, *parts) if self.key else self.store.safe_join(*parts)
        )

    def read(self, *parts: str) -> bytes | None:
        """Return the bytes of a file below, or None where there is none."""
        try:
            return self.store.get(self.below(*parts).key)
        except ObjectNotFoundError:
            return None


def as_ref(value: Any) -> ObjectRef | None:
    """Return a handle as this package's own, also one of plain DataJoint; None for anything else."""
    if isinstance(value, ObjectRef):
        return value
    return ObjectRef.from_json(value.to_json()) if isinstance(value, ObjectRef.__mro__[1]) else None


def zarr_kind(place: Place) -> ZarrKind | None:
    """Return what kind of Zarr lies at a place, in version 2 or 3; None where there is none."""
    if place.read(".zarray") is not None:
        return "movie" if _json(place.read(".zattrs")).get("codec_name") == "photon" else "array"
    if (document := place.read("zarr.json")) is not None:
        return "group" if _json(document).get("node_type") == "group" else "array"
    return "group" if place.read(".zgroup") is not None else None


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

    try:
        return zarr.open(place.store.fsmap(place.key), mode="r")
    except ObjectStoreError:
        raise
    except FileNotFoundError as err:
        raise missing(place) from err
    except (ValueError, KeyError, TypeError) as err:
        raise FormatError(
            f"the Zarr metadata of {place.key!r} in store {place.store.name!r} can't be read",
            hint="Look at its .zarray or zarr.json: it may be damaged, or too new for this zarr.",
        ) from err


def open_stored(place: Place, *, title: str = "") -> FrameSource:
    """Open the movie at a place: a photon movie, a Zarr array, or the first array of a group with frames.

    Raises
    ------
    ObjectNotFoundError
        When nothing is there.
    FormatError
        When it is no Zarr.
    ValueRefusedError
        When a group holds no array with three axes or more, or an array can't be shown.
    """
    match zarr_kind(place):
        case "movie":
            return _open_photon(place, title or place.name)
        case "array":
            return _open_array(place, title or place.name)
        case "group":
            inner = _first_movie(place)
            return open_stored(inner, title=title or inner.name)
        case None:
            raise missing(place)


def missing(place: Place) -> ObjectStoreError:
    """Return the error to raise where no Zarr was found: nothing there, or something else."""
    where = f"{place.key!r} in store {place.store.name!r}"
    if place.store.exists(place.key) or next(iter(place.store.list(f"{place.key}/")), None) is not None:
        return FormatError(f"{where} is not a movie or a Zarr array", hint="Browse it to see what it holds.")
    return ObjectNotFoundError(
        f"the object {where} is gone",
        hint="It was removed, or the store's location has changed; restore it, or correct the row.",
    )


def _open_photon(place: Place, title: str) -> FrameSource:
    from dj_objectstore.photon.reader import MovieReader
    from dj_objectstore.widgets.photon_source import PhotonSource

    reader = MovieReader(ObjectFolder(place.store, place.key))
    return PhotonSource(reader, identity=place.identity, title=title)


def _open_array(place: Place, title: str) -> FrameSource:
    array: Any = open_zarr(place)
    facts = Facts(title=title, notes=array_notes(array))
    return ArraySource(array, identity=place.identity, facts=facts)


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


def _first_movie(place: Place) -> Place:
    import zarr

    group: Any = open_zarr(place)
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
