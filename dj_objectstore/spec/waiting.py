"""New secrets that wait for the settings they belong to, so that both count from one moment on.

A store's settings stand in one file and its secrets in others, and no two files can be replaced at once. So
new secrets are first written into a file of their own, ``.secrets/.waiting``, with what the configuration
file held and will hold. They count as soon as it holds that: replacing it is the moment at which everything
is new. A write that was interrupted before is as if it had never begun; one that was interrupted later is
complete for this package, and whoever writes next puts the secrets in their places.
"""

from __future__ import annotations

import json
import os
import secrets as _random
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WAITING = ".waiting"

State = Literal["nothing", "dropped", "counts", "unclear"]
"""What became of an interrupted write: there was none; it never began; it is complete but for the places of
its secrets; or nobody can tell, as the configuration file was changed since."""


@dataclass(frozen=True)
class Waiting:
    """Secrets that wait.

    Parameters
    ----------
    secrets
        By the name of their file; None for one that goes.
    file
        The configuration file that they wait for; None when they wait for none.
    before, after
        SHA-256 of its text as it was and will be; None for no file.
    """

    secrets: Mapping[str, str | None] = field(repr=False)
    file: Path | None = None
    before: str | None = None
    after: str | None = None

    @property
    def state(self) -> State:
        """Whether they count by now."""
        if self.file is None:
            return "counts"
        now = digest_of(self.file.read_text(encoding="utf-8")) if self.file.is_file() else None
        return "counts" if now == self.after else "dropped" if now == self.before else "unclear"

    def write(self, folder: Path) -> None:
        """Write them into a folder of secrets."""
        content = {
            "secrets": dict(self.secrets),
            "file": None if self.file is None else os.path.relpath(self.file, folder),
            "before": self.before,
            "after": self.after,
        }
        write_private(folder / WAITING, json.dumps(content))


def find_waiting(folder: Path | None) -> Waiting | None:
    """Return the secrets that wait in a folder of secrets, if any do."""
    if folder is None:
        return None
    try:
        content = json.loads((folder / WAITING).read_text(encoding="utf-8"))
        file = None if content["file"] is None else folder / content["file"]
        return Waiting(dict(content["secrets"]), file, content["before"], content["after"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def digest_of(text: str | None) -> str | None:
    """Return the SHA-256 of a text; None for none."""
    return None if text is None else sha256(text.encode()).hexdigest()


def write_private(path: Path, text: str) -> None:
    """Write a file at once, readable by its owner alone from the first moment."""
    temporary = path.with_name(f".{path.name}.{_random.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
