"""The table of protocols: how the store of each is opened.

Each backend lists page by page with the service's own request. obstore would list about twice as fast, but a
process that forks after its first use (``populate(processes=...)``) waits for its answers for ever, with a
client of its own too; and it gives one level of a folder only as a whole, however much lies there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.store.azure import open_azure
from dj_objectstore.store.failures import opening
from dj_objectstore.store.gcs import open_gcs
from dj_objectstore.store.local import LocalBackend
from dj_objectstore.store.memory import MemoryBackend
from dj_objectstore.store.s3 import open_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dj_objectstore.spec.models import StoreSpec
    from dj_objectstore.store.backend import Backend

OPEN: Mapping[str, Callable[[Any], Backend]] = {
    "file": LocalBackend,
    "s3": open_s3,
    "gcs": open_gcs,
    "gs": open_gcs,
    "azure": open_azure,
    "memory": MemoryBackend,
}


def open_backend(spec: StoreSpec) -> Backend:
    """Open the filesystem of a store.

    Raises
    ------
    ConfigurationError
        When the protocol's library is not installed, or refuses the settings.
    """
    with opening(spec):
        return OPEN[spec.protocol](spec)
