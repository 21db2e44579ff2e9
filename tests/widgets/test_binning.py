from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dj_objectstore.widgets.frames.binning import bin_frames

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9)
STEPS = st.sampled_from([1, 2, 4, 8, 16])


def bins(frames: np.ndarray, step: int) -> list[np.ndarray]:
    """The pixels of each bin, frame by frame and row by row."""
    _, height, width = frames.shape
    return [
        frame[y : y + step, x : x + step].ravel()
        for frame in frames
        for y in range(0, height, step)
        for x in range(0, width, step)
    ]


@given(hnp.arrays(st.sampled_from([np.dtype("u1"), np.dtype("<u2")]), SHAPES), STEPS)
def test_codes_are_averaged_to_half_a_code(frames: np.ndarray, step: int) -> None:
    binned = bin_frames(frames, step)
    assert binned.dtype == frames.dtype
    assert binned.shape == (len(frames), -(-frames.shape[1] // step), -(-frames.shape[2] // step))
    means = np.array([np.mean(one, dtype="f8") for one in bins(frames, step)])
    np.testing.assert_array_equal(binned.ravel(), np.floor(means + 0.5))


@given(hnp.arrays(np.dtype("<f4"), SHAPES, elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)), STEPS)
def test_of_floats_what_has_no_value_is_left_out(frames: np.ndarray, step: int) -> None:
    binned = bin_frames(frames, step)
    assert binned.dtype == "<f4"
    for found, one in zip(binned.ravel(), bins(frames, step), strict=True):
        values = one[~np.isnan(one)].astype("f8")
        expected = values.mean() if values.size else np.nan
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_the_largest_codes_do_not_overflow() -> None:
    frames = np.full((1, 64, 64), 65535, "<u2")
    assert (bin_frames(frames, 32) == 65535).all()


def test_infinity_stays_infinite_in_its_bin_alone() -> None:
    frames = np.ones((1, 4, 4), "f4")
    frames[0, 0, 0] = np.inf
    np.testing.assert_array_equal(bin_frames(frames, 2)[0], [[np.inf, 1], [1, 1]])


def test_a_step_of_one_is_the_frames_themselves() -> None:
    frames = np.zeros((2, 3, 3), "u1")
    assert bin_frames(frames, 1) is frames
