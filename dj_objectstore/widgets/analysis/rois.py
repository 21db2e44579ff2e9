"""Regions that are drawn on a movie, as the page and Python exchange them.

>>> check_rois([{"kind": "rectangle", "points": [(0, 0), (2, 3)]}])[0]["name"]
'roi 1'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.regions import INSIDE, find_pixels
from dj_objectstore.widgets.messages.protocol import MAX_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Roi = dict[str, Any]

MAX_ROIS = 500
MAX_TEXT = 64
FARTHEST = 1e6
CORNERS = 2
COLORS = ("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
FIELDS = {"id", "name", "color", "kind", "points"}
HINT = "A region is {'kind': 'rectangle', 'points': [(y0, x0), (y1, x1)]}; name, color and id are optional."


def check_rois(rois: Iterable[Any]) -> list[Roi]:
    """Return regions with everything filled in that was left out: id, name, colour.

    Raises
    ------
    ValueRefusedError
        When one is no region, or two have the same id.
    """
    given = list(rois)
    if len(given) > MAX_ROIS:
        raise ValueRefusedError(f"at most {MAX_ROIS} regions can be drawn, got {len(given)}")
    taken = {str(roi["id"]) for roi in given if isinstance(roi, Mapping) and roi.get("id")}
    free = (f"r{number}" for number in range(1, len(given) + len(taken) + 1))
    unused = (name for name in free if name not in taken)
    checked = [_check_roi(roi, number, unused) for number, roi in enumerate(given)]
    if len({roi["id"] for roi in checked}) < len(checked):
        raise ValueRefusedError(
            "each region needs an id of its own, two have the same", hint="Leave ids out."
        )
    return checked


def roi_pixels(roi: Roi, *, height: int, width: int) -> NDArray[np.intp]:
    """Return the pixels of a region; see `find_pixels`.

    Raises
    ------
    ValueRefusedError
        When it holds no pixel of the picture; names the region.
    """
    try:
        return find_pixels(roi["kind"], roi["points"], height=height, width=width)
    except ValueRefusedError as err:
        raise ValueRefusedError(f"{roi['name']!r}: {err.message}", hint=err.hint) from err


def _check_roi(roi: Any, number: int, unused: Iterable[str]) -> Roi:
    if not isinstance(roi, Mapping) or not {"kind", "points"} <= roi.keys() <= FIELDS:
        raise ValueRefusedError(
            f"region {number} must be a mapping with kind and points, got {_short(roi)}", hint=HINT
        )
    name, color = roi.get("name") or f"roi {number + 1}", roi.get("color") or COLORS[number % len(COLORS)]
    known = roi.get("id") or next(iter(unused))
    for what, value in (("name", name), ("id", known)):
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise ValueRefusedError(
                f"the {what} of a region must be a text of at most {MAX_TEXT} characters, got {_short(value)}"
            )
    if not isinstance(color, str) or not COLOR.fullmatch(color):
        raise ValueRefusedError(f"the color of {name!r} must be like '#4e79a7', got {_short(color)}")
    kind = roi["kind"]
    if kind not in INSIDE:
        raise ValueRefusedError(
            f"the kind of {name!r} must be {', '.join(INSIDE)}, got {_short(kind)}", hint=HINT
        )
    points = _check_points(roi["points"], kind, name)
    return {"id": known, "name": name, "color": color, "kind": kind, "points": points}


def _check_points(points: Any, kind: str, name: str) -> list[list[float]]:
    try:
        places = np.asarray(points, np.float64)
    except (TypeError, ValueError) as err:
        raise ValueRefusedError(f"the points of {name!r} must be (y, x) each, in numbers", hint=HINT) from err
    fits = places.ndim == CORNERS and places.shape[1] == CORNERS
    least, most = (CORNERS, CORNERS) if kind != "polygon" else (3, MAX_POINTS)
    if not fits or not least <= len(places) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ValueRefusedError(
            f"the {kind} {name!r} needs {wanted} points (y, x), got an array of shape {places.shape}",
            hint=HINT,
        )
    if not (np.abs(places) <= FARTHEST).all():
        raise ValueRefusedError(f"the points of {name!r} must be finite and within a million pixels")
    listed: list[list[float]] = places.tolist()
    return listed


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."
