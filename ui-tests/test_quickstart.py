"""The quickstart notebook in a real JupyterLab: what a user does, and the pixels and words that follow."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from notebook_page import Scrubber

SLOW = 30_000


def likeness(picture, frame, limits):
    """Correlate the canvas with a frame of the movie drawn in grey between `limits`; 1 is the same."""
    low, high = limits
    drawn = np.clip((frame.astype(float) - low) / (high - low), 0, 1)
    return np.corrcoef(picture[..., 0].ravel().astype(float), drawn.ravel())[0, 1]


def limits_of(scrubber):
    return tuple(float(scrubber.part(name).input_value()) for name in ("contrast-lo", "contrast-hi"))


@pytest.fixture
def scrubber(quickstart):
    scrubber = quickstart.scrubber
    scrubber.wait()
    scrubber.root.scroll_into_view_if_needed()
    if scrubber.part("play").get_attribute("aria-label") == "Pause":
        scrubber.part("play").click()
    scrubber.part("colormap").select_option("gray")
    scrubber.part("contrast-auto").click()
    return scrubber


@pytest.fixture
def browser(quickstart):
    browser = quickstart.browser
    browser.root.wait_for(state="visible")
    browser.root.scroll_into_view_if_needed()
    return browser


@pytest.fixture(scope="session")
def movie(demo):
    return demo.recording.fetch1("movie")[...]


def test_the_canvas_shows_the_frame_that_it_names(scrubber, movie):
    scrubber.set_field("position", 17)
    scrubber.wait_for_frame(17)
    picture, limits = scrubber.pixels(), limits_of(scrubber)
    assert picture.shape[:2] == movie.shape[1:]
    assert likeness(picture, movie[17], limits) > 0.99
    assert likeness(picture, movie[18], limits) < 0.98


def test_the_slider_moves_through_the_movie(scrubber, movie, shoot):
    scrubber.click_slider(0.75)
    expect(scrubber.root).not_to_have_attribute("data-frame", "17")
    index = int(scrubber.part("slider").input_value())
    scrubber.wait_for_frame(index)
    assert abs(index / len(movie) - 0.75) < 0.05
    assert likeness(scrubber.pixels(), movie[index], limits_of(scrubber)) > 0.99
    expect(scrubber.part("position")).to_have_value(str(index))
    shoot(scrubber.root, "scrubber")


def test_arrow_keys_step_and_home_and_end_jump(scrubber, movie):
    scrubber.set_field("position", 40)
    scrubber.wait_for_frame(40)
    scrubber.part("slider").focus()
    for key, index in (("ArrowRight", 41), ("ArrowLeft", 40), ("End", len(movie) - 1), ("Home", 0)):
        scrubber.root.page.keyboard.press(key)
        scrubber.wait_for_frame(index)


def test_play_runs_through_the_movie_until_pause(scrubber, movie):
    scrubber.set_field("position", 0)
    scrubber.wait_for_frame(0)
    before = scrubber.painted
    scrubber.part("play").click()
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Pause")
    scrubber.root.page.wait_for_function(
        "([node, count]) => Number(node.dataset.painted) > count",
        arg=[scrubber.root.element_handle(), before + 20],
        timeout=SLOW,
    )
    scrubber.part("play").click()
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Play")
    scrubber.root.page.wait_for_timeout(500)
    index = scrubber.frame
    scrubber.root.page.wait_for_timeout(300)
    assert scrubber.frame == index > 0
    assert likeness(scrubber.pixels(), movie[index], limits_of(scrubber)) > 0.99


def test_narrower_contrast_saturates_pixels_and_auto_undoes_it(scrubber, movie):
    scrubber.set_field("position", 5)
    scrubber.wait_for_frame(5)
    usual = scrubber.pixels()
    low, high = np.percentile(movie[5], (40, 60))
    scrubber.set_field("contrast-hi", round(float(high)))
    scrubber.set_field("contrast-lo", round(float(low)))
    expect(scrubber.part("contrast-auto")).to_have_attribute("aria-pressed", "false")
    expect(scrubber.part("contrast-lo")).to_have_value(str(round(float(low))))
    expect(scrubber.part("contrast-hi")).to_have_value(str(round(float(high))))
    narrow = scrubber.pixels()
    shares = {level: ((usual == level).mean(), (narrow == level).mean()) for level in (0, 255)}
    assert all(before < 0.3 < after for before, after in shares.values()), shares
    scrubber.part("contrast-auto").click()
    expect(scrubber.part("contrast-auto")).to_have_attribute("aria-pressed", "true")
    assert np.array_equal(scrubber.pixels(), usual)


def test_a_colour_map_colours_the_pixels(scrubber, shoot):
    grey = scrubber.pixels()
    assert np.array_equal(grey[..., 0], grey[..., 2])
    scrubber.part("colormap").select_option("viridis")
    coloured = scrubber.pixels()
    assert (coloured[..., 0] != coloured[..., 2]).mean() > 0.5
    shoot(scrubber.root, "scrubber-viridis")


def test_the_value_under_the_pointer_is_the_movies(scrubber, movie):
    scrubber.set_field("position", 9)
    scrubber.wait_for_frame(9)
    canvas = scrubber.part("canvas")
    box = canvas.bounding_box()
    height, width = movie.shape[1:]
    x, y = 30, 20
    # the drawings lie over the canvas, as large as it
    place = {"x": (x + 0.5) * box["width"] / width, "y": (y + 0.5) * box["height"] / height}
    canvas.hover(position=place, force=True)
    expect(scrubber.part("readout")).to_contain_text(f"x {x}  y {y}")
    shown = re.search(r"y \d+\s+(-?[\d,.\u2009\u202f ]*\d)", scrubber.part("readout").inner_text())
    assert shown is not None
    value = float(re.sub(r"[^\d.-]", "", shown.group(1)))
    assert abs(value - movie[9, y, x]) <= 1


def test_a_folder_expands_to_its_files(browser):
    expect(browser.row("notes.txt")).to_be_visible()
    browser.expand("traces")
    expect(browser.row("frames.csv")).to_be_visible()


def test_a_text_is_previewed(browser, shoot):
    preview = browser.choose("notes.txt", shows="text")
    expect(preview).to_contain_text("A crop of a real, photon-limited recording")
    shoot(browser.root, "browser-text")


def test_a_json_is_previewed(browser):
    preview = browser.choose("settings.json", shows="json")
    expect(preview).to_contain_text('"dtype": "int16"')


def test_a_table_is_previewed(browser, shoot):
    browser.expand("traces")
    preview = browser.choose("frames.csv", shows="table")
    expect(preview.locator("th").nth(1)).to_have_text("mean")
    expect(preview.locator("td").nth(0)).to_have_text("0")
    shoot(browser.root, "browser-table")


def test_an_image_is_previewed_pixel_by_pixel(browser, movie, shoot):
    browser.expand("images")
    preview = browser.choose("mean.png", shows="image")
    image = preview.locator("img")
    expect(image).to_be_visible()
    size = image.evaluate(
        "async (img) => { await img.decode(); return [img.naturalHeight, img.naturalWidth]; }"
    )
    assert tuple(size) == movie.shape[1:]
    shoot(browser.root, "browser-image")


def test_a_zarr_array_tells_its_shape_and_type(browser, movie, shoot):
    preview = browser.choose("mean", shows="array")
    height, width = movie.shape[1:]
    expect(preview).to_contain_text(re.compile(rf"{height}\D+{width}"))
    expect(preview).to_contain_text("float32")
    shoot(browser.root, "browser-array")


def test_a_movie_in_the_folder_opens_in_the_scrubber_and_back(browser, movie, shoot):
    preview = browser.choose("binned", shows="array")
    preview.locator('[data-djo="open-movie"]').click()
    inner = browser.root.locator(".djo-scrubber")
    expect(inner).to_have_attribute("data-state", "ready", timeout=SLOW)
    expect(inner).to_have_attribute("data-frame", "0", timeout=SLOW)
    inner.locator('[data-djo="position"]').select_text()
    inner.locator('[data-djo="position"]').press_sequentially("7")
    inner.locator('[data-djo="position"]').press("Enter")
    expect(inner).to_have_attribute("data-frame", "7", timeout=SLOW)
    limits = tuple(float(inner.locator(f'[data-djo="contrast-{end}"]').input_value()) for end in ("lo", "hi"))
    picture = Scrubber(inner).pixels()
    assert likeness(picture, movie[35:40].mean(axis=0), limits) > 0.99
    shoot(browser.root, "browser-scrubber")
    browser.root.locator('[data-djo="back"]').click()
    expect(inner).to_have_count(0)


@pytest.mark.usefixtures("scrubber")
def test_the_whole_page_is_kept_as_a_picture(quickstart, shoot):
    shoot(quickstart.page, "page")
