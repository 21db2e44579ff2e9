"""The scrubber in a real JupyterLab: every control by mouse and keyboard, and the pixels that follow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from barcode import HALF, MAKE, read_number
from notebook_page import (
    PATIENCE,
    NotebookPage,
    Scrubber,
    canvas_pixels,
    read_clip,
    read_picture,
    write_notebook,
)

FRAMES = 400
SHOW = """
seconds = np.arange(200) / 10
scrubber = djo.scrub(
    bars(400),
    frame_rate=20,
    contrast=[100, 1100],
    events={"lick": [2.0, 5.0, 15.0]},
    traces={"speed": (seconds, np.sin(seconds))},
    title="bars",
)
scrubber
"""
LINKED = "djo.scrub(bars(400), bars(400), bars(400)[::2], frame_rate=[20, 20, 10], contrast=[100, 1100])"
DIFFERENCE = """
import datajoint as dj
%load_ext dj_objectstore
movie = dj.VirtualModule("demo", "demo").Recording.fetch1("movie")
djo.scrub(movie, np.roll(movie[...], 1, axis=0), difference=True)
"""
BUSY_CELL = 5
MOST = 20
BUSY = """
import time
end = time.monotonic() + 4
while time.monotonic() < end:
    pass
"""
RUN_CELL = """([index]) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    window.jupyterapp.commands.execute("notebook:run-cell");
}"""
IS_RUNNING = """([index]) => window.jupyterapp.shell.currentWidget.content.widgets[index]
    .inputArea.promptNode.textContent.includes("*")"""
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


@pytest.fixture(scope="session")
def notebook(context, jupyter, demo):
    """One notebook with one scrubber, shown twice, and a cell that keeps the kernel busy."""
    write_notebook(demo.folder.path / "bars.ipynb", MAKE, SHOW, "scrubber", LINKED, DIFFERENCE, BUSY)
    opened = NotebookPage(context.new_page(), jupyter)
    opened.open("bars.ipynb")
    for index in range(BUSY_CELL):
        opened.page.evaluate(RUN_CELL, [index])
    yield opened
    opened.page.close()


@pytest.fixture
def scrubber(notebook):
    scrubber = notebook.scrubber
    scrubber.wait()
    if scrubber.part("play").get_attribute("aria-label") == "Pause":
        scrubber.part("play").click()
    return scrubber


def number(scrubber):
    return read_number(scrubber.pixels())


def go(scrubber, index):
    scrubber.set_field("position", index)
    scrubber.wait_for_frame(index)


def test_the_pixels_are_those_of_the_frame_that_is_named(scrubber):
    for index in (0, 1, 137, 255, 256, FRAMES - 1):
        go(scrubber, index)
        assert number(scrubber) == index


@pytest.mark.one_theme
def test_steps_and_jumps_by_mouse(scrubber):
    go(scrubber, 100)
    scrubber.part("next").click()
    scrubber.wait_for_frame(101)
    scrubber.part("previous").click()
    scrubber.wait_for_frame(100)
    scrubber.click_slider(0.5)
    expect(scrubber.root).not_to_have_attribute("data-frame", "100")
    assert abs(scrubber.frame - FRAMES / 2) < FRAMES * 0.02
    assert number(scrubber) == scrubber.frame


def test_a_click_on_an_event_goes_to_its_frame(scrubber, shoot):
    go(scrubber, 0)
    lane = scrubber.root.locator('[data-djo="lane"][data-name="lick"]')
    expect(lane).to_be_visible(timeout=PATIENCE)
    expect(scrubber.root.locator('[data-djo="lane"]')).to_have_count(2)
    box, slider = lane.bounding_box(), scrubber.part("slider").bounding_box()
    x = slider["x"] + 6 + (slider["width"] - 12) * 100 / (FRAMES - 1)
    scrubber.root.page.mouse.click(x + 3, box["y"] + box["height"] / 2)
    scrubber.wait_for_frame(100)
    shoot(scrubber.root, "scrubber-series")


@pytest.mark.one_theme
def test_a_time_can_be_typed(scrubber):
    scrubber.set_field("position", "12.5 s")
    scrubber.wait_for_frame(250)
    expect(scrubber.part("seconds")).to_have_text("12.50 s")
    scrubber.set_field("position", "later")
    expect(scrubber.part("position-error")).to_contain_text("12.5 s")
    go(scrubber, 3)
    expect(scrubber.part("position-error")).to_be_empty()


@pytest.mark.one_theme
def test_keys_move_through_time(scrubber):
    go(scrubber, 100)
    scrubber.part("slider").focus()
    steps = (
        ("ArrowRight", 101),
        ("ArrowLeft", 100),
        ("Shift+ArrowRight", 110),
        ("Shift+ArrowLeft", 100),
        ("]", 300),
        ("[", 100),
        ("End", FRAMES - 1),
        ("Home", 0),
    )
    for key, index in steps:
        scrubber.root.page.keyboard.press(key)
        scrubber.wait_for_frame(index)
        assert number(scrubber) == index
    expect(scrubber.part("spoken")).to_have_text("Frame 0 of 400, 0.00 s")


@pytest.mark.one_theme
def test_space_plays_and_stops(scrubber):
    go(scrubber, 0)
    scrubber.part("slider").focus()
    scrubber.root.page.keyboard.press(" ")
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Pause")
    expect(scrubber.root).to_have_attribute("data-frame", re.compile(r"^\d{2,}$"), timeout=PATIENCE)
    scrubber.root.page.keyboard.press(" ")
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Play")
    expect(scrubber.part("position")).to_have_value(str(scrubber.frame))
    assert number(scrubber) == scrubber.frame > 0


@pytest.mark.one_theme
def test_without_loop_the_movie_ends_at_its_last_frame(scrubber):
    go(scrubber, FRAMES - 10)
    scrubber.part("loop").click()
    expect(scrubber.part("loop")).to_have_attribute("aria-pressed", "false")
    scrubber.part("play").click()
    scrubber.wait_for_frame(FRAMES - 1)
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Play", timeout=PATIENCE)
    scrubber.part("loop").click()
    expect(scrubber.part("loop")).to_have_attribute("aria-pressed", "true")


@pytest.mark.one_theme
def test_every_frame_is_painted_when_asked_for(scrubber):
    go(scrubber, 200)
    scrubber.set_field("fps", 60)
    scrubber.part("every-frame").click()
    before = scrubber.painted
    scrubber.part("play").click()
    expect(scrubber.root).to_have_attribute("data-frame", re.compile(r"^2[3-9]\d$"), timeout=PATIENCE)
    scrubber.part("play").click()
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Play")
    expect(scrubber.part("position")).to_have_value(str(scrubber.frame))
    assert scrubber.painted - before == scrubber.frame - 200
    scrubber.part("every-frame").click()
    scrubber.set_field("fps", 20)


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
    other = Scrubber(notebook.page.locator(".djo-scrubber").nth(1))
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


def panes(linked):
    return linked.root.locator('[data-role="movie"]')


def numbers(linked):
    canvases = panes(linked).locator('[data-djo="canvas"]')
    return [read_number(canvas_pixels(canvases.nth(i))) for i in range(3)]


def test_linked_movies_show_one_time_and_run_in_step(notebook, shoot):
    linked = Scrubber(notebook.page.locator(".djo-scrubber").nth(2))
    linked.wait()
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
    linked = Scrubber(notebook.page.locator(".djo-scrubber").nth(3))
    linked.wait()
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
    shoot(linked.root, "scrubber-difference")


def draw_rectangle(scrubber):
    """Draw a ROI within the first bar."""
    scrubber.part("tool-rectangle").click()
    box = scrubber.part("canvas").bounding_box()
    mouse = scrubber.root.page.mouse
    mouse.move(box["x"] + box["width"] * 0.02, box["y"] + box["height"] * 0.2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.08, box["y"] + box["height"] * 0.7, steps=4)
    mouse.up()


@pytest.mark.one_theme
def test_a_drawn_roi_has_a_trace(scrubber):
    go(scrubber, 0)
    draw_rectangle(scrubber)
    lane = scrubber.root.locator('[data-djo="lane"]').nth(2)
    expect(lane).to_contain_text("100.00 counts", timeout=PATIENCE)
    go(scrubber, 1)
    expect(lane).to_contain_text("1100.00 counts")
    scrubber.part("roi-remove").click()
    expect(scrubber.root.locator('[data-djo="lane"]')).to_have_count(2)


@pytest.mark.one_theme
def test_no_frame_is_missed_while_a_cell_keeps_the_kernel_busy(notebook, scrubber):
    go(scrubber, 0)
    notebook.page.evaluate(RUN_CELL, [BUSY_CELL])
    notebook.page.wait_for_function(IS_RUNNING, arg=[BUSY_CELL], timeout=PATIENCE)
    scrubber.root.scroll_into_view_if_needed()
    shown = []
    while notebook.page.evaluate(IS_RUNNING, [BUSY_CELL]) and len(shown) < MOST:
        index = (len(shown) * 97 + 61) % FRAMES
        go(scrubber, index)
        if notebook.page.evaluate(IS_RUNNING, [BUSY_CELL]):
            shown.append((index, number(scrubber)))
    assert len(shown) > 2, "the cell did not run for long enough to see anything"
    assert all(index == seen for index, seen in shown)
    notebook.page.wait_for_function(f"(cell) => !({IS_RUNNING})(cell)", arg=[BUSY_CELL], timeout=PATIENCE)


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
    expect(scrubber.part("export-said")).to_contain_text("djo.scrub(bars, position=12")
    line = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert line == "djo.scrub(bars, position=12, fps=20, contrast=[100, 1100])"
    scrubber.part("export").click()


def test_nothing_keeps_anyone_from_using_it(scrubber, shoot):
    scrubber.part("export").click()
    assert scrubber.accessibility_problems() == []
    shoot(scrubber.root, "scrubber-export")
    scrubber.part("export").click()


@pytest.mark.one_theme
def test_a_reload_of_the_page_keeps_what_was_seen(notebook, scrubber):
    go(scrubber, 133)
    scrubber.part("colormap").select_option("magma")
    scrubber.set_field("contrast-hi", 900)
    expect(scrubber.part("contrast-hi")).to_have_value("900")
    draw_rectangle(scrubber)
    expect(scrubber.part("roi")).to_be_visible()
    notebook.reload()
    again = notebook.scrubber
    again.wait()
    again.wait_for_frame(133)
    expect(again.part("colormap")).to_have_value("magma")
    expect(again.part("contrast-hi")).to_have_value("900")
    assert number(again) == 133
    expect(again.part("roi")).to_be_visible()
    again.part("roi-remove").click()
    again.part("colormap").select_option("gray")
    again.set_field("contrast-hi", 1100)


@pytest.mark.one_theme
def test_a_restarted_kernel_is_told_and_the_cell_brings_the_movie_back(notebook, scrubber, shoot):
    go(scrubber, 20)
    notebook.restart_kernel()
    lost = scrubber.part("lost")
    expect(lost).to_be_visible(timeout=PATIENCE)
    expect(lost).to_contain_text("Run the cell again")
    assert number(scrubber) == 20
    shoot(scrubber.root, "scrubber-lost")
    for index in range(2):
        notebook.page.evaluate(RUN_CELL, [index])
    notebook.wait_until_idle()
    again = notebook.scrubber
    again.wait()
    expect(again.part("lost")).to_be_hidden()
    go(again, 30)
    assert number(again) == 30
