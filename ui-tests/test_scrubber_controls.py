"""The scrubber's controls in a real JupyterLab: names and focus, a second view, and what is taken out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from barcode import read_number
from bars_notebook import TELL_CELL, draw_rectangle, go, lanes, number
from notebook_page import PATIENCE, read_clip, read_picture

FOCUSABLE = """(root) => [...root.querySelectorAll("button, input, select, [tabindex='0']")]
    .filter((node) => !node.disabled && node.offsetParent !== null).length"""
FOCUSED = """() => {
    const node = document.activeElement;
    const root = node?.closest(".djo-scrubber");
    const style = node && getComputedStyle(node);
    return root && node !== root ? {
        name: node.getAttribute("aria-label") || node.innerText || node.labels?.[0]?.innerText || "",
        part: node.dataset.djo ?? node.tagName,
        ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    } : null;
}"""


@pytest.mark.one_theme
def test_each_control_has_a_name_and_a_visible_focus(scrubber):
    scrubber.part("export").click()
    total = scrubber.root.evaluate(FOCUSABLE)
    scrubber.root.evaluate("(root) => root.focus()")
    found = []
    for _ in range(total + 5):
        scrubber.root.page.keyboard.press("Tab")
        focused = scrubber.root.page.evaluate(FOCUSED)
        if focused is None:
            break
        found.append(focused)
    parts = {one["part"] for one in found}
    assert {"play", "slider", "position", "fps", "export", "panel", "colormap", "save-png"} <= parts
    assert [one for one in found if not one["name"].strip() or not one["ringed"]] == []
    scrubber.part("export").click()


@pytest.mark.one_theme
def test_both_views_of_one_movie_show_one_time(notebook, scrubber):
    other = notebook.shown(1)
    go(scrubber, 42)
    other.wait_for_frame(42)
    assert number(other) == 42
    go(other, 43)
    scrubber.wait_for_frame(43)
    other.part("play").click()
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Pause")
    expect(scrubber.root).not_to_have_attribute("data-frame", "43", timeout=PATIENCE)
    scrubber.part("play").click()
    expect(other.part("play")).to_have_attribute("aria-label", "Play")
    other.wait_for_frame(scrubber.frame)


@pytest.mark.one_theme
def test_a_drawn_roi_has_a_trace(scrubber):
    go(scrubber, 0)
    draw_rectangle(scrubber)
    lane = lanes(scrubber).nth(2)
    expect(lane).to_contain_text("100.00 counts", timeout=PATIENCE)
    go(scrubber, 1)
    expect(lane).to_contain_text("1100.00 counts")
    scrubber.part("roi-remove").click()
    expect(lanes(scrubber)).to_have_count(2)


@pytest.mark.one_theme
def test_a_frame_is_saved_as_it_is_seen(notebook, scrubber):
    go(scrubber, 77)
    scrubber.part("export").click()
    with notebook.page.expect_download() as download:
        scrubber.part("save-png").click()
    assert download.value.suggested_filename == "bars_77.png"
    assert read_number(read_picture(download.value.path())) == 77
    scrubber.part("export").click()


@pytest.mark.one_theme
def test_a_clip_is_made_and_saved(notebook, scrubber):
    go(scrubber, 0)
    scrubber.part("export").click()
    scrubber.set_field("clip-to", 9)
    scrubber.part("clip-format").select_option("gif")
    with notebook.page.expect_download(timeout=PATIENCE) as download:
        scrubber.part("clip-make").click()
    clip = read_clip(download.value.path())
    assert [read_number(frame) for frame in clip] == list(range(10))
    scrubber.part("export").click()


@pytest.mark.one_theme
def test_the_line_of_python_is_copied(notebook, scrubber):
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(scrubber, 12)
    scrubber.part("export").click()
    scrubber.part("copy-code").click()
    said = scrubber.part("export-said")
    expect(said).to_contain_text("Copied djo.scrub(movie, frame_rate=20, events={'lick': [2.0, 5.0, 15.0]}")
    line = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert "position=12" in line
    assert "fps=" not in line
    assert line == notebook.ask(TELL_CELL)
    scrubber.part("export").click()


def test_nothing_keeps_anyone_from_using_it(scrubber, shoot):
    scrubber.part("export").click()
    assert scrubber.accessibility_problems() == []
    shoot(scrubber.root, "scrubber-export")
    scrubber.part("export").click()
