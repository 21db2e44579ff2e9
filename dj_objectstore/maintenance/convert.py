"""Store movies anew: Zarr arrays, npy and TIFF files, `reference` movies become compact ones.

>>> report = convert(Recording, "movie")                     # doctest: +SKIP
>>> report = convert(Recording, "raw_zarr", into="movie")    # doctest: +SKIP
>>> report = convert("recording.tif", "recording.zarr")      # doctest: +SKIP
>>> print(report)                                            # doctest: +SKIP
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datajoint as dj
from datajoint.errors import DataJointError

from dj_objectstore.codecs.stored import codec_of
from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.maintenance.conversion import ConversionReport, Converted, check_options, merge, problem
from dj_objectstore.maintenance.convert_file import convert_file
from dj_objectstore.maintenance.movie_sources import open_object
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.source import Photon
from dj_objectstore.photon.noise import NoiseNotTrustedWarning

if TYPE_CHECKING:
    from datajoint.table import Table

    from dj_objectstore.report import Problem


def convert(
    source: Any, target: str | Path, *, into: str | None = None, client: Any = None, **options: Any
) -> ConversionReport:
    """Store movies as compact photon movies: those of a column, one row after the other, or one of a file.

    Each is written, read back and compared frame by frame, and only then named by its row, or by its folder.
    The old one is never deleted; the report names it, and objects are left to the collection of orphans.
    A run that was stopped is repeated: what is done is passed over.

    Parameters
    ----------
    source
        A table, restricted or not; or the path of an npy or TIFF file, or of the folder of a Zarr array
        (version 2 or 3) or of a photon movie.
    target
        Of a table, a ``<photon@>`` field, or an ``<object@>`` or ``<file@>`` field of Zarr arrays, npy or
        TIFF files. Of a file, the folder to write, for example ``"recording.zarr"``; until it is
        complete and compared, it is called ``"recording.zarr.part"``.
    into
        The ``<photon@>`` field of the same table that takes the new movie; by default the field itself.
    client
        A ``dask.distributed.Client`` that codes and writes the chunks; its workers must reach the file.
    **options
        As of `Photon`: gain, offset, variance, step, dims, frames_per_chunk, frame_rate, times, pixel_size.

    Returns
    -------
    ConversionReport
        With a problem for each movie that could not be converted; its row is as it was, its folder not there.

    Raises
    ------
    ValueRefusedError
        For fields that are of another kind, and options that are not known.
    """
    if isinstance(source, (str, Path)):
        if into is not None:
            raise ValueRefusedError("into= names a field, and the source is a file", hint="Leave it out.")
        return convert_file(source, target, client=client, options=options)
    table = source() if isinstance(source, type) else source
    return _convert_column(table, str(target), into or str(target), {**options, "client": client})


def _convert_column(table: Any, field: str, target: str, options: dict[str, Any]) -> ConversionReport:
    check_options({name: value for name, value in options.items() if name != "client"})
    _check(table, field, target)
    free = dj.FreeTable(table.connection, table.full_table_name)
    converted: list[Converted] = []
    problems: list[Problem] = []
    skipped = 0
    for key in table.keys():  # noqa: SIM118  rows of a table
        try:
            done = _convert_row(free, key, field, target, options)
        except (DataJointError, NoiseNotTrustedWarning, OSError) as err:
            problems.append(problem(key, field, err))
            continue
        if done is None:
            skipped += 1
        else:
            converted.append(done)
    return ConversionReport(tuple(problems), tuple(converted), skipped)


def _check(table: Table, field: str, target: str) -> None:
    if not hasattr(table, "update1"):
        raise ValueRefusedError(
            f"movies are converted in a table, or of a file, got {type(table).__name__}",
            hint="Give the table, restricted, or the path of a file.",
        )
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
    with open_object(old) as (frames, known), warnings.catch_warnings():
        # a movie that would be stored losslessly is not worth a new object
        warnings.simplefilter("error", NoiseNotTrustedWarning)
        table.update1({**key, target: Photon(frames, **merge(known, options), verify=True)})
    new = (table & key).fetch1(target)
    return Converted(key, old.path, old.size, new.path, new.size)
