"""Secrets: which settings are secret, the files they are kept in, and how text is cleaned of them.

>>> without_secrets({"anon": False, "key": "AKIA", "client_kwargs": {"verify": False, "aws_secret": "x"}})
{'anon': False, 'client_kwargs': {'verify': False}}
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from dj_objectstore.report import Problem
from dj_objectstore.spec.waiting import WAITING, State, Waiting, digest_of, find_waiting, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The settings of a store that belong into `.secrets`: one file each, `stores.<name>.<key>`.
SECRET_KEYS = (
    "access_key",
    "secret_key",
    "session_token",
    "account_key",
    "connection_string",
    "token",
    "proxy_server",
)
IGNORE_FILE = "# One value in each file, without quotes. Nothing here is ever committed.\n*\n"

_SECRET_NAME = re.compile(
    r"key|secret|token|passw|credential|connection_string|sas|auth|cookie|header|prox|session|user",
    re.IGNORECASE,
)
# what templates put where a secret belongs: ours are empty, DataJoint's and people's are words
_PLACEHOLDER = re.compile(r"|<[^<>]*>|your_\w+", re.IGNORECASE)
_SHORTEST = 4
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_seen: dict[Path, set[bytes]] = {}
_read: dict[Path, tuple[tuple[int, int], str]] = {}


def is_secret_name(name: str) -> bool:
    """Return whether an option of this name may hold a secret."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options, nested ones too, without those that may hold a secret."""
    return {name: _without_secrets(value) for name, value in options.items() if not is_secret_name(name)}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_secrets(value)
    return [_without_secrets(one) for one in value] if isinstance(value, (list, tuple)) else value


def secret_values(options: Mapping[str, Any]) -> Iterator[str]:
    """Give the texts in options, nested ones too, that may be secrets: all below a name that says so."""
    for name, value in options.items():
        yield from _texts(value, is_secret=is_secret_name(name))


def _texts(value: Any, *, is_secret: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(one, is_secret=is_secret or is_secret_name(name))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one, is_secret=is_secret)
    elif is_secret and isinstance(value, str):
        yield value


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return text with every secret replaced by ``***``."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return text


def is_placeholder(text: str) -> bool:
    """Return whether the text of a secret's file only holds the place of one."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def read_secrets(folder: Path | None) -> dict[str, str]:
    """Return the secrets in a folder by the names of their files, without placeholders.

    Secrets of an interrupted write are among them from the moment that its settings count. Files that can't
    be read are left out; `check_secrets` tells of them.
    """
    found: dict[str, str | None] = {}
    for path in _files(folder):
        with suppress(OSError, UnicodeDecodeError):
            found[path.name] = _read_file(path)
    waiting = find_waiting(folder)
    if waiting and waiting.state == "counts":
        found |= waiting.secrets
    return {name: text for name, text in found.items() if text is not None and not is_placeholder(text)}


def is_known_secret(path: Path, value: Any) -> bool:
    """Return whether a value is, or in this process was, the one in a secret's file."""
    return isinstance(value, str) and _digest(value) in _seen.get(path, ())


def find_placeholders(folder: Path | None) -> list[str]:
    """Return the names of the files in a folder of secrets that only hold the place of a secret."""
    found = []
    for path in _files(folder):
        with suppress(OSError, UnicodeDecodeError):
            if is_placeholder(_read_file(path)):
                found.append(path.name)
    return found


def check_secrets(folder: Path | None) -> Iterator[Problem]:
    """Give what is wrong with a folder of secrets: open to others, in reach of git, or unreadable."""
    if folder is None or os.name == "nt":
        return
    if folder.stat().st_mode & _OTHERS:
        yield _open_to_others(folder, "700")
    yield from _check_waiting(folder)
    for path in _files(folder):
        try:
            mode = path.stat().st_mode
            _read_file(path)
        except (OSError, UnicodeDecodeError) as err:
            yield Problem("unreadable", str(path), f"can't be read: {err}", "check its owner and its mode")
            continue
        if mode & _OTHERS:
            yield _open_to_others(path, "600")
    if not (folder / ".gitignore").exists() and _is_in_repository(folder):
        yield Problem(
            "gitignore", str(folder), "nothing keeps it out of git", f"echo '*' > {folder}/.gitignore"
        )


