"""Key values as their column holds them, so that one key has one text however it was typed.

>>> convert_key_value("2025-1-5", "date"), convert_key_value("007", "int unsigned")
(datetime.date(2025, 1, 5), 7)

The names of types are those that DataJoint's headings give, of MySQL and of PostgreSQL, and DataJoint's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from operator import index
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from dj_objectstore.exceptions import AddressError

KeyValue: TypeAlias = int | str | float | bool | Decimal | date | datetime | time | timedelta | UUID | bytes

# the default context would round what a wide decimal column keeps
_WIDE = Context(prec=2000)
_LARGEST_EXPONENT = 1000

_TYPE = re.compile(r"\s*([a-z_0-9]+(?:\s+(?:precision|varying))?)\s*(?:\(\s*([^)]*)\))?(.*)", re.IGNORECASE)
_DATE = re.compile(r"\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(.*))?", re.ASCII)
_TIME = re.compile(r"(-?)(\d{1,3})[:-](\d{1,2})(?:[:-](\d{1,2})(?:\.(\d{1,9}))?)?", re.ASCII)
_ZONE = re.compile(r"\s*(Z|[+-]\d{2}(?::?\d{2})?)\s*\Z", re.ASCII)


def convert_key_value(value: Any, sql_type: str) -> KeyValue:
    """Return `value` as a column of `sql_type` holds it.

    Parameters
    ----------
    value
        As a user gives it in a row: the Python value, a NumPy scalar, or text that the database would read.
    sql_type
        Type of the column, such as ``int unsigned``, ``decimal(6,2)``, ``varchar(32)``, ``datetime(3)``,
        ``timestamp without time zone``, ``binary(16)`` or ``uuid``. Of a type that is not known the value is
        left as it is.

    Returns
    -------
    KeyValue
        A plain Python value that the database takes too.

    Raises
    ------
    AddressError
        When the column can't hold the value.
    """
    match = _TYPE.match(sql_type)
    name, arguments, rest = match.groups() if match else ("", None, "")
    name = " ".join(name.lower().split())
    convert = _CONVERSIONS.get(name, _plain)
    try:
        return convert(_unwrapped(value), _Column(name, (arguments or "").strip(), rest.strip().lower()))
    except (TypeError, ValueError, OverflowError, DecimalException) as err:
        raise AddressError(
            f"a key value of a {sql_type} column must be one that it can hold, got {value!r}",
            hint=_HINTS.get(convert, "Give a value of the column's type."),
        ) from err


class _Column(NamedTuple):
    """The pieces of a type."""

    name: str
    arguments: str  # what stands in the parentheses
    rest: str  # what follows them


def _unwrapped(value: Any) -> Any:
    """Return a NumPy scalar as a Python value; its nanoseconds become text, which keeps microseconds."""
    if type(value).__module__ != "numpy":
        return value
    if value.dtype.kind == "M":
        return str(value)
    return value.item()


def _plain(value: Any, column: _Column) -> KeyValue:
    del column
    if isinstance(value, bytearray):
        return bytes(value)
    if not isinstance(value, (str, bytes, int, float, Decimal, date, time, timedelta, UUID)):
        raise TypeError(f"not a key value: {type(value).__name__}")
    return value


def _integer(value: Any, column: _Column) -> int:
    del column
    if isinstance(value, str):
        return int(value)
    if isinstance(value, (float, Decimal)):
        if value != int(value):
            raise ValueError("not a whole number")
        return int(value)
    return int(index(value))


def _boolean(value: Any, column: _Column) -> bool:
    del column
    text = str(value).strip().lower()
    if text in ("true", "t", "yes", "y", "on", "1"):
        return True
    if text in ("false", "f", "no", "n", "off", "0"):
        return False
    raise ValueError("not a truth value")


def _decimal(value: Any, column: _Column) -> Decimal:
    number = Decimal(str(value).strip()) if not isinstance(value, Decimal) else value
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("not a number of a column")
    if not column.arguments:
        # without a scale the column keeps what it is given, and 1.50 equals 1.5
        return _unsigned_zero(number.normalize(_WIDE))
    scale = int(column.arguments.partition(",")[2] or 0)
    return _unsigned_zero(number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _WIDE))


def _unsigned_zero(number: Decimal) -> Decimal:
    return number or number.copy_abs()


def _float(value: Any, column: _Column) -> float:
    del column
    return float(value) + 0.0


def _text(value: Any, column: _Column) -> str:
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode()
    if isinstance(value, bool):
        value = int(value)
    if not isinstance(value, (str, int, float, Decimal, date, time, UUID)):
        raise TypeError("not text")
    # a char(n) column pads with spaces, or drops them
    return str(value).rstrip(" ") if column.name in ("char", "character", "bpchar") else str(value)


def _date(value: Any, column: _Column) -> date:
    del column
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    match = _DATE.fullmatch(value)
    if match is None and len(value.strip()) == 8:  # noqa: PLR2004 - YYYYMMDD
        return date.fromisoformat(value.strip())
    return date(*(int(part) for part in _matched(match).groups()[:3]))


def _datetime(value: Any, column: _Column) -> datetime:
    if isinstance(value, datetime):
        return _naive(value, column)
    if isinstance(value, date):
        return datetime.combine(value, time())
    # "-" separates the numbers in a path's own spelling, so that only a time with ":" has a zone
    zone = _ZONE.search(value, value.index(":")) if ":" in value else None
    text = value[: zone.start()] if zone else value
    match = _matched(_DATE.fullmatch(text))
    moment = datetime.combine(_date("-".join(match.groups()[:3]), column), time())
    moment += _time_of(match[4]) if match[4] else timedelta(0)
    if zone:
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{zone[1]}").tzinfo
        return _naive(moment.replace(tzinfo=offset), column)
    return moment


def _naive(value: datetime, column: _Column) -> datetime:
    """Drop the time zone as the database does: a column with a time zone keeps UTC, others the digits."""
    if value.tzinfo and (column.name == "timestamptz" or column.rest.startswith("with time zone")):
        value = value.astimezone(UTC)
    return datetime.combine(value.date(), value.time())


def _time(value: Any, column: _Column) -> time | timedelta:
    """Return a time of day for PostgreSQL, and a span, as its driver gives it, for MySQL."""
    if isinstance(value, time):
        span = timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    elif isinstance(value, timedelta):
        span = timedelta(value.days, value.seconds, value.microseconds)
    else:
        span = _time_of(value)
    if "time zone" not in column.rest:
        return span
    if not timedelta(0) <= span < timedelta(days=1):
        raise ValueError("not a time of day")
    return (datetime(1, 1, 1) + span).time()  # noqa: DTZ001 - a time of day has no zone


def _time_of(text: Any) -> timedelta:
    if not isinstance(text, str):
        raise TypeError("not text")
    sign, hours, minutes, seconds, fraction = _matched(_TIME.fullmatch(text.strip())).groups()
    if int(minutes) > 59 or int(seconds or 0) > 59:  # noqa: PLR2004 - of a clock
        raise ValueError("not a time")
    micros = int((fraction or "").ljust(6, "0")[:6])
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0), microseconds=micros)
    return -span if sign else span


def _matched(match: re.Match[str] | None) -> re.Match[str]:
    if match is None:
        raise ValueError("not of this form")
    return match


def _uuid(value: Any, column: _Column) -> UUID:
    del column
    if isinstance(value, UUID):
        return value
    return UUID(bytes=bytes(value)) if isinstance(value, (bytes, bytearray)) else UUID(value)


def _binary(value: Any, column: _Column) -> KeyValue:
    """Return bytes, and a UUID for ``binary(16)``, which is how MySQL keeps one."""
    if isinstance(value, UUID) or (column.name == "binary" and column.arguments == "16"):
        return _uuid(value, column)
    return bytes(value)


_Conversion: TypeAlias = Callable[[Any, _Column], KeyValue]
_GROUPS: tuple[tuple[_Conversion, str], ...] = (
    (_integer, "int integer bigint mediumint smallint tinyint int8 int16 int32 int64 int2 int4 serial year"),
    (_integer, "bigserial smallserial uint8 uint16 uint32 uint64"),
    (_boolean, "bool boolean"),
    (_decimal, "decimal numeric dec fixed"),
    (_float, "float double real float32 float64 float4 float8"),
    (_text, "varchar char character bpchar enum text tinytext mediumtext longtext set"),
    (_date, "date"),
    (_datetime, "datetime timestamp timestamptz"),
    (_time, "time timetz"),
    (_uuid, "uuid"),
    (_binary, "binary varbinary bytea bytes blob tinyblob mediumblob longblob"),
)
_CONVERSIONS: dict[str, _Conversion] = {name: convert for convert, names in _GROUPS for name in names.split()}
_CONVERSIONS |= {"double precision": _float, "character varying": _text}
_HINTS: dict[_Conversion, str] = {
    _integer: "Give a whole number.",
    _boolean: "Give True or False.",
    _date: "Give a date, or text such as '2025-01-05'.",
    _datetime: "Give a datetime, or text such as '2025-01-05 10:30:00'.",
    _time: "Give a time, or text such as '10:30:00'.",
    _uuid: "Give a UUID or its text.",
}
