from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.widgets.frames.rolling import Window

MOVIE = np.random.default_rng(0).normal(100, 30, (60, 3, 4)).astype("f4")


def expected(movie: np.ndarray, index: int, n: int) -> np.ndarray:
    frames = movie[max(0, index - n + 1) : index + 1].astype("f8")
    there = ~np.isnan(frames)
    with np.errstate(invalid="ignore"):
        return np.where(there, frames, 0).sum(0) / there.sum(0)


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(2, 40)), min_size=1, max_size=25))
def test_the_mean_is_that_of_the_frames_however_one_got_there(asked: list[tuple[int, int]]) -> None:
    window = Window()
    for index, n in asked:
        found = window.mean(index, n, lambda one: MOVIE[one])
        assert found.dtype == "<f4"
        np.testing.assert_allclose(found, expected(MOVIE, index, n), rtol=1e-6)


@given(st.lists(st.integers(0, 59), min_size=1, max_size=25), st.integers(2, 10))
def test_frames_without_a_value_count_where_they_have_one(asked: list[int], n: int) -> None:
    movie = MOVIE.copy()
    movie[::7, 0, 0] = np.nan
    movie[20:35, 1, 1] = np.nan
    window = Window()
    for index in asked:
        found = window.mean(index, n, lambda one: movie[one])
        np.testing.assert_allclose(found, expected(movie, index, n), rtol=1e-6)


def test_going_on_by_one_frame_reads_two() -> None:
    window, read = Window(), []

    def values(index: int) -> np.ndarray:
        read.append(index)
        return MOVIE[index]

    window.mean(30, 20, values)
    read.clear()
    window.mean(31, 20, values)
    assert sorted(read) == [11, 31]


def test_after_an_error_nothing_wrong_is_kept() -> None:
    window = Window()

    def fail_late(index: int) -> np.ndarray:
        if index == 12:
            raise OSError
        return MOVIE[index]

    window.mean(10, 8, fail_late)
    with pytest.raises(OSError):  # noqa: PT011 - raised above
        window.mean(13, 8, fail_late)
    found = window.mean(14, 8, lambda one: MOVIE[one])
    np.testing.assert_allclose(found, expected(MOVIE, 14, 8), rtol=1e-6)


def test_a_long_way_adds_no_error() -> None:
    movie = np.random.default_rng(1).normal(1e4, 1, (2000, 2, 2)).astype("f4")
    window = Window()
    for index in range(2000):
        found = window.mean(index, 50, lambda one: movie[one])
    np.testing.assert_allclose(found, expected(movie, 1999, 50), rtol=2e-7)
