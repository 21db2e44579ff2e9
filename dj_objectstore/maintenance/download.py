"""The objects of many rows on disk, under readable names.

>>> download(Recording & "day > '2026-01-01'", "movies")     # doctest: +SKIP
[PosixPath('movies/M042_movie.zarr'), PosixPath('movies/M043_movie.zarr')]
"""

from __future__ import annotations

import csv
import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import (
    IntegrityError,
    ObjectExistsError,
    ObjectStoreError,
    StoreAccessError,
    ValueRefusedError,
)
from dj_objectstore.maintenance.readable_names import find_collisions, render_name, template_names
from dj_objectstore.maintenance.references import read_references, stored_fields
from dj_objectstore.objects.download import ObjectCopy, copy_objects, plan_copy
from dj_objectstore.objects.listing import Listed, list_objects
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.verify import recorded_files
from dj_objectstore.report import Problem, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dj_objectstore.maintenance.references import Reference
    from dj_objectstore.objects.ref import ObjectRef

TABLE = "objects.csv"
NAME = "{subject_id}_{field}{ext}"
THREADS = 8
_OWN_NAMES = ("field", "ext", "original_name")
_FILE = "file"
_SHOWN = 10


@dataclass(frozen=True)
class Downloads(Report):
    """What a download has brought.

    Attributes
    ----------
    problems : tuple of Problem
        The objects that could not be had.
    paths : tuple of Path
        Where the others lie.
    skipped : int
        How many of these were there already.
    size : int
        Bytes of all of them.
    """

    paths: tuple[Path, ...] = ()
    skipped: int = 0
    size: int = 0


@dataclass(frozen=True)
class _Item:
    """An object to download, and its name below the destination."""

    reference: Reference
    ref: ObjectRef
    name: str


def download(query: Any, destination: Path | str, *, name: str = NAME, jobs: int | None = None) -> list[Path]:
    """Copy the objects of all rows of a query into a folder, under readable names.

    Tells first how many there are and how large they are, and asks nothing. What is there already and whole
    is skipped, what was begun is continued. Beside the objects ``objects.csv`` lists them with their keys.

    Parameters
    ----------
    query
        A table or query expression; project it to choose among its fields: ``Scan.proj("movie")``.
    destination
        The folder; made when it does not exist.
    name
        How an object is called: names of the row's fields in braces, ``{field}``, ``{ext}`` and
        ``{original_name}``. A ``/`` makes folders. What a file system does not take becomes ``_``.
    jobs
        How many files are copied at a time; by default 8.

    Returns
    -------
    list of Path
        Where the objects lie.

    Raises
    ------
    ValueRefusedError
        Before the first byte: a name in braces that no field has, two objects of one name, no room.
    ObjectExistsError
        Before the first byte: something else lies at one of the places.
    IntegrityError
        At the end: objects that are missing or damaged, each named. The others are there.
    """
    done = download_all(query, destination, name=name, jobs=jobs)
    if not done.ok:
        raise IntegrityError(
            f"{len(done.problems)} objects could not be downloaded:\n{done}",
            hint="The others are there; call again to try only these.",
        )
    return list(done.paths)


