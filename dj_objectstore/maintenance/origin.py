"""Which database a store was made from, where it says so: the rows of that one may name what others don't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_objectstore.exceptions import FormatError, ObjectNotFoundError
from dj_objectstore.store.identity import KEY, parse_identity

if TYPE_CHECKING:
    from dj_objectstore.maintenance.database import Database
    from dj_objectstore.store.store import Store


def other_origin(store: Store, database: Database) -> str:
    """Return a sentence where a store says that it was made from another database than this, else ``""``.

    It is no proof: one database may be reached under several names, through a tunnel for example.
    """
    try:
        found = parse_identity(store.get(KEY), where=f"store {store.name!r}")
    except (ObjectNotFoundError, FormatError):
        return ""
    host = str(found.get("database_host") or "").partition(":")[0]
    if not host or host == database.host:
        return ""
    return (
        f"the store was made from the database at {host}, and you are connected to the one at {database.host}"
    )
