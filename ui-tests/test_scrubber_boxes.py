"""The scrubber among other widgets in a real JupyterLab: in boxes, tabs and folds, linked, and observed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from barcode import MAKE, read_number
from notebook_page import PATIENCE, NotebookPage, Scrubber, write_notebook

BOXES = """
import ipywidgets as widgets
left, right = djo.scrub(bars(64), title="left"), djo.scrub(bars(64), title="right")
slider, told = widgets.IntSlider(max=63, description="linked"), widgets.Label()
link = widgets.jslink((left, "position"), (slider, "value"))
left.observe(lambda change: setattr(told, "value", f"at {change['new']}"), "position")
widgets.VBox([widgets.HBox([left, right]), slider, told])
"""
TAB = """
widgets.Tab([widgets.Label("first"), djo.scrub(bars(64), position=5)], titles=["words", "movie"])
"""
FOLD = """
widgets.Accordion([djo.scrub(bars(64), position=6)], titles=["movie"])
"""


@pytest.fixture(scope="module")
def boxes(context, jupyter, demo):
    write_notebook(demo.folder.path / "boxes.ipynb", MAKE, BOXES, TAB, FOLD)
    opened = NotebookPage(context.new_page(), jupyter)
    opened.open("boxes.ipynb")
    opened.run_all()
    yield opened
    opened.page.close()


def scrubber_in(page, selector, place=0):
    return Scrubber(page.locator(f"{selector} .djo-scrubber").nth(place))


def is_laid_out(scrubber):
    """Return whether its picture has a size and lies within its cell, as do its controls."""
    return scrubber.root.evaluate(
        """(root) => {
            const { left, right, width } = root.getBoundingClientRect();
            const inside = [...root.querySelectorAll('[data-djo="picture"], button, input')]
                .filter((node) => node.offsetParent !== null)
                .map((node) => node.getBoundingClientRect())
                .every((box) => box.left >= left - 2 && box.right <= right + 2);
            const picture = root.querySelector('[data-djo="picture"]').getBoundingClientRect();
            return inside && width > 100 && picture.width > 60 && picture.height > 40;
        }"""
    )


def test_two_share_a_row(boxes, shoot):
    left, right = (scrubber_in(boxes.page, ".widget-hbox", place) for place in range(2))
    for scrubber in (left, right):
        scrubber.wait()
        assert is_laid_out(scrubber)
    assert abs(left.root.bounding_box()["y"] - right.root.bounding_box()["y"]) < 2
    assert left.accessibility_problems() == []
    shoot(boxes.page.locator(".widget-hbox").first, "scrubber-boxes")


@pytest.mark.one_theme
def test_its_position_is_linked_and_observed(boxes):
    left, right = (scrubber_in(boxes.page, ".widget-hbox", place) for place in range(2))
    left.wait()
    left.set_field("position", 41)
    left.wait_for_frame(41)
    linked = boxes.page.locator(".widget-slider .widget-readout")
    expect(linked).to_have_text("41", timeout=PATIENCE)
    expect(boxes.page.locator(".widget-label", has_text="at 41")).to_be_visible(timeout=PATIENCE)
    linked.fill("17")
    linked.press("Enter")
    left.wait_for_frame(17)
    assert read_number(left.pixels()) == 17
    assert right.frame == 0


@pytest.mark.parametrize(
    ("box", "head", "frame"),
    [
        (".widget-tab", '[role="tab"]:has-text("movie")', 5),
        (".widget-accordion", ".jupyter-widget-Collapse-header", 6),
    ],
)
def test_hidden_at_first_it_is_whole_once_it_is_shown(boxes, shoot, box, head, frame):
    scrubber = scrubber_in(boxes.page, box)
    if not scrubber.root.is_visible():
        boxes.page.locator(f"{box} {head}").first.click()
    scrubber.wait()
    scrubber.wait_for_frame(frame)
    assert read_number(scrubber.pixels()) == frame
    expect(scrubber.part("slider")).to_be_visible()
    assert is_laid_out(scrubber)
    shoot(boxes.page.locator(box).first, f"scrubber-in-{box.rpartition('-')[2]}")
