"""The scrubber beside its peers, in a real JupyterLab and a headless Chromium.

The movie has 1000 frames of 512 x 512 pixels, compact, and once as zarr stores it by itself. Each frame says
its number in bars, so that what is counted is pixels: the same program reads them from our canvas and from
the pictures of the peers. All are measured in turn, several times; the table gives medians, and the range
over the turns in brackets. Peers that are not installed, or do not run here, are named and left out.

    python benchmarks/scrubber.py [--quick] [--markdown] [--turns 5]
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "ui-tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "servers"))

from playwright.sync_api import Error, sync_playwright

from chromium import FLAGS, find_chromium
from dj_objectstore.store.store import open_store
from jupyter import running_jupyter
from measuring.barcode_movie import make_movie, store_movie, store_plainly
from measuring.contenders import PEERS, build_ours, build_peer
from measuring.lab_pages import RUN, LabPage
from measuring.s3 import running_server
from measuring.table import Row, show_rows
from slow_link import SlowLink

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

ROOT = Path(__file__).parents[1]
SIDE = 512
PLAIN = "plain"
LATENCY, RATE = 0.05, 10 * 2**20
SLOW_FPS, SLOW_WARM_UP = 15.0, 2.0
JPEG, MATPLOTLIB, IPYMPL, FASTPLOTLIB = PEERS
BUNDLE = ROOT / "dj_objectstore" / "widgets" / "static" / "scrubber.js"
MAX_BUNDLE = 60_000


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    frames: int = 1000
    turns: int = 5
    seconds: float = 6.0
    wishes: int = 40
    slow_seconds: float = 30.0


QUICK = Size(frames=400, turns=2, seconds=2.0, wishes=8, slow_seconds=8.0)


@dataclass
class Bench:
    """The pages that are open, and what is measured on them."""

    size: Size
    context: BrowserContext
    url: str
    root: Path
    settings: dict[str, Any]
    rows: dict[int | str, dict[str, Any] | str]
    """The stored movies: rows by the frames of a chunk, and the path of the one that is plain Zarr."""

    def open_ours(self, name: str, stored: int | str, *, settings: dict[str, Any] | None = None) -> LabPage:
        made = build_ours(
            name,
            FPS=60.0,
            BUSY_SECONDS=4 * self.size.seconds,
            SETTINGS=settings or self.settings,
            ROW=self.rows[stored],
        )
        return LabPage(self.context, self.url, self.root, made)

    def open_peer(self, name: str, fps: float, stored: int | str = 10) -> LabPage | None:
        """Open a peer; None, said aloud, where it does not run."""
        made = build_peer(
            name,
            FPS=fps,
            SECONDS=self.size.seconds,
            SETTINGS=self.settings,
            ROW=self.rows[stored],
        )
        if made is None:
            print(f"{name} is not installed: left out", file=sys.stderr)
            return None
        try:
            return LabPage(self.context, self.url, self.root, made)
        except Error as error:
            print(f"{name} does not run here: {str(error).splitlines()[0]}", file=sys.stderr)
            return None

    def take_turns(self, *measures: Callable[[], float]) -> list[list[float]]:
        """Run each in turn, again and again; return the numbers of each."""
        taken = [[measure() for measure in measures] for _ in range(self.size.turns)]
        return [list(numbers) for numbers in zip(*taken, strict=True)]

    def wishes(self, turn: int) -> list[int]:
        """Return random frames, none twice in a row."""
        order = np.random.default_rng(turn).permutation(self.size.frames)
        return [int(index) for index in order[: self.size.wishes]]


def spread(numbers: list[float], unit: str = "") -> str:
    return f"{median(numbers):.3g}{unit} [{min(numbers):.3g}-{max(numbers):.3g}]"


def compare(ours: list[float], theirs: list[float]) -> tuple[float, str]:
    """Return the median ratio of the pairs, and both in words."""
    ratios = [a / b if b else float("inf") for a, b in zip(ours, theirs, strict=True)]
    return median(ratios), f" {spread(ours)} to {spread(theirs)}"


def rate_rows(bench: Bench, ours: LabPage) -> Iterator[Row]:
    what, seconds = "frames a second, asked 60", bench.size.seconds
    rate, blank = bench.take_turns(
        lambda: ours.rate(60, seconds),
        lambda: float(ours.ask("([side, s]) => measuring.paint(side, 60, s)", SIDE, seconds)),
    )
    share, words = compare(rate, blank)
    reached = median(rate) >= 50 or share >= 0.95
    yield Row(what, "painting without data", f"{share:.2f}x{words}", "50, or 0.95x", reached)
    for name, promised in ((MATPLOTLIB, 6), (IPYMPL, 6), (FASTPLOTLIB, 3.5)):
        # one at a time: some go on drawing in pages that nobody sees
        if page := bench.open_peer(name, 60):
            ratio, words = compare(
                *bench.take_turns(partial(ours.rate, 60, seconds), partial(page.rate, 60, seconds))
            )
            yield Row.at_least(what, name, ratio, promised, more=words)
            page.end()


def jpeg_rows(bench: Bench) -> Iterator[Row]:
    for stored, what in ((PLAIN, "100 frames a chunk of plain Zarr"), (100, "100 frames a chunk, compact")):
        ours, peer = bench.open_ours(f"ours, {what}", stored), bench.open_peer(JPEG, 30, stored)
        if peer is not None:
            seconds = bench.size.seconds
            rates = bench.take_turns(partial(ours.rate, 30, seconds), partial(peer.rate, 30, seconds))
            ratio, words = compare(*rates)
            yield Row.at_least(f"asked 30, {what}", JPEG, ratio, 2.5, more=words)
            peer.end()
        ours.end()


def slowest(times: list[float | None]) -> float:
    """Return the 95th percentile of those that came."""
    return float(np.percentile([time for time in times if time is not None], 95))


def seek_rows(bench: Bench, ours: LabPage) -> Iterator[Row]:
    peers = {name: page for name in (JPEG, MATPLOTLIB) if (page := bench.open_peer(name, 30))}
    mine: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(bench.size.turns):
        ours.first_frame()  # a view that holds no frames yet, as after running the cell
        mine.append(slowest(ours.random_frames(bench.wishes(turn))))
        for name, page in peers.items():
            theirs[name].append(slowest(page.random_frames(bench.wishes(turn))))
    for name, most in ((JPEG, 0.75), (MATPLOTLIB, 0.2)):
        if name in peers:
            ratio, words = compare(mine, theirs[name])
            yield Row.at_most("random frame, p95, ms", name, ratio, most, more=words)
    if MATPLOTLIB in peers:
        yield from busy_rows(bench, ours, theirs[MATPLOTLIB])
    if JPEG in peers:
        first = bench.take_turns(ours.first_frame, peers[JPEG].first_frame)
        ratio, words = compare(*first)
        yield Row.at_most("first frame after the cell, ms", JPEG, ratio, 1, more=words)
    for page in peers.values():
        page.end()


def busy_rows(bench: Bench, ours: LabPage, idle: list[float]) -> Iterator[Row]:
    """Random frames while a pure-Python cell runs; the peer's are those of an idle kernel, which it needs."""
    busy, missed = [], 0
    for turn in range(bench.size.turns):
        ours.first_frame()
        ours.page.evaluate(f"(cell) => {{ ({RUN})(cell); }}", [2])
        ours.page.wait_for_timeout(500)
        times = ours.random_frames(bench.wishes(100 + turn))
        missed += times.count(None)
        busy.append(slowest(times))
        ours.await_end(2)
    ratio, words = compare(busy, idle)
    what = f"while a cell runs, {missed} missed"
    row = Row.at_most(what, f"{MATPLOTLIB}, idle kernel", ratio, 0.3, more=words)
    yield row if missed == 0 else Row(row.what, row.against, row.measured, row.promised, kept=False)


