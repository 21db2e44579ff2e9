"""The photon-transfer curve as a picture: how the variance of pixels grows with their mean.

Drawn without pyplot, so that no window opens and no backend is chosen for the user.
"""

from __future__ import annotations

import base64
import io
import math
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dj_objectstore.photon.detector import NoiseModel

_SIZE = (5.0, 3.4)  # inches
#: photons that are drawn of a model without a curve
_PHOTONS = 20.0


def plot_noise(noise: NoiseModel, ax: Axes | None = None) -> Axes:
    """Draw a noise model; see ``NoiseModel.plot``."""
    if noise.curve is None and not math.isfinite(noise.gain):
        raise ValueRefusedError(
            f"there is nothing to plot: {noise.why}", hint="Estimate the noise of a longer or brighter movie."
        )
    _require_matplotlib()
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=_SIZE, layout="constrained").subplots()
    if noise.curve is not None:
        _draw_curve(noise, ax)
    _draw_line(noise, ax)
    ax.set_xlabel("mean (grey levels)")
    ax.set_ylabel("variance (grey levels²)")
    ax.set_title(_title(noise), fontsize="medium")
    ax.legend(frameon=False)
    return ax


def draw_png(noise: NoiseModel) -> str | None:
    """Return the plot of an estimate as a PNG in base64; None of other models, and without matplotlib."""
    if noise.curve is None or not noise.curve.mean or find_spec("matplotlib") is None:
        return None
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    plot_noise(noise, figure.subplots())
    output = io.BytesIO()
    figure.savefig(output, format="png", dpi=100)
    return base64.b64encode(output.getvalue()).decode()


def _draw_curve(noise: NoiseModel, ax: Axes) -> None:
    curve = noise.curve
    if curve is None:
        return
    pixels = np.asarray(curve.pixels)
    area = 4 + 60 * pixels / pixels.max()
    ax.scatter(curve.mean, curve.variance, s=area, alpha=0.6, label="pixels, by intensity")


def _draw_line(noise: NoiseModel, ax: Axes) -> None:
    if not math.isfinite(noise.gain):
        return
    curve = noise.curve
    low, high = (
        (noise.offset, noise.offset + _PHOTONS * noise.gain)
        if curve is None
        else (min(curve.mean), max(curve.mean))
    )
    mean = np.array([low, high])
    label = "fit" if curve is not None else "model"
    ax.plot(mean, noise.gain * (mean - noise.offset) + noise.variance, color="C1", label=label)


def _title(noise: NoiseModel) -> str:
    known = f"{noise.gain:.3g} grey levels per photon, zero at {noise.offset:.3g}"
    return known if noise.trusted else f"not trusted: {noise.why}"


def _require_matplotlib() -> None:
    if find_spec("matplotlib") is None:
        raise ValueRefusedError(
            "plotting needs matplotlib, which is not installed", hint="pip install matplotlib"
        )
