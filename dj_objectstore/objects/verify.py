"""Checking one object: what is stored against what was recorded when it was written.

`check_sizes` needs a listing alone; the `FileCheck`s that it gives compare digests, each by itself.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import FormatError, IntegrityError, ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.hashing import HashingReader, check_hash_name
from dj_objectstore.objects.listing import Listed, list_objects
from dj_objectstore.objects.manifest import ALGORITHM, ManifestFile, manifest_key, parse_manifest
from dj_objectstore.objects.progress import progress_bar
from dj_objectstore.store.transfer import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.store.store import Store

_BLOCK = 4 * 2**20
_THREADS = 8


class UnverifiableWarning(UserWarning):
    """Nothing was recorded when the object was written, so there is nothing to check it against."""


@dataclass(frozen=True)
class Finding:
    """One file that is not as written.

    Attributes
    ----------
    code
        ``missing``, ``extra``, ``shorter``, ``longer``, ``changed``; of the whole object ``gone``, ``totals``
        and ``manifest``.
    file
        Path relative to a folder object; the whole path of a file object.
    message
        What was found.
    """

    code: str
    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


@dataclass(frozen=True)
class FileCheck:
    """A file whose digest is to be compared; pickles without a secret."""

    store: Store
    key: str
    file: str
    size: int
    digest: str


@dataclass(frozen=True)
class Checked:
    """What a look at the sizes of one object has found.

    Attributes
    ----------
    findings
        The files that are not as written.
    unverifiable
        Why there is nothing, or not everything, to check against; empty when there is.
    files, size
        How many files are there, and their bytes.
    digests
        What remains to be compared by reading.
    """

    findings: tuple[Finding, ...] = ()
    unverifiable: str = ""
    files: int = 0
    size: int = 0
    digests: tuple[FileCheck, ...] = ()


def verify_object(ref: ObjectRef, *, read_data: bool) -> bool:
    """Return True when every file is as it was written; see `ObjectRef.verify`."""
    key = ref.key()
    checked = check_sizes(ref, list_objects(ref.opened, {key: bool(ref.is_dir)})[key])
    findings = list(checked.findings)
    if any(finding.code == "gone" for finding in findings):
        raise ref.missing()
    if read_data:
        findings += _find_changes(checked.digests)
    if findings:
        raise not_as_written(ref, findings)
    if checked.unverifiable:
        message = f"{ref.path!r} can't be checked: {checked.unverifiable}"
        warnings.warn(message, UnverifiableWarning, stacklevel=3)
    return True


def check_sizes(ref: ObjectRef, listed: Listed) -> Checked:
    """Compare what is listed of an object with what was recorded; reads its manifest and nothing else."""
    files, size = len(listed.files), sum(listed.files.values())
    try:
        expected = recorded_files(ref, has_manifest=listed.has_manifest)
    except FormatError as err:
        finding = Finding("manifest", manifest_key(ref.path), err.message)
        return Checked((finding,), files=files, size=size)
    if expected is None:
        return Checked(tuple(_check_totals(ref, listed)), "nothing was recorded of its files", files, size)
    findings = tuple(_compare_sizes(ref, expected, listed.files))
    return Checked(findings, "", files, size, tuple(_digests(ref, expected, listed.files)))


def _find_changes(checks: tuple[FileCheck, ...]) -> list[Finding]:
    """Compare digests, several files at a time."""
    with progress_bar("Verifying") as advance, ThreadPoolExecutor(_THREADS) as pool:
        meter = Meter(sum(check.size for check in checks), advance)
        try:
            return [finding for finding in pool.map(lambda c: find_change(c, meter), checks) if finding]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def find_change(check: FileCheck, meter: Meter | None = None) -> Finding | None:
    """Read a file and return what is wrong with it, or None; what is read is added to `meter`.

    Raises
    ------
    StoreAccessError
        When it can't be read.
    """
    name, _, digest = check.digest.partition(":")
    try:
        with check.store.open(check.key) as stream:
            reader = HashingReader(stream, "xxh3" if name == ALGORITHM else name)
            while block := reader.read(_BLOCK):
                if meter is not None:
                    meter.add(len(block))
    except ObjectNotFoundError:
        return Finding("missing", check.file, "missing")
    if reader.hash.partition(":")[2] == digest:
        return None
    return Finding("changed", check.file, "changed in place, its digest differs")


def recorded_files(ref: ObjectRef, *, has_manifest: bool | None = None) -> list[ManifestFile] | None:
    """Return the files that were written, of a file object one named ``""``; None when that is not known.

    With `has_manifest` False the manifest is known not to be there, and is not asked for.

    Raises
    ------
    FormatError
        When the manifest can't be read.
    """
    if not ref.is_dir:
        return None if ref.size is None else [ManifestFile("", ref.size, ref.digest or ref.hash)]
    if has_manifest is False:
        return None
    try:
        manifest = parse_manifest(ref.opened.get(manifest_key(ref.key())))
    except ObjectNotFoundError:
        return None
    return [
        ManifestFile(file.path, file.size, f"{ALGORITHM}:{file.digest}" if file.digest else None)
        for file in manifest.files
    ]


def _check_totals(ref: ObjectRef, listed: Listed) -> Iterator[Finding]:
    """Compare with what the row alone says, where there is no manifest."""
    if not listed.files:
        if ref.item_count != 0:
            yield Finding("gone", ref.path, "missing, nothing lies there")
        return
    if ref.item_count is not None and len(listed.files) != ref.item_count:
        yield Finding("totals", ref.path, f"{len(listed.files):,} files instead of {ref.item_count:,}")
    size = sum(listed.files.values())
    if ref.is_dir and ref.size and size != ref.size:
        yield Finding("totals", ref.path, f"{size:,} bytes instead of {ref.size:,}")


def _compare_sizes(ref: ObjectRef, expected: list[ManifestFile], found: dict[str, int]) -> Iterator[Finding]:
    for file in expected:
        name = file.path or ref.path
        size = found.get(file.path)
        if size is None:
            yield Finding("missing", name, "missing")
        elif size != file.size:
            word = "shorter" if size < file.size else "longer"
            yield Finding(word, name, f"{word}, {size:,} bytes instead of {file.size:,}")
    for extra in sorted(found.keys() - {file.path for file in expected}):
        yield Finding("extra", extra or ref.path, "extra, it was not written with the object")


def _digests(ref: ObjectRef, expected: list[ManifestFile], found: dict[str, int]) -> Iterator[FileCheck]:
    """Give the files whose bytes can be compared: of the size recorded, with a digest that is known here."""
    store, key = ref.opened, ref.key()
    for file in expected:
        if file.digest and _is_known(file.digest) and found.get(file.path) == file.size:
            whole = f"{key}/{file.path}" if file.path else key
            yield FileCheck(store, whole, file.path or ref.path, file.size, file.digest)


def _is_known(digest: str) -> bool:
    name = digest.partition(":")[0]
    try:
        check_hash_name("xxh3" if name == ALGORITHM else name)
    except ValueRefusedError:
        return False
    return True


def not_as_written(ref: ObjectRef, findings: list[Finding]) -> IntegrityError:
    """Return the error to raise for an object that is not as written."""
    listing = "\n".join(f"- {finding}" for finding in findings)
    return IntegrityError(
        f"{ref.path!r} in store {ref.store!r} is not as written, {len(findings)} problems:\n{listing}",
        hint="Restore these files from a copy; the row and the other files are untouched.",
    )
