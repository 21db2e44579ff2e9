"""Names for downloaded objects, made of what their rows say.

>>> render_name("{subject}/{field}{ext}", {"subject": "M1: left?", "field": "movie", "ext": ".zarr"})
'M1_ left_/movie.zarr'
"""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# what some file system refuses or reads as something else
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))}
_NAME_BYTES = 200


def template_names(template: str) -> list[str]:
    """Return the names in braces of a template.

    Raises
    ------
    ValueRefusedError
        When it is no template, or asks for more than a name.
    """
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as err:
        raise ValueRefusedError(
            f"name must be a template such as '{{subject_id}}_{{field}}{{ext}}', got {template!r}: {err}"
        ) from err
    for name in names:
        if not name.isidentifier():
            raise ValueRefusedError(
                f"name may hold names of fields in braces, got {{{name}}} in {template!r}",
                hint="Write, for example, '{subject_id}_{field}{ext}'.",
            )
    return names


def render_name(template: str, values: Mapping[str, Any]) -> str:
    """Return a relative path that every file system takes; a slash in a value makes no folder.

    Raises
    ------
    ValueRefusedError
        When a part of the path is empty or leads out of the folder.
    """
    rendered = "".join(
        literal + (_safe(_formatted(values[name], spec or "", conversion)) if name else "")
        for literal, name, spec, conversion in string.Formatter().parse(template)
    )
    parts = rendered.split("/")
    if any(part.strip(" .") == "" for part in parts):
        raise ValueRefusedError(
            f"each part of a name must have letters or digits, got {rendered!r} from {template!r}",
            hint="Choose another name=.",
        )
    return "/".join(map(_safe_part, parts))


def find_collisions(names: Iterable[str]) -> list[str]:
    """Return the names that some file system takes for another, or for a folder above another."""
    seen: dict[str, str] = {}
    twice = set()
    for name in names:
        folded = _folded(name)
        if folded in seen:
            twice.add(name)
        seen[folded] = name
    above = {
        "/".join(parts[:end]) for parts in (name.split("/") for name in seen) for end in range(1, len(parts))
    }
    return sorted(twice | {seen[name] for name in above & seen.keys()})


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _formatted(value: Any, spec: str, conversion: str | None) -> str:
    try:
        return format(repr(value) if conversion == "r" else value, spec)
    except (ValueError, TypeError) as err:
        raise ValueRefusedError(f"the value {value!r} can't be written as {spec!r}: {err}") from err


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", unicodedata.normalize("NFC", text))


def _safe_part(part: str) -> str:
    part = _UNSAFE.sub("_", part).rstrip(" .")
    if part.partition(".")[0].upper() in _RESERVED:
        part = f"_{part}"
    return _cut(part)


def _cut(part: str) -> str:
    """Cut a name to the bytes that file systems take, its extension kept."""
    if len(part.encode()) <= _NAME_BYTES:
        return part
    stem, dot, ext = part.partition(".") if len(part.rpartition(".")[2]) <= 16 else (part, "", "")  # noqa: PLR2004
    room = max(1, _NAME_BYTES - len((dot + ext).encode()))
    return stem.encode()[:room].decode(errors="ignore") + dot + ext
