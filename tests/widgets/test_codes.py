from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.movies.codes import decode_block, encode_block, format_of

EXACT = ["bool", "uint8", "int8", "uint16", ">u2", "int16", ">i2"]
ROUNDED = ["int32", "uint32", "int64", "float32", "float64", "float16", ">f8"]
sizes = hnp.array_shapes(min_dims=2, max_dims=3, max_side=5)


@given(st.sampled_from(EXACT).flatmap(lambda dtype: hnp.arrays(np.dtype(dtype), sizes)))
def test_small_integers_travel_exactly(values: np.ndarray) -> None:
    code = format_of(values.dtype)
    codes = encode_block(values, values.dtype)
    assert codes.dtype.itemsize <= 2
    np.testing.assert_array_equal(decode_block(codes, code, None), values.astype("f4"))


@given(st.sampled_from(ROUNDED).flatmap(lambda dtype: hnp.arrays(np.dtype(dtype), sizes)))
def test_other_numbers_travel_as_32_bit_floats(values: np.ndarray) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        codes = encode_block(values, values.dtype)
        expected = values.astype("<f4")
    assert codes.dtype == "<f4"
    np.testing.assert_array_equal(decode_block(codes, format_of(values.dtype), None), expected)


def test_a_table_gives_the_value_of_each_code() -> None:
    table = np.array([1.5, 2.5, 4.0], "f4")
    codes = np.array([[0, 2], [1, 200]], "u1")
    values = decode_block(codes, format_of(codes.dtype), table)
    np.testing.assert_array_equal(values, [[1.5, 4.0], [2.5, 4.0]])


def test_32_bit_floats_are_values_also_where_other_codes_are_looked_up() -> None:
    values = np.array([[0.5, np.nan]], "f4")
    table = np.array([1.5, 2.5], "f4")
    np.testing.assert_array_equal(decode_block(values, format_of(np.dtype("u1")), table), values)


@pytest.mark.parametrize("dtype", ["complex64", "object", "U3", "datetime64[s]"])
def test_what_is_no_real_number_is_refused(dtype: str) -> None:
    with pytest.raises(ValueRefusedError, match="real numbers"):
        format_of(np.dtype(dtype))