def message_rows(ours: LabPage) -> Iterator[Row]:
    page = ours.page
    page.bring_to_front()
    page.wait_for_timeout(3000)
    before = page.evaluate("() => window.asked")
    for field, value in (
        ("contrast-lo", 300),
        ("contrast-hi", 1500),
        ("colormap", "viridis"),
        ("gamma", 0.7),
    ):
        page.evaluate("([field, value]) => measuring.ask(field, value)", [f'[data-djo="{field}"]', value])
        page.wait_for_timeout(300)
    sent = page.evaluate("() => window.asked") - before
    yield Row("messages, contrast and colours", "", f"{sent}", "0", sent == 0)


@contextmanager
def far_away(movie: np.ndarray) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give a store that is 50 ms and 10 MiB/s away, and the row of a movie in it."""
    with running_server() as settings:
        near = open_store("main", config={"stores": {"main": settings}})
        row = store_movie(near, "movie_far.zarr", movie, frames_per_chunk=10)
        host, port = settings["endpoint"].split(":")
        with SlowLink((host, int(port)), latency=LATENCY, rate=RATE) as link:
            yield settings | {"endpoint": link.endpoint}, row


def slow_rows(bench: Bench, movie: np.ndarray) -> Iterator[Row]:
    with far_away(movie) as (settings, row):
        bench.rows[0] = row
        ours = bench.open_ours("ours, far away", 0, settings=settings)
        ours.ask("([field, index]) => measuring.ask(field, index)", ours.contender.field, 0)
        ours.page.wait_for_timeout(1000)
        times = ours.changes(SLOW_FPS, bench.size.slow_seconds, warm_up=SLOW_WARM_UP)
        ours.page.close()
    longest = max(np.diff(times), default=np.inf)
    rate = len(times) / bench.size.slow_seconds
    measured = f"{longest:.0f} ms at most, {rate:.1f} frames a second"
    yield Row("playing at 15 fps", "50 ms, 10 MiB/s", measured, "no stall", longest <= 3000 / SLOW_FPS)


def bundle_row() -> Row:
    size = len(gzip.compress(BUNDLE.read_bytes(), 9))
    return Row(
        "bundle, minified and gzipped", "", f"{size / 1000:.1f} kB", "60 kB at most", size <= MAX_BUNDLE
    )


def guard(what: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows; what fails is a row too, so that the others are still measured."""
    try:
        yield from rows
    except Error as error:
        yield Row(what, "", f"failed: {str(error).splitlines()[0]}", "", kept=False)


