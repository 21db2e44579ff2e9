from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from barcode import MAKE
from bars_notebook import WITHOUT_PROXY, go, number
from notebook_page import PATIENCE, NotebookPage, Scrubber, write_notebook
from slow_link import SlowLink

SHOW = "djo.scrub(bars(100, 512, 640), frame_rate=20, contrast=[100, 1100])"
COUNT = """
window.packed = [];
window.WebSocket = class extends WebSocket {
  constructor(...parts) {
    super(...parts);
    this.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      const head = new TextDecoder("latin1").decode(data.slice(0, 4096));
      const found = /"encoding":\\s*"(raw|deflate)"/.exec(head);
      if (found) window.packed.push(found[1] === "deflate");
    });
  }
};
"""
PACKED = "() => window.packed.filter(Boolean).length"


@pytest.fixture
def far(jupyter):
    """JupyterLab, 20 ms and 4 MiB/s away."""
    host, port = urlsplit(jupyter).netloc.split(":")
    with SlowLink((host, int(port)), latency=0.02, rate=4 * 2**20) as link:
        yield f"http://{link.endpoint}/"


@pytest.mark.one_theme
def test_frames_come_packed_over_a_slow_line_and_show_what_they_showed_before(page, far, demo):
    page.add_init_script(COUNT)
    page.set_default_timeout(PATIENCE)
    write_notebook(demo.folder.path / "far.ipynb", MAKE, SHOW)
    notebook = NotebookPage(page, far)
    notebook.open("far.ipynb")
    page.evaluate(WITHOUT_PROXY)  # the frames that are counted come by the widgets' own line
    notebook.run_all()
    scrubber = Scrubber(page.locator(".djo-scrubber"))
    scrubber.wait()
    wishes = iter(range(99, 5, -2))
    while page.evaluate(PACKED) < 3:
        go(scrubber, index := next(wishes))
        assert number(scrubber) == index
    assert not page.evaluate("() => window.packed[0]")
    go(scrubber, 5)
    before = page.evaluate(PACKED)
    scrubber.part("play").click()
    page.wait_for_function(f"(before) => ({PACKED})() > before + 10", arg=before)
    scrubber.part("play").click()
    assert number(scrubber) == scrubber.frame > 5
