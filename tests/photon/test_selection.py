from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices

from dj_objectstore.photon.reader import _grid
from dj_objectstore.photon.selection import Selection

SHAPE = (7, 2, 5, 4)
ARRAY = np.arange(np.prod(SHAPE)).reshape(SHAPE)


def gather(key, chunks):
    selection = Selection.of(key, shape=SHAPE, chunks=chunks)
    out = np.full(selection.shape, -1)
    for piece in selection.pieces():
        corner = tuple(slice(i * n, (i + 1) * n) for i, n in zip(piece.chunk, chunks, strict=True))
        out[_grid(piece.outside)] = ARRAY[corner][_grid(piece.inside)]
    return selection.drop(out)


grids = st.tuples(*(st.integers(1, size + 1) for size in SHAPE))


@given(basic_indices(SHAPE), grids)
def test_any_basic_index_gives_what_numpy_gives(key, chunks):
    expected = ARRAY[key]
    found = gather(key, chunks)
    assert found.shape == np.shape(expected)
    assert np.array_equal(found, expected)


@given(st.lists(st.integers(-7, 6)), basic_indices(SHAPE[1:], allow_ellipsis=False), grids)
def test_a_list_of_times_gives_those_frames_in_that_order(times, rest, chunks):
    rest = rest if isinstance(rest, tuple) else (rest,)
    expected = ARRAY[np.array(times, int)][(slice(None), *rest)]
    assert np.array_equal(gather((times, *rest), chunks), expected)


def test_booleans_choose_frames():
    mask = np.arange(7) % 2 == 0
    assert np.array_equal(gather(mask, (3, 1, 5, 4)), ARRAY[mask])


@pytest.mark.parametrize(
    "key", [7, -8, [7], (0, 0, 0, 0, 0), 1.5, "a", (0, [0, 1]), None, (..., 0, ...), [[0]]]
)
def test_an_index_that_names_nothing_is_an_index_error(key):
    with pytest.raises(IndexError):
        gather(key, (3, 1, 5, 4))
