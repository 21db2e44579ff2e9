"""The picture of the scrubber in a real JupyterLab: zoom, regions, projections, channels, large frames."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from notebook_page import PATIENCE, NotebookPage, write_notebook

FRAMES, CHANNELS, SIZE = 20, 2, 64
LARGE = 1500
MAKE = f"""
import numpy as np
import dj_objectstore as djo
movie = np.random.default_rng(5).poisson(40, ({FRAMES}, {CHANNELS}, {SIZE}, {SIZE})).astype("u2")
labels = np.zeros(({SIZE}, {SIZE}), int)
labels[4:12, 4:12], labels[40:60, 30:50] = 1, 2
"""
SHOW = """
scrubber = djo.scrub(
    movie, dims=("time", "channel", "y", "x"), pixel_size=(0.5, 0.5), masks=labels, contrast=[0, 100]
)
scrubber
"""
HAS_BOTH = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const pixels = Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 3));
    return pixels.some(([red, green]) => red !== green) && pixels.some(([red]) => red > 0);
}"""
LARGE_SHOW = f"""
large = np.arange({LARGE} * {LARGE}, dtype="f4").reshape({LARGE}, {LARGE})
djo.scrub(np.stack([large, large + 1, large + 2]), contrast=[0, {LARGE * LARGE}])
"""


@pytest.fixture(scope="session")
def notebook(context, jupyter, demo):
    write_notebook(demo.folder.path / "picture.ipynb", MAKE, SHOW, LARGE_SHOW)
    opened = NotebookPage(context.new_page(), jupyter)
    opened.open("picture.ipynb")
    opened.run_all()
    yield opened
    opened.page.close()


@pytest.fixture
def scrubber(notebook):
    scrubber = notebook.scrubber
    scrubber.wait()
    return scrubber


@pytest.fixture(scope="session")
def movie():
    return np.random.default_rng(5).poisson(40, (FRAMES, CHANNELS, SIZE, SIZE)).astype("u2")


def point_at(notebook, scrubber, down, across):
    """Move the mouse to these shares of the picture's height and width."""
    box = scrubber.part("picture").bounding_box()
    notebook.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])


def spot(scrubber):
    """Return x, y and the value of the pixel under the pointer."""
    readout = scrubber.part("readout")
    expect(readout).to_have_text(re.compile(r"^x \d+"))
    found = re.match(r"x (\d+) +y (\d+) +([\d.]+)", readout.inner_text())
    return int(found[1]), int(found[2]), float(found[3])


def reset(scrubber):
    scrubber.set_field("position", 0)
    scrubber.part("projection").select_option("")
    scrubber.part("channel").select_option("0")
    scrubber.part("picture").focus()
    scrubber.part("picture").press("0")


@pytest.mark.one_theme
def test_the_wheel_with_ctrl_zooms_to_the_pointer_and_zero_fits(notebook, scrubber, movie):
    reset(scrubber)
    point_at(notebook, scrubber, 0.7, 0.3)
    x, y, value = spot(scrubber)
    assert value == movie[0, 0, y, x]
    notebook.page.keyboard.down("Control")
    for _ in range(8):
        notebook.page.mouse.wheel(0, -100)
    notebook.page.keyboard.up("Control")
    expect(scrubber.part("zoom")).to_have_text(re.compile(r"^[4-9]"))
    assert spot(scrubber) == (x, y, value)
    point_at(notebook, scrubber, 0.2, 0.6)
    x, y, value = spot(scrubber)
    assert value == movie[0, 0, y, x]
    scrubber.part("picture").press("0")
    expect(scrubber.part("zoom")).to_have_text(re.compile(r"^1\D"))


@pytest.mark.one_theme
def test_a_drag_moves_what_is_seen(notebook, scrubber):
    reset(scrubber)
    scrubber.part("zoom-in").click()
    scrubber.part("zoom-in").click()
    point_at(notebook, scrubber, 0.51, 0.51)  # not where two pixels meet
    held = spot(scrubber)
    notebook.page.mouse.down()
    point_at(notebook, scrubber, 0.4, 0.45)
    notebook.page.mouse.up()
    assert spot(scrubber) == held


