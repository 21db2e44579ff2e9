"""Regions in a real JupyterLab: their corners by mouse and by key, and what their traces cost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from bars_notebook import go, lanes
from notebook_page import PATIENCE

HEAR_TRACES = """() => {
    window.tracesAsked = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        const text = typeof data === "string" ? data : new TextDecoder().decode(data);
        if (text.includes('"method":"trace"')) window.tracesAsked += 1;
        return send.call(this, data);
    };
}"""
ROIS = """() => [...document.querySelectorAll(".djo-scrubber")[0].querySelectorAll("[data-region]")]
    .map((path) => path.getAttribute("d"))"""


@pytest.fixture
def polygon(scrubber):
    """Place a polygon by key: a square of a quarter of the picture's sides, from (22.5, 30) to (37.5, 50)."""
    go(scrubber, 0)
    scrubber.part("tool-polygon").focus()
    scrubber.part("tool-polygon").press("Enter")
    expect(scrubber.part("corner")).to_have_text("Corner 1 of 4: x 30, y 22.5")
    yield scrubber
    scrubber.part("roi-remove").click()
    expect(scrubber.root.locator("[data-region]")).to_have_count(0)


def place(scrubber, y, x):
    """Return where on the page a point of the picture lies."""
    box = scrubber.part("picture").bounding_box()
    return box["x"] + box["width"] * x / 80, box["y"] + box["height"] * y / 60


def drag(scrubber, start, end):
    mouse = scrubber.root.page.mouse
    mouse.move(*place(scrubber, *start))
    mouse.down()
    mouse.move(*place(scrubber, *end), steps=4)
    mouse.up()


def corner(scrubber):
    """Return number, number of all, x and y of the corner that is told."""
    found = re.fullmatch(
        r"Corner (\d+) of (\d+): x ([\d.]+), y ([\d.]+)", scrubber.part("corner").inner_text()
    )
    return [float(part) for part in found.groups()]


def test_corners_are_stepped_through_moved_added_and_deleted_by_key(polygon, shoot):
    keyboard = polygon.root.page.keyboard
    said = polygon.part("corner")
    polygon.part("corner-next").focus()
    keyboard.press("Enter")
    expect(said).to_have_text("Corner 2 of 4: x 50, y 22.5")
    keyboard.press("ArrowUp")
    keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text("Corner 2 of 4: x 60, y 21.5")
    shoot(polygon.root, "scrubber-corners")
    keyboard.press("Insert")
    expect(said).to_have_text("Corner 3 of 5: x 55, y 29.5")
    keyboard.press("Delete")
    expect(said).to_have_text("Corner 3 of 4: x 50, y 37.5")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(said).to_have_text("Corner 4 of 5: x 40, y 37.5")
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(said).to_have_text("Corner 4 of 4: x 30, y 37.5")
    assert polygon.frame == 0
    assert polygon.accessibility_problems() == []


@pytest.mark.one_theme
def test_corners_are_moved_and_added_by_mouse(polygon):
    drag(polygon, (22.5, 50), (12.5, 60))
    number, total, x, y = corner(polygon)
    assert (number, total) == (2, 4)
    assert abs(x - 60) < 1
    assert abs(y - 12.5) < 1
    polygon.root.page.mouse.dblclick(*place(polygon, 37.5, 45))
    number, total, x, y = corner(polygon)
    assert (number, total) == (4, 5)
    assert abs(x - 45) < 1
    assert abs(y - 37.5) < 1


@pytest.mark.one_theme
def test_a_drag_with_the_space_bar_moves_the_picture_and_does_not_play(polygon):
    go(polygon, 3)
    for _ in range(2):
        polygon.part("zoom-in").click()
    page = polygon.root.page
    outline = page.evaluate(ROIS)
    polygon.part("picture").focus()
    canvas = polygon.part("canvas")
    before = canvas.evaluate("(canvas) => canvas.style.transform")
    page.keyboard.down("Space")
    drag(polygon, (30, 40), (20, 30))
    page.keyboard.up("Space")
    assert canvas.evaluate("(canvas) => canvas.style.transform") != before
    assert page.evaluate(ROIS) == outline
    expect(polygon.part("play")).to_have_attribute("aria-label", "Play")
    assert polygon.frame == 3
    polygon.part("picture").press("0")


@pytest.mark.one_theme
def test_two_views_ask_for_a_trace_once(notebook, scrubber):
    go(scrubber, 0)
    notebook.page.evaluate(HEAR_TRACES)
    scrubber.part("tool-rectangle").focus()
    scrubber.part("tool-rectangle").press("Enter")
    for view in (scrubber, notebook.shown(1)):
        expect(lanes(view).nth(2)).to_contain_text("counts", timeout=PATIENCE)
    assert notebook.page.evaluate("() => window.tracesAsked") == 1
    scrubber.part("roi-remove").click()
    expect(lanes(scrubber)).to_have_count(2)
