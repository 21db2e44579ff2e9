from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.given_masks import GivenMasks, read_masks

HEIGHT, WIDTH = 6, 9
STACK = np.zeros((3, HEIGHT, WIDTH), bool)
STACK[0, 1:3, 2:5] = True
STACK[1, 4, 8] = True
STACK[2, 2:5, 4:7] = True  # overlaps the first


def stack_of(masks: GivenMasks) -> np.ndarray:
    found = np.zeros((len(masks), HEIGHT * WIDTH), bool)
    for row, pixels in zip(found, masks.pixels, strict=True):
        row[pixels] = True
    return found.reshape(-1, HEIGHT, WIDTH)


def stat() -> list[dict[str, Any]]:
    return [dict(zip(("ypix", "xpix"), np.nonzero(mask), strict=True)) | {"lam": 1.0} for mask in STACK]


def footprints() -> np.ndarray:
    return np.stack([mask.ravel(order="F") * 0.3 for mask in STACK], axis=1)


@pytest.mark.parametrize(
    "masks",
    [
        STACK,
        STACK * 0.5,
        STACK.astype("u1"),
        xr.DataArray(STACK, dims=("roi", "y", "x")),
        stat(),
        np.array(stat(), dtype=object),
        footprints(),
        scipy.sparse.csc_matrix(footprints()),
        scipy.sparse.coo_array(footprints()),
        SimpleNamespace(A=scipy.sparse.csc_matrix(footprints()), dims=(HEIGHT, WIDTH)),
        SimpleNamespace(A=footprints(), dims=None),
    ],
    ids=lambda masks: type(masks).__name__,
)
def test_every_form_gives_the_same_masks(masks: Any) -> None:
    np.testing.assert_array_equal(stack_of(read_masks(masks, height=HEIGHT, width=WIDTH)), STACK)


@given(
    hnp.arrays(st.sampled_from(["u1", "u2", "i4", "i8", bool]), (HEIGHT, WIDTH), elements=st.integers(0, 1))
)
def test_a_label_image_gives_a_mask_for_each_label(labels: np.ndarray) -> None:
    labels = labels * np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(labels.dtype)
    masks = read_masks(labels, height=HEIGHT, width=WIDTH)
    expected = [value for value in np.unique(labels) if value]
    assert masks.names == tuple(str(int(value)) for value in expected)
    for mask, value in zip(stack_of(masks), expected, strict=True):
        np.testing.assert_array_equal(mask, labels == value)


def test_an_xarray_stack_names_its_masks() -> None:
    named = xr.DataArray(STACK, dims=("roi", "y", "x"), coords={"roi": ["soma", "spine", "glia"]})
    assert read_masks(named, height=HEIGHT, width=WIDTH).names == ("soma", "spine", "glia")


def test_no_masks_are_none() -> None:
    assert len(read_masks([], height=HEIGHT, width=WIDTH)) == 0
    assert len(read_masks(np.zeros((HEIGHT, WIDTH), int), height=HEIGHT, width=WIDTH)) == 0


@pytest.mark.parametrize(
    "masks",
    [
        np.zeros((HEIGHT, WIDTH + 1), int),
        np.zeros((2, WIDTH, HEIGHT), bool),
        np.zeros((HEIGHT, WIDTH)),
        np.zeros(HEIGHT * WIDTH),
        [{"ypix": [HEIGHT], "xpix": [0]}],
        [{"ypix": [0], "xpix": [-1]}],
        scipy.sparse.csc_matrix((HEIGHT * WIDTH + 1, 2)),
        SimpleNamespace(A=footprints(), dims=(WIDTH, HEIGHT)),
    ],
)
def test_masks_of_another_picture_are_refused_with_both_shapes(masks: Any) -> None:
    with pytest.raises(ValueRefusedError, match=r"picture of 6 x 9 pixels, got .*\n.*Crop or rescale"):
        read_masks(masks, height=HEIGHT, width=WIDTH)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.full((HEIGHT, WIDTH), -1), "labels must be 0"),
        ([{"ypix": [1]}], "cell 0 has ypix"),
        ("masks.npy", "can't be read from str"),
        (np.zeros((1, HEIGHT, WIDTH), bool), "'1' holds none"),
        (object(), "can't be read from object"),
    ],
)
def test_what_is_no_mask_is_refused(masks: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        read_masks(masks, height=HEIGHT, width=WIDTH)


def test_rings_name_their_mask_and_their_points() -> None:
    holed = STACK.copy()
    holed[2, 3, 5] = False
    places, points = read_masks(holed, height=HEIGHT, width=WIDTH).rings(width=WIDTH)
    assert [mask for mask, _, _ in places] == [0, 1, 2, 2]
    assert points.dtype == np.float32
    assert points.shape == (sum(count for _, _, count in places), 2)
    first = points[places[1][1] : places[1][1] + places[1][2]]
    assert {tuple(point) for point in first.tolist()} == {(4, 8), (4, 9), (5, 9), (5, 8)}
