"""HDF5 and NWB files as movies, in place: h5py says where data lie, and only those bytes are read.

h5py reads one thing at a time in the whole process. Data that lie as they are, or in chunks packed by the
common filters, are therefore fetched beside it, many at once.
"""

from __future__ import annotations

import io
import itertools
import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import (
    ConfigurationError,
    FormatError,
    IntegrityError,
    ObjectStoreError,
    ValueRefusedError,
)
from dj_objectstore.store.files import StoreReader
from dj_objectstore.widgets.movies.planes import ContiguousArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h5py

    from dj_objectstore.widgets.movies.planes import RangedFile

MAGIC = b"\x89HDF\r\n\x1a\n"
USER_BLOCK = 512
"""MATLAB's files begin with so many bytes of its own."""
METADATA_BLOCK = 65_536
SERIES = ("TwoPhotonSeries", "OnePhotonSeries", "ImageSeries")
SERIES_DIMS = {3: ("time", "x", "y"), 4: ("time", "x", "y", "z")}
DEFLATE, SHUFFLE = 1, 2
MOVIE_AXES = 3


@dataclass(frozen=True)
class Hdf5Movie:
    """A dataset of an HDF5 file as an array; `name` is its path there.

    `dims` None where the file says nothing of its axes; `frame_rate` in 1/s, `times` of frames in seconds.
    """

    array: Any
    name: str
    dims: tuple[str, ...] | None = None
    frame_rate: float | None = None
    times: np.ndarray | None = None


def open_hdf5_movie(file: RangedFile) -> Hdf5Movie:
    """Open the image series of an NWB file, or the largest array with three axes or more of an HDF5 file.

    Raises
    ------
    FormatError
        When it is no HDF5 file, or is damaged.
    ValueRefusedError
        When it holds no movie.
    ConfigurationError
        When h5py is not installed.
    """
    try:
        import h5py
    except ImportError as err:
        raise ConfigurationError(
            "HDF5 files are read by h5py, which is not installed", hint="pip install 'dj-objectstore[io]'"
        ) from err
    # ranges hold no file open: h5py never closes what it is given
    stream = StoreReader(file.read, file.size, name=file.name, block=METADATA_BLOCK)
    try:
        opened = h5py.File(io.BufferedReader(stream), "r")
        return _open_series(file, opened) or _open_largest(file, opened)
    except OSError as err:
        if isinstance(err, ObjectStoreError):
            raise
        raise FormatError(
            f"{file.name!r} is not an HDF5 file that can be read ({err})", hint="It may be cut short."
        ) from err


def _open_series(file: RangedFile, opened: h5py.File) -> Hdf5Movie | None:
    """Return the first image series as NWB describes it, two-photon ones before others."""
    found: dict[str, str] = {}

    def look(name: str, node: Any) -> None:
        kind = _text(node.attrs.get("neurodata_type", ""))
        if kind in SERIES and _is_movie(node.get("data", None) if hasattr(node, "get") else None):
            found.setdefault(kind, name)

    opened.visititems(look)
    name = next((found[kind] for kind in SERIES if kind in found), None)
    if name is None:
        return None
    group: Any = opened[name]
    array = _array_of(file, group["data"])
    dims = SERIES_DIMS.get(len(array.shape))
    if "timestamps" in group and len(group["timestamps"]) == array.shape[0]:
        return Hdf5Movie(array, name, dims, times=np.asarray(group["timestamps"], "f8"))
    rate = group["starting_time"].attrs.get("rate") if "starting_time" in group else None
    return Hdf5Movie(array, name, dims, frame_rate=float(rate) if rate else None)


def _open_largest(file: RangedFile, opened: h5py.File) -> Hdf5Movie:
    found: list[tuple[int, str]] = []

    def look(name: str, node: Any) -> None:
        if _is_movie(node):
            found.append((-node.nbytes, name))

    opened.visititems(look)
    if not found:
        raise ValueRefusedError(
            f"the HDF5 file {file.name!r} holds no array with frames",
            hint="A movie needs three axes or more: (time, y, x).",
        )
    _, name = min(found)
    return Hdf5Movie(_array_of(file, opened[name]), name)


def _is_movie(node: Any) -> bool:
    shape = getattr(node, "shape", None)
    return (
        shape is not None and len(shape) >= MOVIE_AXES and 0 not in shape and bool(node.dtype.kind in "buif")
    )


