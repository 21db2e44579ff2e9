"""What goes wrong is said in place, in words, and the widget stays usable."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect

from notebook_page import NotebookPage, write_notebook

SETUP = (
    'import datajoint as dj\n%load_ext dj_objectstore\nRecording = dj.VirtualModule("demo", "demo").Recording'
)


@pytest.fixture
def run(page, jupyter, demo):
    """Run cells in a new notebook and return the page."""

    def run(name, *cells):
        write_notebook(demo.folder.path / name, SETUP, *cells)
        opened = NotebookPage(page, jupyter)
        opened.open(name)
        opened.run_all()
        return opened

    return run


@pytest.fixture
def moved_away():
    """Move files of the store away for the time of a test."""
    moved = []

    def move(path):
        hidden = path.with_name(f"{path.name}.hidden")
        shutil.move(path, hidden)
        moved.append((hidden, path))

    yield move
    for hidden, path in moved:
        shutil.move(hidden, path)


def place(demo, field):
    return demo.folder.store / demo.recording.fetch1(field).path


def test_a_missing_chunk_is_told_and_the_other_frames_still_show(run, demo, moved_away, shoot):
    movie = demo.recording.fetch1("movie")
    last = (movie.shape[0] - 1) // movie.chunks[0]
    assert last > 0, "the demo's movie has one chunk, so none of its frames would remain"
    moved_away(place(demo, "movie") / f"{last}.0.0")
    notebook = run("missing_chunk.ipynb", 'Recording.fetch1("movie")')
    scrubber = notebook.scrubber
    scrubber.wait()
    scrubber.set_field("position", movie.shape[0] - 1)
    error = scrubber.part("error")
    expect(error).to_be_visible(timeout=30_000)
    expect(error).to_contain_text(f"{last}.0.0")
    expect(error).to_have_attribute("data-code", "chunk")
    shoot(scrubber.root, "scrubber-error")
    scrubber.set_field("position", 3)
    scrubber.wait_for_frame(3)
    expect(error).to_be_hidden()
    assert scrubber.pixels().std() > 0
    scrubber.set_field("position", last * movie.chunks[0] - 3)
    scrubber.part("play").click()
    expect(error).to_contain_text(f"{last}.0.0", timeout=30_000)
    expect(scrubber.part("play")).to_have_attribute("aria-label", "Pause")
    expect(scrubber.root).to_have_attribute("data-frame", re.compile(r"^\d$"), timeout=30_000)
    expect(error).to_be_hidden()
    scrubber.part("play").click()


def test_a_movie_that_is_gone_is_told(run, demo, moved_away, shoot):
    moved_away(place(demo, "movie"))
    notebook = run("missing_movie.ipynb", 'Recording.fetch1("movie")')
    error = notebook.scrubber.part("error")
    expect(error).to_be_visible(timeout=30_000)
    expect(error).to_contain_text("main")
    expect(error).to_have_attribute("data-code", "object-not-found")
    shoot(notebook.scrubber.root, "scrubber-gone")


@pytest.mark.one_theme
def test_a_folder_that_is_gone_is_told(run, demo, moved_away):
    moved_away(place(demo, "files"))
    notebook = run("missing_files.ipynb", 'Recording.fetch1("files")')
    error = notebook.browser.part("error")
    expect(error).to_be_visible(timeout=30_000)
    expect(error).to_contain_text("main")


@pytest.mark.one_theme
def test_markup_in_a_file_stays_text(run):
    insert = """
import pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "<img src=x onerror=alert(1)>.txt").write_text("<script>window.wasRun = true</script>")

class Odd(dj.Manual):
    definition = '''
    odd_id : int32
    ---
    files : <object@main>
    '''

Odd = dj.Schema("odd")(Odd)
Odd.insert1({"odd_id": 1, "files": folder}, skip_duplicates=True)
"""
    browser = run("markup.ipynb", insert, "Odd.fetch1('files')").browser
    preview = browser.choose("<img src=x onerror=alert(1)>.txt", shows="text")
    expect(preview).to_contain_text("<script>window.wasRun = true</script>")
    assert browser.root.locator("img[src=x]").count() == 0
    assert browser.root.page.evaluate("() => window.wasRun") is None
