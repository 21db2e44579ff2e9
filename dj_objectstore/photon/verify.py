"""Whether a stored movie is the one that was written: every frame, against its source.

>>> import numpy as np
>>> from dj_objectstore.photon.reader import MovieReader
>>> from dj_objectstore.photon.writer import write_movie
>>> movie, files = np.zeros((3, 8, 8), "u2"), {}
>>> _ = write_movie(movie, files, mode="lossless")
>>> verify_movie(movie, MovieReader(files))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import IntegrityError, MovieRefusedError
from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.detector import NoiseModel
from dj_objectstore.photon.frames import ArrayFrames
from dj_objectstore.photon.rules import is_array

if TYPE_CHECKING:
    from dj_objectstore.photon.reader import MovieReader

#: of the rounding of 64-bit floats, and of what the float32 of `reference` movies' counts lose
_SLACK = 1e-6


def verify_movie(frames: Any, reader: MovieReader) -> None:
    """Compare a stored movie with the array that it was made from.

    A lossless movie must be equal; a compact one within half a step of every stabilised value; a reference
    one within rounding.

    Raises
    ------
    IntegrityError
        For the first frame that differs.
    MovieRefusedError
        For an iterator, which can't be read twice.
    """
    if not is_array(frames):
        raise MovieRefusedError(
            f"only an array can be compared with what was stored, got {type(frames).__name__}",
            hint="Leave verify out, or collect the frames in an array first.",
        )
    if tuple(frames.shape) != reader.shape:
        raise IntegrityError(f"the movie was stored with shape {reader.shape}, not {tuple(frames.shape)}")
    start = 0
    for block in ArrayFrames(frames).blocks(reader.chunks[0]):
        _compare(np.asarray(block), reader, start)
        start += len(block)


def _compare(block: Any, reader: MovieReader, start: int) -> None:
    found = reader.read(slice(start, start + len(block)), "counts" if reader.mode == "lossless" else "codes")
    differs = found != block if reader.mode == "lossless" else ~_is_near(block, found, reader)
    if differs.any():
        frame = start + int(np.argmax(differs.reshape(len(block), -1).any(axis=1)))
        raise IntegrityError(
            f"frame {frame} was not stored as it is",
            hint="Store the movie again; its source may be changing.",
        )


def _is_near(block: Any, found: Any, reader: MovieReader) -> Any:
    """Return where stored codes or floats stand for these grey levels."""
    noise, first, step = reader.noise, reader.attrs.get("first_code", 0), reader.step
    axis = reader.dims.index("channel") if isinstance(noise, tuple) else None
    models = noise if isinstance(noise, tuple) else (noise or NoiseModel(gain=1.0),)
    blocks, stored = (
        [part] if axis is None else np.split(part, len(models), axis) for part in (block, found)
    )
    near = []
    for part, codes, model in zip(blocks, stored, models, strict=True):
        phi = codes if step is None else (codes.astype(np.float64) + first) * step
        error = np.abs(stabilize(part, model) - phi)
        near.append(error <= (step or 0) / 2 + _SLACK)
    return near[0] if axis is None else np.concatenate(near, axis)
