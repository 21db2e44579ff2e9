"""The rows of a table in a real JupyterLab: selected and taken home, by mouse and by keys; linked."""

from __future__ import annotations

import json
import shutil

import pytest
from playwright.sync_api import expect

from notebook_page import PATIENCE, Browser, accessibility_problems, part, run_notebook

ROWS = 2500
CELLS = (
    f"""
import pathlib, tempfile
import datajoint as dj
%load_ext dj_objectstore
import dj_objectstore as djo
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "notes.txt").write_text("a quiet mouse")

class Session(dj.Manual):
    definition = '''
    subject    : varchar(16)
    session_id : int32
    ---
    rate  : float32
    notes = "" : varchar(64)
    files = null : <object@main>
    '''

Session = dj.Schema("rows")(Session)
Session.delete_quick()
Session.insert({{"subject": "M042", "session_id": n, "rate": n / 4, "files": folder}} for n in range(6))
Session.insert({{"subject": "M<i>43</i>", "session_id": n, "rate": n}} for n in range({ROWS}))
lost = (Session & {{"subject": "M042", "session_id": 4}}).fetch1("files")
lost.opened.delete_tree(lost.path)
""",
    "djo.browse(Session)",
    """Session & {"subject": "M042"} & "session_id < 3\"""",
)


@pytest.fixture(scope="session")
def notebook(context, jupyter, demo, theme):
    return run_notebook(context, jupyter, demo.folder.path / f"rows-{theme}.ipynb", *CELLS)


@pytest.fixture
def table(notebook):
    """The rows from the first on, nothing selected."""
    root = notebook.page.locator(".djo-browser").first
    root.wait_for(state="visible", timeout=PATIENCE)
    root.scroll_into_view_if_needed()
    browser = Browser(root)
    for condition in ("M042", ""):  # what was restricted before begins anew
        browser.part("condition").fill(condition)
        browser.part("condition").press("Enter")
        expect(browser.part("count")).to_have_text("6 rows" if condition else "100+ rows", timeout=PATIENCE)
    return browser


def row(browser, index):
    return browser.root.locator(f'tr[data-index="{index}"]')


def cell(browser, index):
    """A cell to click on, of the key."""
    return row(browser, index).locator("td").nth(1)


def selected(browser):
    return browser.root.locator('tr[aria-selected="true"]').evaluate_all(
        "rows => rows.map((row) => Number(row.dataset.index))"
    )


@pytest.fixture
def folder(demo):
    """Where rows are taken; nothing lies there yet."""
    folder = demo.folder.path / "downloads" / "rows.session"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def test_rows_are_selected_by_mouse_and_taken_home(table, folder, shoot):
    expect(table.part("save-rows")).to_be_disabled()
    cell(table, 0).click()
    cell(table, 2).click(modifiers=["Shift"])
    cell(table, 1).click(modifiers=["ControlOrMeta"])
    cell(table, 3).click(modifiers=["ControlOrMeta"])
    assert selected(table) == [0, 2, 3]
    expect(table.part("count")).to_have_text("3 of 100+ rows selected")
    table.part("save-rows").click()
    told = f"Saved in {folder}: 3 objects, 39 B"
    expect(table.part("rows-outcome")).to_contain_text(told, timeout=PATIENCE)
    for number in (0, 2, 3):
        assert (folder / f"M042_{number}_files" / "notes.txt").read_text() == "a quiet mouse"
    assert not (folder / "M042_1_files").exists()
    assert accessibility_problems(table.root) == []
    shoot(table.root, "rows-selected")


def test_every_row_that_failed_is_named(table, folder, shoot):
    cell(table, 4).click()
    cell(table, 5).click(modifiers=["Shift"])
    table.part("save-rows").click()
    findings = table.part("findings").locator("li")
    expect(findings).to_have_count(1, timeout=PATIENCE)
    expect(findings.first).to_contain_text("rows.session (subject=M042, session_id=4) files")
    assert (folder / "M042_5_files" / "notes.txt").exists()
    assert accessibility_problems(table.root) == []
    shoot(table.root, "rows-failed")


