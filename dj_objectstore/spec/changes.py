r"""Changes to a project's configuration that are planned, shown as a diff, and then written.

>>> from pathlib import Path
>>> print(Changes((FileChange(Path("datajoint.json"), None, "{}\\n"),)).diff())
--- /dev/null
+++ datajoint.json
@@ -0,0 +1 @@
+{}
<BLANKLINE>
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.files import CONFIGURATION, SECRETS
from dj_objectstore.spec.secrets import SECRET_KEYS, hold_secrets, redact, settle_secrets
from dj_objectstore.spec.templates import write_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECRET_LINE = re.compile(
    rf"""((?:\b|")(?:[\w.-]+\.)?(?:{"|".join(SECRET_KEYS)}|password)"?\s*[:=]\s*)"(?:[^"\\]|\\.)*\""""
)
BACKUP = ".bak"


@dataclass(frozen=True)
class FileChange:
    """A file's text before and after; no text for a file that is not there."""

    path: Path
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)

    def write(self, *, backup: bool = False) -> None:
        """Replace or remove the file; with `backup` keep beside it what is replaced."""
        if self.after is None:
            self.path.unlink(missing_ok=True)
            return
        if backup and self.before is not None:
            write_content(self.path.with_name(self.path.name + BACKUP), self.before, like=self.path)
        write_content(self.path, self.after)


@dataclass(frozen=True)
class Changes:
    """What will be written.

    Parameters
    ----------
    changes
        Files that are rewritten or removed.
    secrets
        Secrets to write, by the name of their file in `folder`; None for one to remove.
    masked
        Every secret text in the files, moving or not; none of them is shown.
    folder
        The folder ``.secrets``.
    notes
        What remains to be done by hand.
    """

    changes: tuple[FileChange, ...] = ()
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    masked: frozenset[str] = field(default=frozenset(), repr=False)
    folder: Path = Path(SECRETS)
    notes: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.changes or self.secrets)

    def diff(self) -> str:
        """Return the changes as a unified diff, with ``***`` for every secret."""
        parts = [line for change in self.changes for line in self._diff(change)]
        parts += [
            f"--- {self.folder / name}\n-***\n" if value is None else f"+++ {self.folder / name}\n+***\n"
            for name, value in sorted(self.secrets.items())
        ]
        return redact(_SECRET_LINE.sub(r'\1"***"', "".join(parts)), self.masked)

    def write(self, *, backup: bool = False) -> None:
        """Write the configuration and its secrets so that both count from one moment on.

        The new secrets wait (see `waiting`) until the configuration file is replaced; then they are put in
        their places, and the older places of secrets are removed. When the process dies at any step, what
        counts is the old configuration or the new one, each with its own secrets.

        Parameters
        ----------
        backup
            Whether to keep the configuration as it was beside it, under its name with ``.bak``.

        Raises
        ------
        ConfigurationError
            When a file was changed by somebody else since the changes were planned; nothing is written then.
        """
        self._check_unchanged()
        settle_secrets(self.folder)
        changes = sorted(self.changes, key=lambda change: change.path.name != CONFIGURATION)
        first = next((change for change in changes if change.path.parent != self.folder), None)
        if self.secrets and first:
            hold_secrets(self.folder, self.secrets, file=first.path, before=first.before, after=first.after)
        elif self.secrets:
            hold_secrets(self.folder, self.secrets)
        if first:
            first.write(backup=backup)
        settle_secrets(self.folder)
        for change in changes:
            if change is not first:
                change.write(backup=backup)

    def _check_unchanged(self) -> None:
        for change in self.changes:
            if change.path.parent == self.folder:
                continue
            now = change.path.read_text(encoding="utf-8") if change.path.is_file() else None
            if now != change.before:
                raise ConfigurationError(
                    f"{change.path} was changed by somebody else in the meantime, nothing was written",
                    hint="Look at the changes again, and write them then.",
                )

    def _diff(self, change: FileChange) -> Iterator[str]:
        if change.path.parent == self.folder:
            yield f"--- {change.path}\n-***\n"
            return
        before, after = ((text or "").splitlines(keepends=True) for text in (change.before, change.after))
        yield from difflib.unified_diff(
            before,
            after,
            str(change.path) if change.before is not None else "/dev/null",
            str(change.path) if change.after is not None else "/dev/null",
        )
