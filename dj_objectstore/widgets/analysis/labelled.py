"""Masks and traces with named axes, ready to be saved or inserted.

>>> masks_to_xarray([np.array([0])], ["cell"], height=1, width=2).dims       # doctest: +SKIP
('roi', 'y', 'x')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray
    from numpy.typing import NDArray

    from dj_objectstore.widgets.analysis.traces import RegionTrace

    Pixels = NDArray[np.intp]

MAX_PIXELS = 2_000_000_000


def masks_to_xarray(
    pixels: Sequence[Pixels], names: Sequence[str], *, height: int, width: int
) -> xarray.DataArray:
    """Return masks as booleans with axes (roi, y, x), named by the coordinate ``roi``.

    Raises
    ------
    ValueRefusedError
        When they would have more than two billion pixels.
    """
    import xarray

    if len(pixels) * height * width > MAX_PIXELS:
        raise ValueRefusedError(
            f"masks may have {MAX_PIXELS:,} pixels in all, {len(pixels)} of {height} x {width} have more",
            hint="Give fewer masks at a time.",
        )
    stack = np.zeros((len(pixels), height * width), bool)
    for mask, inside in zip(stack, pixels, strict=True):
        mask[inside] = True
    return xarray.DataArray(
        stack.reshape(-1, height, width),
        dims=("roi", "y", "x"),
        coords={"roi": np.array(names, dtype=np.str_)},
        name="masks",
    )


def traces_to_xarray(
    traces: Sequence[RegionTrace], names: Sequence[str], *, seconds: NDArray[np.float64] | None, frames: int
) -> xarray.Dataset:
    """Return traces as a dataset: ``trace`` and, where the noise is known, ``band``, axes (roi, time).

    The coordinate ``time`` is in seconds, or counts frames where seconds are not known.
    """
    import xarray

    values = np.stack([trace.values for trace in traces]) if traces else np.empty((0, frames))
    unit: str = traces[0].unit if traces else ""
    variables = {"trace": (("roi", "time"), values, {"units": unit})}
    bands = [trace.band for trace in traces if trace.band is not None]
    if bands:
        long_name = "standard deviation of shot and read noise"
        variables["band"] = (("roi", "time"), np.stack(bands), {"units": unit, "long_name": long_name})
    time = (
        "time",
        np.arange(frames) if seconds is None else seconds,
        {"units": "s" if seconds is not None else "frames"},
    )
    return xarray.Dataset(variables, {"roi": np.array(names, dtype=np.str_), "time": time})
