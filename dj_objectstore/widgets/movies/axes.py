"""Which axis of an array is time, which channel, which are the picture.

>>> find_axes((100, 2, 64, 64)).channel
1
>>> find_axes((64, 64, 100), dims=("y", "x", "time")).time
2
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLES = {
    "time": {"time", "t", "frame", "frames"},
    "channel": {"channel", "channels", "c", "ch"},
    "z": {"z", "plane", "planes", "depth", "slice"},
    "y": {"y", "row", "rows", "height"},
    "x": {"x", "col", "cols", "column", "columns", "width"},
}
POSITIONS = {
    2: ("y", "x"),
    3: ("time", "y", "x"),
    4: ("time", "channel", "y", "x"),
    5: ("time", "channel", "z", "y", "x"),
}


@dataclass(frozen=True)
class Axes:
    """Positions of the axes in an array of `shape`; `others` are shown at one position each."""

    shape: tuple[int, ...]
    names: tuple[str, ...]
    time: int | None
    channel: int | None
    y: int
    x: int

    @property
    def frames(self) -> int:
        """Length of the time axis, 1 without one."""
        return 1 if self.time is None else self.shape[self.time]

    @property
    def channels(self) -> int:
        """Length of the channel axis, 1 without one."""
        return 1 if self.channel is None else self.shape[self.channel]

    @property
    def others(self) -> tuple[int, ...]:
        """Axes that are neither time, channel nor picture."""
        shown = {self.time, self.channel, self.y, self.x}
        return tuple(axis for axis in range(len(self.shape)) if axis not in shown)

    @property
    def extra(self) -> tuple[tuple[str, int], ...]:
        """Name and length of each of `others`."""
        return tuple((self.names[axis], self.shape[axis]) for axis in self.others)

    def index(self, first: int, stop: int, channel: int, at: Sequence[int] = ()) -> tuple[slice | int, ...]:
        """Return the basic index of frames `first` to `stop` of a channel, at positions on `others`.

        >>> find_axes((9, 2, 3, 8, 8)).index(0, 4, 1, (2,))
        (slice(0, 4, None), 1, 2, slice(None, None, None), slice(None, None, None))
        """
        places = itertools.chain(at, itertools.repeat(0))
        fixed: dict[int | None, slice | int] = dict(zip(self.others, places, strict=False))
        fixed |= {self.channel: channel, self.time: slice(first, stop)}
        return tuple(fixed.get(axis, slice(None)) for axis in range(len(self.shape)))

    def arrange(self, block: np.ndarray) -> np.ndarray:
        """Return what `index` gave with axes (time, y, x)."""
        if self.time is None:
            block, kept = block[np.newaxis], [-1, *sorted((self.y, self.x))]
        else:
            kept = sorted((self.time, self.y, self.x))
        wanted = [-1 if self.time is None else self.time, self.y, self.x]
        return block.transpose([kept.index(axis) for axis in wanted])


def find_axes(shape: Sequence[int], dims: Sequence[str] | None = None) -> Axes:
    """Return the axes by their names, and by position (time[, channel][, z], y, x) where names say nothing.

    Raises
    ------
    ValueRefusedError
        With fewer than two axes, with an empty axis, or when `dims` has another length than `shape`.
    """
    shape = tuple(int(length) for length in shape)
    _check(shape, dims)
    roles = _roles_by_name(dims) if dims else {}
    if not {"y", "x"} <= roles.keys():
        roles = _roles_by_position(len(shape))
    elif "time" not in roles:
        free = [axis for axis in range(len(shape)) if axis not in roles.values()]
        roles |= {"time": free[0]} if free else {}
    names = tuple(dims) if dims else _position_names(len(shape))
    return Axes(shape, names, roles.get("time"), roles.get("channel"), roles["y"], roles["x"])


def _check(shape: tuple[int, ...], dims: Sequence[str] | None) -> None:
    if len(shape) < len(POSITIONS[2]):
        raise ValueRefusedError(
            f"an array needs two axes or more to be shown, got shape {shape}", hint="Plot it instead."
        )
    if 0 in shape:
        raise ValueRefusedError(f"an array needs data to be shown, got shape {shape}")
    if dims is not None and len(dims) != len(shape):
        raise ValueRefusedError(
            f"dims must name each axis: got {len(dims)} names for shape {shape}",
            hint="Give one name for each axis, such as dims=('time', 'y', 'x').",
        )


def _roles_by_name(dims: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for axis, name in enumerate(dims):
        role = next((role for role, names in ROLES.items() if str(name).lower() in names), None)
        if role is not None:
            found.setdefault(role, axis)
    return found


def _roles_by_position(ndim: int) -> dict[str, int]:
    known = POSITIONS[min(ndim, max(POSITIONS))]
    return {role: ndim - len(known) + place for place, role in enumerate(known)}


def _position_names(ndim: int) -> tuple[str, ...]:
    known = POSITIONS[min(ndim, max(POSITIONS))]
    return tuple(f"axis {axis}" for axis in range(ndim - len(known))) + known
