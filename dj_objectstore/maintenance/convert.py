"""Store the movies of a column anew: Zarr arrays, npy and TIFF files, `reference` movies become compact ones.

>>> report = convert(Recording, "movie")                     # doctest: +SKIP
>>> report = convert(Recording, "raw_zarr", into="movie")    # doctest: +SKIP
>>> print(report)                                            # doctest: +SKIP
"""

from __future__ import annotations

import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np
from datajoint.errors import DataJointError

from dj_objectstore.codecs.stored import codec_of
from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.source import Photon
from dj_objectstore.photon.noise import NoiseNotTrustedWarning
from dj_objectstore.photon.tiff import SUFFIXES, open_tiff
from dj_objectstore.report import Problem, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datajoint.table import Table

    from dj_objectstore.objects.ref import ObjectRef

_OPTIONS = (
    "gain",
    "offset",
    "variance",
    "step",
    "dims",
    "frames_per_chunk",
    "frame_rate",
    "times",
    "pixel_size",
)


@dataclass(frozen=True)
class Converted:
    """One movie that was stored anew; `old_path` still lies in the store."""

    key: Mapping[str, Any]
    old_path: str
    old_size: int | None
    new_path: str
    new_size: int | None


@dataclass(frozen=True)
class ConversionReport(Report):
    """What `convert` did.

    Parameters
    ----------
    converted
        The movies that were stored anew, and verified, and whose rows name them now.
    skipped
        How many rows needed nothing.
    """

    converted: tuple[Converted, ...] = ()
    skipped: int = 0

    def __str__(self) -> str:
        lines = [
            f"{len(self.converted)} converted, {self.skipped} needed nothing, {len(self.problems)} failed"
        ]
        for done in self.converted:
            lines.append(f"{_words(done.key)}: {done.old_path} ({done.old_size} bytes) is now")
            lines.append(f"    {done.new_path} ({done.new_size} bytes)")
        return "\n".join([*lines, *map(str, self.problems)])


def convert(
    query: Any, field: str, *, into: str | None = None, client: Any = None, **options: Any
) -> ConversionReport:
    """Store the movies of a column as compact photon movies, one row after the other.

    Each is written, read back and compared frame by frame, and only then named by its row. The old object is
    never deleted; the report names it, and it is left to the collection of orphans. A run that was stopped is
    repeated: rows that are done are passed over.

    Parameters
    ----------
    query
        A table, restricted or not.
    field
        A ``<photon@>`` field, or an ``<object@>`` or ``<file@>`` field of Zarr arrays, npy or TIFF files.
    into
        The ``<photon@>`` field of the same table that takes the new movie; by default `field` itself.
    client
        A ``dask.distributed.Client`` that codes and writes the chunks.
    **options
        As of `Photon`: gain, offset, variance, step, dims, frames_per_chunk, frame_rate, times, pixel_size.

    Returns
    -------
    ConversionReport
        With a problem for each row that could not be converted; such a row is as it was.

    Raises
    ------
    ValueRefusedError
        For fields that are of another kind, and options that are not known.
    """
    table = query() if isinstance(query, type) else query
    target = into or field
    _check(table, field, target, options)
    free = dj.FreeTable(table.connection, table.full_table_name)
    converted: list[Converted] = []
    problems: list[Problem] = []
    skipped = 0
    for key in table.keys():  # noqa: SIM118  rows of a table
        try:
            done = _convert_row(free, key, field, target, {**options, "client": client})
        except (DataJointError, NoiseNotTrustedWarning, OSError) as err:
            problems.append(_problem(key, field, err))
            continue
        if done is None:
            skipped += 1
        else:
            converted.append(done)
    return ConversionReport(tuple(problems), tuple(converted), skipped)


def _check(table: Table, field: str, target: str, options: Mapping[str, Any]) -> None:
    if not hasattr(table, "update1"):
        raise ValueRefusedError(
            f"movies are converted in a table, got {type(table).__name__}", hint="Give the table, restricted."
        )
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise ValueRefusedError(f"convert takes {', '.join(_OPTIONS)}, got {', '.join(unknown)}")
    attributes = table.heading.attributes
    for name in (field, target):
        if name not in attributes or codec_of(attributes[name]) is None:
            raise ValueRefusedError(
                f"{name!r} must be a field of {table.full_table_name} whose values are stored objects",
                hint="<object@> and <file@> fields are served after djo.enable().",
            )
    codec = codec_of(attributes[target])
    if codec is None or codec.name != "photon":
        raise ValueRefusedError(
            f"{target!r} must be a <photon@> field, to hold a photon movie",
            hint="Add one to the table, and name it with into=.",
        )


def _convert_row(
    table: Table, key: dict[str, Any], field: str, target: str, options: dict[str, Any]
) -> Converted | None:
    row = (table & key).fetch1(field) if field == target else (table & key).fetch1(field, target)
    old, present = (row, None) if field == target else row
    if old is None or present is not None or (isinstance(old, PhotonMovie) and old.reader.mode == "compact"):
        return None
    with _opened(old) as (frames, known), warnings.catch_warnings():
        # a movie that would be stored losslessly is not worth a new object
        warnings.simplefilter("error", NoiseNotTrustedWarning)
        table.update1({**key, target: Photon(frames, **{**known, **options}, verify=True)})
    new = (table & key).fetch1(target)
    return Converted(key, old.path, old.size, new.path, new.size)


@contextmanager
def _opened(old: ObjectRef) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Give the frames of a stored object, and what is known of them."""
    if isinstance(old, PhotonMovie):
        reader = old.reader
        known = {"frame_rate": reader.frame_rate, "times": reader.times, "pixel_size": reader.pixel_size}
        yield old, {"dims": old.dims, **known}
    elif (old.ext or "").lower() == ".npy":
        with old.open() as stream:
            yield np.load(stream, allow_pickle=False), {}
    elif (old.ext or "").lower().endswith(SUFFIXES):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "movie.tif"
            with old.open() as stream, path.open("wb") as copy:
                while part := stream.read(1 << 22):
                    copy.write(part)
            frames = open_tiff(path)
            yield frames, {"dims": frames.dims, "frame_rate": frames.frame_rate}
            frames.close()
    else:
        found = old.open_zarr()
        if not hasattr(found, "dtype"):
            raise ValueRefusedError(
                f"{old.path!r} is a Zarr group, and a movie is an array", hint="Store its array as an object."
            )
        yield found, {}


def _problem(key: Mapping[str, Any], field: str, err: BaseException) -> Problem:
    return Problem("not-converted", f"{_words(key)}, {field}", str(err), getattr(err, "hint", None) or "")


def _words(key: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in key.items())
