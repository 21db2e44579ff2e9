"""The demo's pipeline: one table, one recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datajoint as dj

from dj_objectstore.codecs.enable import enable_codecs
from dj_objectstore.demo.configuration import STORE
from dj_objectstore.demo.example import load_movie, write_session_folder
from dj_objectstore.objects.source import Photon
from dj_objectstore.servers import PORT, USER
from dj_objectstore.store.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "demo"
KEY = {"subject_id": "M042", "recording_id": 1}


def connect(host: str, stores: dict[str, Any]) -> dj.Instance:
    """Connect to the demo's database with the demo's stores, whatever ``dj.config`` says."""
    instance = dj.Instance(host, USER, "", PORT, backend="postgresql", safemode=False, loglevel="WARNING")
    instance.config.stores = stores
    return instance


def declare_recording(instance: dj.Instance) -> type[dj.Manual]:
    """Declare the table, or find it."""
    enable_codecs()
    schema = instance.Schema(SCHEMA)

    class Recording(dj.Manual):  # type: ignore[misc]
        definition = """
        # Two-photon recordings
        subject_id   : varchar(32)   # name of the animal
        recording_id : int32         # number of the recording, from 1
        ---
        movie        : <photon@main> # frames (time, y, x) in grey levels
        files        : <object@main> # folder of the session
        """

    declared: type[dj.Manual] = schema(Recording)
    return declared


def is_complete(recording: type[dj.Manual], instance: dj.Instance) -> bool:
    """Say whether the row is there, and both its objects are in the store."""
    if not len(recording & KEY):
        return False
    store = open_store(STORE, config=instance.config)
    refs = (recording & KEY).fetch1("movie", "files")
    return all(next(iter(store.list(f"{ref.path}/")), None) is not None for ref in refs)


def insert_recording(recording: type[dj.Manual], session: Path) -> None:
    """Insert the movie and the session's folder, in place of a row whose objects are gone."""
    movie = load_movie()
    write_session_folder(session, movie)
    (recording & KEY).delete(prompt=False)
    # by itself so small a movie would be a single chunk; with six, reading a frame reads a sixth of it
    stored = Photon(movie, frames_per_chunk=25)
    recording.insert1({**KEY, "movie": stored, "files": session})
