"""Colour maps, the same as the page's: both read them from ``colormaps.json``.

>>> build_colormap("gray")[[0, 255]].tolist()
[[0, 0, 0], [255, 255, 255]]
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

REVERSED = "_r"
LEVELS = 256


@cache
def read_stops() -> dict[str, str]:
    """Return hex colours, six figures each, from the lowest to the highest, by the map's name."""
    stops: dict[str, str] = json.loads(Path(__file__).with_name("colormaps.json").read_text(encoding="utf-8"))
    return stops


def colormap_names() -> tuple[str, ...]:
    """Return the names of all colour maps; ``_r`` means from its end."""
    return tuple(name + end for name in read_stops() for end in ("", REVERSED))


def check_colormap(name: str) -> str:
    """Return the name of a colour map.

    Raises
    ------
    ValueRefusedError
        When there is none of this name.
    """
    if name not in colormap_names():
        raise ValueRefusedError(
            f"a colour map must be one of {', '.join(read_stops())}, or one of them with _r, got {name!r}"
        )
    return name


def build_colormap(name: str) -> NDArray[np.uint8]:
    """Return 256 colours (red, green, blue), uint8, shape (256, 3).

    Raises
    ------
    ValueRefusedError
        When there is no map of this name.
    """
    stops = read_stops()[check_colormap(name).removesuffix(REVERSED)]
    colors = np.frombuffer(bytes.fromhex(stops), "u1").reshape(-1, 3).astype("f8")
    places = np.linspace(0, len(colors) - 1, LEVELS)
    table = np.stack([np.interp(places, np.arange(len(colors)), part) for part in colors.T], axis=1)
    rounded: NDArray[np.uint8] = np.floor(table + 0.5).astype("u1")
    return rounded[::-1] if name.endswith(REVERSED) else rounded
