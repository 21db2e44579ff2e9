"""The layout of a store: its sections, and how paths are made in them.

>>> Layout(partition_pattern="subject_id/session_date").partition
('subject_id', 'session_date')
"""

from __future__ import annotations

from itertools import combinations
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.paths.partition import parse_partition_pattern
from dj_objectstore.paths.tokens import LONGEST, SHORTEST

_HASH_LENGTH = 26
_DEFAULTS = {"hash_prefix": "_hash", "schema_prefix": "_schema"}


class Layout(BaseModel):
    """Where the sections of a store lie, relative to its location.

    Parameters
    ----------
    hash_prefix, schema_prefix
        Folders of the two sections that DataJoint manages.
    filepath_prefix
        Folder that the users' own files must lie in; None for anywhere else in the store.
    subfolding
        Lengths of the folders that a hash is spread over.
    partition_pattern
        Key attributes that move to the front of a path, such as ``subject_id/session_date``.
    token_length
        Characters of the random part of a stored name, 4 to 16.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    hash_prefix: str = _DEFAULTS["hash_prefix"]
    schema_prefix: str = _DEFAULTS["schema_prefix"]
    filepath_prefix: str | None = None
    subfolding: tuple[int, ...] = Field(default=(), strict=False)
    partition_pattern: str | None = None
    token_length: int = 8

    @property
    def partition(self) -> tuple[str, ...]:
        """The attributes of the partition pattern, in its order."""
        return parse_partition_pattern(self.partition_pattern) if self.partition_pattern else ()

    @field_validator("hash_prefix", "schema_prefix", "filepath_prefix")
    @classmethod
    def _check_prefix(cls, prefix: str | None) -> str | None:
        return None if prefix is None else checked_folder(prefix)

    @field_validator("subfolding")
    @classmethod
    def _check_subfolding(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        if any(length < 1 for length in lengths) or sum(lengths) > _HASH_LENGTH:
            raise ValueError(
                f"must hold positive lengths that add up to at most {_HASH_LENGTH}, "
                f"got {list(lengths)}; write [2, 2], or remove it"
            )
        return lengths

    @field_validator("partition_pattern")
    @classmethod
    def _check_partition(cls, pattern: str | None) -> str | None:
        try:
            parse_partition_pattern(pattern or "") if pattern is not None else None
        except AddressError as err:
            raise ValueError(f"is wrong: {err.message}; {err.hint}") from err
        return pattern

    @field_validator("token_length")
    @classmethod
    def _check_token_length(cls, length: int) -> int:
        if not SHORTEST <= length <= LONGEST:
            raise ValueError(f"must be {SHORTEST} to {LONGEST}, got {length}; remove it to use 8")
        return length

    @model_validator(mode="after")
    def _check_overlap(self) -> Self:
        prefixes = {
            "hash_prefix": self.hash_prefix,
            "schema_prefix": self.schema_prefix,
            "filepath_prefix": self.filepath_prefix,
        }
        found = [
            f"{one} {first!r} and {other} {second!r}"
            for (one, first), (other, second) in combinations(prefixes.items(), 2)
            if first
            and second
            and (f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/"))
        ]
        if found:
            raise ValueError(
                f"prefixes must not overlap, got {', '.join(found)}; give each a folder of its own"
            )
        return self


def checked_folder(text: str) -> str:
    """Return a relative folder without the slash at its end.

    Raises
    ------
    ValueError
        When it is empty, absolute, leads out with ``..``, or is reserved for this package.
    """
    folder = text[:-1] if text.endswith("/") and text != "/" else text
    segments = folder.split("/")
    if not folder:
        raise ValueError("must not be empty, got ''; remove it to use the default")
    if folder.startswith("/"):
        raise ValueError(f"must be relative to the store's location, got {text!r}; remove the leading '/'")
    if set(segments) & {"", ".", ".."} or "\\" in folder or not folder.isprintable():
        raise ValueError(
            f"must be plain folder names joined by '/', got {text!r}; leave out '.', '..' and '//'"
        )
    if segments[0] == RESERVED_PREFIX:
        raise ValueError(
            f"must not lie in {RESERVED_PREFIX!r}, which is reserved, got {text!r}; choose another"
        )
    return folder
