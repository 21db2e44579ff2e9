"""The check of a store, one step after the other, so that each can be ticked off.

>>> stores = {"stores": {"scratch": {"protocol": "memory"}}}
>>> [result.status for result in check_store("scratch", config=stores)][:4]
['ok', 'ok', 'ok', 'ok']
"""

from __future__ import annotations

import errno
import statistics
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import (
    ConfigurationError,
    ObjectNotFoundError,
    ObjectStoreError,
    StoreAccessError,
)
from dj_objectstore.paths.layout import RESERVED_PREFIX
from dj_objectstore.paths.tokens import new_token
from dj_objectstore.spec.gathering import gather_stores
from dj_objectstore.spec.secrets import SECRET_KEYS
from dj_objectstore.store.failures import response_code
from dj_objectstore.store.identity import KEY as IDENTITY
from dj_objectstore.store.identity import parse_identity
from dj_objectstore.store.steps import Finding, StepResult, fail_step, skip_steps, take_step
from dj_objectstore.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.spec.models import StoreSpec

STEPS = (
    *("resolve", "connect", "authenticate", "list", "write", "read", "delete", "latency"),
    *("identity", "advice"),
)
READ_ONLY = "read-only"
_DEEPEST_PARTITION = 3
_REQUESTS = 5
# what a service answers to credentials that it does not know, and to those that may not do this
_UNKNOWN_CREDENTIALS = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "InvalidToken", "401"),
    *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"),
    *("AuthenticationFailed", "UnrecognizedClientException", "AuthFailure", "RequestTimeTooSkewed"),
)
_FORBIDDEN = ("AccessDenied", "403", "Forbidden", "AuthorizationPermissionMismatch", "AllAccessDisabled")
_READ_ONLY_ERRORS = (errno.EROFS, errno.EACCES, errno.EPERM)
_ADVICE = {
    "file": "other computers must see this folder under the same path, on a mounted server",
    "memory": "what is in memory ends with this process; use it for tests alone",
}


def check_store(name_or_spec: str | StoreSpec | None = None, *, config: Any = None) -> Iterator[StepResult]:
    """Check one store, from its settings to a file that is written, read back and deleted.

    Parameters
    ----------
    name_or_spec
        A store's name, None for the default store, or a spec.
    config
        DataJoint's configuration, or a mapping with ``stores``; by default the configuration of this process.

    Yields
    ------
    StepResult
        One for each of `STEPS`, in that order. After a failure the steps that need it are skipped.
    """
    start = time.perf_counter()
    try:
        spec = open_store(name_or_spec, config=config).spec
        is_given = not (name_or_spec is None or isinstance(name_or_spec, str))
        origins = {} if is_given else gather_stores(config).origins.get(spec.name, {})
    except ConfigurationError as err:
        yield StepResult("resolve", "failed", err.message, err.hint, time.perf_counter() - start)
        yield from skip_steps(STEPS[1:], "its settings are wrong")
        return
    yield StepResult("resolve", "ok", spec.place, seconds=time.perf_counter() - start)
    run = _Run(spec, "" if is_given and spec.secrets() else _tell_credentials(origins))
    try:
        yield from run.steps()
    finally:
        run.clean()


