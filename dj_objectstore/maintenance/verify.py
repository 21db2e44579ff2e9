"""Whether what is stored is still what was written: of one object, of rows, tables, schemas, stores.

>>> report = verify(Recording & "subject_id = 'M042'", read_data=True)     # doctest: +SKIP
>>> report.ok, print(report)                                               # doctest: +SKIP
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ObjectStoreError, StoreAccessError
from dj_objectstore.maintenance.targets import objects_of
from dj_objectstore.objects.listing import list_objects
from dj_objectstore.objects.manifest import manifest_key
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.objects.verify import Checked, FileCheck, Finding, check_sizes, find_change
from dj_objectstore.report import Problem, Report
from dj_objectstore.store.transfer import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dj_objectstore.maintenance.targets import Owned
    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.store.store import Store

THREADS = 8
# files, and bytes, that a worker of dask reads for one answer
_FILES_AT_ONCE = 256
_BYTES_AT_ONCE = 2**28


@dataclass(frozen=True)
class Verification(Report):
    """What a verification has found.

    Attributes
    ----------
    problems : tuple of Problem
        Files that are missing, extra, shorter, longer or changed, and what could not be looked at.
    unverifiable : tuple of Problem
        Objects that are there, and of which nothing was recorded to check them against.
    objects, files, size : int
        Objects looked at, the files found of them, and their bytes.
    """

    unverifiable: tuple[Problem, ...] = ()
    objects: int = 0
    files: int = 0
    size: int = 0

    @property
    def status(self) -> str:
        """``ok``, ``damaged`` or ``unverifiable``."""
        return "damaged" if self.problems else "unverifiable" if self.unverifiable else "ok"

    def __str__(self) -> str:
        found = f"{len(self.problems):,} problems" if self.problems else "no problems"
        looked = f"{self.objects:,} objects, {self.files:,} files, {self.size:,} bytes: {found}"
        lines = [looked, *map(str, self.problems)]
        if self.unverifiable:
            lines += [f"{len(self.unverifiable):,} can't be verified", *map(str, self.unverifiable)]
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - IPython's signature
        del cycle
        printer.text(str(self))


def verify(
    target: Any, *, read_data: bool = False, client: Any = None, jobs: int | None = None
) -> Verification:
    """Check that what is stored is what was written, and name each file that is not.

    Parameters
    ----------
    target
        A fetched ref or a list of refs; a table, or any query expression; a ``dj.Schema`` or its name, or
        ``schema.table``; a `Store` or its name, for the rows of every schema that name it.
    read_data
        Also read every file and compare its digest; by default sizes, from listings.
    client
        A ``dask.distributed`` client, whose workers read.
    jobs
        How many files are asked for at a time; by default 8.

    Returns
    -------
    Report
        `ok` when there is no problem; its `status` tells ``ok``, ``damaged`` and ``unverifiable`` apart. A
        row whose store or codec is missing here is a problem, and the others are checked all the same.

    Raises
    ------
    ValueRefusedError
        When `target` is something else.
    """
    run = _Run(read_data=read_data, client=client, jobs=jobs or THREADS)
    for title, owned in objects_of(target, run.problems):
        run.check(title, owned)
    return run.report()


@dataclass
class _Object:
    """An object, the row that names it, and how many others do."""

    ref: ObjectRef
    key: str
    owner: str
    others: int = 0

    def problem(self, finding: Finding) -> Problem:
        is_whole = finding.file in (self.ref.path, manifest_key(self.ref.path))
        where = finding.file if is_whole else f"{self.ref.path}/{finding.file}"
        return Problem(finding.code, f"{self.ref.opened.name}:{where}", f"{finding.message}{self._owners()}")

    def _owners(self) -> str:
        others = f" and {self.others:,} other rows" if self.others else ""
        return f" ({self.owner}{others})" if self.owner else ""


@dataclass
class _Run:
    """One verification under way."""

    read_data: bool
    client: Any
    jobs: int
    problems: list[Problem] = field(default_factory=list)
    unverifiable: list[Problem] = field(default_factory=list)
    objects: int = 0
    files: int = 0
    size: int = 0

    def report(self) -> Verification:
        return Verification(
            tuple(self.problems), tuple(self.unverifiable), self.objects, self.files, self.size
        )

    def check(self, title: str, owned: Iterable[Owned]) -> None:
        """Check the objects of one table, or of one list."""
        for store, objects in self._by_store(owned).items():
            try:
                self._check_store(title, store, objects)
            except StoreAccessError as err:
                message = f"{len(objects):,} objects can't be checked: {err.message}"
                self.problems.append(Problem(err.code, f"store {store.name!r}", message, err.hint))

    def _by_store(self, owned: Iterable[Owned]) -> dict[Store, dict[str, _Object]]:
        found: dict[Store, dict[str, _Object]] = defaultdict(dict)
        for find, owner in owned:
            try:
                ref = find()
                store, key = ref.opened, ref.key()
            except ObjectStoreError as err:
                self.problems.append(Problem(err.code, owner or "a ref", err.message, err.hint))
                continue
            if key in found[store]:
                found[store][key].others += 1
            else:
                found[store][key] = _Object(ref, key, owner)
        return found

    def _check_store(self, title: str, store: Store, objects: dict[str, _Object]) -> None:
        with progress_bar(f"Listing {title}", unit="files") as advance:
            folders = {key: bool(found.ref.is_dir) for key, found in objects.items()}
            listed = list_objects(store, folders, progress=advance)
        pending: list[tuple[_Object, FileCheck]] = []
        with progress_bar(f"Verifying {title}", unit="objects") as advance:
            found = _in_threads(lambda key: check_sizes(objects[key].ref, listed[key]), listed, self.jobs)
            for done, (key, checked) in enumerate(zip(listed, found, strict=True), 1):
                self._take(objects[key], checked)
                pending += [(objects[key], check) for check in checked.digests if self.read_data]
                advance(done, len(listed))
        if pending:
            self._compare(title, pending)

    def _take(self, found: _Object, checked: Checked) -> None:
        self.objects += 1
        self.files += checked.files
        self.size += checked.size
        self.problems += map(found.problem, checked.findings)
        why = checked.unverifiable
        unread = checked.files - len(checked.digests)
        if self.read_data and not why and not checked.findings and unread:
            why = f"no digest was recorded of {unread:,} of its files"
        if why and not checked.findings:
            self.unverifiable.append(found.problem(Finding("unverifiable", found.ref.path, why)))

    def _compare(self, title: str, pending: list[tuple[_Object, FileCheck]]) -> None:
        checks = [check for _, check in pending]
        with progress_bar(f"Reading {title}") as advance:
            meter = Meter(sum(check.size for check in checks), advance)
            findings = (
                _in_threads(partial(compare_digest, meter=meter), checks, self.jobs)
                if self.client is None
                else _on_workers(checks, self.client, meter)
            )
            for (found, _), finding in zip(pending, findings, strict=True):
                self.problems += [found.problem(finding)] if finding else []


def compare_digest(check: FileCheck, meter: Meter | None = None) -> Finding | None:
    """Read a file and return what is wrong with it; one that can't be read is wrong."""
    try:
        return find_change(check, meter)
    except StoreAccessError as err:
        return Finding(err.code, check.file, f"can't be read: {err.message}")


def compare_digests(checks: Sequence[FileCheck]) -> list[Finding | None]:
    """Read several files, as a worker of dask does."""
    return [compare_digest(check) for check in checks]


def _in_threads(function: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Give the results in order; the first error ends it."""
    with ThreadPoolExecutor(jobs, thread_name_prefix="verify") as pool:
        try:
            yield from pool.map(function, items)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _on_workers(checks: Sequence[FileCheck], client: Any, meter: Meter) -> Iterator[Finding | None]:
    """Give the results in order; what has not begun is cancelled when the reader stops."""
    batches = list(_batches(checks))
    futures = client.map(compare_digests, batches, pure=False)
    try:
        for batch, future in zip(batches, futures, strict=True):
            yield from future.result()
            meter.add(sum(check.size for check in batch))
    finally:
        client.cancel(futures)


def _batches(checks: Iterable[FileCheck]) -> Iterator[list[FileCheck]]:
    batch: list[FileCheck] = []
    size = 0
    for check in checks:
        batch.append(check)
        size += check.size
        if len(batch) == _FILES_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
