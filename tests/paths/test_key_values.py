"""Keys become text by their column's type; different keys never the same, and back again."""

# ruff: noqa: DTZ001 - columns have no time zone

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.keys import (
    LONGEST_VALUE,
    convert_key_value,
    decode_key_value,
    encode_key_value,
    is_inexact,
)

UUID_TEXT = "12345678-1234-5678-1234-567812345678"


@pytest.mark.parametrize(
    ("value", "sql_type", "text"),
    [
        # whole numbers, by the names of MySQL, PostgreSQL and DataJoint
        (7, "int", "7"),
        ("007", "int unsigned", "7"),
        (7.0, "bigint", "7"),
        (np.int16(-7), "smallint", "-7"),
        (True, "tinyint", "1"),
        (2025, "year", "2025"),
        (np.uint64(2**64 - 1), "bigint unsigned", str(2**64 - 1)),
        (5, "integer", "5"),
        (5, "int32", "5"),
        # booleans
        (1, "boolean", "true"),
        (np.bool_(False), "bool", "false"),
        ("t", "boolean", "true"),
        # decimals
        ("1.5", "decimal(5,2)", "1.50"),
        (1.5, "numeric(5,2)", "1.50"),
        (Decimal("1.005"), "decimal(5,2)", "1.01"),
        (-0.001, "decimal(5,2)", "0.00"),
        (Decimal("1.500"), "numeric", "1.5"),
        (1500, "numeric", "1500"),
        ("1E+3", "decimal(10)", "1000"),
        (Decimal("1" * 40), "decimal(65,0)", "1" * 40),
        # floats
        (-0.0, "double", "0.0"),
        (1e30, "float", "1e%2B30"),
        (1.5, "double precision", "1.5"),
        # text
        ("a/b", "varchar(32)", "a%2Fb"),
        ("ab  ", "char(4)", "ab"),
        ("ab  ", "varchar(4)", "ab%20%20"),
        ("ab", "character varying(4)", "ab"),
        (5, "varchar(8)", "5"),
        ("left", "enum('left','right')", "left"),
        ("left", "enum_1a2b3c4d", "left"),
        # dates and times
        ("2025-1-5", "date", "2025-01-05"),
        ("20250105", "date", "2025-01-05"),
        (datetime(2025, 1, 5, 10), "date", "2025-01-05"),
        (np.datetime64("2025-01-05"), "date", "2025-01-05"),
        (date(2025, 1, 5), "datetime", "2025-01-05T00-00-00"),
        ("2025-1-5 10:30", "datetime", "2025-01-05T10-30-00"),
        ("2025-01-05T10:30:00.5", "datetime(3)", "2025-01-05T10-30-00.500000"),
        (datetime(2025, 1, 5, 10, 30, 0, 123), "timestamp", "2025-01-05T10-30-00.000123"),
        (np.datetime64("2025-01-05T10:30:00.000000001"), "datetime(6)", "2025-01-05T10-30-00"),
        ("2025-01-05 10:30:00+02", "timestamp with time zone", "2025-01-05T08-30-00"),
        ("2025-01-05 10:30:00+02:00", "timestamp without time zone", "2025-01-05T10-30-00"),
        (datetime(2025, 1, 5, 10, tzinfo=timezone(timedelta(hours=2))), "datetime", "2025-01-05T10-00-00"),
        (time(9, 5), "time", "09-05-00"),
        (timedelta(hours=-30, minutes=-1), "time", "-30-01-00"),
        ("9:05:00.25", "time without time zone", "09-05-00.250000"),
        # UUIDs, as text and as MySQL keeps them
        (UUID_TEXT.upper(), "uuid", UUID_TEXT),
        (UUID(UUID_TEXT), "binary(16)", UUID_TEXT),
        (UUID(UUID_TEXT).bytes, "binary(16)", UUID_TEXT),
    ],
)
def test_a_value_becomes_the_canonical_text_of_its_column(value, sql_type, text):
    converted = convert_key_value(value, sql_type)
    assert encode_key_value(converted) == text
    assert convert_key_value(converted, sql_type) == converted


