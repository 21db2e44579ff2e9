"""Whether something can be stored as a movie, told before a byte is written.

>>> import numpy as np
>>> check_movie(np.zeros((2, 8, 8), "u2"))
('time', 'y', 'x')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.photon.frames import ArrayFrames
from dj_objectstore.photon.rules import (
    check_array,
    check_channels,
    check_dims,
    check_finite,
    check_iterable,
    check_length,
    check_options,
    check_scale,
    is_array,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dj_objectstore.photon.detector import NoiseModel


def check_movie(
    frames: Any,
    *,
    dims: Sequence[str] | None = None,
    noise: NoiseModel | Sequence[NoiseModel] | None = None,
    step: float = 0.5,
    mode: str = "compact",
    frames_per_chunk: int | None = None,
    frame_rate: float | None = None,
    times: Sequence[float] | NDArray[np.floating[Any]] | None = None,
    pixel_size: Sequence[float] | None = None,
) -> tuple[str, ...] | None:
    """Refuse what ``write_movie`` would refuse, without writing; arguments as there.

    Numbers are read only where they can be refused: floats in an array. An iterator is not touched.

    Returns
    -------
    tuple of str or None
        The names of the axes; None where only the first frame will tell.

    Raises
    ------
    MovieRefusedError
        For fewer than three axes, NaN or infinity, numbers that are no counts, or an option that can't be.
    """
    check_options(step=step, mode=mode, frames_per_chunk=frames_per_chunk, noise=noise)
    check_scale(frame_rate=frame_rate, times=times, pixel_size=pixel_size)
    if not is_array(frames):
        check_iterable(frames)
        return None if dims is None else check_dims(dims, len(dims))
    names = check_array(frames, dims=dims)
    check_length(times, int(frames.shape[0]))
    check_channels(noise, names, frames.shape)
    if frames.dtype.kind == "f":
        for block in ArrayFrames(frames).blocks():
            check_finite(float(block.min()), float(block.max()))
    return names
