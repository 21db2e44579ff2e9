"""The browser of a table and of a store in a real JupyterLab: rows, objects, bytes, by mouse and by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from notebook_page import PATIENCE, Browser, accessibility_problems, part, run_notebook

CELLS = (
    """
import json, pathlib, tempfile
import datajoint as dj
%load_ext dj_objectstore
import dj_objectstore as djo
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "settings.json").write_text(json.dumps({"rig": {"laser": {"power_mw": 28}}, "planes": [0, 40]}))
(folder / "notes.txt").write_text("a quiet mouse")
import h5py, numpy, pyarrow, pyarrow.parquet
numpy.save(folder / "mask.npy", numpy.arange(48.0).reshape(6, 8))
pyarrow.parquet.write_table(pyarrow.table({"cell": [1, 2], "snr": [3.5, 4.5]}), folder / "cells.parquet")
with h5py.File(folder / "session.nwb", "w") as file:
    file.create_dataset("acquisition/movie", (10, 6, 8), "i2", chunks=(1, 6, 8), compression="gzip")
(folder / "raw.bin").write_bytes(bytes(range(256)) * 20)
(folder / "drawing.svg").write_text("<svg onload='window.wasRun = true'></svg>")
(folder / "trials").mkdir()
for n in range(12):
    (folder / "trials" / f"trial_{n}.txt").write_text("x" * (n * n + 1))

class Trial(dj.Manual):
    definition = '''
    trial_id : int32
    ---
    side  : varchar(8)
    speed : float32
    files : <object@main>
    '''

