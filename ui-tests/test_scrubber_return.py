"""What comes back in a real JupyterLab: after a reload of the page, and after a restart of the kernel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bars_notebook import draw_rectangle, go, number
from notebook_page import PATIENCE


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
    notebook.show()
    notebook.wait_until_idle()
    again = notebook.scrubber
    again.wait()
    expect(again.part("lost")).to_be_hidden()
    go(again, 30)
    assert number(again) == 30