def measure(size: Size, chromium: str) -> Iterator[Row]:
    """Yield each row as it is measured."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        root, home, location = (folder / name for name in ("notebooks", "home", "store"))
        for made in (root, home, location):
            made.mkdir()
        settings = {"protocol": "file", "location": str(location)}
        store = open_store("main", config={"stores": {"main": settings}})
        movie = make_movie(size.frames, SIDE)
        rows: dict[int | str, Any] = {
            n: store_movie(store, f"movie_{n}.zarr", movie, frames_per_chunk=n) for n in (10, 100)
        }
        rows[PLAIN] = store_plainly(location / "plain.zarr", movie, frames_per_chunk=100)
        far = movie[: int(SLOW_FPS * (size.slow_seconds + 10))].copy()
        del movie
        url = stack.enter_context(running_jupyter(root, home))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        stack.callback(browser.close)
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        bench = Bench(size, context, url, root, settings, rows)
        ours = bench.open_ours("ours", 10)
        yield from guard("frames a second", rate_rows(bench, ours))
        yield from guard("asked 30", jpeg_rows(bench))
        yield from guard("random frames", seek_rows(bench, ours))
        yield from guard("messages", message_rows(ours))
        ours.page.close()
        yield from guard("far away", slow_rows(bench, far))
    yield bundle_row()


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
