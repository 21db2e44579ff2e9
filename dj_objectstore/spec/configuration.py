"""Where the configuration of this process is found when nobody hands one over, and who this process is.

The package's door sets DataJoint's own; a test may set a plain mapping. Light enough to import always:
DataJoint itself can't be imported with a bad ``DJ_STORES``, and `doctor` must be able to say so.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Client:
    """Who makes a store's ``datajoint_store.json``: DataJoint's version, and the database, to be found by."""

    datajoint_version: str = ""
    database_host: str | None = None
    database_name: str | None = None


_describe_client: Callable[[], Client] = Client


def set_client(describe: Callable[[], Client]) -> None:
    """Say who this client is; `describe` is asked when a store's file is made."""
    global _describe_client  # noqa: PLW0603 - one process is one client
    _describe_client = describe


def current_client() -> Client:
    """Return who this client is."""
    return _describe_client()
