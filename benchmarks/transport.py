"""How frames travel to the page: packed where the line is slower than the packing, plain elsewhere.

The same movie in a real JupyterLab, reached directly and through a line of 20 ms and 5 MiB/s between the
browser and the Jupyter server. Over that line one page is as it is, and one can't unpack, so that it gets
plain frames; both are measured in turn. Each frame says its number in bars: what is counted is pixels. Where
jupyter-server-proxy is installed, single frames come by HTTP; beside it a page that can't do that.

    python benchmarks/transport.py [--quick] [--markdown] [--turns 5]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "ui-tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "servers"))

from playwright.sync_api import sync_playwright

from chromium import FLAGS, find_chromium
from dj_objectstore.store.store import open_store
from jupyter import running_jupyter
from measuring.barcode_movie import make_movie, store_movie
from measuring.contenders import build_ours
from measuring.lab_pages import LabPage
from measuring.table import Row, show_rows
from slow_link import SlowLink

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIDE = 512
LATENCY, RATE = 0.02, 5 * 2**20
COUNTER = Path(__file__).parent / "measuring" / "count_packed.js"
WARM_UP = 14
"""Frames from which a view learns what its line is like."""
WITHOUT = "delete window.DecompressionStream;"
BY_COMM = """
const fetched = window.fetch;
window.by_http = 0;
window.fetch = (url, ...more) => {
  if (!/\\/proxy\\/[0-9]+\\/$/.test(String(url))) return fetched(url, ...more);
  window.by_http++;
  return ALLOWED ? fetched(url, ...more) : Promise.reject(new TypeError("not here"));
};
"""
WAYS = (("http", "true"), ("comm", "false"))
HEARD = "() => ({ ...window.frames_heard })"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    frames: int = 1000
    turns: int = 5
    seconds: float = 6.0
    wishes: int = 50


QUICK = Size(frames=400, turns=2, seconds=3.0, wishes=24)


@dataclass(frozen=True)
class Pages:
    """Opens pages of one movie."""

    browser: Browser
    root: Path
    settings: dict[str, object]
    row: dict[str, object]

    def open(self, name: str, url: str, *programs: str) -> LabPage:
        context = self.browser.new_context(viewport={"width": 1280, "height": 1000})
        context.add_init_script(path=COUNTER)
        for program in programs:
            context.add_init_script(program)
        made = build_ours(name, FPS=60.0, BUSY_SECONDS=1.0, SETTINGS=self.settings, ROW=self.row)
        return LabPage(context, url, self.root, made)


def spread(numbers: list[float]) -> str:
    return f"{median(numbers):.3g} [{min(numbers):.3g}-{max(numbers):.3g}]"


def compare(ours: list[float], theirs: list[float]) -> tuple[float, str]:
    """Return the median ratio of the pairs, and both in words."""
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return ratio, f" {spread(ours)} to {spread(theirs)}"


def wishes(size: Size, turn: int) -> list[int]:
    """Return random frames, none twice."""
    order = np.random.default_rng(turn).permutation(size.frames)
    return [int(index) for index in order[: size.wishes]]


def slow_rows(packed: LabPage, plain: LabPage, size: Size) -> Iterator[Row]:
    rates: list[tuple[float, float]] = []
    waits: list[tuple[float, float]] = []
    for turn in range(size.turns):
        times = []
        for page in (packed, plain):
            page.first_frame()  # a view that holds no frames yet
            order = wishes(size, turn)
            page.random_frames(order[:WARM_UP])
            found = page.random_frames(order[WARM_UP:])
            times.append(float(np.median([wait for wait in found if wait is not None])))
        waits.append((times[0], times[1]))
        rates.append((packed.rate(60, size.seconds), plain.rate(60, size.seconds)))
    ratio, words = compare(*(list(side) for side in zip(*rates, strict=True)))
    line = f"plain, {1000 * LATENCY:.0f} ms, {RATE / 2**20:.0f} MiB/s"
    yield Row.at_least("frames a second, asked 60, packed", line, ratio, 1.3, more=words)
    ratio, words = compare(*(list(side) for side in zip(*waits, strict=True)))
    yield Row.at_most("random frame, median, ms, packed", line, ratio, 0.95, more=words)
    heard = plain.page.evaluate(HEARD)
    kept = heard["deflate"] == 0 and heard["raw"] > 0
    yield Row("page that can't unpack, packed frames", "", f"{heard['deflate']}", "0", kept)


def near_rows(near: LabPage, size: Size) -> Iterator[Row]:
    for turn in range(size.turns):
        near.first_frame()
        near.random_frames(wishes(size, turn))
        near.rate(60, size.seconds)
    heard = near.page.evaluate(HEARD)
    measured = f"{heard['deflate']} of {sum(heard.values())}"
    yield Row("this machine's own line, packed frames", "", measured, "0", heard["deflate"] == 0)


def http_rows(http: LabPage, comm: LabPage, size: Size) -> Iterator[Row]:
    middles: list[tuple[float, float]] = []
    slowest: list[tuple[float, float]] = []
    for turn in range(size.turns):
        times = []
        for page in (http, comm):
            page.first_frame()
            order = wishes(size, turn)
            page.random_frames(order[:WARM_UP])
            found = page.random_frames(order[WARM_UP:])
            times.append(np.percentile([wait for wait in found if wait is not None], (50, 95)))
        middles.append((float(times[0][0]), float(times[1][0])))
        slowest.append((float(times[0][1]), float(times[1][1])))
    for name, pairs in (("median", middles), ("p95", slowest)):
        ratio, words = compare(*(list(side) for side in zip(*pairs, strict=True)))
        yield Row.at_most(f"random frame, {name}, ms, by HTTP", "the widgets' own line", ratio, 1, more=words)
    asked = http.page.evaluate("() => window.by_http")
    yield Row("frames asked for by HTTP", "", f"{asked}", "some", asked > size.turns * WARM_UP)


def measure(size: Size, chromium: str) -> Iterator[Row]:
    """Yield each row as it is measured."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        root, home, location = (folder / name for name in ("notebooks", "home", "store"))
        for made in (root, home, location):
            made.mkdir()
        settings: dict[str, object] = {"protocol": "file", "location": str(location)}
        store = open_store("main", config={"stores": {"main": settings}})
        row = store_movie(store, "movie.zarr", make_movie(size.frames, SIDE), frames_per_chunk=10)
        url = stack.enter_context(running_jupyter(root, home))
        host, port = urlsplit(url).netloc.split(":")
        link = stack.enter_context(SlowLink((host, int(port)), latency=LATENCY, rate=RATE))
        far = f"http://{link.endpoint}/"
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        stack.callback(browser.close)
        pages = Pages(browser, root, settings, row)
        near = pages.open("near", url)
        yield from near_rows(near, size)
        near.page.close()
        if find_spec("jupyter_server_proxy") is None:
            print("jupyter-server-proxy is not installed: left out", file=sys.stderr)
        else:
            ways = [(name, BY_COMM.replace("ALLOWED", allowed)) for name, allowed in WAYS]
            yield from http_rows(*(pages.open(name, url, program) for name, program in ways), size)
        yield from slow_rows(pages.open("packed", far), pages.open("plain", far, WITHOUT), size)


def main() -> int:
    """Print the table; 1 when a promise was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="see that it runs; the numbers mean little")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium starts here: not measured. `make browser` gets one.")
        return 1
    size = QUICK if options.quick else Size(**({"turns": options.turns} if options.turns else {}))
    return show_rows(measure(size, chromium), markdown=options.markdown)


if __name__ == "__main__":
    sys.exit(main())
