"""Where the configuration of this process is found when nobody hands one over; light enough to import always.

The package's door sets DataJoint's own; a test may set a plain mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_provider: Callable[[], Mapping[str, Any]] | None = None


def set_configuration(provider: Callable[[], Mapping[str, Any]]) -> None:
    """Say which configuration counts; `provider` is asked each time a store is named."""
    global _provider  # noqa: PLW0603 - one process has one configuration
    _provider = provider


def current_configuration() -> Mapping[str, Any]:
    """Return the configuration that counts now."""
    return _provider() if _provider else {}
