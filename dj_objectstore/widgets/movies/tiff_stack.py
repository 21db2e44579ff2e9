"""TIFF files as arrays, in place: pages are found when they are needed, and read by their bytes alone.

ScanImage's channels, and the slices of its volumes, lie interleaved in the pages and become axes.
"""

from __future__ import annotations

import io
import lzma
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ConfigurationError, FormatError, IntegrityError
from dj_objectstore.photon.tiff import scanimage_settings
from dj_objectstore.store.files import StoreReader
from dj_objectstore.widgets.movies.planes import ContiguousArray, PlaneArray
from dj_objectstore.widgets.movies.tiff_pages import Segments, even_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import tifffile

    from dj_objectstore.widgets.movies.planes import RangedFile

    FindPage = Callable[[int], Segments]

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DIRECTORY_BLOCK = 65_536
"""Bytes read at once while the directories of pages are looked up."""
DECODING_ERRORS = (ValueError, TypeError, RuntimeError, KeyError, zlib.error, lzma.LZMAError)
NAMES = {"T": "time", "I": "time", "C": "channel", "Z": "z", "Y": "y", "X": "x"}


@dataclass(frozen=True)
class TiffStack:
    """A TIFF file as an array; `dims` None where it says nothing of its axes, `frame_rate` in 1/s."""

    array: PlaneArray
    dims: tuple[str, ...] | None
    frame_rate: float | None = None


def open_tiff_stack(file: RangedFile) -> TiffStack:
    """Open a TIFF file; no pixels are read.

    Raises
    ------
    FormatError
        When it is no TIFF file, or is damaged.
    ConfigurationError
        When tifffile is not installed.
    """
    try:
        import tifffile
    except ImportError as err:
        raise ConfigurationError(
            "TIFF files are read by tifffile, which is not installed",
            hint="pip install 'dj-objectstore[io]'",
        ) from err
    stream = StoreReader(file.read, file.size, name=file.name, block=DIRECTORY_BLOCK)
    try:
        # every page is looked up where it is: ScanImage's may lie unevenly after an interrupted recording
        tiff = tifffile.TiffFile(io.BufferedReader(stream), name=file.name, is_scanimage=False)
        settings = scanimage_settings(tiff.pages.first)
        return _open_scanimage(file, tiff, settings) if settings else _open_series(file, tiff)
    except (tifffile.TiffFileError, IndexError, ValueError) as err:
        raise FormatError(
            f"{file.name!r} is not a TIFF file that can be read: {err}", hint="It may be cut short."
        ) from err


class PagedArray(PlaneArray):
    """Pages of a TIFF file that are like `keyframe`, each decoded from where `find_page` says it lies."""

    def __init__(
        self, file: RangedFile, shape: Sequence[int], keyframe: tifffile.TiffPage, find_page: FindPage
    ) -> None:
        super().__init__(shape, keyframe.dtype, plane_axes=len(keyframe.shape))
        self._file = file
        self._keyframe = keyframe
        self._find_page = find_page

    def read_planes(self, numbers: Sequence[int]) -> np.ndarray:
        """Return pages, one after the other.

        Raises
        ------
        IntegrityError
            When a page can't be decoded.
        ConfigurationError
            When decoding it takes a library that is not installed.
        """
        pages = [self._find_page(number) for number in numbers]
        ranges = [[(at, at + size) for at, size in zip(*page, strict=True)] for page in pages]
        parts = iter(self._file.read_ranges([part for page in ranges for part in page]))
        found = np.empty((len(pages), *self._plane), self.dtype)
        for plane, number, page in zip(found, numbers, ranges, strict=True):
            plane[...] = self._decode(number, [next(parts) for _ in page])
        return found

    def _decode(self, number: int, parts: Sequence[memoryview]) -> np.ndarray:
        keyframe = self._keyframe
        plane = np.zeros(keyframe.shaped, keyframe.dtype)
        try:
            for index, data in enumerate(parts):
                segment, (_, z, y, x, _), shape = keyframe.decode(bytes(data) or None, index)
                if segment is not None:
                    depth, height, width = keyframe.shaped[1:4]
                    place = np.s_[0, z : z + shape[0], y : y + shape[1], x : x + shape[2]]
                    plane[place] = segment[: depth - z, : height - y, : width - x]
        except DECODING_ERRORS as err:
            raise _undecodable(self._file.name, number, keyframe, err) from err
        return plane.reshape(self._plane)


