"""A `.npy` file as an array, in place."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import FormatError, ValueRefusedError
from dj_objectstore.widgets.movies.planes import ContiguousArray

if TYPE_CHECKING:
    from dj_objectstore.widgets.movies.planes import RangedFile

MAGIC = b"\x93NUMPY"
HEADER_BYTES = 16_384


def open_npy(file: RangedFile) -> ContiguousArray:
    """Open a `.npy` file; no data are read.

    Raises
    ------
    FormatError
        When it is damaged.
    ValueRefusedError
        When its frames don't lie one after the other, or it has fewer than two axes.
    """
    stream = io.BytesIO(file.read(0, min(HEADER_BYTES, file.size)))
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, is_fortran, dtype = read(stream)
    except ValueError as err:
        raise FormatError(f"{file.name!r} is not a .npy file that can be read ({err})") from err
    if is_fortran or len(shape) < 2:  # noqa: PLR2004 - y, x
        raise ValueRefusedError(
            f"the array in {file.name!r} must have two axes or more, in C order, got shape {shape} in "
            f"{'Fortran' if is_fortran else 'C'} order",
            hint="Save it again: numpy.save(path, numpy.ascontiguousarray(array)).",
        )
    return ContiguousArray(file, stream.tell(), shape, dtype)