Trial = dj.Schema("browsed")(Trial)
Trial.insert(
    [{"trial_id": n, "side": ["left", "right"][n % 2], "speed": n / 4, "files": folder} for n in range(6)],
    skip_duplicates=True,
)
""",
    "djo.browse(Trial)",
    'djo.browse(store="main")',
)


@pytest.fixture(scope="session")
def notebook(context, jupyter, demo, theme):
    return run_notebook(context, jupyter, demo.folder.path / f"browser-{theme}.ipynb", *CELLS)


def browser_of(notebook, number):
    root = notebook.page.locator(".djo-browser").nth(number)
    root.wait_for(state="visible", timeout=PATIENCE)
    root.scroll_into_view_if_needed()
    return Browser(root)


@pytest.fixture
def table(notebook):
    return browser_of(notebook, 0)


@pytest.fixture
def store(notebook):
    return browser_of(notebook, 1)


@pytest.fixture
def opened(table):
    """The table with the object of its second row open."""
    table.part("condition").fill("")
    table.part("condition").press("Enter")
    row = table.root.locator("tbody tr").filter(has_text="0.25")
    part(row, "object").click()
    expect(table.row("notes.txt")).to_be_visible(timeout=PATIENCE)
    return table


def names(browser):
    return browser.root.locator('[data-djo="row"]').evaluate_all(
        "rows => rows.map((row) => row.dataset.name)"
    )


def test_a_table_is_restricted_as_typed(table):
    expect(table.part("count")).to_have_text("6 rows", timeout=PATIENCE)
    table.part("condition").press_sequentially("speed > 0.9")
    expect(table.part("count")).to_have_text("2 rows", timeout=PATIENCE)
    table.part("condition").fill("weight > 1")
    expect(table.root.locator(".djo-row-grid-failure")).to_contain_text("no column", timeout=PATIENCE)
    table.part("condition").fill("left")
    expect(table.part("count")).to_have_text("3 rows", timeout=PATIENCE)


def test_the_object_of_a_row_opens_below_it(opened, shoot):
    opened.choose("notes.txt", shows="text")
    expect(opened.part("preview")).to_contain_text("a quiet mouse")
    assert accessibility_problems(opened.root) == []
    shoot(opened.root, "browser-rows")


def test_an_object_is_verified_and_shows_its_manifest(opened, shoot):
    opened.root.locator(".djo-crumb").first.click()
    opened.part("verify-data").click()
    expect(opened.part("outcome")).to_contain_text("19 files are as they were written", timeout=PATIENCE)
    opened.part("manifest").click()
    expect(opened.part("outcome")).to_contain_text("xxh3", timeout=PATIENCE)
    shoot(opened.root, "browser-manifest")


@pytest.mark.one_theme
@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("mask.npy", "array", "float64"),
        ("cells.parquet", "table", "snr"),
        ("session.nwb", "table", "10 x 6 x 8"),
        ("raw.bin", "hex", "00 01 02 03"),
        ("drawing.svg", "text", "<svg onload="),
    ],
)
def test_each_kind_of_file_has_its_preview(opened, name, kind, text):
    expect(opened.choose(name, shows=kind)).to_contain_text(text)
    assert opened.root.page.evaluate("() => window.wasRun") is None


def test_json_folds(opened, shoot):
    preview = opened.choose("settings.json", shows="json")
    expect(preview.locator(".djo-json-line")).to_have_count(2)
    preview.locator("summary").filter(has_text="laser").press("Enter")
    expect(preview).to_contain_text('"power_mw": 28')
    shoot(opened.root, "browser-json")


@pytest.mark.one_theme
def test_a_folder_is_filtered_and_sorted(opened):
    opened.expand("trials")
    expect(opened.row("trial_11.txt")).to_be_visible(timeout=PATIENCE)
    opened.part("sort").select_option("size")
    opened.part("descending").click()
    expect(opened.root.locator('[data-djo="row"][aria-level="2"]').first).to_have_attribute(
        "data-name", "trial_11.txt", timeout=PATIENCE
    )
    opened.part("filter").press_sequentially("trial")
    expect(opened.row("notes.txt")).to_have_count(0, timeout=PATIENCE)
    assert names(opened)[0] == "trials"
    opened.part("filter").press("Escape")
    opened.part("descending").click()
    opened.part("sort").select_option("name")
    expect(opened.row("notes.txt")).to_be_visible(timeout=PATIENCE)


@pytest.mark.one_theme
def test_the_tree_is_used_by_keyboard_alone(opened, demo):
    keyboard = opened.root.page.keyboard
    opened.part("tree").focus()
    selected = opened.root.locator('[data-djo="row"][aria-selected="true"]')
    keyboard.press("Home")
    expect(selected).to_have_attribute("data-name", "trials")
    keyboard.press("ArrowLeft")
    expect(opened.row("trials")).to_have_attribute("aria-expanded", "false")
    keyboard.press("ArrowRight")
    expect(opened.row("trial_0.txt")).to_be_visible(timeout=PATIENCE)
    keyboard.press("ArrowDown")
    keyboard.press("Shift+ArrowDown")
    expect(selected).to_have_count(2)
    expect(opened.part("marked")).to_have_text("2 selected", timeout=PATIENCE)
    for _ in range(10):
        keyboard.press("Tab")
        if opened.part("save").evaluate("(button) => document.activeElement === button"):
            break
    keyboard.press("Enter")
    expect(opened.part("outcome")).to_contain_text("Saved", timeout=PATIENCE)
    assert (demo.folder.path / "downloads" / "trial_1.txt").read_text() == "xx"


def test_a_store_shows_where_its_bytes_are(store, shoot):
    expect(store.row("_schema")).to_be_visible(timeout=PATIENCE)
    store.part("count-bytes").click()
    expect(store.root.locator('[data-djo="bar"][data-name="browsed"]')).to_be_visible(timeout=PATIENCE)
    expect(store.root.locator('[data-djo="bar"][data-name="Recording"]')).to_contain_text("MB")
    store.expand("_schema")
    assert accessibility_problems(store.root) == []
    shoot(store.root, "browser-store")


@pytest.mark.one_theme
@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_where_it_is(store, shoot, width):
    store.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)
    expect(store.root.locator(".djo-body")).to_be_visible()
    assert store.root.evaluate("(root) => root.scrollWidth <= root.clientWidth")
    shoot(store.root, f"browser-store-{width}")
