"""Previews of arrays: ``.npy`` files, Zarr arrays and groups of either version, photon movies.

No more is read than metadata and one frame; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import FormatError, ObjectStoreError
from dj_objectstore.widgets.browsing.pictures import picture_of
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.sources import ArraySource
from dj_objectstore.widgets.movies.stored import open_stored, open_zarr

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.widgets.movies.sources import FrameSource
    from dj_objectstore.widgets.movies.stored import Place

Picture = tuple[bytes, int, int]
MAX_HEADER = 10_000
MAX_LOADED = 2**20
"""Bytes of an ``.npy`` file that are read for its thumbnail."""
MAX_THUMBNAIL_BLOCK = 64_000_000
MAX_ATTRS = 20_000
MAX_MEMBERS = 200
MIN_PICTURE_SIDE = 4
PICTURE_AXES = 2
MOVIE_AXES = 3


def read_npy(file: IO[bytes]) -> tuple[dict[str, Any], Picture | None]:
    """Return the facts of an ``.npy`` file, and a picture of its middle frame where that is small enough.

    Raises
    ------
    FormatError
        When it is damaged or of another format.
    """
    try:
        shape, fortran, dtype = _npy_header(file)
    except (ValueError, EOFError, SyntaxError, OverflowError) as err:
        raise FormatError("the file can't be read as .npy: it is damaged, or something else") from err
    raw = math.prod(shape) * dtype.itemsize
    facts = {
        "shape": shape,
        "dtype": str(dtype),
        "chunks": shape,
        "codecs": "none, column-major" if fortran else "none",
        "stored": None,
        "raw": raw,
        "attrs_text": "",
    }
    if dtype.hasobject:
        return facts | {
            "attrs_text": "Holds pickled Python objects, which are never loaded for a preview."
        }, None
    return facts, _npy_picture(file, shape, dtype, fortran=fortran)


def _npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(file, max_header_size=MAX_HEADER)
    if any(length < 0 for length in header[0]):
        raise ValueError("an axis must not have a negative length")
    return header


def _npy_picture(
    file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], *, fortran: bool
) -> Picture | None:
    if not _is_picture(shape) or dtype.kind not in "buif":
        return None
    plane = math.prod(shape[-2:]) * dtype.itemsize
    whole = math.prod(shape) * dtype.itemsize
    if (whole if fortran else plane) > MAX_LOADED:
        return None
    try:
        if not fortran:
            file.seek(plane * (math.prod(shape[:-2]) // 2), 1)
        data = file.read(whole if fortran else plane)
    except (OverflowError, ValueError) as err:  # further than a file can reach
        raise FormatError("the .npy file is shorter than its header says") from err
    if len(data) < (whole if fortran else plane):
        raise FormatError("the .npy file is shorter than its header says")
    values = np.frombuffer(data, dtype)
    if not fortran:
        return picture_of(values.reshape(shape[-2:]))
    array = values.reshape(shape, order="F")
    return picture_of(array[tuple(length // 2 for length in shape[:-2])])


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) >= PICTURE_AXES and min(shape[-2:]) >= MIN_PICTURE_SIDE and 0 not in shape


def read_zarr_array(place: Place) -> tuple[dict[str, Any], Picture | None, bool]:
    """Return the facts of a Zarr array or photon movie, its middle frame, and whether it can be scrubbed."""
    array: Any = open_zarr(place)
    dtype = np.dtype(array.dtype)
    facts = {
        "shape": tuple(array.shape),
        "dtype": str(dtype),
        "chunks": tuple(array.chunks),
        "codecs": _codecs(array),
        "stored": None,
        "raw": math.prod(array.shape) * dtype.itemsize,
        "attrs_text": _attrs(array.attrs.asdict()),
    }
    showable = dtype.kind in "buif" and 0 not in array.shape
    scrubbable = showable and len(array.shape) >= MOVIE_AXES
    is_small = math.prod(array.chunks) * dtype.itemsize <= MAX_THUMBNAIL_BLOCK
    has_picture = showable and is_small and _is_picture(array.shape)
    picture = _picture(lambda: open_stored(place)) if has_picture else None
    return facts, picture, scrubbable


def read_zarr_group(place: Place) -> tuple[dict[str, Any], bool]:
    """Return the arrays of a group as a table, and whether one of them can be scrubbed."""
    group: Any = open_zarr(place)
    rows: list[tuple[str, ...]] = []
    scrubbable = False
    members = sorted(group.members(max_depth=None))
    for path, node in members[:MAX_MEMBERS]:
        if not hasattr(node, "dtype"):
            rows.append((f"{path}/", "group", "", "", ""))
            continue
        shape, chunks = (" x ".join(map(str, sizes)) for sizes in (node.shape, node.chunks))
        rows.append((path, str(node.dtype), shape, chunks, _codecs(node)))
        scrubbable |= len(node.shape) >= MOVIE_AXES and np.dtype(node.dtype).kind in "buif"
    rows += [
        ("attributes", name, str(value)[:MAX_MEMBERS], "", "") for name, value in group.attrs.asdict().items()
    ]
    return {
        "columns": ("Name", "Type", "Shape", "Chunks", "Codecs"),
        "rows": tuple(rows),
        "truncated": len(members) > MAX_MEMBERS,
    }, scrubbable


def _picture(open_source: Callable[[], FrameSource]) -> Picture | None:
    """Return the middle frame; a movie without a picture is still worth its facts."""
    try:
        source = open_source()
        if _block_bytes(source) > MAX_THUMBNAIL_BLOCK:
            return None
        middle = source.frames // 2
        block, offset = divmod(middle, source.block_frames)
        codes = source.read_block(block, channel=0)[offset]
    except ObjectStoreError:
        return None
    return picture_of(decode_block(codes, source.code, source.table))


def _block_bytes(source: FrameSource) -> int:
    planes = 1
    if isinstance(source, ArraySource):
        planes = source.stored_planes
    return planes * source.height * source.width * source.dtype.itemsize


def _codecs(array: Any) -> str:
    """Return the names of filters, serialiser and compressors, in the order of writing."""
    steps = (*array.filters, getattr(array, "serializer", None), *array.compressors)
    return ", ".join(_codec_name(step) for step in steps if step is not None) or "none"


def _codec_name(step: Any) -> str:
    config = step.get_config() if hasattr(step, "get_config") else step.to_dict()
    name = str(config.get("id") or config.get("name"))
    details = config.get("configuration", config)
    level = details.get("level", details.get("clevel")) if isinstance(details, dict) else None
    return f"{name} {level}" if level is not None else name


def _attrs(attrs: dict[str, Any]) -> str:
    return json.dumps(attrs, indent=2, ensure_ascii=False, default=str)[:MAX_ATTRS] if attrs else ""
