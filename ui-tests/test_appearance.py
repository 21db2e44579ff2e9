"""How the widgets look in a real JupyterLab: in high contrast, in forced colours, and beside each other."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from barcode import MAKE
from notebook_page import PATIENCE, NotebookPage, accessibility_problems, part, write_notebook

SHOW = """
import json, pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
events, speed = {"lick": [2.0, 5.0, 15.0]}, (np.arange(200) / 10, np.sin(np.arange(200) / 10))
box = {"kind": "polygon", "points": [(10, 10), (10, 60), (50, 40)], "name": "soma"}
djo.scrub(bars(400), frame_rate=20, events=events, traces={"speed": speed}, rois=[box], position=90)
"""
BROWSE = 'djo.browse(store="main")'
CONFIGURE = "djo.configure(folder=folder)"
WIDGETS = ("djo-scrubber", "djo-browser", "djo-wizard")
CHANGE_THEME = "(name) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })"
IS_THEME = "(name) => document.body.dataset.jpThemeName === name"
HIGH_CONTRAST = "JupyterLab Dark High Contrast"
UNSEEN = """(root) => {
    const seen = (node) => node.offsetParent !== null && !node.disabled;
    const names = (node) => node.getAttribute("aria-label") || node.innerText || node.dataset.djo;
    const bare = [...root.querySelectorAll("input:not([type=range]):not([type=checkbox]), select")]
        .filter(seen)
        .filter((node) => {
            const { borderTopColor, borderTopWidth, backgroundColor } = getComputedStyle(node);
            return parseFloat(borderTopWidth) === 0 || borderTopColor === backgroundColor;
        });
    const blank = [...root.querySelectorAll("button")].filter(seen).filter((node) => {
        const { color } = getComputedStyle(node.querySelector("svg") ?? node);
        const { backgroundColor } = getComputedStyle(node);
        const isClear = backgroundColor === "rgba(0, 0, 0, 0)";
        return color === (isClear ? getComputedStyle(root).backgroundColor : backgroundColor);
    });
    return [...bare, ...blank].map(names);
}"""

DRAWN_IN_COLOR = """(canvas) => {
    const wanted = getComputedStyle(canvas).color.match(/[\\d.]+/g).map(Number);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, 24);
    for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 20) return [0, 1, 2].every((i) => Math.abs(data[at + i] - wanted[i]) < 13);
    return false;
}"""
CHANGED_BY_ORDER = """(roots) => {
    const look = () => roots.flatMap((root) => [root, ...root.querySelectorAll("*")]).map((node) => {
        const { width, height } = node.getBoundingClientRect();
        const { color, backgroundColor } = getComputedStyle(node);
        return [Math.round(10 * width), Math.round(10 * height), color, backgroundColor].join(" ");
    });
    const styles = [...document.querySelectorAll("style")]
        .filter(({ textContent }) => textContent.includes(".djo-root"))
        .map((style) => style.cloneNode(true))
        .reverse();
    const before = look();
    document.head.append(...styles);
    const after = look();
    for (const style of styles) style.remove();
    const names = roots.flatMap((root) => [root, ...root.querySelectorAll("*")])
        .map((node) => `${node.tagName} ${node.getAttribute("class")}`);
    const looks = names.map((name, i) => [name, before[i], after[i]]);
    return [styles.length, looks.filter(([, one, other]) => one !== other)];
}"""


@pytest.fixture(scope="module")
def gallery(context, jupyter, demo):
    """One notebook with each of the widgets."""
    write_notebook(demo.folder.path / "gallery.ipynb", MAKE, SHOW, BROWSE, CONFIGURE)
    opened = NotebookPage(context.new_page(), jupyter)
    opened.open("gallery.ipynb")
    opened.run_all()
    opened.scrubber.wait()
    yield opened
    opened.page.close()


def show(gallery, name):
    """Return a widget with what it shows at first."""
    root = gallery.page.locator(f".{name}").first
    root.scroll_into_view_if_needed()
    if name == "djo-scrubber":
        gallery.scrubber.wait_for_frame(90)
        part(root, "roi").click()
    elif name == "djo-browser":
        row = root.locator('[data-djo="row"]').first
        expect(row).to_be_visible(timeout=PATIENCE)
        row.click()
    else:
        expect(root.locator("button").first).to_be_visible(timeout=PATIENCE)
    return root


@pytest.fixture
def high_contrast(gallery):
    before = gallery.page.evaluate("() => document.body.dataset.jpThemeName")
    for name in (HIGH_CONTRAST, before):
        gallery.page.evaluate(CHANGE_THEME, name)
        gallery.page.wait_for_function(IS_THEME, arg=name, timeout=PATIENCE)
        if name == HIGH_CONTRAST:
            yield gallery


@pytest.fixture
def forced_colors(gallery):
    gallery.page.emulate_media(forced_colors="active")
    yield gallery
    gallery.page.emulate_media(forced_colors="none")


@pytest.mark.one_theme
@pytest.mark.parametrize("name", WIDGETS)
def test_in_the_high_contrast_theme_all_can_be_read(high_contrast, shoot, name):
    root = show(high_contrast, name)
    assert root.evaluate(UNSEEN) == []
    assert accessibility_problems(root) == []
    shoot(root, f"{name.removeprefix('djo-')}-high-contrast")


@pytest.mark.parametrize("name", WIDGETS)
def test_in_forced_colours_every_control_is_seen(forced_colors, shoot, name):
    root = show(forced_colors, name)
    assert root.evaluate(UNSEEN) == []
    shoot(root, f"{name.removeprefix('djo-')}-forced-colors")


@pytest.mark.one_theme
def test_the_order_in_which_their_styles_come_changes_nothing(gallery):
    for name in WIDGETS:
        show(gallery, name)
    roots = gallery.page.locator(", ".join(f".{name}" for name in WIDGETS))
    expect(roots).to_have_count(len(WIDGETS))
    styles, changed = roots.evaluate_all(CHANGED_BY_ORDER)
    assert styles >= len(WIDGETS)
    assert changed == []


@pytest.mark.one_theme
def test_what_is_drawn_under_the_slider_takes_the_colours_of_a_new_theme(gallery):
    trace = part(show(gallery, "djo-scrubber"), "trace")
    seen = []
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        gallery.page.evaluate(CHANGE_THEME, theme)
        gallery.page.wait_for_function(IS_THEME, arg=theme, timeout=PATIENCE)
        gallery.page.wait_for_function(DRAWN_IN_COLOR, arg=trace.element_handle(), timeout=PATIENCE)
        seen.append(trace.evaluate("(canvas) => getComputedStyle(canvas).color"))
    assert seen[0] != seen[1]
