"""A store joined to its database in a real JupyterLab: marks, the row of an object, the summary."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from notebook_page import PATIENCE, Browser, NotebookPage, accessibility_problems, write_notebook

CELLS = (
    """
import os, pathlib, time
import datajoint as dj
%load_ext dj_objectstore
import dj_objectstore as djo
from dj_objectstore.store.inflight import Marker, build_marker

class Scan(dj.Manual):
    definition = '''
    subject : varchar(16)
    scan_id : int32
    ---
    note  : varchar(40)
    files : <object@main>
    '''

Scan = dj.Schema("joined")(Scan)
Scan.insert(
    [{"subject": "M042", "scan_id": n, "note": "<b>calm</b>", "files": b"kept" * 999} for n in range(3)],
    skip_duplicates=True,
)
store = djo.open_store("main")
scan = "_schema/joined/Scan/subject=M042/scan_id=7"
marker = Marker(f"{scan}/files_Qq7wE5rT", "joined", "scan", {})
made = {
    f"{scan}/files_Zz9yX8wV": b"lost" * 5000,
    f"{scan}/files_Ab3dE5gH": b"new",
    f"{scan}/files_Qq7wE5rT": b"part",
    f"{scan}/<b>notes.txt": b"by hand",
    "_schema/elsewhere/Scan/i=1/files_Zz9yX8wV": b"of another database" * 99,
    "_dj_objectstore/removed/1/files_Zz9yX8wV": b"removed",
    marker.marker_key: build_marker(marker),
}
for path, data in made.items():
    store.put(path, data, overwrite=True)
three_days_ago = time.time() - 3 * 86400
for path in (f"{scan}/files_Zz9yX8wV", "_schema/elsewhere/Scan/i=1/files_Zz9yX8wV"):
    os.utime(pathlib.Path(store.spec.location) / path, (three_days_ago, three_days_ago))
""",
    'djo.browse(store="main")',
)


@pytest.fixture(scope="session")
def joined(context, jupyter, demo, theme):
    name = f"joined-{theme}.ipynb"
    write_notebook(demo.folder.path / name, *CELLS)
    notebook = NotebookPage(context.new_page(), jupyter)
    notebook.page.set_default_timeout(PATIENCE)
    notebook.open(name)
    notebook.run_all()
    root = notebook.page.locator(".djo-browser")
    root.wait_for(state="visible", timeout=PATIENCE)
    root.scroll_into_view_if_needed()
    browser = Browser(root)
    expect(browser.part("joined")).to_contain_text("Joined to PostgreSQL", timeout=PATIENCE)
    return browser


def expand(browser, *names):
    for name in names:
        browser.expand(name)


def mark_of(browser, name):
    return browser.row(name).locator('[data-djo="mark"]')


def test_each_entry_says_whose_it_is(joined, shoot):
    expect(mark_of(joined, "_dj_objectstore")).to_have_text("internal", timeout=PATIENCE)
    expand(joined, "_dj_objectstore")
    expect(mark_of(joined, "removed")).to_have_text("quarantined", timeout=PATIENCE)
    joined.row("_dj_objectstore").locator(".djo-twisty").click()
    expand(joined, "_schema", "joined")
    expect(mark_of(joined, "elsewhere")).to_have_text("not read", timeout=PATIENCE)
    expect(mark_of(joined, "joined")).to_have_text("schema", timeout=PATIENCE)
    expand(joined, "Scan")
    expect(mark_of(joined, "subject=M042")).to_have_text("3 rows", timeout=PATIENCE)
    expand(joined, "subject=M042", "scan_id=0", "scan_id=7")
    expect(mark_of(joined, "scan_id=0")).to_have_text("1 row", timeout=PATIENCE)
    expect(mark_of(joined, "files_Zz9yX8wV")).to_have_text("no row", timeout=PATIENCE)
    expect(mark_of(joined, "files_Ab3dE5gH")).to_have_text("recent", timeout=PATIENCE)
    expect(mark_of(joined, "files_Qq7wE5rT")).to_have_text("being written", timeout=PATIENCE)
    expect(mark_of(joined, "<b>notes.txt")).to_have_text("foreign", timeout=PATIENCE)
    assert accessibility_problems(joined.root) == []
    shoot(joined.root, "browser-store-owners")


def test_the_row_of_an_object_is_shown_and_its_restriction_copied_by_keyboard(joined, shoot):
    row = joined.root.locator('[data-djo="row"][aria-level="6"]').filter(has_text="files_").first
    row.click()
    owner = joined.part("owner")
    expect(owner).to_contain_text(
        "A row names it: joined.scan, subject = M042, scan_id = 0", timeout=PATIENCE
    )
    expect(owner.locator('[data-djo="copy-restriction"]')).to_have_attribute(
        "data-text", "{'subject': 'M042', 'scan_id': 0}"
    )
    keyboard = joined.root.page.keyboard
    joined.part("tree").focus()
    for _ in range(12):
        keyboard.press("Tab")
        if joined.part("show-row").evaluate("(button) => document.activeElement === button"):
            break
    keyboard.press("Enter")
    expect(joined.part("owner-row")).to_contain_text("<b>calm</b>", timeout=PATIENCE)
    assert joined.part("owner-row").locator("b").count() == 0
    assert accessibility_problems(joined.root) == []
    shoot(joined.root, "browser-store-row")


def test_why_something_could_not_be_told_is_said(joined):
    joined.row("elsewhere").click()
    expect(joined.part("owner")).to_contain_text("no schema 'elsewhere'", timeout=PATIENCE)


def test_the_whole_store_is_compared_with_the_database(joined, shoot):
    joined.part("compare").click()
    line = joined.root.locator('[data-djo="standing"][data-standing="orphan"]')
    expect(line).to_contain_text("no row", timeout=PATIENCE)
    expect(line).to_contain_text("20 kB")
    expect(joined.part("notes")).to_contain_text("elsewhere")
    assert accessibility_problems(joined.root) == []
    shoot(joined.root, "browser-store-compared")


@pytest.mark.one_theme
@pytest.mark.parametrize("width", [360, 1200])
def test_marks_and_numbers_fit_where_they_are(joined, shoot, width):
    joined.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)
    expect(joined.root.locator(".djo-body")).to_be_visible()
    assert joined.root.evaluate("(root) => root.scrollWidth <= root.clientWidth")
    shoot(joined.root, f"browser-store-owners-{width}")
