"""``objects.csv``: what lies in a folder of downloaded objects, and the rows that it belongs to."""

from __future__ import annotations

import csv
import io
import threading
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ObjectExistsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TABLE = "objects.csv"
_FILE = "file"
_WRITING = threading.Lock()
"""Several downloads of one process may go to the same folder."""


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of an earlier download's table; none where there was no download.

    Raises
    ------
    ObjectExistsError
        When the file is something else.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    except FileNotFoundError:
        return []
    if rows and _FILE not in rows[0]:
        raise ObjectExistsError(
            f"{path} is something else than the table of an earlier download",
            hint="Move it away, or choose another destination.",
        )
    return rows


def add_to_table(path: Path, objects: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the table of all objects of a folder: those of earlier downloads, and these.

    Parameters
    ----------
    path
        The table; replaced as a whole.
    objects
        What is known of each object, by its file's name in the folder.
    """
    with _WRITING:
        rows: dict[str, Mapping[str, Any]] = {row[_FILE]: row for row in read_table(path)}
        rows |= {name: {_FILE: name, **known} for name, known in objects.items()}
        columns = dict.fromkeys(column for row in rows.values() for column in row)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(text.getvalue().encode())
        part.replace(path)
