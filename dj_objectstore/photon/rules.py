"""What a movie may be: each rule by itself, in words that say what to change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon.detector import NoiseModel
from dj_objectstore.photon.format import DIMS, MODES

MIN_AXES = 3
_MAX_ITEM = 8


def is_array(frames: Any) -> bool:
    """Return True for what has a shape and can be sliced: numpy, memmap, zarr, dask, h5py."""
    return all(hasattr(frames, name) for name in ("shape", "dtype", "__getitem__"))


def check_array(frames: Any, *, dims: Sequence[str] | None) -> tuple[str, ...]:
    """Refuse an array that is not a movie by its type and shape; return the names of its axes."""
    check_dtype(frames.dtype)
    shape = tuple(frames.shape)
    if len(shape) < MIN_AXES:
        raise MovieRefusedError(
            f"a movie has at least 3 axes (time, y, x), got {len(shape)} of shape {shape}",
            hint="Add an axis for time, movie[None], or store an image with <object@>.",
        )
    if not all(isinstance(size, int | np.integer) and size > 0 for size in shape):
        raise MovieRefusedError(
            f"every axis of a movie has a known length above 0, got shape {shape}",
            hint="Leave out empty movies; for dask arrays call compute_chunk_sizes() first.",
        )
    if isinstance(frames, np.ma.MaskedArray):
        raise MovieRefusedError("a masked array can't be stored as a movie", hint="Fill it: movie.filled(0).")
    return check_dims(dims, len(shape))


def check_dtype(dtype: Any) -> None:
    """Refuse everything but integers and floats of at most 64 bits."""
    kind = np.dtype(dtype)
    if kind.kind not in "uif" or kind.itemsize > _MAX_ITEM:
        raise MovieRefusedError(
            f"a movie holds integers or floats of at most 64 bits, got {kind.name}",
            hint="Convert it, for example movie.astype('uint16'), or store it with <object@>.",
        )


def check_dims(dims: Sequence[str] | None, n_axes: int) -> tuple[str, ...]:
    """Return the names of the axes; refuse names that are none, and four axes without names."""
    if dims is None:
        if n_axes == MIN_AXES:
            return ("time", "y", "x")
        if n_axes == len(DIMS):
            return DIMS
    names = tuple(dims or ())
    allowed = tuple(name for name in DIMS if name in names)
    if len(names) != n_axes or names != allowed or not {"time", "y", "x"} <= set(names):
        got = f"dims={names!r}" if names else "no names"
        raise MovieRefusedError(
            f"the axes of a movie are (time[, channel][, z], y, x) in this order, got {got}, {n_axes} axes",
            hint="Say which they are, for example dims=('time', 'z', 'y', 'x'), and transpose if need be.",
        )
    return names


def check_iterable(frames: Any) -> None:
    """Refuse what can't be a series of frames."""
    if isinstance(frames, str | bytes | bytearray | Mapping) or not isinstance(frames, Iterable):
        raise MovieRefusedError(
            f"a movie is an array or an iterator of frames, got {type(frames).__name__}",
            hint="Load the file first, or store it as it is with <object@>.",
        )


def check_options(
    *,
    step: float,
    mode: str,
    frames_per_chunk: int | None,
    noise: NoiseModel | Sequence[NoiseModel] | None,
) -> None:
    """Refuse options that no movie can be written with."""
    if mode not in MODES:
        raise MovieRefusedError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    if not _is_positive(step):
        raise MovieRefusedError(
            f"step must be a number of noise standard deviations above 0, got {step!r}",
            hint="0.5 adds 2 % to the variance of the noise.",
        )
    if frames_per_chunk is not None and (not isinstance(frames_per_chunk, int) or frames_per_chunk < 1):
        raise MovieRefusedError(f"frames_per_chunk must be 1 or more, got {frames_per_chunk!r}")
    models = tuple(noise) if isinstance(noise, Sequence) else () if noise is None else (noise,)
    if (noise is not None and not models) or not all(isinstance(model, NoiseModel) for model in models):
        raise MovieRefusedError(
            f"noise must be a NoiseModel, or one per channel, got {noise!r}",
            hint="For example NoiseModel(gain=85.0, offset=10.0).",
        )


def check_scale(*, frame_rate: float | None, times: Any, pixel_size: Sequence[float] | None) -> None:
    """Refuse times and sizes that are none."""
    if frame_rate is not None and times is not None:
        raise MovieRefusedError("a movie has a frame_rate or times, not both", hint="Leave one of them out.")
    if frame_rate is not None and not _is_positive(frame_rate):
        raise MovieRefusedError(f"frame_rate must be a number of frames a second above 0, got {frame_rate!r}")
    if times is not None:
        seconds = np.asarray(times)
        if seconds.ndim != 1 or seconds.dtype.kind not in "uif" or not np.isfinite(seconds).all():
            raise MovieRefusedError("times must be finite seconds, one number per frame")
        if np.any(np.diff(seconds.astype(np.float64)) < 0):
            raise MovieRefusedError("times must not go back", hint="Sort the frames by time first.")
    if pixel_size is not None and not (len(pixel_size) == 2 and all(map(_is_positive, pixel_size))):  # noqa: PLR2004  y and x
        raise MovieRefusedError(f"pixel_size must be (y, x) in micrometres above 0, got {pixel_size!r}")


def check_length(times: Any, n_frames: int) -> None:
    """Refuse times that are not as many as the frames."""
    if times is not None and len(times) != n_frames:
        raise MovieRefusedError(f"times must hold one number per frame: {n_frames}, got {len(times)}")


def check_channels(noise: Any, dims: Sequence[str], shape: Sequence[int]) -> None:
    """Refuse noise models that are not as many as the channels."""
    channels = shape[dims.index("channel")] if "channel" in dims else 1
    if noise is not None and not isinstance(noise, NoiseModel) and len(noise) != channels:
        raise MovieRefusedError(
            f"noise must hold one model per channel: {channels}, got {len(noise)}",
            hint="A single NoiseModel serves all channels.",
        )


def check_finite(lowest: float, highest: float) -> None:
    """Refuse extremes that are NaN or infinite."""
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        found = "NaN" if math.isnan(lowest) or math.isnan(highest) else "infinity"
        raise MovieRefusedError(
            f"a movie holds finite numbers only, found {found}",
            hint="Replace them first, for example with numpy.nan_to_num.",
        )


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(math.isfinite(value) and value > 0)
