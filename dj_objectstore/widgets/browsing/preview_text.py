"""Previews of files by their bytes: texts, JSON, tables, and a hex dump of anything else."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

MAX_TEXT_BYTES = 256_000
MAX_ROWS = 200
GUESS_ROWS = 20
MAX_COLUMNS = 100
MAX_CELL = 200
HEX_BYTES = 4096
HEX_WIDTH = 16

LANGUAGES = {
    "c": "c",
    "css": "css",
    "html": "html",
    "ini": "ini",
    "js": "javascript",
    "m": "matlab",
    "md": "markdown",
    "py": "python",
    "r": "r",
    "rst": "rst",
    "sh": "shell",
    "sql": "sql",
    "svg": "xml",
    "toml": "toml",
    "ts": "typescript",
    "xml": "xml",
    "yaml": "yaml",
    "yml": "yaml",
}
CONTROL = set(range(32)) - set(b"\t\n\r\f\x1b")


@dataclass(frozen=True)
class Head:
    """The first bytes of a file, and whether there are more."""

    data: bytes
    truncated: bool


def decode_text(head: Head) -> str | None:
    """Return the bytes as UTF-8 text, or None when they are none; a character cut at the end is left out."""
    if head.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.data.decode("utf-16", errors="replace")
    if CONTROL & set(head.data):
        return None
    for cut in range(4 if head.truncated else 1):
        try:
            return head.data[: len(head.data) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return None


def language_of(suffix: str) -> str:
    """Return the name of a language for a suffix such as ``"py"``; empty when it has none."""
    return LANGUAGES.get(suffix, "")


def format_json(text: str, *, truncated: bool) -> tuple[str, bool]:
    """Return a JSON document indented, as far as it is whole and not longer than a preview; else as it is."""
    if truncated:
        return text, True
    try:
        pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text, False
    return (pretty, False) if len(pretty) <= MAX_TEXT_BYTES else (text, False)


def parse_table(text: str, *, delimiter: str, truncated: bool) -> dict[str, Any] | None:
    """Return `columns`, the first `rows` and whether there are more; None when it is no table."""
    if truncated:
        text = text[: text.rfind("\n") + 1]
    try:
        lines = list(
            zip(range(MAX_ROWS + 2), csv.reader(io.StringIO(text), delimiter=delimiter), strict=False)
        )
    except csv.Error:
        return None
    rows = [_cells(row) for _, row in lines if row]
    if not rows:
        return None
    body = rows[1 : MAX_ROWS + 1]
    return {"columns": rows[0], "rows": tuple(body), "truncated": truncated or len(rows) > MAX_ROWS + 1}


def guess_delimiter(text: str) -> str:
    """Return what separates cells: the comma, semicolon or tab that gives the first rows equal lengths."""
    sample = "\n".join(text.splitlines()[:GUESS_ROWS])

    def merit(delimiter: str) -> tuple[bool, int]:
        lengths = {len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row}
        return lengths != {1} and len(lengths) == 1, max(lengths, default=0)

    return max(",;\t", key=merit)


def dump_hex(data: bytes) -> str:
    """Return bytes as lines of offset, 16 bytes in hexadecimal, and the ASCII characters among them."""
    lines = []
    for start in range(0, min(len(data), HEX_BYTES), HEX_WIDTH):
        row = data[start : start + HEX_WIDTH]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)  # noqa: PLR2004 - printable ASCII
        lines.append(f"{start:08x}  {row.hex(' '):<{3 * HEX_WIDTH - 1}}  {shown}")
    return "\n".join(lines)


def _cells(row: list[str]) -> tuple[str, ...]:
    return tuple(cell if len(cell) <= MAX_CELL else cell[: MAX_CELL - 1] + "…" for cell in row[:MAX_COLUMNS])
