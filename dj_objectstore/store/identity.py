"""``datajoint_store.json``: which project a store belongs to.

It lies at the store's root, is created once by the first write of a client that configures ``project_name``,
and is compared by every such client when it first uses the store.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ConfigurationError, FormatError, ObjectExistsError, ObjectNotFoundError
from dj_objectstore.spec.configuration import Client, current_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.spec.models import StoreSpec

KEY = "datajoint_store.json"
FORMAT_VERSION = "1.0"


class Identity:
    """A store's project, asked for once in the life of an open store.

    Parameters
    ----------
    spec
        The store's settings; without ``project_name`` nothing is asked and nothing made.
    read
        Returns the bytes of a key, or raises `ObjectNotFoundError`.
    create
        Writes a key, or raises `ObjectExistsError`.
    """

    def __init__(
        self, spec: StoreSpec, read: Callable[[str], bytes], create: Callable[[str, bytes], None]
    ) -> None:
        self._spec = spec
        self._read = read
        self._create = create
        self._is_there = False
        self._looked = False
        self._lock = threading.RLock()

    def settle(self, *, writing: bool) -> None:
        """Compare the project, and with `writing` make the file where there is none.

        Raises
        ------
        ConfigurationError
            When the store belongs to another project.
        FormatError
            When the file can't be understood.
        """
        if self._spec.project_name is None or self._is_there or (self._looked and not writing):
            return
        with self._lock:
            self._is_there = self._compare() or (writing and self._make())
            self._looked = True

    def _compare(self) -> bool:
        """Return whether the file is there and names our project."""
        try:
            found = parse_identity(self._read(KEY), where=f"store {self._spec.name!r} ({self._spec.place})")
        except ObjectNotFoundError:
            return False
        if found["project_name"] != self._spec.project_name:
            raise ConfigurationError(
                f"store {self._spec.name!r} ({self._spec.place}) belongs to the project "
                f"{found['project_name']!r}, and this client is configured for {self._spec.project_name!r}",
                hint=f"Correct stores.{self._spec.name}.project_name, or the store's location; all clients "
                "of a store use the same project_name.",
            )
        return True

    def _make(self) -> bool:
        try:
            self._create(KEY, build_identity(self._spec.project_name or "", current_client()))
        except ObjectExistsError:
            return self._compare()  # another client was quicker
        return True


def build_identity(project_name: str, client: Client, *, created: datetime | None = None) -> bytes:
    """Return the content of the file; what the client does not know is left out."""
    made = (created or datetime.now(UTC)).astimezone(UTC)
    fields: dict[str, Any] = {
        "project_name": project_name,
        "created": made.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "format_version": FORMAT_VERSION,
    }
    known = {name: value for name, value in asdict(client).items() if value is not None}
    return json.dumps(fields | known, indent=4, ensure_ascii=False).encode() + b"\n"


def parse_identity(data: bytes, *, where: str) -> dict[str, Any]:
    """Return the fields of the file.

    Raises
    ------
    FormatError
        When it is no JSON object that names a project, or of another version.
    """
    try:
        found = json.loads(data)
    except ValueError as err:
        raise FormatError(f"{KEY} of {where} is not JSON: {err}", hint="Restore it from a copy.") from err
    if not isinstance(found, dict) or not isinstance(found.get("project_name"), str):
        raise FormatError(f"{KEY} of {where} names no project_name", hint="Restore it from a copy.")
    if found.get("format_version") != FORMAT_VERSION:
        raise FormatError(
            f"{KEY} of {where} must be of format_version {FORMAT_VERSION!r}, "
            f"got {found.get('format_version')!r}",
            hint="Install the newest dj-objectstore, which may know it.",
        )
    return found
