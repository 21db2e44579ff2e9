"""The scrubber's time in a real JupyterLab: by mouse and keyboard, and the pixels that follow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from bars_notebook import BUSY_CELL, FRAMES, go, lanes, number
from notebook_page import PATIENCE

MOST = 20


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
    expect(lanes(scrubber)).to_have_count(2)
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
def test_no_frame_is_missed_while_a_cell_keeps_the_kernel_busy(notebook, scrubber):
    go(scrubber, 0)
    notebook.run_cell(BUSY_CELL)
    notebook.wait_for_start(BUSY_CELL)
    scrubber.root.scroll_into_view_if_needed()
    shown = []
    while notebook.is_running(BUSY_CELL) and len(shown) < MOST:
        index = (len(shown) * 97 + 61) % FRAMES
        go(scrubber, index)
        if notebook.is_running(BUSY_CELL):
            shown.append((index, number(scrubber)))
    assert len(shown) > 2, "the cell did not run for long enough to see anything"
    assert all(index == seen for index, seen in shown)
    notebook.wait_for_end(BUSY_CELL)
