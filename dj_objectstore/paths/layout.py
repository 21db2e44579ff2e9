"""What a path needs to know of its store: where its sections lie."""

from __future__ import annotations

from typing import Protocol

RESERVED_PREFIX = "_dj_objectstore"
STORE_FILE = "datajoint_store.json"


class PathLayout(Protocol):
    """The settings of a store that decide on paths."""

    @property
    def hash_prefix(self) -> str:
        """Folder of the hash-addressed section."""

    @property
    def schema_prefix(self) -> str:
        """Folder of the schema-addressed section."""

    @property
    def filepath_prefix(self) -> str | None:
        """Folder that the users' own files must lie in; None for anywhere else in the store."""

    @property
    def subfolding(self) -> tuple[int, ...]:
        """Lengths of the folders that a hash is spread over."""

    @property
    def partition(self) -> tuple[str, ...]:
        """Key attributes that move to the front of a path."""

    @property
    def token_length(self) -> int:
        """Characters of the random token in a name."""
