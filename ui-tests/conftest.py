"""A demo, a JupyterLab and a Chromium for the UI tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from bars_notebook import BarsNotebook
from chromium import FLAGS, find_chromium
from dj_objectstore.demo.session import open_demo
from jupyter import running_jupyter
from notebook_page import NotebookPage

SCREENSHOTS = Path(__file__).parent / "screenshots"
NO_BROWSER = "NO CHROMIUM STARTS HERE, SO NO UI TEST RUNS. `make browser` gets one."

pytest_plugins = ["object_servers"]
SKIPPED = pytest.StashKey[int]()

os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"  # of this process; JupyterLab's kernels read the demo's


def is_dark(item):
    return "callspec" in vars(item) and item.callspec.params.get("theme") == "dark"


def pytest_collection_modifyitems(config, items):
    """Skip the tests of this folder together where no browser starts; in CI that is an error."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    again = [item for item in ours if item.get_closest_marker("one_theme") and is_dark(item)]
    if again:
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]
    if not ours or find_chromium() is not None:
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(NO_BROWSER)
    for item in ours:
        item.add_marker(pytest.mark.skip(reason=NO_BROWSER))
    config.stash[SKIPPED] = len(ours)


def pytest_terminal_summary(terminalreporter, config):
    if SKIPPED in config.stash:
        terminalreporter.write_line(f"*** {NO_BROWSER} ***", red=True, bold=True)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(chromium):  # noqa: ARG001 - without a browser nothing else need start
    # not in pytest's own folder, which the next session that starts closes to the database's user
    with tempfile.TemporaryDirectory(prefix="djo-ui-") as folder, open_demo(Path(folder) / "demo") as running:
        yield running


@pytest.fixture(scope="session", params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture(scope="session")
def home(theme, tmp_path_factory):
    """Where JupyterLab and its kernels keep settings, workspaces, logs and history."""
    return tmp_path_factory.mktemp(f"jupyter-{theme}")


@pytest.fixture(scope="session")
def jupyter(demo, theme, home):
    with running_jupyter(demo.folder.path, home, theme=theme) as url:
        yield url


@pytest.fixture(scope="session")
def context(chromium, jupyter):  # noqa: ARG001 - made anew for each theme
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.close()


@pytest.fixture(scope="session")
def quickstart(context, jupyter):
    """The quickstart notebook after all its cells ran; the tests share it, as a user's session would."""
    notebook = NotebookPage(context.new_page(), jupyter)
    notebook.open("01_quickstart.ipynb")
    notebook.run_all()
    return notebook


@pytest.fixture(scope="session")
def notebook(context, jupyter, demo):
    """A notebook of scrubbers, which the tests of the scrubber share; each leaves it as it was."""
    opened = BarsNotebook(context.new_page(), jupyter)
    opened.open_in(demo.folder.path)
    yield opened
    opened.page.close()


@pytest.fixture
def scrubber(notebook):
    """The first scrubber of the notebook, at rest."""
    scrubber = notebook.shown(0)
    if scrubber.part("play").get_attribute("aria-label") == "Pause":
        scrubber.part("play").click()
    return scrubber


@pytest.fixture(scope="session")
def shoot(theme):
    """Keep a picture of the page or of an element, to be looked at."""
    shutil.rmtree(SCREENSHOTS / theme, ignore_errors=True)
    (SCREENSHOTS / theme).mkdir(parents=True)

    def keep(target, name):
        target.screenshot(path=SCREENSHOTS / theme / f"{name}.png")

    return keep
