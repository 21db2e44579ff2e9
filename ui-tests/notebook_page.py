"""A notebook open in the browser, and what a user does with it."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
from PIL import Image, ImageSequence
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

SECOND = 1000  # Playwright counts milliseconds
PATIENCE = 60 * SECOND

KERNEL_IS_IDLE = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const session = panel?.sessionContext;
    return !!session?.isReady && session.session?.kernel?.status === "idle";
}"""
COUNTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter((cell) => cell.model.type === "code")
    .map((cell) => cell.model.executionCount)"""
FAILURES = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter((cell) => cell.model.type === "code")
    .flatMap((cell) => cell.model.outputs.toJSON())
    .filter((output) => output.output_type === "error")
    .map((output) => `${output.ename}: ${output.evalue}`)"""


AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"


def read_picture(file: Path | io.BytesIO) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a picture: uint8, axes (y, x, rgb)."""
    return np.asarray(Image.open(file).convert("RGB"))


def read_clip(file: Path) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Return the frames of an animated picture, each uint8 with axes (y, x, rgb)."""
    with Image.open(file) as clip:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(clip)]


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells, with the kernel named: JupyterLab asks for one otherwise."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), path)


class NotebookPage:
    """One notebook in JupyterLab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    def open(self, name: str) -> None:
        """Open a notebook and wait for its kernel."""
        workspace = name.removesuffix(
            ".ipynb"
        )  # its own, or JupyterLab opens the notebooks of other tests too
        self.page.goto(f"{self._url}lab/workspaces/{workspace}/tree/{name}")
        self._wait_until_open()

    def run_all(self) -> None:
        """Run every cell, and check that each one ran without an error."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(KERNEL_IS_IDLE, timeout=PATIENCE)
        assert self.page.evaluate(FAILURES) == []
        counts = self.page.evaluate(COUNTS)
        assert counts == list(range(1, len(counts) + 1))

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing left to do."""
        self.page.wait_for_function(KERNEL_IS_IDLE, timeout=PATIENCE)

    def reload(self) -> None:
        """Save the notebook and load the page anew; its kernel runs on."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload()
        self._wait_until_open()

    def restart_kernel(self) -> None:
        """Restart the kernel without asking, and wait until it is back."""
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
        self.wait_until_idle()

    def _wait_until_open(self) -> None:
        self.page.wait_for_function("() => !!window.jupyterapp", timeout=PATIENCE)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.wait_until_idle()

    @property
    def scrubber(self) -> Scrubber:
        """The first scrubber of the notebook, with a frame on it."""
        return Scrubber(self.page.locator(".djo-scrubber").first)

    @property
    def browser(self) -> Browser:
        """The first browser of the notebook."""
        return Browser(self.page.locator(".djo-browser").first)


def run_notebook(context: BrowserContext, url: str, path: Path, *cells: str) -> NotebookPage:
    """Write a notebook of code cells at the top of what JupyterLab shows, open it, and run it."""
    write_notebook(path, *cells)
    notebook = NotebookPage(context.new_page(), url)
    notebook.page.set_default_timeout(PATIENCE)
    notebook.open(path.name)
    notebook.run_all()
    return notebook


def part(root: Locator, name: str) -> Locator:
    """Return the element of a widget that is called `name`."""
    return root.locator(f'[data-djo="{name}"]').first


def canvas_pixels(canvas: Locator) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return what is on a canvas: uint8, axes (y, x, rgb)."""
    url = canvas.evaluate("(canvas) => canvas.toDataURL('image/png')")
    return read_picture(io.BytesIO(base64.b64decode(url.split(",")[1])))


def accessibility_problems(root: Locator) -> list[str]:
    """Return what axe finds wrong with a widget: rule, then the elements that break it."""
    page = root.page
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    return root.evaluate(
        """async (root) => (await axe.run(root)).violations.map((rule) =>
            `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html).join(" ")}`)"""
    )


class Scrubber:
    """A scrubber on the page."""

    def __init__(self, root: Locator) -> None:
        self.root = root

    def part(self, name: str) -> Locator:
        """Return one of its elements."""
        return part(self.root, name)

    def wait(self) -> None:
        """Wait until a frame is painted."""
        self.root.wait_for(state="visible", timeout=PATIENCE)
        self.root.scroll_into_view_if_needed()
        expect(self.root).to_have_attribute("data-frame", re.compile(r"\d+"), timeout=PATIENCE)

    def wait_for_frame(self, index: int) -> None:
        """Wait until this frame is the one on the canvas."""
        expect(self.root).to_have_attribute("data-frame", str(index), timeout=PATIENCE)

    @property
    def frame(self) -> int:
        """Index of the frame on the canvas."""
        return int(self.root.get_attribute("data-frame") or -1)

    @property
    def painted(self) -> int:
        """How many frames were painted, each change counted once."""
        return int(self.root.get_attribute("data-painted") or 0)

    def pixels(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return what is on the canvas: uint8, axes (y, x, rgb), one for each pixel of the movie."""
        return canvas_pixels(self.part("canvas"))

    def accessibility_problems(self) -> list[str]:
        """Return what axe finds wrong with it: rule, then the elements that break it."""
        return accessibility_problems(self.root)

    def set_field(self, name: str, value: float | str) -> None:
        """Type into a field, and leave it."""
        field = self.part(name)
        field.fill(str(value))
        field.press("Tab")

    def click_slider(self, share: float) -> None:
        """Click the slider at a share of its width."""
        slider = self.part("slider")
        box = slider.bounding_box()
        assert box is not None
        slider.click(position={"x": box["width"] * share, "y": box["height"] / 2})


class Browser:
    """A browser on the page."""

    def __init__(self, root: Locator) -> None:
        self.root = root

    def part(self, name: str) -> Locator:
        """Return one of its elements."""
        return part(self.root, name)

    def row(self, name: str) -> Locator:
        """Return the row of a file or folder."""
        return self.root.locator(f'[data-djo="row"][data-name="{name}"]').first

    def expand(self, name: str) -> None:
        """Open a folder with the keyboard, as its triangle does."""
        self.row(name).click()
        if self.row(name).get_attribute("aria-expanded") == "false":
            self.part("tree").press("ArrowRight")
        expect(self.row(name)).to_have_attribute("aria-expanded", "true")

    def choose(self, name: str, *, shows: str) -> Locator:
        """Choose a file and return its preview, once it shows a kind of content."""
        self.row(name).click()
        preview = self.part("preview")
        expect(preview).to_have_attribute("data-type", shows, timeout=PATIENCE)
        expect(preview).to_contain_text(name)
        return preview