def download_all(
    query: Any,
    destination: Path | str,
    *,
    name: str = NAME,
    fields: Sequence[str] | None = None,
    jobs: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Downloads:
    """Do what `download` does, and report what could not be had instead of raising it."""
    query = query() if isinstance(query, type) else query
    folder = Path(destination).expanduser()
    problems: list[Problem] = []
    items = _named(query, name, fields, problems)
    _refuse_collisions(items, name)
    known = _read_table(folder / TABLE)
    copies = list(_planned(items, folder, problems, jobs or THREADS))
    pending = _not_there(copies, jobs or THREADS)
    _refuse_strangers([copy for _, copy in pending])
    size = sum(copy.size for _, copy in copies)
    _tell_size(copies, pending, folder, tell or _print)
    folder.mkdir(parents=True, exist_ok=True)
    _write_table(folder / TABLE, [item for item, _ in copies], known)
    failures = copy_objects(
        [copy for _, copy in pending], title=f"Downloading to {folder.name}", jobs=jobs or THREADS
    )
    problems += [
        Problem(err.code, item.reference.owner, err.message, err.hint)
        for item, copy in pending
        if (err := failures.get(copy.target))
    ]
    paths = tuple(copy.target for _, copy in copies if copy.target not in failures)
    return Downloads(tuple(problems), paths, len(copies) - len(pending), size)


def _named(query: Any, template: str, only: Sequence[str] | None, problems: list[Problem]) -> list[_Item]:
    """Read the rows and name their objects."""
    asked = [name for name in template_names(template) if name not in _OWN_NAMES]
    objects = {field.name for field in stored_fields(query)}
    _check_fields(objects, only)
    unknown = [name for name in asked if name not in query.heading.attributes or name in objects]
    if unknown:
        fields = [*_OWN_NAMES, *(name for name in query.heading.names if name not in objects)]
        raise ValueRefusedError(
            f"name must use fields of the rows, and there is no {', '.join(unknown)} ({template!r})",
            hint=f"These are there: {', '.join(fields)}. Give name=, for example "
            f"{'_'.join(f'{{{name}}}' for name in query.primary_key) + '_{field}{ext}'!r}.",
        )
    columns = tuple(name for name in asked if name not in query.primary_key)
    items = []
    for reference in read_references(query, problems, only=only, columns=columns):
        try:
            ref = reference.handle(reference.open_store())
            ref.key()
        except ObjectStoreError as err:
            problems.append(Problem(err.code, reference.owner, err.message, err.hint))
            continue
        own = {
            "field": reference.field.name,
            "ext": ref.ext or "",
            "original_name": reference.stored.original_name or Path(ref.path).name,
        }
        items.append(_Item(reference, ref, render_name(template, {**reference.row, **own})))
    return items


def _check_fields(objects: set[str], only: Sequence[str] | None) -> None:
    unknown = sorted(set(only or ()) - objects)
    if unknown or not objects:
        raise ValueRefusedError(
            f"there is no field of stored objects called {', '.join(unknown)}"
            if unknown
            else "the query has no field of stored objects",
            hint=f"There are {', '.join(sorted(objects))}." if objects else "Keep such a field in proj().",
        )


def _refuse_collisions(items: list[_Item], template: str) -> None:
    twice = find_collisions([TABLE, *(item.name for item in items)])
    if not twice:
        return
    key = items[0].reference.key
    raise ValueRefusedError(
        f"each object needs a name of its own, and {template!r} gives some the same: {_some(twice)}",
        hint=f"Give name=, for example {'_'.join(f'{{{name}}}' for name in key) + '_{field}{ext}'!r}.",
    )


def _planned(
    items: list[_Item], folder: Path, problems: list[Problem], jobs: int
) -> Iterator[tuple[_Item, ObjectCopy]]:
    """Look how large the objects are, and give how each is copied; one that is not there is a problem."""
    listed: dict[tuple[str, str], Listed] = {}
    for store in {item.ref.opened for item in items}:
        here = [item for item in items if item.ref.opened is store]
        found = list_objects(store, {item.ref.key(): bool(item.ref.is_dir) for item in here})
        listed |= {(store.name, key): value for key, value in found.items()}

    def plan(item: _Item) -> ObjectCopy | ObjectStoreError:
        found = listed[item.ref.opened.name, item.ref.key()]
        try:
            recorded = recorded_files(item.ref, has_manifest=found.has_manifest)
            return plan_copy(item.ref.opened, item.ref.key(), folder / item.name, found, recorded)
        except ObjectStoreError as err:
            return err

    with progress_bar("Adding up sizes", unit="objects") as advance, ThreadPoolExecutor(jobs) as pool:
        plans = zip(items, pool.map(plan, items), strict=True)
        for done, (item, plan_or_error) in enumerate(plans, 1):
            advance(done, len(items))
            if isinstance(plan_or_error, ObjectCopy):
                yield item, plan_or_error
            else:
                err = plan_or_error
                problems.append(Problem(err.code, item.reference.owner, err.message, err.hint))


def _not_there(copies: list[tuple[_Item, ObjectCopy]], jobs: int) -> list[tuple[_Item, ObjectCopy]]:
    """Return what an earlier download has not brought; what it has is read, where its digest is known."""
    pending = []
    with (
        progress_bar("Looking what is there", unit="objects") as advance,
        ThreadPoolExecutor(jobs) as pool,
    ):
        whole = pool.map(lambda pair: pair[1].is_whole(), copies)
        for done, (pair, is_whole) in enumerate(zip(copies, whole, strict=True), 1):
            pending += [] if is_whole else [pair]
            advance(done, len(copies))
    return pending


def _refuse_strangers(pending: list[ObjectCopy]) -> None:
    there = [str(copy.target) for copy in pending if copy.target.exists()]
    if there:
        raise ObjectExistsError(
            f"something else lies where {len(there)} objects would go: {_some(there)}",
            hint="Move it away, or choose another destination or name=.",
        )


def _tell_size(
    copies: list[tuple[_Item, ObjectCopy]],
    pending: list[tuple[_Item, ObjectCopy]],
    folder: Path,
    tell: Callable[[str], None],
) -> None:
    """Say how much there is to do, and refuse what has no room."""
    size = sum(copy.size for _, copy in pending)
    there = len(copies) - len(pending)
    already = f"; {there:,} are there already" if there else ""
    tell(f"{len(pending):,} objects, {_readable(size)}, to {folder}{already}")
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if size > free:
        raise StoreAccessError(
            f"{_readable(size)} have no room in {folder}, where {_readable(free)} are free",
            hint="Free some space, or choose another destination.",
        )


def _read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of an earlier download's table."""
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


def _write_table(path: Path, items: list[_Item], known: list[dict[str, str]]) -> None:
    """Write the table of all objects of a folder: those of earlier downloads, and these."""
    rows: dict[str, dict[str, Any]] = {row[_FILE]: row for row in known}
    for item in items:
        stored = item.reference.stored
        rows[item.name] = {
            _FILE: item.name,
            **item.reference.key,
            "field": item.reference.field.name,
            "store": item.ref.store,
            "path": stored.path,
            "size": stored.size,
        }
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows[name] for name in sorted(rows))
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(text.getvalue().encode())
    part.replace(path)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _readable(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - of the next unit
            return f"{size:.4g} {unit}"
        size /= 1000
    return f"{size:.4g} TB"


def _print(line: str) -> None:
    """Say it where a notebook and a terminal show it, without breaking a progress bar."""
    import sys

    from tqdm.auto import tqdm

    tqdm.write(line, file=sys.stderr)
