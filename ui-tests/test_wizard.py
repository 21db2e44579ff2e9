"""The wizard in a real JupyterLab: a store from nothing to an object, and a secret that leaves no trace."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from dj_objectstore.servers import CREDENTIALS, running_s3
from notebook_page import PATIENCE, NotebookPage, accessibility_problems, part, write_notebook

CANARY = "canary-7d2e41b0c9"
WIZARD = """
import pathlib
import dj_objectstore as djo
folder = pathlib.Path({folder!r})
wizard = djo.configure(folder=folder)
wizard
"""


class WizardPage:
    """A wizard on the page."""

    def __init__(self, notebook):
        self.notebook = notebook
        self.root = notebook.page.locator(".djo-wizard").first

    def part(self, name):
        return part(self.root, name)

    def fill(self, **values):
        for name, value in values.items():
            self.part(name).fill(value)

    def choose(self, kind):
        """Begin a store that is called main, as one of this kernel's is."""
        self.part(f"kind-{kind}").click()
        self.shows("place")
        self.fill(name="main")

    def next(self):
        self.part("next").click()

    def shows(self, step):
        expect(self.part(f"way-{step}")).to_have_attribute("aria-current", "step", timeout=PATIENCE)


@pytest.fixture
def project(demo, theme, request):
    """A folder of a project without a configuration, where the kernels of the tests may go."""
    folder = demo.folder.path / f"wizard-{theme}-{request.node.originalname}"
    (folder / ".git").mkdir(parents=True)
    (folder / "data").mkdir()
    return folder


@pytest.fixture
def wizard(page, jupyter, demo, project):
    name = f"{project.name}.ipynb"
    write_notebook(demo.folder.path / name, WIZARD.format(folder=str(project)))
    notebook = NotebookPage(page, jupyter)
    notebook.open(name)
    notebook.run_all()
    wizard = WizardPage(notebook)
    wizard.root.wait_for(state="visible", timeout=PATIENCE)
    wizard.root.scroll_into_view_if_needed()
    return wizard


def test_a_folder_is_set_up_from_nothing_to_an_object(wizard, project, shoot):
    shoot(wizard.root, "wizard-1-store")
    assert accessibility_problems(wizard.root) == []
    wizard.choose("folder")
    wizard.next()
    expect(wizard.part("problem-location")).to_contain_text("required")
    shoot(wizard.root, "wizard-2-place-problem")
    assert accessibility_problems(wizard.root) == []
    wizard.fill(location=str(project / "data"))
    wizard.next()
    wizard.shows("layout")
    wizard.fill(partition_pattern="subject_id/session_date")
    expect(wizard.part("example")).to_contain_text("data/_schema/subject_id=7/session_date=")
    shoot(wizard.root, "wizard-3-layout")
    wizard.next()
    wizard.part("test").click()
    expect(wizard.part("summary")).to_contain_text("The store works", timeout=PATIENCE)
    shoot(wizard.root, "wizard-4-test")
    assert accessibility_problems(wizard.root) == []
    wizard.next()
    expect(wizard.part("diff")).to_contain_text('"location"', timeout=PATIENCE)
    shoot(wizard.root, "wizard-5-review")
    assert not (project / "datajoint.json").exists()
    wizard.part("write").click()
    expect(wizard.part("code")).to_contain_text("djo.enable()", timeout=PATIENCE)
    shoot(wizard.root, "wizard-6-use")
    assert accessibility_problems(wizard.root) == []
    assert json.loads((project / "datajoint.json").read_text())["stores"]["main"]["partition_pattern"]


@pytest.mark.one_theme
def test_an_s3_store_is_set_up_by_keyboard_alone(wizard):
    with running_s3() as server:
        wizard.part("kind-s3").focus()
        keyboard = wizard.notebook.page.keyboard
        keyboard.press("Enter")
        wizard.shows("place")
        wizard.part("endpoint").focus()
        keyboard.type(server["endpoint"])
        wizard.part("secure").focus()
        keyboard.press("Space")
        wizard.part("bucket").focus()
        keyboard.type(server["bucket"])
        keyboard.press("Enter")
        wizard.shows("secrets")
        wizard.part("access_key").focus()
        keyboard.type(CREDENTIALS["access_key"])
        keyboard.press("Tab")
        wizard.part("secret_key").focus()
        keyboard.type(CREDENTIALS["secret_key"])
        keyboard.press("Enter")
        wizard.shows("layout")
        wizard.part("next").focus()
        keyboard.press("Enter")
        wizard.shows("test")
        wizard.part("test").focus()
        keyboard.press("Enter")
        expect(wizard.part("summary")).to_contain_text("The store works", timeout=PATIENCE)
        wizard.part("next").focus()
        keyboard.press("Enter")
        expect(wizard.part("diff")).to_contain_text("secret_key", timeout=PATIENCE)
        assert CREDENTIALS["secret_key"] not in wizard.root.inner_text()
        wizard.part("write").focus()
        keyboard.press("Enter")
        expect(wizard.part("code")).to_contain_text("dj.config.load", timeout=PATIENCE)
        lines = wizard.part("code").inner_text().split("schema =")[0]
        program = f"{lines}\nstore = djo.open_store()\nstore.put('a', b'1')\nprint(store.get('a'))"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert run.stdout.splitlines()[-1:] == ["b'1'"], run.stderr


@pytest.mark.one_theme
def test_a_dead_endpoint_is_told_with_what_to_do(wizard, shoot):
    wizard.choose("s3")
    wizard.fill(endpoint="127.0.0.1:9", bucket="lab")
    wizard.part("secure").uncheck()
    wizard.next()
    wizard.shows("secrets")
    wizard.fill(access_key="AKIA", secret_key="wrong")
    wizard.next()
    wizard.shows("layout")
    wizard.next()
    wizard.part("test").click()
    expect(wizard.part("step-connect")).to_have_class("djo-step djo-failed", timeout=PATIENCE)
    expect(wizard.part("summary")).to_contain_text("does not work yet", timeout=PATIENCE)
    shoot(wizard.root, "wizard-7-dead-endpoint")


@pytest.mark.one_theme
def test_a_secret_leaves_no_trace_in_the_notebook(wizard, project, demo):
    wizard.choose("aws")
    wizard.fill(bucket="lab")
    wizard.next()
    wizard.fill(access_key="AKIACANARY")
    wizard.fill(secret_key=CANARY)
    wizard.part("secret_key").blur()
    expect(wizard.part("remove-secret_key")).to_be_visible(timeout=PATIENCE)
    assert wizard.part("secret_key").input_value() == ""
    wizard.next()
    wizard.shows("layout")
    wizard.next()
    wizard.next()
    expect(wizard.part("write")).to_be_visible(timeout=PATIENCE)
    wizard.part("write").click()
    expect(wizard.part("code")).to_be_visible(timeout=PATIENCE)
    secrets = project / ".secrets"
    assert (secrets / "stores.main.secret_key").read_text().strip() == CANARY
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    page = wizard.notebook.page
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook = demo.folder.path / f"{project.name}.ipynb"
    page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=PATIENCE
    )
    assert CANARY not in notebook.read_text()
    assert CANARY not in page.content()
    state = page.evaluate(
        "() => JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.sharedModel.toJSON())"
    )
    assert CANARY not in state
    html = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(notebook)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert CANARY not in html.stdout
    held = [
        file
        for file in demo.folder.path.rglob("*")
        if file.is_file()
        and project / ".secrets" not in file.parents
        and CANARY.encode() in file.read_bytes()
    ]
    assert held == []
