"""The errors of dj-objectstore, one tree.

::

    ObjectStoreError                  everything below; also a DataJointError
    ├── ConfigurationError            a store is not configured, or wrongly
    │   └── StoreNotConfiguredError   no store of this name
    ├── AddressError                  a path or a key that can't be an address
    │   └── UnsafePathError           a path that would leave the object or the store
    ├── ValueRefusedError             a value that can't be inserted; also a TypeError and a ValueError
    │   └── MovieRefusedError         an array that is not a movie
    ├── StoreAccessError              the store did not do what was asked
    │   ├── StoreUnavailableError     it can't be reached, or refuses us
    │   ├── ObjectNotFoundError       nothing lies there; also a FileNotFoundError
    │   ├── ObjectArchivedError       it lies in an archive, and must be restored before it can be read
    │   ├── ObjectExistsError         something lies there already; also a FileExistsError
    │   └── ReadOnlyError             a handle of a stored object was asked to write; also a PermissionError
    ├── FormatError                   stored data of a format or version that can't be read
    └── IntegrityError                stored data are missing, damaged or changed; also DataJoint's
        └── ChunkError                a chunk of a movie is missing or damaged

A message says the rule, the value that broke it and what to do next, and never holds a secret.
"""

from __future__ import annotations

from datajoint.errors import DataJointError
from datajoint.objectref import IntegrityError as _DataJointIntegrityError


class ObjectStoreError(DataJointError):  # type: ignore[misc]
    """Base of every error that dj-objectstore raises on purpose.

    Parameters
    ----------
    message
        What was found, and where.
    hint
        What to do next; shown after the message.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def suggest(self, *args: object) -> ObjectStoreError:
        """Return the same error with more advice, as DataJoint's errors do."""
        hint = "\n".join(str(part) for part in (self.hint, *args) if part)
        return type(self)(self.message, hint=hint)


class ConfigurationError(ObjectStoreError):
    """A store is configured wrongly."""

    code = "configuration"


class StoreNotConfiguredError(ConfigurationError):
    """No store of this name is configured."""

    code = "store-not-configured"


class AddressError(ObjectStoreError):
    """A path or a key that can't be an address."""

    code = "address"


class UnsafePathError(AddressError):
    """A path that would leave the object or the store."""

    code = "unsafe-path"


class ValueRefusedError(ObjectStoreError, TypeError, ValueError):
    """A value that can't be inserted."""

    code = "value-refused"


class MovieRefusedError(ValueRefusedError):
    """An array that is not a movie, or can't be stored as one."""

    code = "movie-refused"


class StoreAccessError(ObjectStoreError):
    """The store did not do what was asked."""

    code = "store-access"


class StoreUnavailableError(StoreAccessError):
    """The store can't be reached, or refuses us."""

    code = "store-unavailable"


class ObjectNotFoundError(StoreAccessError, FileNotFoundError):
    """Nothing lies at this path in the store."""

    code = "object-not-found"


class ObjectArchivedError(StoreAccessError):
    """The object lies in an archive storage class: it must be restored before it can be read."""

    code = "object-archived"


class ObjectExistsError(StoreAccessError, FileExistsError):
    """Something lies at this path already, and nothing is ever overwritten."""

    code = "object-exists"


class ReadOnlyError(StoreAccessError, PermissionError):
    """A stored object is immutable: its handles refuse to write."""

    code = "read-only"


class FormatError(ObjectStoreError):
    """Stored data of a format or version that can't be read."""

    code = "format"


class IntegrityError(ObjectStoreError, _DataJointIntegrityError):  # type: ignore[misc]
    """Stored data are missing, damaged or changed."""

    code = "integrity"


class ChunkError(IntegrityError):
    """A chunk of a movie is missing or damaged."""

    code = "chunk"
