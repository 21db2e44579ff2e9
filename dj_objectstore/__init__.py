"""dj-objectstore: fetch, browse, scrub and safely keep the large data of a DataJoint pipeline.

>>> import datajoint as dj
>>> import dj_objectstore as djo
>>> djo.enable()                                  # doctest: +SKIP
>>> movie = (Recording & key).fetch1("movie")     # doctest: +SKIP
>>> movie                                         # in a notebook: the scrubber  # doctest: +SKIP

In a notebook ``%load_ext dj_objectstore`` does what ``enable()`` does. ``<photon@store>`` fields work after
``import datajoint`` alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dj_objectstore.spec.configuration import Client, set_client, set_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_objectstore.codecs.staging import staged_insert1
    from dj_objectstore.exceptions import (
        AddressError,
        ChunkError,
        ConfigurationError,
        FormatError,
        IntegrityError,
        MovieRefusedError,
        ObjectArchivedError,
        ObjectExistsError,
        ObjectNotFoundError,
        ObjectStoreError,
        ReadOnlyError,
        StoreAccessError,
        StoreNotConfiguredError,
        StoreUnavailableError,
        UnsafePathError,
        ValueRefusedError,
    )
    from dj_objectstore.maintenance.convert import convert
    from dj_objectstore.maintenance.download import download
    from dj_objectstore.maintenance.verify import verify
    from dj_objectstore.objects.file_ref import FileRef
    from dj_objectstore.objects.movie import PhotonMovie
    from dj_objectstore.objects.ref import ObjectRef
    from dj_objectstore.objects.source import Photon, Source
    from dj_objectstore.report import Report
    from dj_objectstore.spec.sources import load_stores
    from dj_objectstore.spec.templates import save_template
    from dj_objectstore.store.store import Store, open_store
    from dj_objectstore.widgets.browser import browse
    from dj_objectstore.widgets.scrubber import scrub
    from dj_objectstore.widgets.wizard import configure

__version__ = "0.1.0"

__all__ = [
    "AddressError",
    "ChunkError",
    "ConfigurationError",
    "FileRef",
    "FormatError",
    "IntegrityError",
    "MovieRefusedError",
    "ObjectArchivedError",
    "ObjectExistsError",
    "ObjectNotFoundError",
    "ObjectRef",
    "ObjectStoreError",
    "Photon",
    "PhotonMovie",
    "ReadOnlyError",
    "Report",
    "Source",
    "Store",
    "StoreAccessError",
    "StoreNotConfiguredError",
    "StoreUnavailableError",
    "UnsafePathError",
    "ValueRefusedError",
    "__version__",
    "browse",
    "configure",
    "convert",
    "disable",
    "download",
    "enable",
    "load_ipython_extension",
    "load_stores",
    "open_store",
    "save_template",
    "scrub",
    "staged_insert1",
    "verify",
]

_HOMES = {
    "ObjectRef": "objects.ref",
    "FileRef": "objects.file_ref",
    "PhotonMovie": "objects.movie",
    "Photon": "objects.source",
    "Source": "objects.source",
    "Store": "store.store",
    "open_store": "store.store",
    "load_stores": "spec.sources",
    "save_template": "spec.templates",
    "staged_insert1": "codecs.staging",
    "convert": "maintenance.convert",
    "download": "maintenance.download",
    "verify": "maintenance.verify",
    "Report": "report",
    "browse": "widgets.browser",
    "configure": "widgets.wizard",
    "scrub": "widgets.scrubber",
}


def enable() -> None:
    """Serve ``<object@>`` and ``<filepath@>`` fields by this package, and every store to DataJoint's codecs.

    DataJoint's own ``ObjectRef`` and ``NpyRef`` are shown in the browser too, and in a notebook the objects
    in its tables are links to it. Works for tables that were declared or fetched before. In a notebook
    ``%load_ext dj_objectstore`` does the same.
    """
    from dj_objectstore.codecs.enable import enable_codecs

    enable_codecs()
    _set_display(_mimebundle)


def disable() -> None:
    """Undo `enable`."""
    from dj_objectstore.codecs.enable import disable_codecs

    disable_codecs()
    _set_display(None)


def load_ipython_extension(ipython: Any) -> None:
    """Enable the package with ``%load_ext dj_objectstore``."""
    del ipython
    enable()


def unload_ipython_extension(ipython: Any) -> None:
    """Disable the package with ``%unload_ext dj_objectstore``."""
    del ipython
    disable()


_THEIR_HANDLES = (("datajoint.objectref", "ObjectRef"), ("datajoint.builtin_codecs.npy", "NpyRef"))
_THEIR_QUERY = ("datajoint.expression", "QueryExpression")


def _set_display(show: Any) -> None:
    """Show DataJoint's own handles as ours, and link its tables, through IPython's formatters, if it runs."""
    import sys

    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    if (shell := get_ipython()) is None:
        return
    formatter = shell.display_formatter.mimebundle_formatter
    for module, name in _THEIR_HANDLES:
        _register(formatter, module, name, show)
    link = _linked_html if show is not None else None
    _register(shell.display_formatter.formatters["text/html"], *_THEIR_QUERY, link)


def _register(formatter: Any, module: str, name: str, show: Any) -> None:
    if show is None:
        formatter.pop(f"{module}.{name}", None)
    else:
        formatter.for_type_by_name(module, name, show)


def _linked_html(query: Any) -> str:
    from dj_objectstore.widgets.links import link_objects

    return link_objects(query)


def _mimebundle(ref: Any, include: Any = None, exclude: Any = None) -> Any:
    from dj_objectstore.codecs.interop import as_object_ref
    from dj_objectstore.widgets.display import mimebundle

    own = as_object_ref(ref)
    return None if own is None else mimebundle(own, include, exclude)


def _datajoint_config() -> Mapping[str, Any]:
    import datajoint

    config: Mapping[str, Any] = datajoint.config
    return config


def _client() -> Client:
    import datajoint

    database = datajoint.config.database
    return Client(datajoint.__version__, database.host, database.name)


set_configuration(_datajoint_config)
set_client(_client)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'exceptions')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