class _Run:
    """The steps that ask a store."""

    def __init__(self, spec: StoreSpec, credentials: str) -> None:
        self.spec = spec
        self.credentials = credentials
        # a check compares the project and never makes the store a project's
        self.store = Store(spec.model_copy(update={"project_name": None}))
        # by its ending it is metadata, which is never archived
        self.key = f"{RESERVED_PREFIX}/check/{new_token(12)}.manifest.json"
        self.data = new_token(16).encode()
        self.found = ""
        self.is_there = False

    def steps(self) -> Iterator[StepResult]:
        """Ask the store, from the first request to the last."""
        is_reached = True
        for result in self._reach():
            is_reached = is_reached and result.status != "failed"
            yield result
        if is_reached:
            for step in (self._write, self._read, self._delete, self._latency, self._identity):
                yield take_step(step.__name__.removeprefix("_"), step, self.spec)
        else:
            yield from skip_steps(STEPS[4:-1], "the store can't be listed")
        yield StepResult("advice", "ok", "; ".join(advise(self.spec)))

    def clean(self) -> None:
        """Remove what is left when the check was cut short."""
        if self.is_there:
            with suppress(StoreAccessError):
                self.store.delete([self.key])

    def _reach(self) -> Iterator[StepResult]:
        """List: the first request, whose answer tells about the connection and the credentials too."""
        start = time.perf_counter()
        names = STEPS[1:4]
        try:
            entry = next(iter(self.store.list()), None)
        except ObjectStoreError as err:
            at = names.index(_failed_step(err))
            if at and not response_code(err.__cause__):
                yield from skip_steps(names[:at], "nothing was asked")
            else:
                yield from (StepResult(name, "ok") for name in names[:at])
            failure = fail_step(names[at], err, self.spec, time.perf_counter() - start)
            told = self.credentials if names[at] == "authenticate" else ""
            yield replace(failure, hint=f"{failure.hint} {told}".strip())
            yield from skip_steps(names[at + 1 :], f"{names[at]} failed")
            return
        self.found = entry.key if entry else ""
        yield StepResult("connect", "ok", seconds=time.perf_counter() - start)
        yield StepResult("authenticate", "ok", _tell_identity(self.spec))
        yield StepResult("list", "ok", "" if entry else "the store is empty")

    def _write(self) -> Finding:
        try:
            self.store.put(self.key, self.data)
        except StoreAccessError as err:
            if not _is_forbidden(err):
                raise
            hint = (
                "Fetching, looking and verifying work. To insert, let these credentials write and delete "
                "there (s3:PutObject and s3:DeleteObject, or write permission on the folder)."
            )
            return "skipped", READ_ONLY, hint
        self.is_there = True
        return "ok", "", ""

    def _read(self) -> Finding:
        if not self.is_there:
            if not self.found:
                return "skipped", "there is nothing to read", ""
            self.store.get(self.found, 0, 1)
            return "ok", "a file that was there", ""
        if self.store.get(self.key) == self.data:
            return "ok", "", ""
        hint = "Another client or a cache stands between; compare endpoint and location."
        return "failed", f"the store gave other bytes than were written to {self.key!r}", hint

    def _delete(self) -> Finding:
        if not self.is_there:
            return "skipped", READ_ONLY, ""
        self.store.delete([self.key])
        self.is_there = False
        return "ok", "", ""

    def _latency(self) -> Finding:
        times = []
        for _ in range(_REQUESTS):
            start = time.perf_counter()
            self.store.exists(self.key)
            times.append(time.perf_counter() - start)
        return "ok", f"{1000 * statistics.median(times):.1f} ms for a small request", ""

    def _identity(self) -> Finding:
        """Compare the project that the store says it belongs to with the one that is configured."""
        configured = self.spec.project_name
        try:
            found = parse_identity(self.store.get(IDENTITY), where=f"store {self.spec.name!r}")
        except ObjectNotFoundError:
            made = "; the first write makes it" if configured else ""
            return "skipped", f"the store has no {IDENTITY}{made}", ""
        project = found["project_name"]
        if configured in (None, project):
            return "ok", f"project {project!r}", ""
        return (
            "failed",
            f"the store belongs to project {project!r}, and {configured!r} is configured",
            f"Set project_name to {project!r}, or correct the store's bucket and location.",
        )


def advise(spec: StoreSpec) -> Iterator[str]:
    """Give advice on settings that work and may be regretted."""
    depth = len(spec.layout.partition)
    if depth > _DEEPEST_PARTITION:
        yield f"partition_pattern has {depth} levels, and two or three are enough; leave out what is unique"
    if spec.protocol in _ADVICE:
        yield _ADVICE[spec.protocol]


def _failed_step(err: ObjectStoreError) -> str:
    """Return which of connecting, authenticating and listing an error tells of."""
    code = response_code(err.__cause__)
    if code in _UNKNOWN_CREDENTIALS or any("Credential" in type(cause).__name__ for cause in _causes(err)):
        return "authenticate"
    if code or any(isinstance(cause, PermissionError) for cause in _causes(err)):
        return "list"
    return "connect"


def _is_forbidden(err: ObjectStoreError) -> bool:
    """Return whether an error says that writing is not allowed, to credentials that are known."""
    if code := response_code(err.__cause__):
        return code in _FORBIDDEN
    return any(
        isinstance(cause, PermissionError)
        or (isinstance(cause, OSError) and cause.errno in _READ_ONLY_ERRORS)
        for cause in _causes(err)
    )


def _causes(err: BaseException | None) -> Iterator[BaseException]:
    while err is not None:
        yield err
        err = err.__cause__


def _tell_identity(spec: StoreSpec) -> str:
    """Say whose credentials count, and not what they are."""
    if spec.protocol in ("file", "memory"):
        return "no credentials are needed"
    return "with the store's credentials" if spec.secrets() else "with the credentials of the environment"


def _tell_credentials(origins: dict[str, str]) -> str:
    """Say where the credentials are to be corrected."""
    found = [f"{key}: {origin}" for key, origin in origins.items() if key in SECRET_KEYS]
    return f"They come from {', '.join(found)}." if found else "They come from the environment."
