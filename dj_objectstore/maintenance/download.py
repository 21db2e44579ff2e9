"""The objects of many rows on disk, under readable names.

>>> download(Recording & "day > '2026-01-01'", "movies")     # doctest: +SKIP
[PosixPath('movies/M042_movie.zarr'), PosixPath('movies/M043_movie.zarr')]
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dj_objectstore.exceptions import (
    IntegrityError,
    ObjectExistsError,
    ObjectStoreError,
    StoreAccessError,
    ValueRefusedError,
)
from dj_objectstore.maintenance.object_table import TABLE, add_to_table, read_table
from dj_objectstore.maintenance.readable_names import find_collisions, render_name, template_names
from dj_objectstore.maintenance.references import read_references, stored_fields
from dj_objectstore.objects.download import ObjectCopy, copy_objects, plan_copy
from dj_objectstore.objects.listing import list_objects
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.verify import recorded_files
from dj_objectstore.report import Problem, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from dj_objectstore.maintenance.references import Reference
    from dj_objectstore.objects.listing import Listed
    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.store.store import Store

NAME = "{subject_id}_{field}{ext}"
THREADS = 8
_OWN_NAMES = ("field", "ext", "original_name")
_SHOWN = 10

Item = TypeVar("Item")
Result = TypeVar("Result")


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


class ShowProgress(Protocol):
    """Shows how far something is: `progress_bar`, or what a page makes of it."""

    def __call__(self, title: str, *, unit: str = "B") -> AbstractContextManager[Callable[[int, int], None]]:
        """Give a function of (done, total)."""


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
    problems: list[Problem] = []
    references = _found(query, name, fields, problems)
    return download_references(
        references, destination, name=name, problems=problems, jobs=jobs, tell=tell or _print
    )


def download_references(
    references: Iterable[Reference],
    destination: Path | str,
    *,
    name: str,
    problems: Sequence[Problem] = (),
    jobs: int | None = None,
    tell: Callable[[str], None] = lambda _line: None,
    show: ShowProgress = progress_bar,
) -> Downloads:
    """Copy objects that rows name, and report what could not be had.

    Parameters
    ----------
    references
        The objects; `name` may use what is in their `row`.
    destination, name, jobs
        As for `download`.
    problems
        What was found before, reported with the rest.
    tell
        Told how much there is to do, in words.
    show
        Makes a context of a title and ``unit=`` that gives a function of (done, total), which may raise to
        stop; what came until then stays, and a later call goes on from there.

    Raises
    ------
    ValueRefusedError, ObjectExistsError
        As `download`, before the first byte.
    StoreUnavailableError
        When no store can be reached, or one fails on the way.
    """
    folder, threads = Path(destination).expanduser(), jobs or THREADS
    items, unnamed = _named(references, name)
    _refuse_collisions(items, name)
    read_table(folder / TABLE)
    planned = _planned(items, folder, threads, show)
    copies = [pair for pair in planned if not isinstance(pair, Problem)]
    found = [*problems, *unnamed, *(each for each in planned if isinstance(each, Problem))]
    pending = _not_there(copies, threads, show)
    _refuse_strangers([copy for _, copy in pending])
    size = sum(copy.size for _, copy in copies)
    _tell_size(copies, pending, folder, tell)
    folder.mkdir(parents=True, exist_ok=True)
    add_to_table(folder / TABLE, {item.name: _row(item) for item, _ in copies})
    title = f"Downloading to {folder.name}"
    with show(title) as advance:
        failures = copy_objects([copy for _, copy in pending], title=title, jobs=threads, progress=advance)
    found += [_problem(item.reference, err) for item, copy in pending if (err := failures.get(copy.target))]
    paths = tuple(copy.target for _, copy in copies if copy.target not in failures)
    return Downloads(tuple(found), paths, len(copies) - len(pending), size)


def template_of(key: Iterable[str]) -> str:
    """Return the name that tells the objects of a table apart, by the columns of its key."""
    return "_".join(f"{{{name}}}" for name in key) + "_{field}{ext}"


def _found(query: Any, template: str, only: Sequence[str] | None, problems: list[Problem]) -> list[Reference]:
    """Read the rows, once it is sure that they have what the name asks for."""
    asked = [name for name in template_names(template) if name not in _OWN_NAMES]
    objects = {field.name for field in stored_fields(query)}
    _check_fields(objects, only)
    unknown = [name for name in asked if name not in query.heading.attributes or name in objects]
    if unknown:
        fields = [*_OWN_NAMES, *(name for name in query.heading.names if name not in objects)]
        raise ValueRefusedError(
            f"name must use fields of the rows, and there is no {', '.join(unknown)} ({template!r})",
            hint=f"These are there: {', '.join(fields)}. Give name=, for example "
            f"{template_of(query.primary_key)!r}.",
        )
    columns = tuple(name for name in asked if name not in query.primary_key)
    return list(read_references(query, problems, only=only, columns=columns))


def _named(references: Iterable[Reference], template: str) -> tuple[list[_Item], list[Problem]]:
    """Name the objects; one that is in no store that is configured here is a problem."""
    items, problems = [], []
    for reference in references:
        try:
            ref = reference.open()
        except ObjectStoreError as err:
            problems.append(_problem(reference, err))
            continue
        own = {
            "field": reference.field.name,
            "ext": ref.ext or "",
            "original_name": reference.stored.original_name or Path(ref.path).name,
        }
        items.append(_Item(reference, ref, render_name(template, {**reference.row, **own})))
    return items, problems


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
        hint=f"Give name=, for example {template_of(key)!r}.",
    )


def _planned(
    items: list[_Item], folder: Path, jobs: int, show: ShowProgress
) -> list[tuple[_Item, ObjectCopy] | Problem]:
    """Look how large the objects are, and give how each is copied; one that is not there is a problem."""
    listed = _list_all(items, show)

    def plan(item: _Item) -> tuple[_Item, ObjectCopy] | Problem:
        found = listed[item.ref.opened]
        try:
            if isinstance(found, ObjectStoreError):
                raise found
            mine = found[item.ref.key()]
            recorded = recorded_files(item.ref, has_manifest=mine.has_manifest)
            return item, plan_copy(item.ref.opened, item.ref.key(), folder / item.name, mine, recorded)
        except ObjectStoreError as err:
            return _problem(item.reference, err)

    return _each(plan, items, "Adding up sizes", jobs, show)


def _list_all(items: list[_Item], show: ShowProgress) -> dict[Store, dict[str, Listed] | ObjectStoreError]:
    """List the objects of each store; one that can't be reached does not keep the others from it."""
    paths: dict[Store, dict[str, bool]] = {}
    for item in items:
        paths.setdefault(item.ref.opened, {})[item.ref.key()] = bool(item.ref.is_dir)
    listed: dict[Store, dict[str, Listed] | ObjectStoreError] = {}
    with show("Listing", unit="files") as advance:
        for store, asked in paths.items():
            try:
                listed[store] = list_objects(store, asked, progress=advance)
            except ObjectStoreError as err:
                listed[store] = err
    failed = [found for found in listed.values() if isinstance(found, ObjectStoreError)]
    if failed and len(failed) == len(listed):
        raise failed[0]
    return listed


