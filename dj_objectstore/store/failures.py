"""Errors of fsspec, botocore and the system, translated in one place.

Everything that asks a store runs inside of `access`, which says what failed, where, and what to do.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from dj_objectstore.exceptions import (
    ConfigurationError,
    ObjectArchivedError,
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

EXISTS_CODES = (
    "PreconditionFailed",
    "ConditionalRequestConflict",
    "412",
    "BlobAlreadyExists",
    "ConditionNotMet",
)
BEYOND_END_CODES = ("InvalidRange", "416")
_LOCATION_CODES = ("NoSuchBucket", "ContainerNotFound")
_MISSING_CODES = ("BlobNotFound", "ResourceNotFound", "404")
_ARCHIVED_CODES = ("InvalidObjectState", "BlobArchived")
_REFUSED_CODES = ("401", "403", "AccessDenied", "Forbidden")
# what a service's code means, and what to do; other codes are told as they are
_MEANINGS = {
    "InvalidAccessKeyId": (
        "the access key is not known there",
        "Correct access_key; is it of this endpoint?",
    ),
    "SignatureDoesNotMatch": (
        "the secret key does not fit the access key",
        "Correct access_key and secret_key.",
    ),
    "AuthenticationFailed": ("the key of the account is wrong", "Correct account_key or connection_string."),
    "AuthorizationFailure": (
        "the key of the account is wrong, or does not allow it",
        "Correct account_key or connection_string, or ask for permission to do this.",
    ),
    "RequestTimeTooSkewed": ("this computer's clock is wrong", "Set the clock."),
    "AccessDenied": ("the credentials are known and don't allow it", "Ask for permission to do this."),
    "AuthorizationPermissionMismatch": (
        "the credentials are known and don't allow it",
        "Ask for permission to do this.",
    ),
} | dict.fromkeys(
    (
        *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"),
        "ExpiredAuthenticationToken",
    ),
    ("the credentials have expired", "Log in again, or renew the credentials, and try again."),
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# libraries of the network raise errors of their own, with no common base: they are known by their home
_NETWORK_LIBRARIES = (
    *("aiohttp", "aiobotocore", "botocore", "urllib3", "fsspec", "s3fs", "asyncio"),
    *("azure", "adlfs", "gcsfs", "google", "requests"),
)


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
    """Return the code that a service answered with, of the error or of what caused it; "" for none."""
    while err is not None:
        response = getattr(err, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        for name in ("error_code", "status_code", "code", "status"):
            code = getattr(err, name, None)
            if isinstance(code, (str, int)) and code:
                return str(getattr(code, "value", code))
        err = err.__cause__
    return ""


@contextmanager
def opening(spec: StoreSpec) -> Iterator[None]:
    """Raise what a library finds wrong with a store's settings as an error of ours."""
    try:
        yield
    except ImportError as err:
        extra = "gcs" if spec.protocol == "gs" else spec.protocol
        raise ConfigurationError(
            f"store {spec.name!r} needs a library that is not installed: {err.name}",
            hint=f"Install it: pip install 'dj-objectstore[{extra}]'.",
        ) from err
    except Exception as err:
        if not (isinstance(err, ValueError) or _is_of_the_store(err)):
            raise
        told = redact(str(err).strip() or type(err).__name__, spec.secrets())
        raise ConfigurationError(
            f"store {spec.name!r} ({spec.place}) can't be opened with its settings: {told}",
            hint="Correct the store's credentials and its storage_options.",
        ) from err


def _is_of_the_store(err: Exception) -> bool:
    origin = type(err).__module__.partition(".")[0]
    # gcsfs tells a bad request so
    is_bad_request = type(err) is ValueError and str(err).startswith("Bad Request")
    return (
        isinstance(err, (OSError, EOFError, TimeoutError)) or origin in _NETWORK_LIBRARIES or is_bad_request
    )


def _translated(
    err: Exception, spec: StoreSpec, key: str, missing_location: Callable[[], bool]
) -> StoreAccessError:
    where = f"{key!r} in store {spec.name!r} ({spec.place})"
    code = response_code(err)
    is_missing = isinstance(err, FileNotFoundError) or code in _MISSING_CODES
    if code in _LOCATION_CODES or (is_missing and missing_location()):
        return location_missing(spec)
    if is_missing:
        return ObjectNotFoundError(f"nothing lies at {where}", hint="List what is there.")
    if code in _ARCHIVED_CODES:
        return _archived(spec, key)
    if isinstance(err, FileExistsError) or code in EXISTS_CODES:
        return ObjectExistsError(
            f"something lies already at {where}, and nothing is ever overwritten",
            hint="Write under another key; objects get a fresh token for each write.",
        )
    if isinstance(err, (IsADirectoryError, NotADirectoryError)):
        return ObjectNotFoundError(f"there is no file at {where}", hint="Name a file, not a folder.")
    return _refused(err, key, spec, code)


def _archived(spec: StoreSpec, key: str) -> ObjectArchivedError:
    """Return the error for a file that must be restored first, with the command that does it."""
    whole, root = "/".join(filter(None, (spec.location, key))), getattr(spec, "root", "")
    command = (
        f"az storage blob set-tier --container-name {root} --name {whole!r} --tier Hot"
        if spec.protocol == "azure"
        else f"aws s3api restore-object --bucket {root} --key {whole!r} --restore-request Days=7"
    )
    return ObjectArchivedError(
        f"{key!r} in store {spec.name!r} ({spec.place}) is archived and can't be read now",
        hint=f"Restore it, and read it some hours later: {command}",
    )


def location_missing(spec: StoreSpec) -> StoreUnavailableError:
    """Return the error for a folder or bucket that is not there."""
    return StoreUnavailableError(
        f"the location of store {spec.name!r} does not exist: {spec.place}",
        hint="Create it, mount the disk, or correct the location (or bucket) of the store's configuration.",
    )


def _refused(err: Exception, key: str, spec: StoreSpec, code: str) -> StoreAccessError:
    """Return the error for a store that refuses us, is full, or can't be reached."""
    told = redact(str(err).strip() or type(err).__name__, spec.secrets())
    meaning, hint = _MEANINGS.get(code, ("", ""))
    reason = f"{meaning + ': ' if meaning else ''}{type(err).__name__}{f' {code}' if code else ''}: {told}"
    store = f"store {spec.name!r} ({spec.place})"
    if isinstance(err, PermissionError) or meaning or code in _REFUSED_CODES or _is_of_credentials(err, code):
        return StoreUnavailableError(
            f"{store} refuses access to {repr(key) if key else 'it'}: {reason}",
            hint=hint
            or "Check the store's credentials and what they allow; renew them when they have expired.",
        )
    if getattr(err, "errno", None) in _FULL:
        return StoreAccessError(f"{store} has no room for {key!r}: {reason}", hint="Free some space.")
    if getattr(err, "errno", None) == errno.ENAMETOOLONG:
        return StoreAccessError(f"{store} takes no name as long as {key!r}", hint="Use a shorter name.")
    return StoreUnavailableError(
        f"{store} did not answer{f' for {key!r}' if key else ''}: {reason}",
        hint="Check the endpoint and the network, and try again; nothing was written in part.",
    )


def _is_of_credentials(err: Exception, code: str) -> bool:
    is_forbidden = getattr(err, "status_code", None) in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    # gcsfs raises a plain OSError for what is forbidden
    is_forbidden = is_forbidden or str(err).startswith("Forbidden")
    return is_forbidden or "Credential" in type(err).__name__ or "Token" in code
