"""``<photon@store>``: photon-limited movies, stored at the shot-noise limit.

DataJoint finds it through its entry point, so that it works after ``import datajoint`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.codecs import insert
from dj_objectstore.codecs.stored import StoredObjectCodec
from dj_objectstore.objects.movie import EXT, PhotonMovie, as_photon, write_photon

if TYPE_CHECKING:
    from dj_objectstore.objects.row_json import StoredObject
    from dj_objectstore.objects.source import Photon
    from dj_objectstore.store.store import Store


class PhotonCodec(StoredObjectCodec):
    """Movies (time[, channel][, z], y, x); fetched as `PhotonMovie`."""

    name = "photon"
    handle = PhotonMovie

    def checked(self, value: Any) -> Photon:
        """Return `value` as a `Photon`."""
        return as_photon(value)

    def ext(self, value: Photon) -> str:
        """Return ``.zarr``."""
        del value
        return EXT

    def write(self, value: Photon, store: Store, path: str) -> StoredObject:
        """Write the movie to the folder `path`."""
        return write_photon(store, path, value)


insert.install()
