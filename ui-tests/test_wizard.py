"""The wizard in a real JupyterLab: a store from nothing to an object, and a secret that leaves no trace."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from dj_objectstore.servers import PORT, USER
from notebook_page import PATIENCE, NotebookPage, accessibility_problems, part, write_notebook
from object_servers import free_port

CANARY = "canary-7d2e41b0c9"  # typed into the page
KEY_CANARY = "canary-e03a77c1f5"  # typed into the kernel
WIZARD = """
import pathlib
import dj_objectstore as djo
folder = pathlib.Path({folder!r})
wizard = djo.configure(folder=folder)
wizard
"""


INSERT = """
import numpy
Recording.insert1({{"subject_id": 1, "movie": numpy.arange(32000, dtype="u2").reshape(20, 40, 40),
                   "files": b"a quiet mouse"}})
row = (Recording & {{"subject_id": 1}}).fetch1()
print(row["movie"].shape, row["files"].read(), sep="|")
for ref in (row["movie"], row["files"]):
    ref.verify(read_data=True)
    print(ref.store, ref.path)
schema.drop(prompt=False)
"""
GETPASS = """
import getpass
wizard.give_secrets(access_key=getpass.getpass())
"""
REMEMBER = """
%history -g -f {folder}/history.txt
import pathlib
held = [In, Out, _ih, _oh, get_ipython().user_ns, wizard.get_state()]
pathlib.Path({folder!r}, "session.txt").write_text(repr(held))
get_ipython().history_manager.writeout_cache()
"""
RUN_CODE = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    return (await kernel.requestExecute({ code }).done).content.status;
}"""
ADD_AND_RUN = """async (source) => {
    const { commands, shell } = window.jupyterapp;
    await commands.execute("notebook:insert-cell-below");
    shell.currentWidget.content.activeCell.model.sharedModel.setSource(source);
    void commands.execute("notebook:run-cell");
}"""
KEPT_BY_THE_PAGE = """async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name);
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, names]);
}"""
NOTEBOOK = "() => JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.sharedModel.toJSON())"


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

    def fails(self, step, told):
        """Test the store, and see a step that fails, and why."""
        self.part("test").click()
        expect(self.part(f"step-{step}")).to_have_class("djo-step djo-failed", timeout=PATIENCE)
        expect(self.part(f"step-{step}")).to_contain_text(told)
        expect(self.part("summary")).to_contain_text("does not work yet", timeout=PATIENCE)

    def go_back(self, step, *, ways=("layout", "test"), **values):
        """Correct an earlier step, and come back to the test."""
        self.part(f"way-{step}").click()
        self.shows(step)
        self.fill(**values)
        for way in ways:
            self.next()
            self.shows(way)


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


def insert_a_row(code, demo):
    """Run what the wizard showed in a fresh Python, and insert a row; return what it printed last."""
    database = json.loads(demo.folder.configuration.read_text())["database"]["host"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
    environment |= {"DJ_HOST": database, "DJ_USER": USER, "DJ_PASS": "", "DJ_PORT": str(PORT)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code + INSERT.format()],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"DJ_BACKEND": "postgresql"},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-3:]


def is_of_the_row(printed):
    shown, *places = printed
    return shown == "(20, 40, 40)|b'a quiet mouse'" and all(
        place.startswith("main _schema/lab_imaging/Recording/subject_id=1/") for place in places
    )


@pytest.mark.one_theme
def test_an_s3_store_is_set_up_by_keyboard_alone_to_an_inserted_row(wizard, moto_server, demo):
    server = moto_server.settings()
    wizard.part("kind-s3").focus()
    keyboard = wizard.notebook.page.keyboard
    keyboard.press("Enter")
    wizard.shows("place")
    wizard.part("name").focus()
    keyboard.press("Control+A")
    keyboard.type("main")
    wizard.part("endpoint").focus()
    keyboard.type(server["endpoint"])
    wizard.part("secure").focus()
    keyboard.press("Space")
    wizard.part("bucket").focus()
    keyboard.type(server["bucket"])
    keyboard.press("Enter")
    wizard.shows("secrets")
    wizard.part("access_key").focus()
    keyboard.type(server["access_key"])
    keyboard.press("Tab")
    wizard.part("secret_key").focus()
    keyboard.type(server["secret_key"])
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
    assert server["secret_key"] not in wizard.root.inner_text()
    wizard.part("write").focus()
    keyboard.press("Enter")
    expect(wizard.part("code")).to_contain_text("dj.config.load", timeout=PATIENCE)
    assert is_of_the_row(insert_a_row(wizard.part("code").inner_text(), demo))


