"""The last segment of a schema-addressed path: field, token and extension, in every spelling there was.

>>> parse_object_name("movie_Ab3dE5gH.zarr", token_length=8, fields=["movie"])
ObjectName(field='movie', token='Ab3dE5gH', ext='.zarr', unique=True)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_objectstore.paths.keys import decode_key_value
from dj_objectstore.paths.tokens import is_readable_token, is_token

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_FIELD = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class ObjectName:
    """What the name of a stored object says.

    Parameters
    ----------
    field
        Name of the attribute.
    token
        The random part, or ``""`` for a name without one.
    ext
        Extension with its dot, or ``""``.
    unique
        Whether the name can't be read in another way that is as likely.
    """

    field: str
    token: str
    ext: str
    unique: bool


def parse_object_name(
    name: str, *, token_length: int, fields: Collection[str] | None = None
) -> ObjectName | None:
    """Read the name of an object, or return None when it is none.

    Parameters
    ----------
    name
        Last segment of the object's path.
    token_length
        Length of the tokens that the store writes now.
    fields
        Names of the table's attributes, where they are known; then a name can nearly always be told apart.
    """
    readings = {reading: _likeliness(reading, token_length) for reading in _readings(name, fields)}
    if not readings:
        return None
    best = max(readings, key=lambda reading: (readings[reading], len(reading[0])))
    rivals = [reading for reading in readings if fields is None or readings[reading] == readings[best]]
    field, separator, token, ext = best
    return ObjectName(field, token if separator else "", f".{ext}" if ext else "", len(rivals) == 1)


_Reading = tuple[str, str, str, str]  # field, separator, token, extension without its dot


def _readings(name: str, fields: Collection[str] | None) -> Iterator[_Reading]:
    """Give every way to read a name as field, separator, token and extension."""
    head, dot, tail = name.partition(".")
    if dot and not tail:
        return
    if _is_field(head, fields):
        yield head, "", "", decode_key_value(tail)
        token, _, ext = tail.partition(".")
        if is_readable_token(token) and tail != f"{token}.":
            yield head, ".", token, decode_key_value(ext)
    for at, char in enumerate(head):
        if char == "_" and _is_field(head[:at], fields) and is_readable_token(head[at + 1 :]):
            yield head[:at], "_", head[at + 1 :], decode_key_value(tail)


def _is_field(text: str, fields: Collection[str] | None) -> bool:
    return text in fields if fields is not None else _FIELD.fullmatch(text) is not None


def _likeliness(reading: _Reading, token_length: int) -> int:
    """Rank a reading: what this package writes first, what looks like a plain name of a file last."""
    _, separator, token, _ = reading
    written = is_token(token) and len(token) == token_length
    # eight random characters are hardly ever a word, and an extension such as ".database" is
    random = not (token.isalpha() and token.islower())
    match separator:
        case "_":
            return 5 if written else 4 if is_token(token) and random else 3 if random else 1
        case ".":
            return 4 if written and random else 1 if random else 0
    return 2
