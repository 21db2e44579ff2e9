"""OME-Zarr: a group that holds an array and coarser versions of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.widgets.movies.sources import (
    MAX_FRAME_BYTES,
    STEPS,
    ArraySource,
    Facts,
    FrameSource,
    Timing,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

MICROMETER = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3}
SECOND = {"second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6}
NAMES = {"t": "time", "c": "channel"}


@dataclass(frozen=True)
class Levels:
    """The arrays of an OME-Zarr image by their paths, the finest first; names and units of the axes.

    `scale` are the steps from one pixel of the finest array to the next, in the axes' units.
    """

    paths: tuple[str, ...]
    dims: tuple[str, ...]
    units: tuple[str, ...]
    scale: tuple[float, ...]
    channel_names: tuple[str, ...]


def find_levels(group: Any) -> Levels | None:
    """Return what a Zarr group says of itself as an OME-Zarr image, version 0.4 or 0.5; None for others."""
    attrs = group.attrs.asdict()
    attrs = attrs.get("ome", attrs)
    try:
        image = attrs["multiscales"][0]
        axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in image["axes"]]
        paths = tuple(str(level["path"]) for level in image["datasets"])
        dims = tuple(NAMES.get(axis["name"], str(axis["name"])) for axis in axes)
        labels = tuple(
            str(channel.get("label", "")) for channel in attrs.get("omero", {}).get("channels", ())
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    units = tuple(str(axis.get("unit", "")) for axis in axes)
    return Levels(paths, dims, units, _scale(image["datasets"][0], len(axes)), labels) if paths else None


def open_multiscale(group: Any, levels: Levels, *, identity: Hashable, facts: Facts) -> FrameSource:
    """Return the finest array of an image whose frames can be shown, with the coarser ones as its `levels`.

    Raises
    ------
    KeyError
        When an array is missing.
    ValueRefusedError
        When the arrays can't be shown.
    """
    arrays = [group[path] for path in levels.paths]
    shown = next((n for n, array in enumerate(arrays) if _frame_bytes(array, levels) <= MAX_FRAME_BYTES), 0)
    base = ArraySource(
        arrays[shown], dims=levels.dims, identity=(identity, levels.paths[shown]), facts=_facts(levels, facts)
    )
    if len(levels.channel_names) == base.channels and all(levels.channel_names):
        base.channel_names = levels.channel_names
    found: dict[int, FrameSource] = {}
    for path, array in zip(levels.paths[shown + 1 :], arrays[shown + 1 :], strict=True):
        step = round(base.height / array.shape[base.axes.y])
        if step in STEPS and _fits(base, array, step):
            level = ArraySource(array, dims=levels.dims, identity=(identity, path), facts=base.facts)
            found[step] = FittedSource(level, height=-(-base.height // step), width=-(-base.width // step))
    base.levels = found
    return base


class FittedSource(FrameSource):
    """A coarser version with frames of the size that binning would give: it may be a row off."""

    def __init__(self, source: ArraySource, *, height: int, width: int) -> None:
        self._source = source
        self.identity = source.identity
        self.frames, self.channels, self.extra_axes = source.frames, source.channels, source.extra_axes
        self.height, self.width = height, width
        self.code, self.dtype, self.facts = source.code, source.dtype, source.facts
        self.block_frames = source.block_frames
        self.chunk_bytes, self.load_bytes = source.chunk_bytes, source.load_bytes

    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return codes of one block, shape (frames, y, x)."""
        codes = self._source.read_block(block, channel=channel, at=at)[:, : self.height, : self.width]
        short = self.height - codes.shape[1], self.width - codes.shape[2]
        if any(short):
            codes = np.pad(codes, ((0, 0), (0, short[0]), (0, short[1])), mode="edge")
        return np.ascontiguousarray(codes)


def _fits(base: ArraySource, array: Any, step: int) -> bool:
    """Return whether an array is the base binned, but for a row or column at the edge, and nothing else."""
    if len(array.shape) != len(base.axes.shape) or array.dtype != base.dtype:
        return False
    for axis, (fine, coarse) in enumerate(zip(base.axes.shape, array.shape, strict=True)):
        is_picture = axis in (base.axes.y, base.axes.x)
        if (is_picture and abs(coarse - fine / step) > 1) or (not is_picture and coarse != fine):
            return False
    return True


def _frame_bytes(array: Any, levels: Levels) -> int:
    picture = [length for name, length in zip(levels.dims, array.shape, strict=False) if name in ("y", "x")]
    return int(np.prod(picture, dtype="i8")) * int(array.dtype.itemsize)


def _facts(levels: Levels, facts: Facts) -> Facts:
    known = dict(zip(levels.dims, zip(levels.scale, levels.units, strict=False), strict=False))

    def measure(name: str, units: dict[str, float]) -> float | None:
        size, unit = known.get(name, (0.0, ""))
        return size * units[unit] if unit in units and size > 0 else None

    interval, y, x = measure("time", SECOND), measure("y", MICROMETER), measure("x", MICROMETER)
    return replace(
        facts,
        timing=Timing(frame_rate=1 / interval) if interval else facts.timing,
        pixel_size=(y, x) if y and x else facts.pixel_size,
    )


def _scale(dataset: dict[str, Any], axes: int) -> tuple[float, ...]:
    for transformation in dataset.get("coordinateTransformations", ()):
        if transformation.get("type") == "scale" and len(transformation.get("scale", ())) == axes:
            return tuple(float(size) for size in transformation["scale"])
    return (0.0,) * axes
