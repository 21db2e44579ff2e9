"""The extension in a real JupyterLab: the panel of stores, the launcher, the palette, kernels of others."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from notebook_page import PATIENCE, Browser, NotebookPage, accessibility_problems, part, write_notebook

SHOW_PANEL = "() => window.jupyterapp.commands.execute('dj-objectstore:browse')"
BUSY = """
import pathlib, time
pathlib.Path({begun!r}).touch()
while not pathlib.Path({done!r}).exists(): time.sleep(0.02)
"""
WITHOUT = """
import sys
sys.modules["dj_objectstore"] = None
sys.path[:] = []
"""
CONFIGURED = """
import datajoint as dj
dj.config.stores["mine"] = {{"protocol": "file", "location": {place!r}}}
"""
END_KERNELS = """async ([url, folder]) => {
    const sessions = await (await fetch(`${url}api/sessions`)).json();
    const ours = sessions.filter(({ path }) => path.startsWith(folder));
    await Promise.all(ours.map(({ id }) => fetch(`${url}api/sessions/${id}`, { method: "DELETE" })));
}"""
KILL = """async (folder) => {
    const { sessions } = window.jupyterapp.serviceManager;
    const model = [...sessions.running()].find(({ path }) => path.startsWith(folder));
    const { kernel } = sessions.connectTo({ model });
    kernel.requestExecute({ code: "import os; os._exit(1)" }).done.catch(() => undefined);
}"""
LINKED = """
import datajoint as dj
import dj_objectstore as djo
djo.enable()
schema = dj.Schema({schema!r})

@schema
class Note(dj.Manual):
    definition = '''
    note : int32
    ---
    text : <object@main>
    '''

