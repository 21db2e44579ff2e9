"""Staged inserts: write an object in its place in the store, then insert the row that names it.

>>> with djo.staged_insert1(Recording) as staged:             # doctest: +SKIP
...     staged.rec.update(subject_id="M042", recording_id=2)
...     z = zarr.open(staged.store("files", ".zarr"), mode="w", shape=(1000, 1000), dtype="f4")
...     z[:] = compute()

On a clean exit the object gets its manifest and the row is inserted. On any other exit before the INSERT
nothing is left.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from dj_objectstore.codecs.insert import converted_key, store_of_field
from dj_objectstore.codecs.object import ObjectCodec
from dj_objectstore.codecs.outcome import Batch
from dj_objectstore.codecs.photon import PhotonCodec
from dj_objectstore.codecs.stored import StoredObjectCodec, Written, codec_of
from dj_objectstore.exceptions import IntegrityError, ValueRefusedError
from dj_objectstore.objects.manifest import ManifestFile
from dj_objectstore.objects.movie import EXT as MOVIE_EXT
from dj_objectstore.objects.movie import thumbnail_key, writer_options
from dj_objectstore.objects.source import Photon, checked_ext
from dj_objectstore.objects.staging_filesystem import StagingFileSystem
from dj_objectstore.objects.upload import file_metadata, write_manifest
from dj_objectstore.photon.appender import MovieAppender
from dj_objectstore.store.mapping import StoreMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import fsspec
    from datajoint.table import Table

    from dj_objectstore.objects.row_json import StoredObject
    from dj_objectstore.store.store import Store


@dataclass
class _Staged:
    """One object that is being written."""

    store: Store
    path: str
    ext: str
    fs: StagingFileSystem
    files: list[IO[Any]] = field(default_factory=list)
    movie: MovieAppender | None = None

    def finish(self) -> StoredObject:
        """Close what is open, refuse further writing, and return the metadata of what lies in the store."""
        for file in self.files:
            file.close()
        if self.movie is not None:
            self.store.put(thumbnail_key(self.path), self.movie.close().thumbnail)
        self.fs.close()
        written = self.fs.ledger.written()
        found = {entry.key: entry.size for entry in self.store.list(self.path)}
        lost = [name for name in written if self._key(name) not in found]
        if lost:
            raise IntegrityError(
                f"files that were written to {self.path!r} are not in store {self.store.name!r}: {lost}",
                hint="Somebody else removed them; run the insert again.",
            )
        if not any(found.values()):
            raise ValueRefusedError(
                f"a staged insert must write what it stages, and nothing lies at {self.path!r}",
                hint="Write to staged.store(field) or staged.open(field), or leave the field out.",
            )
        if set(found) == {self.path}:
            return self._file(found[self.path])
        files = [self._listed(key[len(self.path) + 1 :], size) for key, size in found.items()]
        return write_manifest(self.store, self.path, files, ext=self.ext)

    def _key(self, name: str) -> str:
        return f"{self.path}/{name}" if name else self.path

    def _listed(self, name: str, size: int) -> ManifestFile:
        """Return a file as it is listed, with its digest where all of it went through our counter."""
        written = self.fs.ledger.written().get(name)
        return ManifestFile(name, size, written.digest if written and written.size == size else None)

    def _file(self, size: int) -> StoredObject:
        digest = self._listed("", size).digest
        return file_metadata(self.store, self.path, size, ext=self.ext, digest=digest)

    def abandon(self) -> None:
        """Stop writing, and let nothing more be written; what was is removed by the batch."""
        self.fs.close()
        if self.movie is not None:
            self.movie.abort()
        for file in self.files:
            writer: Any = getattr(file, "buffer", file)  # below text lies what is sent
            writer.discard()


class StagedInsert:
    """What ``with table.staged_insert1 as staged`` gives.

    Attributes
    ----------
    rec : dict
        The row, to be filled in; its primary key before the first `store` or `open`.
    """

    def __init__(self, table: Table) -> None:
        self.rec: dict[str, Any] = {}
        self._table = table
        self._batch = Batch(table)
        self._key: dict[str, Any] | None = None
        self._staged: dict[str, _Staged] = {}

    @property
    def fs(self) -> fsspec.AbstractFileSystem:
        """The filesystem of the object that was begun last; it writes inside of that object alone.

        Before the first `store` or `open` it is that of the first field's store, read-only.
        """
        if self._staged:
            return next(reversed(self._staged.values())).fs
        return store_of_field(self._table, self._fields()[0]).fs

    def store(self, field: str, ext: str = "") -> fsspec.FSMap:
        """Return the folder of an ``<object@>`` field as a mapping, for zarr and xarray.

        Parameters
        ----------
        field
            Name of the attribute.
        ext
            Extension of the stored name, such as ``".zarr"``.
        """
        staged = self._begin(field, ext)
        return StoreMap(staged.path, staged.fs)

    def open(self, field: str, ext: str = "", mode: str = "wb") -> IO[Any]:
        """Open the file of an ``<object@>`` field for writing; it is complete once it is closed."""
        staged = self._begin(field, ext)
        file: IO[Any] = staged.fs.open(staged.path, mode)
        staged.files.append(file)
        return file

    def photon(self, field: str, *, shape: Sequence[int] | None = None, **options: Any) -> MovieAppender:
        """Begin the movie of a ``<photon@>`` field, whose frames come one after the other.

        Parameters
        ----------
        field
            Name of the attribute.
        shape
            Of one frame, ([channel, ][z, ]y, x); by default that of the first frame.
        options
            As of `Photon`: ``gain``, ``frame_rate``, ``pixel_size`` and so on.

        Returns
        -------
        MovieAppender
            Its ``append(frames)`` takes a frame, or a block of frames with time first. The movie is complete
            when the staged insert ends; until then readers refuse it.
        """
        staged = self._begin(field, MOVIE_EXT, PhotonCodec)
        if staged.movie is None:
            sink = StoreMap(staged.path, staged.fs)
            staged.movie = MovieAppender(sink, shape=shape, **writer_options(Photon(None, **options)))
        return staged.movie

    def _begin(self, field: str, ext: str, kind: type[StoredObjectCodec] = ObjectCodec) -> _Staged:
        """Return the object of a field, at an address that its first use fixes."""
        codec = self._codec(field, kind)
        key = converted_key(self._table, self.rec)
        if self._key is None:
            self._key = key
        self._refuse_changed_key(key)
        ext = checked_ext(ext)
        if field in self._staged:
            if ext not in ("", self._staged[field].ext):
                raise ValueRefusedError(
                    f"{field} has been begun with the extension {self._staged[field].ext!r}, got {ext!r}"
                )
            return self._staged[field]
        store = store_of_field(self._table, field)
        path = codec.new_path(
            store, ext, schema=self._table.database, table=self._table.table_name, field=field, key=key
        )
        self._batch.starts(field, store, path, key)
        self._staged[field] = _Staged(
            store, path, ext, StagingFileSystem.of(store, prefix=path, read_only=False)
        )
        return self._staged[field]

    def _codec(self, field: str, kind: type[StoredObjectCodec]) -> StoredObjectCodec:
        attribute = self._table.heading.attributes.get(field)
        codec = codec_of(attribute) if attribute is not None else None
        if not isinstance(codec, kind):
            raise ValueRefusedError(
                f"only <{kind.name}@> fields can be staged so, {field!r} of {self._table.full_table_name} "
                "is none",
                hint=f"Those of this table are: {', '.join(self._fields(kind))}.",
            )
        return codec

    def _fields(self, kind: type[StoredObjectCodec] = ObjectCodec) -> list[str]:
        """Return the fields of one kind, which can be staged."""
        attributes = self._table.heading.attributes.items()
        fields = [name for name, attribute in attributes if isinstance(codec_of(attribute), kind)]
        if not fields:
            raise ValueRefusedError(
                f"only <{kind.name}@> fields can be staged so, {self._table.full_table_name} has none",
                hint="Use insert1.",
            )
        return fields

    def _refuse_changed_key(self, key: dict[str, Any]) -> None:
        if self._key is not None and key != self._key:
            raise ValueRefusedError(
                f"the primary key is fixed by the first write, as {self._key}, and was changed to {key}",
                hint="Set the key first; for another key use another staged insert.",
            )

    def _refuse_other_value(self, field: str) -> None:
        """Accept a Zarr node of the object that was written for the field, which may be assigned to it."""
        value = self.rec.get(field)
        if value is None:
            return
        root = str(getattr(getattr(getattr(value, "store_path", None), "store", None), "path", ""))
        if root != self._staged[field].path:
            raise ValueRefusedError(
                f"{field} was staged, so its value is what was written, got {type(value).__name__}",
                hint=f"Leave staged.rec[{field!r}] alone.",
            )

    def _insert(self) -> None:
        if self._staged:
            self._refuse_changed_key(converted_key(self._table, self.rec))
        for name in self._staged:
            self._refuse_other_value(name)
        finished = {name: Written(staged.finish().to_json()) for name, staged in self._staged.items()}
        with self._batch.inserting():
            self._table.insert1({**self.rec, **finished})

    def _abandon(self) -> None:
        for staged in self._staged.values():
            staged.abandon()


@contextmanager
def staged_insert1(table: Any) -> Iterator[StagedInsert]:
    """Insert one row whose objects are written in their place, without a copy.

    Parameters
    ----------
    table
        The table, as a class or an instance.

    Yields
    ------
    StagedInsert
        With `rec` to fill in, and `store`, `open` and `fs` to write to.

    Raises
    ------
    ValueRefusedError
        For a field that can't be staged, a key that was changed, or an object that was never written.
    """
    staged = StagedInsert(table() if isinstance(table, type) else table)
    with staged._batch.settled():  # noqa: SLF001 - the two make one thing
        try:
            yield staged
            staged._insert()  # noqa: SLF001
        except BaseException:
            staged._abandon()  # noqa: SLF001
            raise
