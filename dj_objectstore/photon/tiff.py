"""Movies in TIFF files, ScanImage's among them, read page by page through ``tifffile``.

>>> frames = open_tiff("recording.tif")    # doctest: +SKIP
>>> frames.shape, frames.dims              # doctest: +SKIP
((1000, 2, 512, 512), ('time', 'channel', 'y', 'x'))
"""

from __future__ import annotations

import math
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import MovieRefusedError

if TYPE_CHECKING:
    import tifffile
    from numpy.typing import NDArray

SUFFIXES = (".tif", ".tiff")
#: tifffile's letters for axes; pages without a meaning of their own are time
_NAMES = {"T": "time", "I": "time", "Q": "time", "C": "channel", "S": "channel", "Z": "z", "Y": "y", "X": "x"}


def is_tiff(value: Any) -> bool:
    """Return True for the path of a TIFF file, by its name."""
    return isinstance(value, (str, Path)) and Path(value).suffix.lower() in SUFFIXES


def open_tiff(path: str | Path) -> TiffMovie:
    """Open a TIFF file as a movie; no pixels are read.

    Raises
    ------
    MovieRefusedError
        Without tifffile, for what is no TIFF file, and for axes that are not those of a movie.
    """
    if find_spec("tifffile") is None:
        raise MovieRefusedError(
            "reading a TIFF file needs tifffile, which is not installed", hint="pip install tifffile"
        )
    import tifffile

    place = Path(path).expanduser()
    if not place.is_file():
        raise MovieRefusedError(f"there is no file at {str(path)!r}", hint="Give the path of a TIFF file.")
    try:
        # every page is looked up where it is: ScanImage's may lie unevenly after an interrupted recording
        return TiffMovie(tifffile.TiffFile(place, is_scanimage=False))
    except tifffile.TiffFileError as err:
        raise MovieRefusedError(f"{str(path)!r} is not a TIFF file: {err}") from err


class TiffMovie:
    """An open TIFF file as an array (time[, channel][, z], y, x) that can be sliced in time.

    Attributes
    ----------
    shape, dtype, dims
        Of the movie; the names of its axes.
    frame_rate : float or None
        Frames a second, where ScanImage wrote it.
    """

    def __init__(self, file: tifffile.TiffFile) -> None:
        self._file = file
        self._closed = weakref.finalize(self, file.close)
        self.frame_rate: float | None = None
        page: Any = file.pages.first
        self.dtype = np.dtype(page.dtype)
        self.dims, self.shape = self._layout(page)
        self._per_frame = math.prod(self.shape[1:-2])

    def _layout(self, page: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
        found = scanimage_settings(page)
        if found:
            return self._scanimage_layout(page, found)
        series = self._file.series[0]
        axes = "".join(
            axis for axis, size in zip(series.axes, series.shape, strict=True) if size > 1 or axis in "YX"
        )
        sizes = [
            size for axis, size in zip(series.axes, series.shape, strict=True) if size > 1 or axis in "YX"
        ]
        names = [_NAMES.get(axis, axis) for axis in axes]
        if names[:1] == ["z"] or (names and names[0] not in _NAMES.values()):
            names[0] = "time"  # a stack of pages with nothing said of them
        if "time" not in names:
            names, sizes = ["time", *names], [1, *sizes]
        wanted = [name for name in ("time", "channel", "z", "y", "x") if name in names]
        if sorted(names) != sorted(wanted) or len(set(names)) != len(names) or names[-2:] != ["y", "x"]:
            raise MovieRefusedError(
                f"the axes of a TIFF movie are time, channel, z, y, x, got {series.axes!r}",
                hint="Read it with tifffile, and give the array with dims=.",
            )
        self._transpose = None if names == wanted else [names.index(name) for name in wanted]
        order = self._transpose or range(len(names))
        self._stored = tuple(sizes)
        return tuple(wanted), tuple(sizes[place] for place in order)

    def _scanimage_layout(self, page: Any, found: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """ScanImage writes the channels of a slice, the slices of a volume, one page after the other."""
        saved = found.get("SI.hChannels.channelSave", 1)
        channels = len(saved) if isinstance(saved, (list, tuple)) else 1
        self.frame_rate = found.get("SI.hRoiManager.scanFrameRate")
        frames = len(self._file.pages) // channels
        self._transpose = None
        self._stored = (frames, channels, *page.shape) if channels > 1 else (frames, *page.shape)
        return ("time", "channel", "y", "x") if channels > 1 else ("time", "y", "x"), self._stored

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: slice | int | tuple[Any, ...]) -> NDArray[Any]:
        """Return frames; a contiguous slice of time is read page by page."""
        if isinstance(key, tuple):
            first, *rest = key
            return self[first][(slice(None), *rest) if isinstance(first, slice) else tuple(rest)]
        if isinstance(key, (int, np.integer)):
            index = range(len(self))[key]
            return np.asarray(self[index : index + 1][0])
        start, stop, step = key.indices(len(self))
        if self._transpose is not None:
            # time is not the slowest axis in the file, so frames are not in a row
            whole = self._file.asarray().reshape(self._stored).transpose(self._transpose)
            return np.asarray(whole[key])
        pages = range(start * self._per_frame, stop * self._per_frame)
        if step != 1:
            return np.stack([self[index] for index in range(start, stop, step)])
        frames = np.asarray(self._file.asarray(key=pages))
        return frames.reshape(stop - start, *self.shape[1:])

    def __reduce__(self) -> tuple[object, ...]:
        # to a worker, which opens the file by its path
        return open_tiff, (str(self._file.filehandle.path),)

    def close(self) -> None:
        """Close the file; otherwise that is done when nobody holds the movie any more."""
        self._closed()


def scanimage_settings(page: Any) -> dict[str, Any]:
    """Return what ScanImage wrote into the first page; empty for files of other programs."""
    software = str(page.software or "")
    if not software.startswith("SI."):
        return {}
    from tifffile.tifffile import matlabstr2py

    return dict(matlabstr2py(software))