def _not_there(
    copies: list[tuple[_Item, ObjectCopy]], jobs: int, show: ShowProgress
) -> list[tuple[_Item, ObjectCopy]]:
    """Return what an earlier download has not brought; what it has is read, where its digest is known."""
    whole = _each(lambda pair: pair[1].is_whole(), copies, "Looking what is there", jobs, show)
    return [pair for pair, is_whole in zip(copies, whole, strict=True) if not is_whole]


def _each(
    act: Callable[[Item], Result], items: Sequence[Item], title: str, jobs: int, show: ShowProgress
) -> list[Result]:
    """Do something for each object, several at a time; once it is stopped nothing more is begun."""
    results = []
    with show(title, unit="objects") as advance, ThreadPoolExecutor(jobs) as pool:
        try:
            for result in pool.map(act, items):
                results.append(result)
                advance(len(results), len(items))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results


def _problem(reference: Reference, err: ObjectStoreError) -> Problem:
    return Problem(err.code, reference.owner, err.message, err.hint)


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


def _row(item: _Item) -> dict[str, Any]:
    """Return what the table of a folder says of an object."""
    stored = item.reference.stored
    own = {
        "field": item.reference.field.name,
        "store": item.ref.store,
        "path": stored.path,
        "size": stored.size,
    }
    return {**item.reference.key, **own}


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
