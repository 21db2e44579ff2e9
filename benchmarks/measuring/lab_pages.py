"""Notebooks in a real JupyterLab, one page for each contender, and what is measured in them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notebook_page import NotebookPage, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

PROGRAM = (Path(__file__).parent / "in_the_page.js").read_text()
COUNTER = (Path(__file__).parent / "count_messages.js").read_text()
RUN = """([index]) => {
    window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""
IS_RUNNING = """([index]) => window.jupyterapp.shell.currentWidget.content.widgets[index]
    .inputArea.promptNode.textContent.includes("*")"""
HIDE_CODE = """() => {
    for (const cell of window.jupyterapp.shell.currentWidget.content.widgets) cell.inputHidden = true;
}"""
PATIENCE = 10_000


@dataclass(frozen=True)
class Contender:
    """A way to look at a movie: its cells, and where its picture and its frame's field are on the page.

    Attributes
    ----------
    cells
        The set-up, the cell that shows the movie, the cell that plays it (for `SECONDS`, at `FPS`).
    """

    name: str
    cells: tuple[str, str, str]
    picture: str
    field: str
    button: str = ""
    """What plays and stops it; without one the last cell plays it."""
    first: int = field(default=0)
    """The frame that its second cell shows."""


class LabPage:
    """One contender on a page of its own."""

    def __init__(self, context: BrowserContext, url: str, root: Path, contender: Contender) -> None:
        self.contender = contender
        self.page = context.new_page()
        self.page.add_init_script(COUNTER)
        name = re.sub(r"\W+", "_", contender.name)
        write_notebook(root / f"{name}.ipynb", *contender.cells)
        self._notebook = NotebookPage(self.page, url)
        self._notebook.open(f"{name}.ipynb")
        self.page.set_default_timeout(120_000)
        self.page.add_script_tag(content=PROGRAM)
        self.run(0)
        self.page.evaluate(HIDE_CODE)  # some draw only what is in view
        self.first_frame()

    def run(self, cell: int) -> None:
        """Run a cell to its end."""
        self.page.evaluate(RUN, [cell])
        self.await_end(cell)

    def await_end(self, cell: int) -> None:
        """Wait until a cell runs no more."""
        self.page.wait_for_function(f"(cell) => !({IS_RUNNING})(cell)", arg=[cell])

    def first_frame(self) -> float:
        """Run the cell that shows the movie; milliseconds to its first pixels."""
        self.page.bring_to_front()
        found = self.page.evaluate(
            "([selector, number]) => measuring.first(1, selector, number)",
            [self.contender.picture, self.contender.first],
        )
        self.await_end(1)
        return float(found)

    def rate(self, fps: float, seconds: float) -> float:
        """Different frames a second while it plays."""
        return len(self.changes(fps, seconds)) / seconds

    def changes(self, fps: float, seconds: float, *, warm_up: float = 2) -> list[float]:
        """Milliseconds at which another frame was seen, after the warm-up."""
        self.page.bring_to_front()
        button = self.contender.button
        if button:
            self.page.evaluate("([field, fps]) => measuring.ask(field, fps)", ['[data-djo="fps"]', fps])
            self.page.locator(button).first.click()
        else:
            self.page.evaluate(RUN, [2])
        self.page.wait_for_timeout(1000 * warm_up)
        found = self.page.evaluate(
            "([selector, seconds]) => measuring.watch(selector, seconds)", [self.contender.picture, seconds]
        )
        if button:
            self.page.locator(button).first.click()
        else:
            time.sleep(2)  # the cell's own clock runs two seconds longer
        return list(found)

    def random_frames(self, wishes: list[int]) -> list[float | None]:
        """Milliseconds from each wish to its pixels; None where it was missed."""
        self.page.bring_to_front()
        return list(
            self.page.evaluate(
                "([selector, field, wishes, patience]) => measuring.seek(selector, field, wishes, patience)",
                [self.contender.picture, self.contender.field, wishes, PATIENCE],
            )
        )

    def end(self) -> None:
        """Stop the kernel, and close the page."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()

    def ask(self, program: str, *arguments: Any) -> Any:
        """Evaluate a program in the page."""
        self.page.bring_to_front()
        return self.page.evaluate(program, list(arguments))
