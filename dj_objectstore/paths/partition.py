"""The partition pattern of a store: key attributes that move to the front of a path.

>>> parse_partition_pattern("subject_id/session_date")
('subject_id', 'session_date')
>>> parse_partition_pattern("subject{subject_id}/session{session_id}")
('subject_id', 'session_id')
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from dj_objectstore.exceptions import AddressError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Value = TypeVar("_Value")
_ATTRIBUTE = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII | re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_EXAMPLE = "Write attribute names separated by '/', such as 'subject_id/session_date'."


def parse_partition_pattern(text: str) -> tuple[str, ...]:
    """Return the attributes that a pattern names, in its order.

    Parameters
    ----------
    text
        ``attr/attr``, or ``{attr}/{attr}``, where text outside of the braces is ignored.

    Raises
    ------
    AddressError
        For an empty pattern, an unbalanced brace, something that is no attribute name, or a repetition.
    """
    braces = "{" in text or "}" in text
    names = tuple(_PLACEHOLDER.findall(text) if braces else text.strip("/").split("/"))
    if braces and set("{}") & set(_PLACEHOLDER.sub("", text)):
        raise AddressError(f"every brace of a partition pattern must close, got {text!r}", hint=_EXAMPLE)
    wrong = [name for name in names if not _ATTRIBUTE.fullmatch(name)]
    if wrong or not names:
        raise AddressError(f"a partition pattern must name attributes, got {text!r}", hint=_EXAMPLE)
    if len(set(names)) < len(names):
        raise AddressError(f"a partition pattern must name each attribute once, got {text!r}", hint=_EXAMPLE)
    return names


def split_key(
    key: Mapping[str, _Value], partition: Sequence[str]
) -> tuple[dict[str, _Value], dict[str, _Value]]:
    """Split a primary key into its partition, in the pattern's order, and the rest, in the table's order.

    A key that lacks one of the partition's attributes is not partitioned.
    """
    if not partition or not set(partition) <= set(key):
        return {}, dict(key)
    front = {name: key[name] for name in partition}
    return front, {name: value for name, value in key.items() if name not in front}
