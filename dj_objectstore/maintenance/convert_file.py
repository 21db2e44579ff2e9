"""Movies of files on disk become compact ones in folders of their own, complete or not there at all."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datajoint.errors import DataJointError

from dj_objectstore.exceptions import IntegrityError, ObjectExistsError, ObjectNotFoundError
from dj_objectstore.maintenance.conversion import ConversionReport, Converted, check_options, merge, problem
from dj_objectstore.maintenance.movie_sources import DiskFolder, open_file
from dj_objectstore.objects.movie import as_photon, writer_options
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.source import Photon
from dj_objectstore.photon.noise import NoiseNotTrustedWarning
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.verify import verify_movie
from dj_objectstore.photon.writer import write_movie

if TYPE_CHECKING:
    from collections.abc import Mapping

#: what is being written has this name until every frame has been compared
_PART = ".part"


def convert_file(
    source: str | Path, target: str | Path, *, client: Any, options: Mapping[str, Any]
) -> ConversionReport:
    """Write the movie of a file as a compact photon movie; see `convert`."""
    check_options(options)
    old, new = Path(source).expanduser().absolute(), Path(target).expanduser().absolute()
    key = {"file": old.name}
    try:
        done = _convert(old, new, client, options)
    except (DataJointError, NoiseNotTrustedWarning, OSError) as err:
        return ConversionReport((problem(key, str(old), err),))
    if not done:
        return ConversionReport(skipped=1)
    return ConversionReport(converted=(Converted(key, str(old), _size(old), str(new), _size(new)),))


def _convert(old: Path, new: Path, client: Any, options: Mapping[str, Any]) -> bool:
    """Convert one file; False if it needs nothing, because it is compact or its movie is there."""
    with open_file(old) as (frames, known), warnings.catch_warnings():
        # a movie that would be stored losslessly is not worth a new folder
        warnings.simplefilter("error", NoiseNotTrustedWarning)
        photon = as_photon(Photon(frames, **merge(known, options), client=client))
        if getattr(getattr(frames, "reader", None), "mode", None) == "compact":
            return False
        if new.exists():
            _check_same(frames, new)
            return False
        part = new.with_name(new.name + _PART)
        _remove_part(part)
        _write(photon, part)
        part.rename(new)
    return True


def _write(photon: Photon, part: Path) -> None:
    """Write a movie beside its place, and compare every frame with its source."""
    part.mkdir(parents=True)
    files = DiskFolder(part)
    with progress_bar("Converting movie", unit=" frames") as advance:
        write_movie(photon.frames, files, **writer_options(photon), client=photon.client, progress=advance)
    verify_movie(photon.frames, MovieReader(files))


def _check_same(frames: Any, new: Path) -> None:
    """Refuse a target that is not the movie of these frames."""
    try:
        verify_movie(frames, MovieReader(DiskFolder(new)))
    except (ObjectNotFoundError, IntegrityError) as err:
        raise ObjectExistsError(
            f"{str(new)!r} is there, and is not this movie: {err}", hint="Give another folder, or remove it."
        ) from err


def _remove_part(part: Path) -> None:
    """Remove what an earlier run began, and nothing else."""
    if not part.exists():
        return
    if not all(name.name[0] in ".0123456789" for name in part.iterdir()):
        raise ObjectExistsError(f"{str(part)!r} is in the way, and no unfinished movie", hint="Remove it.")
    shutil.rmtree(part)


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
