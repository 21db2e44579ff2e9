"""Which settings are secret, and how text is cleaned of them.

>>> without_secrets({"anon": False, "key": "AKIA", "client_kwargs": {"verify": False, "aws_secret": "x"}})
{'anon': False, 'client_kwargs': {'verify': False}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_SECRET_NAME = re.compile(
    r"key|secret|token|passw|credential|connection_string|sas|auth|cookie|header|prox|session|user",
    re.IGNORECASE,
)
_SHORTEST = 4


def is_secret_name(name: str) -> bool:
    """Return whether an option of this name may hold a secret."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options, nested ones too, without those that may hold a secret."""
    return {
        name: without_secrets(value) if isinstance(value, Mapping) else value
        for name, value in options.items()
        if not is_secret_name(name)
    }


def secret_values(options: Mapping[str, Any]) -> Iterable[str]:
    """Give the texts in options, nested ones too, that may be secrets."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from secret_values(value)
        elif isinstance(value, str) and is_secret_name(name):
            yield value


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return text with every secret replaced by ``***``."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return text
