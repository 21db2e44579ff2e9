"""Frames as they are shown: values in a unit, between limits, with gamma and a colour map.

>>> look = Look(limits=(0.0, 2.0))
>>> look.levels(np.array([[0.0, 1.0, 2.0]]), None)
array([[  0, 128, 255]], dtype=uint8)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.detector import NoiseModel
from dj_objectstore.widgets.colormaps import build_colormap
from dj_objectstore.widgets.movies.codes import decode_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dj_objectstore.widgets.messages.answers import Stabilized
    from dj_objectstore.widgets.messages.protocol import Unit
    from dj_objectstore.widgets.movies.sources import FrameSource


@dataclass(frozen=True)
class Look:
    """How values become colours.

    `limits` are the values, in `unit`, of the lowest and the highest colour; in between the colour rises with
    the power `gamma`.
    """

    limits: tuple[float, float]
    gamma: float = 1.0
    colormap: str = "gray"
    unit: Unit = "counts"

    def __post_init__(self) -> None:
        if not self.limits[0] < self.limits[1]:
            raise ValueRefusedError(
                f"the lower limit must lie below the upper, got {self.limits[0]:g} and {self.limits[1]:g}"
            )

    @property
    def colors(self) -> NDArray[np.uint8]:
        """The colours of the levels, shape (256, 3)."""
        return build_colormap(self.colormap)

    def levels(self, counts: NDArray[np.floating], noise: Stabilized | None) -> NDArray[np.uint8]:
        """Return the level of each value in counts, 0 to 255, the same shape; 0 for what has no value."""
        low, high = self.limits
        # limits may lie further apart, or closer together, than numbers reach: what is beyond is at an end
        with np.errstate(over="ignore", invalid="ignore"):
            part = np.clip((self._in_unit(counts, noise) - low) / (high - low), 0, 1)
        levels: NDArray[np.uint8] = np.floor(255 * np.nan_to_num(part) ** self.gamma + 0.5).astype("u1")
        return levels

    def paint(
        self, source: FrameSource, codes: NDArray[Any], *, channel: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the levels of codes, and which of them have a value; both of the same shape."""
        noise = source.noise(channel)
        if codes.dtype.kind == "f":
            values = codes.astype("f4", copy=False)
            return self.levels(values, noise), ~np.isnan(values)
        every = np.arange(source.code.levels or np.iinfo(codes.dtype).max + 1)
        values = decode_block(every, source.code, source.table)
        levels = np.take(self.levels(values, noise), codes, mode="clip")
        return levels, np.ones(codes.shape, bool)

    def _in_unit(self, counts: NDArray[np.floating], noise: Stabilized | None) -> NDArray[np.floating]:
        if self.unit == "counts":
            return counts
        if noise is None:
            raise ValueRefusedError(
                f"{self.unit} need the detector's noise, which is not known for this movie",
                hint="Show counts.",
            )
        if self.unit == "photons":
            return (counts - noise.offset) / noise.gain
        return stabilize(counts, model_of(noise))


def model_of(noise: Stabilized) -> NoiseModel:
    """Return the noise model of what a view is told of it."""
    return NoiseModel(gain=noise.gain, offset=noise.offset, variance=noise.variance)