def _array_of(file: RangedFile, dataset: h5py.Dataset) -> Any:
    """Return a dataset as an array that reads as little, and as many things at once, as it can."""
    if dataset.is_virtual or dataset.external:
        raise ValueRefusedError(
            f"the data of {dataset.name!r} in {file.name!r} lie in other files, which are not opened",
            hint="Copy the data into one file.",
        )
    filters = dataset.id.get_create_plist()
    codes = [filters.get_filter(number)[0] for number in range(filters.get_nfilters())]
    offset = dataset.id.get_offset()
    if not dataset.chunks and offset is not None:
        return ContiguousArray(file, offset, dataset.shape, dataset.dtype)
    if dataset.chunks and codes in ([], [DEFLATE], [SHUFFLE], [SHUFFLE, DEFLATE]):
        return ChunkedArray(file, dataset, codes)
    return dataset


class ChunkedArray:
    """A chunked dataset whose chunks are fetched and unpacked here; h5py only says where they lie.

    Attributes
    ----------
    shape, dtype, chunks
        As of the dataset.
    """

    def __init__(self, file: RangedFile, dataset: h5py.Dataset, filters: Sequence[int]) -> None:
        self._file = file
        self._dataset = dataset
        self._filters = filters
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype: np.dtype[Any] = dataset.dtype
        self.chunks: tuple[int, ...] = dataset.chunks

    def __getitem__(self, index: tuple[int | slice, ...]) -> np.ndarray:
        """Return a part of the array; `index` is basic, without steps, and names every axis.

        Raises
        ------
        IntegrityError
            When a chunk is damaged.
        """
        spans = [_span(place, length) for place, length in zip(index, self.shape, strict=True)]
        found = np.full([len(span) for span in spans], self._dataset.fillvalue, self.dtype)
        steps = zip(spans, self.chunks, strict=True)
        starts = list(itertools.product(*[range(s.start // n * n, s.stop, n) for s, n in steps]))
        stored = [(start, self._dataset.id.get_chunk_info_by_coord(start)) for start in starts]
        stored = [(start, info) for start, info in stored if info.byte_offset is not None]
        ranges = [(info.byte_offset, info.byte_offset + info.size) for _, info in stored]
        for (start, info), data in zip(stored, self._file.read_ranges(ranges), strict=True):
            self._put(found, spans, start, self._unpack(start, info.filter_mask, data))
        return found[tuple(0 if isinstance(place, int) else slice(None) for place in index)]

    def _put(
        self, found: np.ndarray, spans: Sequence[range], start: Sequence[int], chunk: np.ndarray
    ) -> None:
        inside, outside = [], []
        for span, first, length in zip(spans, start, self.chunks, strict=True):
            begin, end = max(span.start, first), min(span.stop, first + length)
            inside.append(slice(begin - first, end - first))
            outside.append(slice(begin - span.start, end - span.start))
        found[tuple(outside)] = chunk[tuple(inside)]

    def _unpack(self, start: Sequence[int], left_out: int, data: memoryview) -> np.ndarray:
        try:
            plain: Any = data
            for number, code in reversed(list(enumerate(self._filters))):
                if not left_out >> number & 1:
                    plain = (
                        self._inflate(plain) if code == DEFLATE else _unshuffle(plain, self.dtype.itemsize)
                    )
            return np.frombuffer(plain, self.dtype).reshape(self.chunks)
        except (zlib.error, ValueError) as err:
            where = f"{self._dataset.name!r} in {self._file.name!r}"
            raise IntegrityError(
                f"the chunk at {tuple(start)} of {where} is damaged: {err}",
                hint="Restore the file from a copy.",
            ) from err

    def _inflate(self, data: Any) -> bytes:
        """Inflate a chunk, as far as one may go: a damaged one may go on and on."""
        unpacker = zlib.decompressobj()
        size = math.prod(self.chunks) * self.dtype.itemsize
        plain = unpacker.decompress(data, size + 1)
        if len(plain) > size or not (unpacker.eof or len(plain) == size):
            raise ValueError(f"it does not inflate to {size:,} bytes")
        return plain


def _span(place: int | slice, length: int) -> range:
    return range(place, place + 1) if isinstance(place, int) else range(length)[place]


def _unshuffle(data: Any, itemsize: int) -> bytes:
    """Put the bytes of each number together again, which the filter had sorted by their place."""
    whole = len(data) // itemsize * itemsize
    sorted_bytes = np.frombuffer(data, "u1", whole).reshape(itemsize, -1)
    return np.ascontiguousarray(sorted_bytes.T).tobytes() + bytes(data[whole:])


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
