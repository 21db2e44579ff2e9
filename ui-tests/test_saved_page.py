"""A page that holds a movie's frames plays them alone, as an exported notebook does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

import dj_objectstore as djo
from barcode import read_number
from notebook_page import PATIENCE, Scrubber

FRAMES = 400
SCRIPT = Path(djo.__file__).parent / "widgets" / "static" / "scrubber.js"
RENDER_ALONE = """async ([script, embedded, state]) => {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const traits = { ...state, embedded: new DataView(Uint8Array.from(embedded).buffer) };
    const model = { get: (name) => traits[name], set() {}, save_changes() {}, send() {}, on() {}, off() {} };
    const widget = await import(url);
    document.body.replaceChildren();
    widget.default.render({ model, el: document.body });
}"""


def test_a_saved_page_plays_without_a_kernel(chromium):
    numbers = (np.arange(FRAMES)[:, None] >> np.arange(10)) & 1
    bars = np.broadcast_to(100 + 1000 * np.repeat(numbers, 4, axis=1)[:, None, :], (FRAMES, 30, 40))
    widget = djo.scrub(bars.astype("int16"), frame_rate=20, contrast=[100, 1100], embed_frames=40)
    page = chromium.new_page()
    page.evaluate(RENDER_ALONE, [SCRIPT.read_text(), list(widget.embedded), widget.get_state()])
    alone = Scrubber(page.locator(".djo-scrubber"))
    alone.wait()
    assert read_number(alone.pixels()) == 0
    alone.part("fps").fill("10")
    alone.part("play").click()
    expect(alone.root).to_have_attribute("data-frame", re.compile(r"^[5-9]$"), timeout=PATIENCE)
    alone.part("play").click()
    alone.part("slider").focus()
    page.keyboard.press("End")
    alone.wait_for_frame(39)
    assert read_number(alone.pixels()) == FRAMES - 1
    expect(alone.part("seconds")).to_have_text("19.95 s")
    page.close()
