"""Several movies side by side in a real JupyterLab."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from barcode import HALF, read_number
from bars_notebook import go
from notebook_page import PATIENCE, canvas_pixels


def panes(linked):
    return linked.root.locator('[data-role="movie"]')


def numbers(linked):
    canvases = panes(linked).locator('[data-djo="canvas"]')
    return [read_number(canvas_pixels(canvases.nth(i))) for i in range(3)]


def test_linked_movies_show_one_time_and_run_in_step(notebook, shoot):
    linked = notebook.shown(2)
    expect(panes(linked)).to_have_count(3)
    go(linked, 100)
    for pane, frame in ((1, 100), (2, 50)):
        expect(panes(linked).nth(pane)).to_have_attribute("data-frame", str(frame), timeout=PATIENCE)
    assert numbers(linked) == [100, 100, 100]
    shoot(linked.root, "scrubber-linked")
    linked.part("play").click()
    expect(linked.root).to_have_attribute("data-frame", re.compile(r"^1[3-9]\d$"), timeout=PATIENCE)
    linked.part("play").click()
    expect(linked.part("play")).to_have_attribute("aria-label", "Play")
    frame = linked.frame
    expect(panes(linked).nth(1)).to_have_attribute("data-frame", str(frame), timeout=PATIENCE)
    # at half the rate an odd frame lies between two, and both are as near
    beside = re.compile(rf"^({frame // 2}|{(frame + 1) // 2})$")
    expect(panes(linked).nth(2)).to_have_attribute("data-frame", beside, timeout=PATIENCE)
    assert numbers(linked)[:2] == [frame, frame]
    assert linked.accessibility_problems() == []


def test_a_difference_lies_around_zero_in_units_of_noise(notebook, shoot):
    linked = notebook.shown(3)
    go(linked, 10)
    difference = linked.root.locator('[data-role="difference"]')
    expect(difference).to_have_attribute("data-frame", "10", timeout=PATIENCE)
    reach = difference.locator('[data-djo="reach"]')
    reach.fill("5")
    reach.press("Tab")
    grey = canvas_pixels(difference.locator('[data-djo="canvas"]'))[..., 0].astype(float)
    in_noise = (grey - grey.mean()) / HALF * 5
    assert abs(grey.mean() - HALF) < 8
    assert 1 < in_noise.std() < 2, "the difference of two frames has the noise of both"
    difference.locator('[data-djo="picture"]').hover()
    expect(linked.part("readout")).to_have_text(re.compile(r"^x \d+  y \d+  \S+ noise$"))
    shoot(linked.root, "scrubber-difference")
