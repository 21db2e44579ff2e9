"""The path of hash-addressed data, as DataJoint's ``<blob@>``, ``<attach@>`` and ``<hash@>`` lay them down.

>>> from types import SimpleNamespace
>>> layout = SimpleNamespace(hash_prefix="_hash", subfolding=(2, 2))
>>> build_hash_path(layout, schema="lab", digest="abcdefghijklmnopqrstuvwxyz")
'_hash/lab/ab/cd/abcdefghijklmnopqrstuvwxyz'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_objectstore.exceptions import AddressError
from dj_objectstore.paths.keys import encode_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dj_objectstore.paths.layout import PathLayout


def build_hash_path(layout: PathLayout, *, schema: str, digest: str, ext: str = "") -> str:
    """Return the path of hash-addressed data, relative to the store's location; `parse_path` reads it.

    Parameters
    ----------
    layout
        The store's hash prefix and subfolding.
    schema
        Name of the schema.
    digest
        The hash of the data, letters and digits.
    ext
        Extension with its dot, or ``""``.

    Raises
    ------
    AddressError
        When the digest is no hash.
    """
    if not (digest.isascii() and digest.isalnum()):
        raise AddressError(
            f"a hash must be letters and digits, got {digest!r}", hint="Give the hash as DataJoint has it."
        )
    folders = _subfolders(digest, layout.subfolding)
    return "/".join([layout.hash_prefix, encode_text(schema), *folders, f"{digest}{ext}"])


def _subfolders(digest: str, lengths: Sequence[int]) -> Iterator[str]:
    at = 0
    for length in lengths:
        yield digest[at : at + length]
        at += length
