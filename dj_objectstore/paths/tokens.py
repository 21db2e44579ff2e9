"""The random part of a stored name, which keeps two writes of one field from ever meeting.

>>> is_token(new_token(8))
True
"""

from __future__ import annotations

import re
import secrets
import string

ALPHABET = string.ascii_letters + string.digits
SHORTEST, LONGEST = 4, 16

# DataJoint's own tokens may hold "-" and "_" too: they are read, never written
_WRITTEN = re.compile(rf"[A-Za-z0-9]{{{SHORTEST},{LONGEST}}}", re.ASCII)
_READ = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST},{LONGEST}}}", re.ASCII)


def new_token(length: int = 8) -> str:
    """Return a fresh random token of `length` (4 to 16) letters and digits.

    Raises
    ------
    ValueError
        When `length` is outside 4 to 16.
    """
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(f"a token has {SHORTEST} to {LONGEST} characters, got {length}")
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def is_token(text: str) -> bool:
    """Return whether `text` is a token as this package writes them: 4 to 16 letters and digits."""
    return _WRITTEN.fullmatch(text) is not None


def is_readable_token(text: str) -> bool:
    """Return whether `text` is a token of DataJoint's wider alphabet, which also holds ``-`` and ``_``."""
    return _READ.fullmatch(text) is not None
