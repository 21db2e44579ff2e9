"""What can be done with objects in the browser: verify them, take them home, see their manifest.

Nothing here writes to a store.
"""

from __future__ import annotations

import io
import mimetypes
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import ObjectNotFoundError, ObjectStoreError, ValueRefusedError
from dj_objectstore.maintenance.download import download_references
from dj_objectstore.maintenance.readable_names import render_name
from dj_objectstore.objects.download import download
from dj_objectstore.objects.listing import list_objects
from dj_objectstore.objects.manifest import manifest_key
from dj_objectstore.objects.verify import Checked, Finding, check_sizes, find_change
from dj_objectstore.store.transfer import Meter
from dj_objectstore.widgets.browsing.preview_text import MAX_TEXT_BYTES, format_json
from dj_objectstore.widgets.messages.answers import Answer
from dj_objectstore.widgets.messages.browser_answers import (
    FindingInfo,
    ManifestText,
    Saved,
    SavedRows,
    Verified,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.widgets.browsing.contents import ChosenRows
    from dj_objectstore.widgets.browsing.tree import Node
    from dj_objectstore.widgets.channel import Job

MAX_PAGE_BYTES = 20_000_000
"""What is sent to a page is held there, and in the kernel, in memory."""
MAX_PAGE_FILES = 2000
MAX_FINDINGS = 1000
_SAVING: set[Path] = set()
"""Where something is being saved to just now, by any browser of this kernel."""
_SAVING_LOCK = threading.Lock()


class Stopped(Exception):  # noqa: N818 - it ends work that nobody waits for any more
    """The view has cancelled, or is gone."""


def verify(node: Node, job: Job, *, read_data: bool) -> Answer:
    """Compare an object with what was recorded when it was written.

    Raises
    ------
    ValueRefusedError
        When the node is a part of an object.
    ObjectNotFoundError
        When it is gone.
    """
    handle = _whole(node)
    checked = check_sizes(
        handle, list_objects(handle.opened, {handle.key(): bool(handle.is_dir)})[handle.key()]
    )
    findings = list(checked.findings)
    if any(finding.code == "gone" for finding in findings):
        raise handle.missing()
    if read_data:
        findings += _changes(checked, job)
    shown = tuple(
        FindingInfo(file=finding.file, message=finding.message) for finding in findings[:MAX_FINDINGS]
    )
    return Answer(
        Verified(
            ok=not findings, files=checked.files, findings=shown, note=_note(checked, read_data=read_data)
        )
    )


def manifest(node: Node) -> Answer:
    """Return the manifest of an object.

    Raises
    ------
    ValueRefusedError
        When the node is a part of an object.
    """
    handle = _whole(node)
    try:
        text = handle.opened.get(manifest_key(handle.key())).decode(errors="replace")
    except ObjectNotFoundError:
        return Answer(ManifestText(text="", truncated=False))
    shown, truncated = format_json(text[:MAX_TEXT_BYTES], truncated=len(text) > MAX_TEXT_BYTES)
    return Answer(ManifestText(text=shown, truncated=truncated))


def save_into_page(nodes: Sequence[Node], job: Job) -> Answer:
    """Send a file as it is, anything else as a zip archive.

    Raises
    ------
    ValueRefusedError
        When it is too large for a page.
    """
    _check_nodes(nodes)
    first = nodes[0]
    if len(nodes) == 1 and not first.is_dir:
        data = _read(first, MAX_PAGE_BYTES)
        mime = mimetypes.guess_type(first.name)[0] or "application/octet-stream"
        return Answer(Saved(name=_file_name(first), mime=mime, size=len(data), path=""), [data])
    buffer, size = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for count, (name, node) in enumerate(_files(nodes), 1):
            if count > MAX_PAGE_FILES:
                raise _too_large(f"more than {MAX_PAGE_FILES:,} files")
            data = _read(node, MAX_PAGE_BYTES - size)
            size += len(data)
            archive.writestr(name, data)
            if not job.progress(count, 0, name):
                raise Stopped
    name = f"{_file_name(first) if len(nodes) == 1 else 'selection'}.zip"
    packed = buffer.getvalue()
    return Answer(Saved(name=name, mime="application/zip", size=len(packed), path=""), [packed])


def save_into_folder(nodes: Sequence[Node], folder: Path, job: Job) -> Answer:
    """Copy files and folders below `folder`, each under a name that is free there; progress in bytes.

    Raises
    ------
    ValueRefusedError
        When the folder can't be written.
    """

    def tell(done: int, total: int) -> None:
        if not job.progress(done, total, "downloading"):
            raise Stopped

    _check_nodes(nodes)
    paths = []
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for node in nodes:
            with _free(folder, _file_name(node)) as target:
                paths.append(download(node.place.store, node.place.key, target, progress=tell))
    shown = paths[0] if len(paths) == 1 else folder
    return Answer(Saved(name=shown.name, mime="", size=0, path=str(shown)))


def save_rows(chosen: ChosenRows, folder: Path, job: Job) -> Answer:
    """Copy the objects of rows into a folder, under names made of their keys.

    Raises
    ------
    ValueRefusedError
        When the rows have no objects, or the folder can't be written.
    StoreUnavailableError
        When no store can be reached.
    """
    if not chosen.references and not chosen.problems:
        raise ValueRefusedError("the selected rows have no objects", hint="Select rows that have some.")
    with _writing(folder):
        done = download_references(
            chosen.references,
            folder,
            name=chosen.template,
            problems=chosen.problems,
            show=partial(_show_progress, job),
        )
    findings = tuple(
        FindingInfo(file=problem.where, message=". ".join(filter(None, (problem.message, problem.hint))))
        for problem in done.problems
    )
    result = SavedRows(
        path=str(folder), objects=len(done.paths), skipped=done.skipped, size=done.size, findings=findings
    )
    return Answer(result)


@contextmanager
def _show_progress(job: Job, title: str, *, unit: str = "B") -> Iterator[Callable[[int, int], None]]:
    """Tell the page how far one part of the work is, and end it when the page has cancelled."""

    def tell(done: int, total: int) -> None:
        if not job.progress(done, total, title if total else f"{unit} found"):
            raise Stopped

    yield tell


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell in words what the disk says."""
    try:
        yield
    except ObjectStoreError:
        raise
    except OSError as err:
        raise ValueRefusedError(
            f"the folder {str(folder)!r} can't be written: {err.strerror or type(err).__name__}",
            hint="Start the kernel where you may write, or make room.",
        ) from err


def _check_nodes(nodes: Sequence[Node]) -> None:
    if not all(node.place.key for node in nodes):
        raise ValueRefusedError("a whole store is not downloaded from here", hint="Choose a folder in it.")


def _whole(node: Node) -> ObjectRef:
    if node.handle is None or node.parts:
        raise ValueRefusedError(
            "only a whole object has a record of what was written", hint="Choose the object at the top."
        )
    return node.handle


def _changes(checked: Checked, job: Job) -> list[Finding]:
    def tell(done: int, total: int) -> None:
        if not job.progress(done, total, "reading"):
            raise Stopped

    meter = Meter(sum(check.size for check in checked.digests), tell)
    return [finding for check in checked.digests if (finding := find_change(check, meter))]


def _note(checked: Checked, *, read_data: bool) -> str:
    if checked.unverifiable:
        return f"It can't be checked: {checked.unverifiable}."
    if not read_data:
        return "Sizes were compared; their contents were not read."
    without = checked.files - len(checked.digests)
    return f"{without:,} files have no digest to compare." if without > 0 and not checked.findings else ""


def _files(nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """Give each file below the nodes with its path in an archive, which is of none other there."""
    names: set[str] = set()
    for node in nodes:
        name = _another(_file_name(node), names.__contains__)
        names.add(name)
        if not node.is_dir:
            yield name, node
            continue
        store, key = node.place.store, node.place.key
        for entry in store.list(f"{key}/"):
            below = entry.key.removeprefix(f"{key}/")
            yield (
                f"{name}/{below}",
                replace(node, at=node.place.below(below), is_dir=False, size=entry.size),
            )


def _read(node: Node, limit: int) -> bytes:
    with node.place.store.open(node.place.key) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(f"more than {MAX_PAGE_BYTES // 1_000_000} MB")
    return data


def _too_large(what: str) -> ValueRefusedError:
    return ValueRefusedError(
        f"a page takes at most {MAX_PAGE_BYTES // 1_000_000} MB in {MAX_PAGE_FILES:,} files, this is {what}",
        hint="Download it to the folder of the kernel instead.",
    )


def _file_name(node: Node) -> str:
    """Return the name of a node as one that leads nowhere: a row may hold any."""
    return render_name("{name}", {"name": node.name})


@contextmanager
def _free(folder: Path, name: str) -> Iterator[Path]:
    """Give a path in a folder that nothing has yet, and that nothing else is being saved to."""
    with _SAVING_LOCK:
        found = _another(name, lambda other: (folder / other).exists() or folder / other in _SAVING)
        target = folder / found
        _SAVING.add(target)
    try:
        yield target
    finally:
        with _SAVING_LOCK:
            _SAVING.discard(target)


def _another(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return the first of ``name``, ``name (2)`` and so on that is not taken."""
    stem, dot, ext = name.partition(".")
    found, number = name, 1
    while is_taken(found):
        number += 1
        found = f"{stem} ({number}){dot}{ext}"
    return found
