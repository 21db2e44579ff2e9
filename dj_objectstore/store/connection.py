"""`Connection`: the protocol's side of a store, with its project compared and its errors translated."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dj_objectstore.store.failures import access
from dj_objectstore.store.identity import Identity
from dj_objectstore.store.protocols import open_backend

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from dj_objectstore.spec.models import StoreSpec
    from dj_objectstore.store.backend import Backend


class Connection:
    """A store's protocol, opened when it is first asked, and anew after a fork.

    Parameters
    ----------
    spec
        The store's settings.
    """

    def __init__(self, spec: StoreSpec) -> None:
        self._spec = spec
        self._backends: dict[int, Backend] = {}
        self.identity = Identity(spec, self._read, self._create)

    @property
    def backend(self) -> Backend:
        """The protocol's side, one for each process: connections don't survive a fork."""
        pid = os.getpid()
        backend = self._backends.get(pid)
        # the backends of a parent stay: closing their connections would reach into the parent's
        return backend or self._backends.setdefault(pid, open_backend(self._spec))

    def access(self, key: str, *, writing: bool = False) -> AbstractContextManager[None]:
        """Translate the errors of a block, once it is sure that the store is of this client's project.

        Raises
        ------
        ConfigurationError
            When the store belongs to another project.
        """
        self.identity.settle(writing=writing)
        return self._access_unasked(key)

    def _access_unasked(self, key: str) -> AbstractContextManager[None]:
        return access(self._spec, key, missing_location=self.backend.missing_location)

    def _read(self, key: str) -> bytes:
        with self._access_unasked(key):
            return self.backend.read(key, None, None)

    def _create(self, key: str, data: bytes) -> None:
        with self._access_unasked(key):
            self.backend.write(key, data, create=True)