Note.insert1(dict(note=1, text=djo.Source(b"seen by a link", ext=".txt")))
Note()
"""
SHELL = "() => window.jupyterapp.shell.currentWidget.title.label"


class LabPage:
    """JupyterLab in a folder, with the panel of stores."""

    def __init__(self, page, url, folder, name):
        self.page = page
        self.hosts = set()
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.goto(f"{url}lab/workspaces/{name}")
        page.wait_for_function("() => !!window.jupyterapp", timeout=PATIENCE)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        go = "async (path) => { await window.jupyterapp.commands.execute('filebrowser:go-to-path', {path}); }"
        page.evaluate(go, folder)

    @property
    def panel(self):
        return self.page.locator(".djo-side-panel")

    def part(self, name):
        return part(self.panel, name)

    def store(self, name):
        return self.panel.locator(f'[data-djo="store"][data-name="{name}"]')

    def show(self):
        self.page.evaluate(SHOW_PANEL)
        self.panel.wait_for(state="visible")

    def shows(self, *names):
        for name in names:
            expect(self.store(name)).to_be_visible(timeout=PATIENCE)

    def browse(self, name):
        part(self.store(name), "browse").click()
        return self.browser(self.panel)

    def browser(self, place):
        browser = Browser(place.locator(".djo-browser"))
        browser.root.wait_for(state="visible", timeout=PATIENCE)
        return browser

    @property
    def tab(self):
        return self.page.locator(".djo-tab:visible")

    def choose_kernel(self, label):
        option = self.part("kernel").locator("option", has_text=label)
        expect(option).to_have_count(1, timeout=PATIENCE)
        self.part("kernel").select_option(label=option.inner_text())


def wait_for(file, seconds=60):
    """Wait until a file is there."""
    deadline = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} did not appear"
        time.sleep(0.02)


@pytest.fixture
def project(demo, theme, request):
    """A folder with two stores that work and one that does not, and files in one of them."""
    folder = demo.folder.path / f"panel-{theme}-{request.node.originalname}"
    for name in ("data/lab", "archive", ".git"):
        (folder / name).mkdir(parents=True)
    (folder / "data" / "lab" / "notes.txt").write_text("taken on the second rig")
    (folder / "data" / "lab" / "settings.json").write_text('{"rate": 30}')
    stores = {
        "default": "main",
        "filepath_default": "archive",
        "main": {"protocol": "file", "location": str(folder / "data")},
        "archive": {"protocol": "file", "location": str(folder / "archive")},
        "broken": {"protocol": "s3", "bucket": "lab", "accesskey": "none"},
    }
    (folder / "datajoint.json").write_text(json.dumps({"stores": stores}))
    return folder


@pytest.fixture
def lab(page, jupyter, project):
    lab = LabPage(page, jupyter, project.name, project.name)
    yield lab
    lab.page.evaluate(END_KERNELS, [jupyter, project.name])
    address = urlsplit(jupyter).netloc
    assert lab.hosts <= {address, ""}, "it asked another host"


@pytest.fixture
def notebook(lab, jupyter, project):
    """Open a notebook of one cell beside the panel, and run it."""

    def open_notebook(name, cell):
        write_notebook(project / f"{name}.ipynb", cell)
        path = f"{project.name}/{name}.ipynb"
        opening = "async (path) => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }"
        lab.page.evaluate(opening, path)
        notebook = NotebookPage(lab.page, jupyter)
        notebook.wait_until_idle()
        return notebook

    return open_notebook


def test_the_panel_lists_the_stores_of_the_folder_and_browses_one(lab, shoot):
    lab.show()
    lab.shows("main", "archive", "broken")
    expect(lab.store("main")).to_contain_text("default")
    expect(part(lab.store("broken"), "problem")).to_contain_text("Did you mean 'access_key'?")
    assert part(lab.store("broken"), "browse").count() == 0
    shoot(lab.page, "panel-1-listed")
    assert accessibility_problems(lab.panel) == []
    browser = lab.browse("main")
    browser.expand("lab")
    expect(browser.choose("notes.txt", shows="text")).to_contain_text("taken on the second rig")
    shoot(lab.page, "panel-2-browsed")
    assert accessibility_problems(lab.panel) == []


def test_a_store_opens_in_a_tab_that_it_fills(lab, shoot):
    lab.show()
    lab.shows("main")
    part(lab.store("main"), "open-tab").click()
    browser = lab.browser(lab.tab)
    browser.expand("lab")
    expect(browser.choose("settings.json", shows="json")).to_contain_text("rate")
    shoot(lab.page, "panel-3-tab")
    assert accessibility_problems(lab.tab) == []
    assert lab.page.evaluate(SHELL) == "main"
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:close')")
    expect(lab.tab).to_have_count(0)


@pytest.mark.one_theme
def test_the_launcher_and_the_palette_open_the_wizard_and_the_panel(lab, shoot):
    cards = lab.page.locator(".jp-Launcher:visible .jp-LauncherCard")
    expect(cards.filter(has_text="Browse object stores")).to_be_visible(timeout=PATIENCE)
    shoot(lab.page, "panel-4-launcher")
    cards.filter(has_text="Browse object stores").click()
    lab.shows("main")
    cards.filter(has_text="Set up an object store").click()
    expect(lab.tab.locator(".djo-wizard")).to_be_visible(timeout=PATIENCE)
    expect(lab.tab.locator(".djo-wizard")).to_contain_text("archive", timeout=PATIENCE)
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:close')")
    lab.page.keyboard.press("Control+Shift+c")
    lab.page.keyboard.type("Set up an object store")
    lab.page.keyboard.press("Enter")
    expect(lab.tab.locator(".djo-wizard")).to_be_visible(timeout=PATIENCE)


@pytest.mark.one_theme
def test_a_store_that_the_wizard_wrote_is_listed_without_a_new_kernel(lab, project):
    (project / "datajoint.json").unlink()
    lab.show()
    expect(lab.panel).to_contain_text("No store is configured", timeout=PATIENCE)
    lab.part("retry").click()
    wizard = lab.tab.locator(".djo-wizard")
    part(wizard, "kind-folder").click()
    part(wizard, "name").fill("fresh")
    part(wizard, "location").fill(str(project / "data"))
    for step in ("layout", "test", "review"):
        part(wizard, "next").click()
        expect(part(wizard, f"way-{step}")).to_have_attribute("aria-current", "step", timeout=PATIENCE)
    part(wizard, "write").click()
    expect(part(wizard, "code")).to_contain_text("djo.enable()", timeout=PATIENCE)
    lab.part("refresh").click()
    lab.shows("fresh")
    lab.browse("fresh").expand("lab")


@pytest.mark.one_theme
def test_the_kernel_of_a_notebook_may_be_shared_and_answers_while_it_is_busy(lab, project, notebook):
    place = project / "data"
    opened = notebook("shared", CONFIGURED.format(place=str(place)))
    opened.run_all()
    lab.show()
    lab.choose_kernel("shared.ipynb")
    lab.shows("mine")
    browser = lab.browse("mine")
    begun, done = project / "begun", project / "done"
    source = BUSY.format(begun=str(begun), done=str(done))
    run = """(source) => { void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
        .requestExecute({code: source}).done.catch(() => undefined); }"""
    lab.page.evaluate(run, source)
    try:
        wait_for(begun)
        browser.expand("lab")
        expect(browser.choose("notes.txt", shows="text")).to_contain_text("taken on the second rig")
    finally:
        done.touch()
    opened.wait_until_idle()
    look = "sorted(name for name in globals() if 'djo' in name or 'panel' in name), len(In)"
    told = lab.page.evaluate(
        """async (look) => (await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
        .requestExecute({code: "", silent: true, user_expressions: {look}}).done)
        .content.user_expressions.look.data["text/plain"]""",
        look,
    )
    assert told.startswith("([], ")


@pytest.mark.one_theme
def test_a_kernel_without_the_package_and_one_that_ends_are_told_with_the_way_on(lab, notebook, shoot):
    opened = notebook("bare", WITHOUT)
    opened.run_all()
    lab.show()
    lab.choose_kernel("bare.ipynb")
    expect(lab.part("error")).to_contain_text("pip install dj-objectstore", timeout=PATIENCE)
    shoot(lab.page, "panel-5-without-the-package")
    assert accessibility_problems(lab.panel) == []
    opened.restart_kernel()
    lab.part("retry").click()
    lab.shows("main")
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    expect(lab.part("error")).to_contain_text(re.compile("ended|gone"), timeout=PATIENCE)
    lab.part("retry").click()
    lab.shows("main")
    expect(lab.part("kernel")).to_have_value(re.compile("^own:"))


@pytest.mark.one_theme
def test_the_panels_own_kernel_may_die_and_is_asked_again(lab, project):
    lab.show()
    lab.shows("main")
    part(lab.store("main"), "open-tab").click()
    expect(lab.browser(lab.tab).row("lab")).to_be_visible(timeout=PATIENCE)
    lab.page.evaluate(KILL, project.name)
    for place in (lab.panel, lab.tab):
        expect(part(place, "error")).to_contain_text("was restarted", timeout=PATIENCE)
        part(place, "retry").click()
    lab.shows("main")
    expect(lab.browser(lab.tab).row("lab")).to_be_visible(timeout=PATIENCE)
    expect(lab.browse("main").row("lab")).to_be_visible(timeout=PATIENCE)


def test_the_keyboard_alone_lists_browses_and_opens(lab, shoot):
    lab.show()
    lab.shows("main", "archive")
    keyboard = lab.page.keyboard
    lab.part("refresh").focus()
    for name in ("kernel", "browse"):
        keyboard.press("Tab")
        expect(lab.part(name)).to_be_focused()
    keyboard.press("ArrowDown")
    expect(part(lab.store("archive"), "browse")).to_be_focused()
    shoot(lab.page, "panel-6-focus")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    browser = lab.browser(lab.panel)
    expect(part(lab.store("main"), "browse")).to_be_focused()
    expect(browser.row("lab")).to_be_visible(timeout=PATIENCE)
    keyboard.press("Tab")
    expect(part(lab.store("main"), "open-tab")).to_be_focused()
    keyboard.press("Enter")
    expect(lab.browser(lab.tab).row("lab")).to_be_visible(timeout=PATIENCE)


@pytest.mark.one_theme
def test_the_panels_own_kernel_is_found_again_after_the_page_was_loaded_anew(lab, jupyter, project):
    lab.show()
    lab.shows("main")
    running = f"async () => (await fetch('{jupyter}api/sessions')).json()"
    before = {session["id"] for session in lab.page.evaluate(running)}
    saved = """async ([url, name]) => (await (await fetch(`${url}lab/api/workspaces/${name}`)).text())
        .split("dj-objectstore-stores").length > 1"""
    lab.page.wait_for_function(saved, arg=[jupyter, project.name], timeout=PATIENCE)
    lab.page.reload()
    lab.page.wait_for_function("() => !!window.jupyterapp", timeout=PATIENCE)
    lab.shows("main")  # the panel is where it was
    browser = lab.browse("main")
    expect(browser.row("lab")).to_be_visible(timeout=PATIENCE)
    assert {session["id"] for session in lab.page.evaluate(running)} == before


@pytest.mark.one_theme
def test_a_link_in_a_tables_preview_opens_its_object_in_a_tab(lab, demo, jupyter, project):
    name = f"{project.name}.ipynb"
    write_notebook(demo.folder.path / name, LINKED.format(schema="panel_links"))
    notebook = NotebookPage(lab.page, jupyter)
    notebook.open(name)
    notebook.run_all()
    link = lab.page.locator('a[data-commandlinker-command="dj-objectstore:show"]')
    expect(link).to_have_count(1, timeout=PATIENCE)
    link.click()
    expect(lab.browser(lab.tab).part("preview")).to_contain_text("seen by a link", timeout=PATIENCE)