@pytest.mark.one_theme
def test_rows_are_used_by_keyboard_alone(table, folder):
    keyboard = table.root.page.keyboard
    table.part("condition").focus()
    for _ in range(5):
        keyboard.press("Tab")
        if table.part("grid").evaluate("(grid) => document.activeElement === grid"):
            break
    keyboard.press("ArrowDown")
    keyboard.press("Shift+ArrowDown")
    keyboard.press("Control+ArrowDown")
    keyboard.press("Control+ArrowDown")
    keyboard.press("Control+ArrowDown")
    keyboard.press(" ")
    expect(table.part("count")).to_have_text("3 of 100+ rows selected")
    assert selected(table) == [1, 2, 5]
    active = table.part("grid").get_attribute("aria-activedescendant")
    assert row(table, 5).get_attribute("id") == active
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    expect(table.part("rows-outcome")).to_contain_text("3 objects", timeout=PATIENCE)
    assert (folder / "M042_1_files" / "notes.txt").exists()
    table.part("grid").focus()
    keyboard.press("Home")
    keyboard.press("Enter")
    expect(table.row("notes.txt")).to_be_visible(timeout=PATIENCE)


@pytest.mark.one_theme
def test_of_a_long_table_little_is_on_the_page(table):
    grid, count = table.part("grid"), table.part("count")
    grid.focus()
    while grid.get_attribute("aria-rowcount") == "-1":
        before = count.inner_text()
        table.root.page.keyboard.press("End")
        table.root.page.wait_for_function(
            """([count, grid, before]) =>
                count.innerText !== before || grid.getAttribute("aria-rowcount") !== "-1" """,
            arg=[count.element_handle(), grid.element_handle(), before],
        )
    table.root.page.keyboard.press("End")
    expect(count).to_have_text(f"1 of {ROWS + 6:,} rows selected")
    assert table.root.locator("tr").count() < 60
    expect(row(table, ROWS + 5)).to_contain_text("M<i>43</i>")
    table.root.page.keyboard.press("Home")
    expect(row(table, 0)).to_contain_text("M042", timeout=PATIENCE)


@pytest.mark.one_theme
def test_the_url_is_copied_beside_the_path(table):
    table.root.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    part(row(table, 0), "object").click()
    table.choose("notes.txt", shows="text")
    expect(table.part("copy-line").locator("xpath=..")).to_contain_text(
        "(Session & {'subject': 'M042', 'session_id': 0}).fetch1('files')"
    )
    for name, wanted in (("copy-path", "notes.txt"), ("copy-url", "/notes.txt")):
        table.part(name).click()
        expect(table.part(name)).to_have_attribute("title", "Copied")
        text = table.root.page.evaluate("() => navigator.clipboard.readText()")
        assert text.endswith(wanted)
    assert text.startswith(("file:///", "s3://"))


@pytest.mark.one_theme
@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_where_it_is(table, shoot, width):
    table.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)
    cell(table, 1).click()
    assert table.root.evaluate("(root) => root.scrollWidth <= root.clientWidth")
    shoot(table.root, f"rows-{width}")
    table.root.evaluate("(root) => { root.parentElement.style.width = ''; }")


def test_the_objects_of_datajoints_own_preview_are_links(notebook, shoot):
    links = notebook.page.locator('.jp-OutputArea a[data-commandlinker-command="dj-objectstore:show"]')
    expect(links).to_have_count(3)
    handle = json.loads(links.first.get_attribute("data-commandlinker-args"))["handle"]
    assert len(handle) == 32
    line = "djo.browse((Session & {'subject': 'M042', 'session_id': '0'}).fetch1('files'))"
    assert links.first.get_attribute("title") == line
    links.first.scroll_into_view_if_needed()
    shoot(notebook.page.locator(".jp-OutputArea").last, "rows-preview")
