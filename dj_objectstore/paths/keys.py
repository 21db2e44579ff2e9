"""Key values as text in a path: converted by their column's type, then percent-encoded.

>>> encode_key_value(convert_key_value("2025-1-5", "date"))
'2025-01-05'
>>> encode_key_value("tone/5 kHz"), decode_key_value("tone%2F5%20kHz")
('tone%2F5%20kHz', 'tone/5 kHz')

Different values never give the same text, canonically equivalent Unicode strings being one value. ``~`` is
never part of an encoded string: it marks the empty string, and the digest of a value that is too long or is
bytes.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from uuid import UUID

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.conversion import KeyValue, convert_key_value

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "KeyValue",
    "convert_key_value",
    "decode_key_value",
    "encode_key_value",
    "encode_text",
    "is_inexact",
]

# 255 bytes of a segment, less "=" and the 64 bytes that an attribute's name may have
LONGEST_VALUE = 190
EMPTY = "~"
_DIGEST_BYTES = 16
_DIGEST_CHARS = 2 * _DIGEST_BYTES


def encode_key_value(value: KeyValue, *, longest: int = LONGEST_VALUE) -> str:
    """Return the text of a converted key value.

    Parameters
    ----------
    value
        As `convert_key_value` gives it.
    longest
        Bytes that the text may have, at least 40; what is longer is cut and ends with ``~`` and a digest.

    Raises
    ------
    AddressError
        For a float that is no number, or text that is not Unicode.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"~{_digest(bytes(value))}"
    text = _canonical_text(value)
    encoded = encode_text(text)
    if len(encoded) <= longest:
        return encoded
    return f"{_cut(encoded, longest - _DIGEST_CHARS - 1)}~{_digest(_normal(text).encode())}"


def decode_key_value(text: str) -> str:
    """Return what `encode_key_value` encoded, as text; of a value that was cut, what is left of it."""
    return unquote(text) if text != EMPTY else ""


def is_inexact(text: str) -> bool:
    """Return whether an encoded value holds a digest, so that the value can't be read back from it."""
    return text != EMPTY and "~" in text


def encode_text(text: str) -> str:
    """Percent-encode everything but ``A-Za-z0-9._-``, in Unicode's NFC; ``.``, ``..`` and nothing too."""
    try:
        encoded = quote(_normal(text), safe="").replace("~", "%7E")
    except UnicodeEncodeError as err:
        raise AddressError(
            f"text in a path must be Unicode, got {text!r}", hint="Replace its surrogate characters."
        ) from err
    if encoded in (".", ".."):
        return encoded.replace(".", "%2E")
    return encoded or EMPTY


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _cut(encoded: str, length: int) -> str:
    """Return at most `length` characters, without half of a percent sequence at the end."""
    cut = encoded[:length]
    tail = cut.rfind("%", -2)
    return cut if tail < 0 else cut[:tail]


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def _canonical_text(value: KeyValue) -> str:
    """Return a value's canonical text, before it is made safe for a path."""
    if hasattr(value, "item") and not isinstance(value, (str, datetime)):
        value = value.item()  # a NumPy scalar
    for kind, text in _TEXTS:
        if isinstance(value, kind):
            return text(value)
    raise AddressError(
        f"a key value must be a number, text, date, time, UUID or bytes, got {type(value).__name__}",
        hint="Convert it to the type of its column.",
    )


def _boolean_text(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"


def _moment_text(value: datetime | time) -> str:
    return value.replace(tzinfo=None).isoformat().replace(":", "-")


def _decimal_text(value: Decimal) -> str:
    return f"{value or value.copy_abs():f}"


def _float_text(value: float) -> str:
    if value - value != 0:
        raise AddressError(f"a key value must be a number, got {value}", hint="Give a finite value.")
    return repr(value + 0.0)


def _duration_text(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = value.days * 86400 + value.seconds
    text = f"{sign}{seconds // 3600:02}-{seconds // 60 % 60:02}-{seconds % 60:02}"
    return f"{text}.{value.microseconds:06}" if value.microseconds else text


# in this order: a bool is an int, and a datetime is a date
_TEXTS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, _boolean_text),
    (datetime, _moment_text),
    (time, _moment_text),
    (timedelta, _duration_text),
    (float, _float_text),
    (Decimal, _decimal_text),
    (date, date.isoformat),
    (UUID, str),
    (int, str),
    (str, str),
)