@pytest.mark.one_theme
def test_a_store_on_swift_is_set_up_past_each_mistake_to_an_inserted_row(wizard, swift_server, demo, shoot):
    server = swift_server.settings()
    wizard.choose("s3")
    wizard.fill(endpoint=f"127.0.0.1:{free_port()}", bucket="no-such-bucket", location="lab")
    wizard.part("secure").uncheck()
    wizard.next()
    wizard.shows("secrets")
    wizard.fill(access_key=server["access_key"], secret_key="wrong")
    wizard.next()
    wizard.shows("layout")
    wizard.next()
    wizard.shows("test")
    wizard.fails("connect", "Check the endpoint and the network")
    shoot(wizard.root, "wizard-7-dead-endpoint")
    wizard.go_back("place", endpoint=server["endpoint"], ways=("secrets", "layout", "test"))
    wizard.fails("authenticate", "the secret key does not fit the access key")
    expect(wizard.part("step-authenticate")).not_to_contain_text("environment")
    shoot(wizard.root, "wizard-8-wrong-secret")
    assert accessibility_problems(wizard.root) == []
    wizard.go_back("secrets", secret_key=server["secret_key"])
    wizard.fails("list", "no-such-bucket")
    wizard.go_back("place", bucket=server["bucket"], ways=("secrets", "layout", "test"))
    wizard.part("test").click()
    expect(wizard.part("summary")).to_contain_text("The store works", timeout=PATIENCE)
    wizard.next()
    expect(wizard.part("diff")).to_contain_text(server["bucket"], timeout=PATIENCE)
    assert server["secret_key"] not in wizard.root.inner_text()
    wizard.part("write").click()
    expect(wizard.part("code")).to_contain_text("dj.config.load", timeout=PATIENCE)
    assert is_of_the_row(insert_a_row(wizard.part("code").inner_text(), demo))


def set_up_with_canaries(wizard):
    page = wizard.notebook.page
    page.evaluate(ADD_AND_RUN, GETPASS)
    page.locator(".jp-Stdin-input").fill(KEY_CANARY)
    page.locator(".jp-Stdin-input").press("Enter")
    wizard.notebook.wait_until_idle()
    wizard.root.scroll_into_view_if_needed()
    wizard.choose("aws")
    wizard.fill(bucket="lab")
    wizard.next()
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


def remember(wizard, folder):
    """Let the kernel write down everything that it remembers of its session."""
    folder.mkdir()
    assert wizard.notebook.page.evaluate(RUN_CODE, REMEMBER.format(folder=str(folder))) == "ok"


def save(page):
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=PATIENCE
    )


def is_free_of_secrets(text):
    return CANARY not in text and KEY_CANARY not in text


def holders(folder, secrets):
    """The files below a folder that hold a secret and are not where secrets belong."""
    files = [file for file in folder.rglob("*") if file.is_file() and secrets not in file.parents]
    canaries = CANARY.encode(), KEY_CANARY.encode()
    return [file for file in files if any(canary in file.read_bytes() for canary in canaries)]


@pytest.mark.one_theme
def test_a_secret_leaves_no_trace(wizard, project, demo, home):
    page, said = wizard.notebook.page, []
    page.on("console", lambda message: said.append(message.text))
    set_up_with_canaries(wizard)
    secrets = project / ".secrets"
    assert (secrets / "stores.main.secret_key").read_text().strip() == CANARY
    assert (secrets / "stores.main.access_key").read_text().strip() == KEY_CANARY
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    remember(wizard, home / project.name)
    save(page)
    notebook = demo.folder.path / f"{project.name}.ipynb"
    html = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(notebook)],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [page.content(), page.evaluate(NOTEBOOK), page.evaluate(KEPT_BY_THE_PAGE), html.stdout, *said]
    assert all(map(is_free_of_secrets, shown))
    assert holders(demo.folder.path, secrets) == []
    assert holders(home, secrets) == []


@pytest.mark.one_theme
def test_a_trace_would_be_found_wherever_one_may_be_left(wizard, project, demo, home):
    page = wizard.notebook.page
    page.evaluate(ADD_AND_RUN, f"import sys; left = {CANARY!r}; print(left, file=sys.__stderr__)")
    wizard.notebook.wait_until_idle()
    remember(wizard, home / project.name)
    save(page)
    names = {file.name for folder in (demo.folder.path, home) for file in holders(folder, project)}
    assert names >= {
        f"{project.name}.ipynb",
        f"{project.name}-checkpoint.ipynb",
        "history.sqlite",
        "history.txt",
        "session.txt",
        "jupyterlab.log",
    }
