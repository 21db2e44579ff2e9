"""What a scrubber shows, as traits with their bounds: all that a page and Python tell each other of it.

>>> ScrubberState(position=3, colormap="magma").changes(fps=30.0)
{'colormap': 'magma', 'position': 3}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.rois import check_rois
from dj_objectstore.widgets.colormaps import check_colormap
from dj_objectstore.widgets.movies.rate import USUAL_RATE
from dj_objectstore.widgets.widget import OF_THE_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FPS = 1000.0
MAX_ROLLING = 1000
UNITS = ("counts", "photons", "stabilized")
PROJECTIONS = ("", "mean", "max", "std")
CORNERS = 4


class ScrubberState(traitlets.HasTraits):
    """The traits of a `Scrubber` that say what is seen; described there."""

    position = traitlets.Int(0, min=0).tag(**OF_THE_PAGE)
    fps = traitlets.Float(USUAL_RATE, min=0.01, max=MAX_FPS).tag(**OF_THE_PAGE)
    contrast = traitlets.List(traitlets.Float(), minlen=2, maxlen=2, allow_none=True, default_value=None).tag(
        **OF_THE_PAGE
    )
    contrast_mode = traitlets.Enum(("movie", "frame"), "movie").tag(**OF_THE_PAGE)
    gamma = traitlets.Float(1.0, min=0.1, max=10.0).tag(**OF_THE_PAGE)
    colormap = traitlets.Unicode("gray").tag(**OF_THE_PAGE)
    playing = traitlets.Bool(default_value=False).tag(**OF_THE_PAGE)
    unit = traitlets.Enum(UNITS, "counts").tag(**OF_THE_PAGE)
    loop = traitlets.Bool(default_value=True).tag(**OF_THE_PAGE)
    keep = traitlets.Enum(("time", "frames"), "time").tag(**OF_THE_PAGE)
    channel = traitlets.Int(0, min=0).tag(**OF_THE_PAGE)
    at = traitlets.List(traitlets.Int(min=0)).tag(**OF_THE_PAGE)
    overlay = traitlets.Bool(default_value=False).tag(**OF_THE_PAGE)
    rolling = traitlets.Int(1, min=1, max=MAX_ROLLING).tag(**OF_THE_PAGE)
    projection = traitlets.Enum(PROJECTIONS, "").tag(**OF_THE_PAGE)
    viewport = traitlets.List(
        traitlets.Float(), minlen=CORNERS, maxlen=CORNERS, allow_none=True, default_value=None
    ).tag(**OF_THE_PAGE)
    mask = traitlets.Int(-1, min=-1).tag(**OF_THE_PAGE)
    rois = traitlets.List(traitlets.Dict()).tag(**OF_THE_PAGE)

    @traitlets.validate("colormap")
    def _check_colormap(self, proposal: Any) -> Any:
        return _as_trait_error(check_colormap, proposal["value"])

    @traitlets.validate("rois")
    def _check_rois(self, proposal: Any) -> Any:
        return _as_trait_error(check_rois, proposal["value"])

    @traitlets.validate("contrast", "viewport")
    def _check_limits(self, proposal: Any) -> Any:
        value, name = proposal["value"], proposal["trait"].name
        half = 0 if value is None else len(value) // 2
        if value is not None and not all(value[n] < value[n + half] for n in range(half)):
            raise traitlets.TraitError(f"{name} must go from lower to higher values, got {value}")
        return value

    def changes(self, *, fps: float) -> dict[str, Any]:
        """Return what differs from a new scrubber of a movie that plays at `fps` at first.

        Whether it plays is no part of it.
        """
        fresh = {name: self.traits()[name].default() for name in STATE_NAMES} | {"fps": fps}
        return {
            name: getattr(self, name)
            for name in sorted(STATE_NAMES - {"playing"})
            if getattr(self, name) != fresh[name]
        }


STATE_NAMES = frozenset(ScrubberState.class_trait_names(sync=True, echo_update=False))


def _as_trait_error(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueRefusedError as err:
        raise traitlets.TraitError(str(err)) from err
