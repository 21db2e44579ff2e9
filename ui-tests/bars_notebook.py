"""A notebook of scrubbers whose frames say their number, and what the tests do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barcode import MAKE, read_number
from notebook_page import PATIENCE, NotebookPage, Scrubber, write_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

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
BUSY = """
import time
end = time.monotonic() + 4
while time.monotonic() < end:
    pass
"""
TELL = "print(scrubber.code)"
SHOWN = (MAKE, SHOW, "scrubber", LINKED, DIFFERENCE)
BUSY_CELL, TELL_CELL = len(SHOWN), len(SHOWN) + 1
RUN_CELL = """([index]) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    window.jupyterapp.commands.execute("notebook:run-cell");
}"""
IS_RUNNING = """([index]) => window.jupyterapp.shell.currentWidget.content.widgets[index]
    .inputArea.promptNode.textContent.includes("*")"""
OUTPUT = """([index]) => window.jupyterapp.shell.currentWidget.content.widgets[index]
    .model.outputs.toJSON().map((output) => output.text ?? "").join("").trim()"""

# a server without jupyter-server-proxy does not tell its pages of it
WITHOUT_PROXY = """() => {
    const node = document.getElementById("jupyter-config-data");
    const config = JSON.parse(node.textContent);
    config.federated_extensions = config.federated_extensions.filter(
        ({ name }) => name !== "@jupyterhub/jupyter-server-proxy",
    );
    node.textContent = JSON.stringify(config);
}"""


class BarsNotebook(NotebookPage):
    """A movie shown twice, three linked ones, a difference, and a cell that keeps the kernel busy."""

    def open_in(self, folder: Path) -> None:
        """Write the notebook, open it, and show all its scrubbers."""
        write_notebook(folder / "bars.ipynb", *SHOWN, BUSY, TELL)
        self.open("bars.ipynb")
        self.show()

    def show(self) -> None:
        """Run the cells that show a scrubber, and wait for none of them."""
        for index in range(len(SHOWN)):
            self.run_cell(index)

    def run_cell(self, index: int) -> None:
        """Have a cell run."""
        self.page.evaluate(RUN_CELL, [index])

    def is_running(self, index: int) -> bool:
        """Return whether a cell runs now."""
        return bool(self.page.evaluate(IS_RUNNING, [index]))

    def wait_for_start(self, index: int) -> None:
        """Wait until a cell runs."""
        self.page.wait_for_function(IS_RUNNING, arg=[index], timeout=PATIENCE)

    def wait_for_end(self, index: int) -> None:
        """Wait until a cell runs no more."""
        self.page.wait_for_function(f"(cell) => !({IS_RUNNING})(cell)", arg=[index], timeout=PATIENCE)

    def ask(self, index: int) -> str:
        """Return what a cell prints."""
        self.run_cell(index)
        self.wait_until_idle()
        self.page.wait_for_function(f"(cell) => ({OUTPUT})(cell) !== ''", arg=[index], timeout=PATIENCE)
        return str(self.page.evaluate(OUTPUT, [index]))

    def shown(self, place: int) -> Scrubber:
        """Return one of the scrubbers, with a frame on it."""
        scrubber = Scrubber(self.page.locator(".djo-scrubber").nth(place))
        scrubber.wait()
        return scrubber


def number(scrubber: Scrubber) -> int:
    """Return the number that the painted frame says."""
    return read_number(scrubber.pixels())


def go(scrubber: Scrubber, index: int) -> None:
    """Type a frame, and wait until it is painted."""
    scrubber.set_field("position", index)
    scrubber.wait_for_frame(index)


def lanes(scrubber: Scrubber) -> Locator:
    """Return the lanes under the slider."""
    return scrubber.root.locator('[data-djo="lane"]')


def draw_rectangle(scrubber: Scrubber) -> None:
    """Draw a ROI within the first bar."""
    scrubber.part("tool-rectangle").click()
    box = scrubber.part("canvas").bounding_box()
    assert box is not None
    mouse = scrubber.root.page.mouse
    mouse.move(box["x"] + box["width"] * 0.02, box["y"] + box["height"] * 0.2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.08, box["y"] + box["height"] * 0.7, steps=4)
    mouse.up()