@pytest.mark.parametrize("kind", ["mean", "max", "std"])
@pytest.mark.one_theme
def test_a_projection_is_numpys(notebook, scrubber, movie, kind):
    reset(scrubber)
    scrubber.part("projection").select_option(kind)
    point_at(notebook, scrubber, 0.6, 0.4)
    expect(scrubber.part("projection-progress")).to_have_count(0, timeout=PATIENCE)
    x, y, _ = spot(scrubber)
    wanted = float(getattr(movie[:, 0].astype("f8"), kind)(axis=0)[y, x])
    shown = f"{wanted:.0f}"
    expect(scrubber.part("readout")).to_have_text(re.compile(rf"x {x} +y {y} +{shown}\b"), timeout=PATIENCE)
    reset(scrubber)


@pytest.mark.one_theme
def test_two_channels_lie_over_each_other(notebook, scrubber, movie):
    reset(scrubber)
    scrubber.part("channel").select_option("overlay")
    notebook.page.wait_for_function(HAS_BOTH, arg=scrubber.part("canvas").element_handle(), timeout=PATIENCE)
    pixels = scrubber.pixels().astype(int)
    assert np.abs(pixels[..., 1] - movie[0, 0] * 2.55).max() < 2
    assert np.abs(pixels[..., 0] - movie[0, 1] * 2.55).max() < 2
    assert (pixels[..., 0] == pixels[..., 2]).all()
    reset(scrubber)


@pytest.mark.one_theme
def test_a_region_is_drawn_moved_by_key_and_undone(notebook, scrubber):
    reset(scrubber)
    scrubber.part("tool-ellipse").click()
    point_at(notebook, scrubber, 0.25, 0.25)
    notebook.page.mouse.down()
    point_at(notebook, scrubber, 0.4, 0.5)
    point_at(notebook, scrubber, 0.5, 0.75)
    notebook.page.mouse.up()
    outline = scrubber.root.locator("[data-region]")
    expect(outline).to_have_count(1)
    before = outline.get_attribute("d")
    row = scrubber.part("roi")
    row.focus()
    row.press("ArrowDown")
    expect(outline).not_to_have_attribute("d", before)
    scrubber.part("picture").press("Control+z")
    expect(outline).to_have_attribute("d", before)
    scrubber.part("picture").press("Delete")
    expect(outline).to_have_count(0)


@pytest.mark.one_theme
def test_a_region_placed_by_key_has_a_trace(scrubber):
    reset(scrubber)
    scrubber.part("tool-rectangle").focus()
    scrubber.part("tool-rectangle").press("Enter")
    expect(scrubber.root.locator("[data-region]")).to_have_count(1)
    expect(scrubber.part("roi")).to_contain_text(re.compile("photons|counts"), timeout=PATIENCE)
    scrubber.part("picture").press("Delete")
    expect(scrubber.root.locator("[data-region]")).to_have_count(0)


@pytest.mark.one_theme
def test_a_mask_is_outlined_and_chosen_by_a_click(notebook, scrubber, shoot):
    reset(scrubber)
    expect(scrubber.root.locator("[data-mask]")).to_have_count(2, timeout=PATIENCE)
    box = scrubber.part("picture").bounding_box()
    notebook.page.mouse.click(box["x"] + box["width"] * 40 / 64, box["y"] + box["height"] * 50 / 64)
    expect(scrubber.part("mask")).to_have_value("1")
    expect(scrubber.part("lane")).to_contain_text(re.compile("photons|counts"), timeout=PATIENCE)
    shoot(scrubber.root, "scrubber-masks")
    scrubber.part("mask").select_option("-1")


@pytest.mark.one_theme
def test_the_scale_bar_has_a_round_length(scrubber):
    reset(scrubber)
    expect(scrubber.part("scale-bar")).to_have_text(re.compile(r"^[125]0* µm$"))


@pytest.mark.one_theme
def test_a_large_frame_is_exact_at_rest(notebook):
    large = notebook.page.locator(".djo-scrubber").nth(1)
    large.scroll_into_view_if_needed()
    canvas = large.locator('[data-djo="canvas"]')
    exact = re.compile(rf"^{LARGE}$")
    expect(canvas).to_have_attribute("width", exact, timeout=PATIENCE)
    large.locator('[data-djo="next"]').click()
    expect(large).to_have_attribute("data-frame", "1", timeout=PATIENCE)
    expect(canvas).to_have_attribute("width", exact, timeout=PATIENCE)
