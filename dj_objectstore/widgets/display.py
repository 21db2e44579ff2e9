"""How a stored object is shown at the end of a cell: the widget, and what stands in where there is none."""

from __future__ import annotations

import base64
import html
import sys
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import ObjectStoreError
from dj_objectstore.objects.movie import PhotonMovie

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from dj_objectstore.objects.ref import ObjectRef

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
THOUSAND = 1000

Bundle = dict[str, Any]


def mimebundle(
    ref: ObjectRef, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> tuple[Bundle, Bundle]:
    """Return an object as IPython shows it: data and metadata by MIME type.

    The widget, plain text, an HTML summary, and the thumbnail of a movie where one was made when it was
    written. No other data are read.
    """
    wanted = {
        name
        for name in ("text/plain", "text/html", "image/png", WIDGET_VIEW)
        if (not include or name in include) and name not in (exclude or ())
    }
    thumbnail = _thumbnail(ref) if wanted & {"image/png", "text/html"} else None
    makers: dict[str, Callable[[], Any]] = {
        "text/plain": lambda: repr(ref),
        "text/html": lambda: _picture_html(thumbnail) + summary_html(ref, with_shape=thumbnail is not None),
        "image/png": lambda: thumbnail,
        WIDGET_VIEW: lambda: _widget_view(ref),
    }
    bundle = {name: make() for name, make in makers.items() if name in wanted}
    return {name: data for name, data in bundle.items() if data is not None}, {}


def summary_html(ref: ObjectRef, *, with_shape: bool = False) -> str:
    """Return a small table of what the row says of an object, every value escaped.

    Parameters
    ----------
    with_shape
        Also read the shape of a movie from its metadata; for stores that are known to answer.
    """
    rows = {
        "Name": ref.path.rsplit("/", 1)[-1],
        "Kind": _kind(ref),
        "Shape": _shape(ref) if with_shape else "",
        "Size": format_size(ref.size),
        "Store": ref.store or "default",
        "Path": ref.path,
    }
    cells = "".join(
        f'<tr><th style="text-align:left">{html.escape(label)}</th>'
        f'<td style="text-align:left">{html.escape(str(text))}</td></tr>'
        for label, text in rows.items()
        if text
    )
    return f"<table>{cells}</table>"


def format_size(size: int | None) -> str:
    """Return a number of bytes for people, in powers of 1000."""
    if size is None:
        return "not known"
    amount, unit = float(size), UNITS[0]
    for following in UNITS[1:]:
        if amount < THOUSAND:
            break
        amount, unit = amount / THOUSAND, following
    return f"{size} {unit}" if unit == UNITS[0] else f"{amount:.3g} {unit}"


def _picture_html(png: str | None) -> str:
    """Return a picture that needs nothing else: of several forms of an output a page shows only one."""
    return f'<img alt="mean and frames of the movie" src="data:image/png;base64,{png}">' if png else ""


def _kind(ref: ObjectRef) -> str:
    if isinstance(ref, PhotonMovie):
        return "photon movie"
    if ref.is_dir:
        return "folder" if ref.item_count is None else f"folder, {ref.item_count} files"
    return ref.mime_type or "file"


def _shape(ref: ObjectRef) -> str:
    """Return the lengths of a movie's axes; nothing when they can't be read."""
    try:
        axes = zip(ref.dims, ref.shape, strict=True) if isinstance(ref, PhotonMovie) else ()
    except ObjectStoreError:
        return ""
    return ", ".join(f"{name} {size}" for name, size in axes)


def _widget_view(ref: ObjectRef) -> Any:
    if _is_terminal():
        return None
    try:
        widget = ref.scrub() if isinstance(ref, PhotonMovie) else ref.browse()
    except ObjectStoreError:
        return None  # without its browser side there is still the summary
    data, _ = widget._repr_mimebundle_(include={WIDGET_VIEW})
    return data[WIDGET_VIEW]


def _is_terminal() -> bool:
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return type(get_ipython()).__name__ == "TerminalInteractiveShell"


def _thumbnail(ref: ObjectRef) -> str | None:
    try:
        png = ref.thumbnail() if isinstance(ref, PhotonMovie) else None
    except ObjectStoreError:
        return None
    return base64.b64encode(png).decode("ascii") if png else None
