"""Masks as people have them: label images, stacks of masks, suite2p's and CaImAn's lists.

>>> masks = read_masks(np.array([[0, 1], [2, 2]]), height=2, width=2)
>>> masks.names, [pixels.tolist() for pixels in masks.pixels]
(('1', '2'), [[1], [2, 3]])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.outlines import trace_rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.intp]

MAX_MASKS = 100_000
PLANE, STACK = 2, 3
FORMS = (
    "Give a label image (y, x) of integers, a stack (roi, y, x) of booleans, suite2p's stat, or CaImAn's "
    "estimates or their A."
)


@dataclass(frozen=True)
class GivenMasks:
    """Masks of a picture: names, and the pixels of each as sorted indices into its rows laid end to end."""

    names: tuple[str, ...] = ()
    pixels: tuple[Pixels, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def fits(self, pixels: int) -> bool:
        """Return whether all masks lie in a picture of so many pixels."""
        return all(mask[-1] < pixels for mask in self.pixels)

    def rings(self, *, width: int) -> tuple[list[tuple[int, int, int]], NDArray[np.float32]]:
        """Return the outlines: (mask, first point, number of points) of each, and all points (y, x)."""
        places: list[tuple[int, int, int]] = []
        points: list[NDArray[np.float32]] = [np.empty((0, 2), np.float32)]
        start = 0
        for mask, pixels in enumerate(self.pixels):
            for ring in trace_rings(pixels, width=width):
                places.append((mask, start, len(ring)))
                points.append(ring)
                start += len(ring)
        return places, np.concatenate(points)


def read_masks(masks: Any, *, height: int, width: int) -> GivenMasks:
    """Return masks of any form for a picture of `height` x `width` pixels.

    Parameters
    ----------
    masks
        A label image, shape (y, x), integers, 0 where there is none; a single mask, shape (y, x), booleans;
        a stack, shape (roi, y, x), in which what is not 0 belongs to the mask; suite2p's ``stat``, a
        sequence of mappings with ``ypix`` and ``xpix``; CaImAn's ``estimates`` or their ``A``, shape
        (pixels, roi), sparse or not, the picture's columns laid end to end. An xarray stack names its masks
        by its coordinate.

    Raises
    ------
    ValueRefusedError
        When they are none of these, are of another picture, or one of them is empty.
    """
    found = _read(masks, height, width)
    if len(found) > MAX_MASKS:
        raise ValueRefusedError(f"at most {MAX_MASKS} masks can be shown, got {len(found)}")
    for name, pixels in zip(found.names, found.pixels, strict=True):
        if pixels.size == 0:
            raise ValueRefusedError(
                f"a mask must hold a pixel, {name!r} holds none", hint="Leave empty masks out."
            )
    return found


def _read(masks: Any, height: int, width: int) -> GivenMasks:
    if hasattr(masks, "A") and hasattr(masks, "dims") and not hasattr(masks, "shape"):
        dims = getattr(masks, "dims", None)
        if dims is not None and tuple(dims) != (height, width):
            raise _other_picture(f"{tuple(dims)}", height, width)
        masks = masks.A
    if hasattr(masks, "tocsc"):
        return _from_columns(masks, height, width)
    if _is_stat(masks):
        return _from_stat(list(masks), height, width)
    array = np.asarray(masks)
    if array.dtype.kind not in "buif":
        raise ValueRefusedError(f"masks can't be read from {type(masks).__name__}", hint=FORMS)
    if array.ndim == STACK:
        return _from_stack(array, _names(masks), height, width)
    if array.ndim == PLANE and array.shape == (height, width) and array.dtype.kind in "bui":
        return _from_labels(array)
    if array.ndim == PLANE and array.shape[0] == height * width:
        return _from_columns(array, height, width)
    raise _other_picture(f"shape {array.shape}, dtype {array.dtype}", height, width)


def _is_stat(masks: Any) -> bool:
    """Return whether this is suite2p's list; as saved by it, an array of objects."""
    if isinstance(masks, np.ndarray):
        return masks.dtype == object and all(isinstance(cell, Mapping) for cell in masks.ravel())
    return isinstance(masks, list | tuple) and all(isinstance(cell, Mapping) for cell in masks)


def _from_labels(labels: NDArray[Any]) -> GivenMasks:
    flat = labels.ravel()
    order = np.argsort(flat, kind="stable")
    values, starts = np.unique(flat[order], return_index=True)
    parts = np.split(order, starts[1:])
    chosen = [(value, part) for value, part in zip(values.tolist(), parts, strict=True) if value]
    if any(value < 0 for value, _ in chosen):
        raise ValueRefusedError(
            f"labels must be 0 (no mask) or above, got {values[0]}", hint="Set what is no mask to 0."
        )
    return GivenMasks(tuple(str(int(value)) for value, _ in chosen), tuple(part for _, part in chosen))


def _from_stack(stack: NDArray[Any], names: list[str], height: int, width: int) -> GivenMasks:
    if stack.shape[1:] != (height, width):
        raise _other_picture(f"shape {stack.shape}", height, width)
    pixels = tuple(np.flatnonzero(np.nan_to_num(mask)) for mask in stack)
    return GivenMasks(tuple(names or map(str, range(1, len(stack) + 1))), pixels)


def _from_stat(cells: list[Mapping[str, Any]], height: int, width: int) -> GivenMasks:
    pixels = []
    for number, cell in enumerate(cells):
        if not {"ypix", "xpix"} <= cell.keys():
            raise ValueRefusedError(
                f"each cell of suite2p's stat has ypix and xpix, cell {number} has {', '.join(cell)}",
                hint=FORMS,
            )
        rows, columns = (np.asarray(cell[name], np.intp) for name in ("ypix", "xpix"))
        if ((rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)).any():
            raise _other_picture(f"pixels up to row {rows.max()}, column {columns.max()}", height, width)
        pixels.append(np.unique(rows * width + columns))
    return GivenMasks(tuple(str(number) for number in range(len(cells))), tuple(pixels))


def _from_columns(matrix: Any, height: int, width: int) -> GivenMasks:
    """Read the footprints (pixels, roi) of CaImAn, which lays the picture's columns end to end."""
    if matrix.shape[0] != height * width:
        raise _other_picture(f"footprints of shape {matrix.shape}", height, width)
    columns = matrix.tocsc() if hasattr(matrix, "tocsc") else np.asarray(matrix)
    pixels = []
    for number in range(matrix.shape[1]):
        column = columns[:, [number]]
        if hasattr(column, "toarray"):
            column = column.toarray()
        x, y = np.divmod(np.flatnonzero(column), height)
        pixels.append(np.sort(y * width + x))
    return GivenMasks(tuple(str(number) for number in range(matrix.shape[1])), tuple(pixels))


def _names(masks: Any) -> list[str]:
    """Return the names that an xarray stack gives its masks."""
    dims, coords = getattr(masks, "dims", None), getattr(masks, "coords", {})
    return [str(name) for name in coords[dims[0]].values] if dims and dims[0] in coords else []


def _other_picture(found: str, height: int, width: int) -> ValueRefusedError:
    return ValueRefusedError(
        f"masks must be of the movie's picture of {height} x {width} pixels, got {found}",
        hint=f"{FORMS} Crop or rescale them as the movie was.",
    )
