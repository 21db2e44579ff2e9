"""Errors of fsspec, botocore and the system, translated in one place.

Everything that asks a store runs inside of `access`, which says what failed, where, and what to do.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import (
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStoreError,
    StoreAccessError,
    StoreUnavailableError,
)
from dj_objectstore.spec.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dj_objectstore.spec.models import StoreSpec

EXISTS_CODES = ("PreconditionFailed", "ConditionalRequestConflict", "412")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# libraries of the network raise errors of their own, with no common base: they are known by their home
_NETWORK_LIBRARIES = ("aiohttp", "aiobotocore", "botocore", "urllib3", "fsspec", "s3fs", "asyncio")


@contextmanager
def access(spec: StoreSpec, key: str, *, missing_location: Callable[[], bool]) -> Iterator[None]:
    """Raise what fails in the block as an error of ours that names the store and the key."""
    try:
        yield
    except ObjectStoreError:
        raise
    except Exception as err:
        if not _is_of_the_store(err):
            raise
        raise _translated(err, spec, key, missing_location) from err


def response_code(err: BaseException | None) -> str:
    """Return the code that an S3 server answered with, of the error or of what caused it."""
    while err is not None:
        response = getattr(err, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        err = err.__cause__
    return ""


def _is_of_the_store(err: Exception) -> bool:
    origin = type(err).__module__.partition(".")[0]
    return isinstance(err, (OSError, EOFError, TimeoutError)) or origin in _NETWORK_LIBRARIES


def _translated(
    err: Exception, spec: StoreSpec, key: str, missing_location: Callable[[], bool]
) -> StoreAccessError:
    where = f"{key!r} in store {spec.name!r} ({spec.place})"
    code = response_code(err)
    if code == "NoSuchBucket" or (isinstance(err, FileNotFoundError) and missing_location()):
        return location_missing(spec)
    if isinstance(err, FileNotFoundError):
        return ObjectNotFoundError(f"nothing lies at {where}", hint="List what is there.")
    if isinstance(err, FileExistsError) or code in EXISTS_CODES:
        return ObjectExistsError(
            f"something lies already at {where}, and nothing is ever overwritten",
            hint="Write under another key; objects get a fresh token for each write.",
        )
    if isinstance(err, (IsADirectoryError, NotADirectoryError)):
        return ObjectNotFoundError(f"there is no file at {where}", hint="Name a file, not a folder.")
    return _refused(err, key, spec, code)


def location_missing(spec: StoreSpec) -> StoreUnavailableError:
    """Return the error for a folder or bucket that is not there."""
    return StoreUnavailableError(
        f"the location of store {spec.name!r} does not exist: {spec.place}",
        hint="Create it, mount the disk, or correct the location (or bucket) of the store's configuration.",
    )


def _refused(err: Exception, key: str, spec: StoreSpec, code: str) -> StoreAccessError:
    """Return the error for a store that refuses us, is full, or can't be reached."""
    told = redact(str(err).strip() or type(err).__name__, spec.secrets())
    reason = f"{type(err).__name__}{f' {code}' if code else ''}: {told}"
    store = f"store {spec.name!r} ({spec.place})"
    if isinstance(err, PermissionError) or "Credential" in type(err).__name__ or "Token" in code:
        return StoreUnavailableError(
            f"{store} refuses access to {key!r}: {reason}",
            hint="Check the store's credentials and what they allow; renew them when they have expired.",
        )
    if getattr(err, "errno", None) in _FULL:
        return StoreAccessError(f"{store} has no room for {key!r}: {reason}", hint="Free some space.")
    if getattr(err, "errno", None) == errno.ENAMETOOLONG:
        return StoreAccessError(f"{store} takes no name as long as {key!r}", hint="Use a shorter name.")
    return StoreUnavailableError(
        f"{store} did not answer for {key!r}: {reason}",
        hint="Check the endpoint and the network, and try again; nothing was written in part.",
    )
