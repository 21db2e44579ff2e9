from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from dj_objectstore.exceptions import ConfigurationError, ValueRefusedError
from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.detector import NoiseModel
from dj_objectstore.widgets.analysis import clips
from dj_objectstore.widgets.analysis.clips import check_clip, make_clip
from dj_objectstore.widgets.analysis.painting import Look
from dj_objectstore.widgets.colormaps import build_colormap, colormap_names
from dj_objectstore.widgets.messages.answers import Stabilized
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from pathlib import Path

NOISE = Stabilized(gain=20.0, offset=100.0, variance=30.0)
MODEL = NoiseModel(gain=20.0, offset=100.0, variance=30.0)


def frames(n: int, height: int = 7, width: int = 9) -> list[Any]:
    random = np.random.default_rng(4)
    return [
        (random.integers(0, 256, (height, width), "u1"), np.ones((height, width), bool)) for _ in range(n)
    ]


@pytest.mark.parametrize("name", ["viridis", "magma", "inferno", "plasma", "cividis", "turbo", "viridis_r"])
def test_colours_are_matplotlibs_but_for_a_few_levels(name: str) -> None:
    theirs = 255 * mpl.colormaps[name](np.arange(256))[:, :3]
    assert np.abs(build_colormap(name).astype(int) - theirs).max() < 8


def test_every_colour_map_has_256_colours_and_its_reverse() -> None:
    for name in colormap_names():
        assert build_colormap(name).shape == (256, 3)
    np.testing.assert_array_equal(build_colormap("gray_r"), build_colormap("gray")[::-1])


def test_an_unknown_colour_map_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueRefusedError, match=r"must be one of gray, viridis, .* got 'jet'"):
        build_colormap("jet")


@given(st.floats(0.2, 5), st.floats(-100, 100), st.floats(1, 300))
def test_levels_rise_from_the_lower_limit_to_the_upper(gamma: float, low: float, width: float) -> None:
    look = Look(limits=(low, low + width), gamma=gamma)
    levels = look.levels(np.linspace(low - 5, low + width + 5, 200), None)
    assert (np.diff(levels.astype(int)) >= 0).all()
    assert (levels[0], levels[-1]) == (0, 255)


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("counts", lambda counts: counts),
        ("photons", lambda counts: (counts - 100) / 20),
        ("stabilized", lambda counts: stabilize(counts, MODEL)),
    ],
)
def test_limits_are_in_the_unit_that_is_shown(unit: Any, shown: Any) -> None:
    counts = np.linspace(90, 900, 50)
    look = Look(limits=(1.0, 30.0), unit=unit)
    expected = np.floor(255 * np.clip((shown(counts) - 1) / 29, 0, 1) + 0.5)
    np.testing.assert_array_equal(look.levels(counts, NOISE), expected)


def test_photons_of_an_unknown_detector_are_refused() -> None:
    with pytest.raises(ValueRefusedError, match="photons need the detector's noise"):
        Look(limits=(0.0, 1.0), unit="photons").levels(np.zeros(3), None)


@pytest.mark.parametrize("limits", [(1.0, 1.0), (2.0, 1.0)])
def test_limits_without_room_between_them_are_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueRefusedError, match="lower limit must lie below"):
        Look(limits=limits)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "f4", "f8"])
def test_codes_of_every_type_are_painted_as_their_values(dtype: str) -> None:
    movie = np.linspace(0, 127, 60).reshape(3, 4, 5).astype(dtype)
    source = ArraySource(movie)
    levels, there = Look(limits=(10.0, 100.0)).paint(source, source.read_block(0), channel=0)
    np.testing.assert_array_equal(levels, Look(limits=(10.0, 100.0)).levels(movie.astype("f4"), None))
    assert there.all()


def test_a_png_shows_the_colours_and_nothing_where_there_is_no_value() -> None:
    (levels, there), colors = frames(1)[0], build_colormap("viridis")
    there[2, 3] = False
    png = make_clip([(levels, there)], colors, form="png", fps=1, scale=3)
    shown = np.asarray(Image.open(io.BytesIO(png)))
    assert shown.shape == (21, 27, 4)
    np.testing.assert_array_equal(shown[1::3, 1::3, :3], colors[levels])
    np.testing.assert_array_equal(shown[1::3, 1::3, 3] == 255, there)


def test_a_gif_shows_each_frame_in_its_colours_at_its_rate() -> None:
    painted, colors = frames(5), build_colormap("magma")
    gif = Image.open(io.BytesIO(make_clip(painted, colors, form="gif", fps=10)))
    assert gif.info["duration"] == 100
    assert gif.info["loop"] == 0
    shown = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)]
    assert len(shown) == 5
    for frame, (levels, _) in zip(shown, painted, strict=True):
        np.testing.assert_array_equal(frame, colors[levels])


def test_equal_frames_keep_their_time_in_a_gif() -> None:
    painted = frames(1) * 4 + frames(2)[1:]
    gif = Image.open(io.BytesIO(make_clip(painted, build_colormap("gray"), form="gif", fps=10)))
    assert sum(frame.info["duration"] for frame in ImageSequence.Iterator(gif)) == 500


def test_an_mp4_shows_each_frame_about_as_painted(tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    smooth = np.add.outer(np.arange(31), np.arange(45)).astype("u1") * 2
    painted = [(np.roll(smooth, n, axis=0), np.ones(smooth.shape, bool)) for n in range(6)]
    path = tmp_path / "clip.mp4"
    path.write_bytes(make_clip(painted, build_colormap("gray"), form="mp4", fps=15, scale=3))
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run(ffmpeg, capture_output=True, check=True)
    assert b"h264" in decoded.stderr
    assert b"136x94" in decoded.stderr
    assert b"15 fps" in decoded.stderr
    shown = np.frombuffer(decoded.stdout, "u1").reshape(-1, 94, 136, 3)
    assert len(shown) == 6
    for frame, (levels, _) in zip(shown, painted, strict=True):
        assert np.abs(frame[1:93:3, 1:135:3, 0].astype(int) - levels).mean() < 10


def test_without_imageio_ffmpeg_an_mp4_is_refused_with_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    check_clip("gif", frames=3, height=8, width=8, scale=1)
    with pytest.raises(
        ConfigurationError, match=r"needs the package imageio-ffmpeg.*\n.*pip install imageio-ffmpeg"
    ):
        check_clip("mp4", frames=3, height=8, width=8, scale=1)


def test_a_clip_without_frames_or_without_end_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match="a frame or more"):
        check_clip("gif", frames=0, height=8, width=8, scale=1)
    with pytest.raises(ValueRefusedError, match="2,000,000,000 pixels"):
        check_clip("gif", frames=10_000, height=512, width=512, scale=2)
    check_clip("png", frames=10_000, height=512, width=512, scale=2)


@pytest.mark.parametrize("form", ["png", "gif"])
def test_a_file_that_grows_too_large_is_given_up(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MAX_CLIP_BYTES", 5_000)
    with pytest.raises(ValueRefusedError, match="this one is larger"):
        make_clip(frames(20, 100, 100), build_colormap("gray"), form=form, fps=10)