def write_secret(folder: Path, name: str, value: str) -> Path:
    """Write one secret, readable by its owner alone from the first moment, whole or not at all.

    Parameters
    ----------
    folder
        The folder ``.secrets``; made with mode 0700 and a ``.gitignore`` when it does not exist.
    name
        ``stores.<name>.<key>`` or ``database.password``.
    value
        The secret; empty for a placeholder, which nobody takes for a credential.
    """
    make_secrets_folder(folder)
    path = folder / name
    write_private(path, f"{value}\n" if value else "")
    return path


def hold_secrets(
    folder: Path,
    secrets: Mapping[str, str | None],
    *,
    file: Path | None = None,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Write secrets that count as soon as a configuration file holds the settings they belong to.

    Parameters
    ----------
    folder
        The folder ``.secrets``; made when it does not exist.
    secrets
        By the name of their file: empty for a placeholder, None for one that goes.
    file, before, after
        The configuration file, its text now, and the text that is awaited; without a file they count at once.
    """
    make_secrets_folder(folder)
    Waiting(dict(secrets), file, digest_of(before), digest_of(after)).write(folder)


def settle_secrets(folder: Path) -> State:
    """Put secrets that wait in their places when they count, and drop them when they don't.

    Returns
    -------
    str
        ``"counts"`` or ``"dropped"``; ``"unclear"`` for those dropped because their file was changed since;
        ``"nothing"`` where none waited.
    """
    waiting = find_waiting(folder)
    if waiting is None:
        return "nothing"
    state = waiting.state
    for name, value in waiting.secrets.items() if state == "counts" else ():
        if value is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_secret(folder, name, value)
    (folder / WAITING).unlink(missing_ok=True)
    return state


def make_secrets_folder(folder: Path) -> None:
    """Make the folder ``.secrets``, for its owner alone, with a ``.gitignore``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        write_private(folder / ".gitignore", IGNORE_FILE)


def _files(folder: Path | None) -> list[Path]:
    try:
        found = sorted(folder.iterdir()) if folder else []
    except OSError:
        return []
    return [path for path in found if not path.name.startswith(".") and path.is_file()]


def _read_file(path: Path) -> str:
    """Return a secret's file, read again when it changed, so that renewed credentials count at once."""
    found = path.stat()
    state = (found.st_mtime_ns, found.st_size)
    known = _read.get(path)
    if known and known[0] == state:
        return known[1]
    text = path.read_text(encoding="utf-8").strip()
    _read[path] = state, text
    _seen.setdefault(path, set()).add(_digest(text))
    return text


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


_FINISH = "dj-objectstore configure, and djo.configure(), begin with finishing it"


def _check_waiting(folder: Path) -> Iterator[Problem]:
    """Tell of a write that was interrupted, and what counts now."""
    waiting = find_waiting(folder)
    if waiting is None:
        return
    names = ", ".join(sorted(waiting.secrets))
    if waiting.state == "counts":
        told = f"a write was interrupted: {names} count as written, and are not yet in their files"
        yield Problem("interrupted", str(folder), told, _FINISH)
    elif waiting.state == "unclear":
        told = (
            f"a write was interrupted, and {waiting.file} was changed since: {names} are as they were, and "
            "may be older than the settings"
        )
        yield Problem("interrupted", str(folder), told, "give these secrets again: djo.configure()")


def _open_to_others(path: Path, mode: str) -> Problem:
    found = stat.S_IMODE(path.stat().st_mode)
    return Problem(
        "open-secrets", str(path), f"must be its owner's alone, has mode {found:04o}", f"chmod {mode} {path}"
    )


def _is_in_repository(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in folder.absolute().parents)
