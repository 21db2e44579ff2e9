"""The notebooks run from top to bottom on a real demo, and show what they say."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from dj_objectstore.demo.configuration import notebook_environment
from dj_objectstore.demo.session import open_demo

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def demo():
    # not in pytest's own folder, which the next session that starts closes to the database's user
    with tempfile.TemporaryDirectory(prefix="djo-nb-") as folder, open_demo(Path(folder) / "demo") as running:
        yield running


@pytest.fixture(scope="module")
def executed(demo):
    """Give each notebook after a run in the demo's folder; each runs once."""
    done = {}

    def execute(path):
        if path not in done:
            copy = Path(shutil.copy(path, demo.folder.path / f"run-{path.name}"))
            notebook = nbformat.read(copy, as_version=4)
            client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": copy.parent}})
            client.execute(env=notebook_environment())
            done[path] = notebook
        return done[path]

    return execute


def outputs(notebook, cell_id):
    (cell,) = (cell for cell in notebook.cells if cell.id == cell_id)
    return cell.outputs


def result(notebook, cell_id):
    (shown,) = (out for out in outputs(notebook, cell_id) if out.output_type == "execute_result")
    return shown.data


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(executed, path):
    notebook = executed(path)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_nothing_is_printed_to_standard_error(executed):
    notebook = executed(NOTEBOOKS[0])
    told = [
        out.text
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if out.output_type == "stream" and out.name == "stderr"
    ]
    assert told == []


@pytest.mark.parametrize("cell_id", ["movie", "files"])
def test_a_fetched_object_is_a_widget_and_also_text_and_html(executed, cell_id):
    data = result(executed(NOTEBOOKS[0]), cell_id)
    assert {WIDGET, "text/plain", "text/html"} <= set(data)


def test_a_fetched_movie_leaves_a_picture_for_readers_without_widgets(executed):
    assert "image/png" in result(executed(NOTEBOOKS[0]), "movie")


def test_the_mean_projection_is_a_frame_of_the_movie(executed, demo):
    shape = demo.recording.fetch1("movie").shape
    assert f"({shape[1]}, {shape[2]})" in result(executed(NOTEBOOKS[0]), "dask")["text/plain"]


def test_the_xarray_slice_has_named_axes(executed):
    assert "(time: 100)" in result(executed(NOTEBOOKS[0]), "xarray")["text/plain"]


def test_the_notes_are_read(executed):
    (printed,) = outputs(executed(NOTEBOOKS[0]), "read")
    assert "Two-photon movie of the dj-objectstore demo" in printed.text


def named(stem):
    (path,) = (path for path in NOTEBOOKS if path.stem == stem)
    return path


def test_the_wizard_is_shown_and_the_doctor_finds_the_store_well(executed):
    notebook = executed(named("03_stores"))
    assert WIDGET in result(notebook, "wizard")
    told = "".join(out.text for out in outputs(notebook, "doctor"))
    assert "FAILED" not in told
    assert "write" in told