def name_axes(letters: str) -> tuple[str, ...] | None:
    """Return the names of axes by tifffile's letters; None where they say nothing but y and x.

    >>> name_axes("TCYX"), name_axes("ZYX"), name_axes("QQYX")
    (('time', 'channel', 'y', 'x'), ('time', 'y', 'x'), None)
    """
    if not set(letters) - set("QYX"):
        return None
    names: list[str] = []
    for axis, letter in enumerate(letters):
        name = "channel" if letter == "S" and "C" not in letters else NAMES.get(letter, f"axis {axis}")
        names.append(f"axis {axis}" if name in names else name)
    if "time" not in names and names[0] not in ("channel", "y"):
        names[0] = "time"  # a stack of which nothing more is said
    return tuple(names)


def _open_series(file: RangedFile, tiff: tifffile.TiffFile) -> TiffStack:
    series: Any = tiff.series[0]
    dims, keyframe = name_axes(series.axes), series.keyframe
    if series.dataoffset is None:
        return TiffStack(PagedArray(file, series.shape, keyframe, _finder(series)), dims)
    dtype = np.dtype(series.dtype).newbyteorder(tiff.byteorder)
    array = ContiguousArray(file, series.dataoffset, series.shape, dtype, plane_axes=len(keyframe.shape))
    return TiffStack(array, dims)


def _open_scanimage(file: RangedFile, tiff: tifffile.TiffFile, settings: dict[str, Any]) -> TiffStack:
    """ScanImage writes the channels of a slice, the slices of a volume, one page after the other."""
    saved = settings.get("SI.hChannels.channelSave", 1)
    channels = len(saved) if isinstance(saved, list | tuple) else 1
    slices, per_volume = _volume(settings)
    even = even_pages(tiff, file)
    pages = len(tiff.pages) if even is None else len(even)
    find = _finder(tiff) if even is None else even.find
    lengths = {"time": pages // (channels * per_volume), "z": slices, "channel": channels}
    lengths = {name: length for name, length in lengths.items() if name == "time" or length > 1}
    shown, in_volume = slices * channels, per_volume * channels

    def find_shown(number: int) -> Segments:
        # the last pages of a volume are of the flyback, and not shown
        return find(number // shown * in_volume + number % shown)

    keyframe: Any = tiff.pages.first
    array = PagedArray(file, (*lengths.values(), *keyframe.shape), keyframe, find_shown)
    rate = settings.get(f"SI.hRoiManager.{'scanVolumeRate' if slices > 1 else 'scanFrameRate'}")
    return TiffStack(array, (*lengths, "y", "x"), float(rate) if rate else None)


def _volume(settings: dict[str, Any]) -> tuple[int, int]:
    """Return how many slices a volume has, and how many frames were taken for it."""
    if not settings.get("SI.hFastZ.enable"):
        return 1, 1
    stack, fast = "SI.hStackManager", "SI.hFastZ"
    slices = settings.get(f"{stack}.actualNumSlices") or settings.get(f"{stack}.numSlices") or 1
    taken = settings.get(f"{stack}.numFramesPerVolumeWithFlyback") or settings.get(
        f"{fast}.numFramesPerVolume"
    )
    return int(slices), max(int(slices), int(taken or 1))


def _finder(tiff: Any) -> FindPage:
    """Return what looks a page up, in the file's own list or in that of a series."""
    lock = threading.Lock()

    def find(number: int) -> Segments:
        with lock:  # its directory may have to be read, and there is one position in the file
            page = tiff.pages[number]
        if page is None:
            raise IntegrityError(f"page {number} is missing in the TIFF file", hint="Restore it from a copy.")
        return page.dataoffsets, page.databytecounts

    return find


def _undecodable(name: str, number: int, keyframe: Any, err: Exception) -> Exception:
    if isinstance(err, (ImportError, ValueError)) and "imagecodecs" in str(err):
        return ConfigurationError(
            f"pages of {name!r} are compressed as {keyframe.compression.name}, which needs imagecodecs",
            hint="pip install imagecodecs",
        )
    return IntegrityError(
        f"page {number} of {name!r} is damaged: {type(err).__name__}", hint="Restore it from a copy."
    )