@pytest.mark.parametrize(
    ("value", "sql_type"),
    [
        ("seven", "int"),
        (7.5, "int"),
        (float("inf"), "int"),
        ("maybe", "boolean"),
        ("NaN", "decimal(5,2)"),
        ("1E+999999999", "numeric"),
        ("yesterday", "date"),
        ("2025-13-01", "date"),
        (5, "date"),
        ("2025-01-05 25:00:99", "datetime"),
        (None, "datetime"),
        ("25:00:00", "time without time zone"),
        ("x", "uuid"),
        (object(), "varchar(8)"),
        ([], "something"),
    ],
)
def test_what_the_column_can_t_hold_is_refused_by_value_and_type(value, sql_type):
    with pytest.raises(AddressError, match=re.escape(f"a key value of a {sql_type} column")) as raised:
        convert_key_value(value, sql_type)
    assert repr(value) in str(raised.value)
    assert raised.value.hint


@pytest.mark.parametrize("text", ["2025-1-5", "2025-01-05", "2025/01/05"])
def test_the_same_date_has_one_text_however_it_was_typed(text):
    assert convert_key_value(text, "date") == date(2025, 1, 5)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("plain_Text-1.5", "plain_Text-1.5"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("...", "..."),
        ("a%2Fb", "a%252Fb"),
        ("", "~"),
        ("~", "%7E"),
        ("Zoë", "Zo%C3%AB"),
        (unicodedata.normalize("NFD", "Zoë"), "Zo%C3%AB"),
        ("a=b", "a%3Db"),
        ("a\0b\nc", "a%00b%0Ac"),
    ],
)
def test_strings_are_percent_encoded(text, encoded):
    assert encode_key_value(text) == encoded


def test_bytes_are_known_by_their_digest():
    assert is_inexact(encode_key_value(b"\0\1"))
    assert encode_key_value(b"\0\1") != encode_key_value(b"\0\2")


def test_text_that_is_not_unicode_is_refused():
    with pytest.raises(AddressError, match="surrogate"):
        encode_key_value("\udc80")


def nfc(text):
    return unicodedata.normalize("NFC", text)


unicode_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
safe_segment = re.compile(r"[A-Za-z0-9._~%-]+", re.ASCII)


@given(unicode_text)
@example("x" * LONGEST_VALUE)
@example("ü" * LONGEST_VALUE)
def test_text_comes_back_unless_it_was_cut(text):
    encoded = encode_key_value(text)
    assert safe_segment.fullmatch(encoded)
    assert encoded not in (".", "..")
    assert len(encoded) <= LONGEST_VALUE
    if is_inexact(encoded):
        assert nfc(text)[:10] == decode_key_value(encoded)[:10]
    else:
        assert decode_key_value(encoded) == nfc(text)


@given(unicode_text, unicode_text, st.sampled_from([LONGEST_VALUE, 40]))
@example("a/b", "a%2Fb", 40)
@example("", "~", 40)
@example("x" * 300, "x" * 301, 40)
def test_different_texts_never_share_an_encoding(one, other, longest):
    assume(nfc(one) != nfc(other))
    assert encode_key_value(one, longest=longest) != encode_key_value(other, longest=longest)


@given(
    st.text(st.sampled_from("abü~%.\\/"), max_size=250), st.text(st.sampled_from("abü~%.\\/"), max_size=250)
)
def test_near_texts_never_share_an_encoding(one, other):
    assert (encode_key_value(one) == encode_key_value(other)) == (nfc(one) == nfc(other))


@pytest.mark.parametrize(
    ("values", "sql_type"),
    [
        (st.integers(-(2**63), 2**63), "bigint"),
        (st.dates(), "date"),
        (st.datetimes(), "datetime(6)"),
        (st.timedeltas(timedelta(days=-34), timedelta(days=34)), "time"),
        (st.times(), "time without time zone"),
        (st.uuids(), "uuid"),
        (st.booleans(), "boolean"),
        (st.decimals(-(10**20), 10**20, places=4), "decimal(40,4)"),
        (st.decimals(allow_nan=False, allow_infinity=False, places=3), "numeric"),
        (st.floats(allow_nan=False, allow_infinity=False), "double"),
    ],
)
def test_every_value_comes_back_from_its_text(values, sql_type):
    @given(values)
    def comes_back(value):
        converted = convert_key_value(value, sql_type)
        encoded = encode_key_value(converted)
        assert safe_segment.fullmatch(encoded)
        assert convert_key_value(decode_key_value(encoded), sql_type) == converted

    comes_back()
