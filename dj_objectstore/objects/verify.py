"""Checking one object: what is stored against what was recorded when it was written."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import xxhash

from dj_objectstore.exceptions import IntegrityError, ObjectNotFoundError
from dj_objectstore.objects.manifest import ManifestFile, manifest_key, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.store.store import Entry, Store


class UnverifiableWarning(UserWarning):
    """Nothing was recorded when the object was written, so there is nothing to check it against."""


def verify_object(ref: ObjectRef, *, read_data: bool) -> bool:
    """Return True when every file is as it was written; see `ObjectRef.verify`."""
    expected = _recorded(ref)
    if expected is None:
        _warn_unverifiable(ref)
        return True
    found = {entry.key: entry.size for entry in _listing(ref)}
    prefix = f"{ref.path}/" if ref.is_dir else ref.path
    wanted = {prefix + file.path if ref.is_dir else prefix: file for file in expected}
    problems = list(_compare_sizes(wanted, found, extra=ref.is_dir))
    if read_data and not problems:
        problems = list(_compare_digests(ref.opened, wanted))
    if problems:
        listing = "\n".join(f"- {problem}" for problem in problems)
        raise IntegrityError(
            f"{ref.path!r} in store {ref.store!r} is not as written, {len(problems)} problems:\n{listing}",
            hint="Restore these files from a copy; the row and the other files are untouched.",
        )
    return True


def _recorded(ref: ObjectRef) -> list[ManifestFile] | None:
    """Return what was recorded at writing: the manifest of a folder, the row's metadata of a file."""
    if not ref.is_dir:
        digest = ref.digest.partition(":")[2] if ref.digest else None
        return None if ref.size is None else [ManifestFile(ref.path, ref.size, digest)]
    try:
        return list(parse_manifest(ref.opened.get(ref.opened.safe_join(manifest_key(ref.path)))).files)
    except ObjectNotFoundError:
        return None


def _listing(ref: ObjectRef) -> Iterable[Entry]:
    if ref.is_dir:
        return ref.opened.list(f"{ref.key()}/")
    return [entry for entry in ref.opened.list(ref.key()) if entry.key == ref.key()]


def _warn_unverifiable(ref: ObjectRef) -> None:
    if not ref.exists():
        raise ref.missing()
    warnings.warn(
        f"nothing was recorded when {ref.path!r} was written, so its files can't be checked",
        UnverifiableWarning,
        stacklevel=4,
    )


def _compare_sizes(wanted: dict[str, ManifestFile], found: dict[str, int], *, extra: bool) -> Iterator[str]:
    for key, file in wanted.items():
        if key not in found:
            yield f"{file.path}: missing"
        elif found[key] != file.size:
            word = "shorter" if found[key] < file.size else "longer"
            yield f"{file.path}: {word}, {found[key]:,} bytes instead of {file.size:,}"
    for key in sorted(found.keys() - wanted.keys()) if extra else ():
        yield f"{key}: extra, it was not written with the object"


def _compare_digests(store: Store, wanted: dict[str, ManifestFile]) -> Iterator[str]:
    for key, file in wanted.items():
        if file.digest is None:
            continue
        hasher = xxhash.xxh3_128()
        with store.open(key) as stream:
            while block := stream.read(4 * 2**20):
                hasher.update(block)
        if hasher.hexdigest() != file.digest:
            yield f"{file.path}: changed in place, its digest differs"
