from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import datajoint as dj
import datajoint.objectref
import pytest
from datajoint.builtin_codecs.npy import NpyRef
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget
from PIL import Image

import dj_objectstore as djo
from dj_objectstore.objects.file_ref import FileRef
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.widgets import widget as widget_module
from dj_objectstore.widgets.display import WIDGET_VIEW, format_size, mimebundle, summary_html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dj_objectstore.store.store import Store


@pytest.fixture(autouse=True)
def _close_widgets() -> Iterator[None]:
    yield
    Widget.close_all()


def test_a_movie_is_shown_as_scrubber_summary_and_thumbnail(movie: PhotonMovie) -> None:
    data, _ = mimebundle(movie)
    assert set(data) == {"text/plain", "text/html", "image/png", WIDGET_VIEW}
    assert data["text/plain"] == repr(movie)
    assert "time 35, y 24, x 16" in data["text/html"]
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).format == "PNG"
    assert data[WIDGET_VIEW]["model_id"]


def test_a_folder_is_shown_as_browser_and_summary(files: ObjectRef) -> None:
    data, _ = mimebundle(files)
    assert set(data) == {"text/plain", "text/html", WIDGET_VIEW}
    assert "12.3 kB" in data["text/html"]


def test_ipython_takes_it(movie: PhotonMovie) -> None:
    formatter = DisplayFormatter()
    formatter.active_types = formatter.format_types
    data, _ = formatter.format(movie)
    assert {"text/html", "image/png", WIDGET_VIEW} <= set(data)


def test_only_what_is_wanted_is_made(movie: PhotonMovie, store: Store) -> None:
    store.delete_tree(movie.path)
    assert set(mimebundle(movie, include={"text/plain"})[0]) == {"text/plain"}
    assert WIDGET_VIEW not in mimebundle(movie, exclude={WIDGET_VIEW})[0]


def test_a_movie_that_is_gone_is_still_displayed(movie: PhotonMovie, store: Store) -> None:
    for entry in list(store.list()):
        store.delete([entry.key])
    data, _ = mimebundle(movie)
    assert set(data) == {"text/plain", "text/html", WIDGET_VIEW}


def test_a_store_that_is_not_configured_is_still_displayed(movie: PhotonMovie) -> None:
    data, _ = mimebundle(PhotonMovie(movie._stored, config={"stores": {}}))
    assert set(data) == {"text/plain", "text/html", WIDGET_VIEW}


def test_without_its_browser_side_the_summary_remains(
    movie: PhotonMovie, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(widget_module, "STATIC", tmp_path)
    assert WIDGET_VIEW not in mimebundle(movie)[0]


def test_names_are_escaped(config: dict[str, Any]) -> None:
    stored = StoredObject("lab/<img src=x onerror=alert(1)>", "main", None, is_dir=True)
    html = summary_html(ObjectRef(stored, config=config))
    assert "<img" not in html
    assert "&lt;img" in html
    assert "not known" in html


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (6_000_000, "6 MB"), (12 * 10**15, "12 PB")],
)
def test_sizes_are_for_people(size: int, text: str) -> None:
    assert format_size(size) == text


# -- other handles -----------------------------------------------------------------------------------------


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """IPython, with the package enabled in it."""
    shell = InteractiveShell.instance()
    shell.display_formatter.active_types = shell.display_formatter.format_types
    djo.enable()
    yield shell
    djo.disable()
    InteractiveShell.clear_instance()


def shown_by(shell: InteractiveShell, value: object) -> dict[str, Any]:
    data, _ = shell.display_formatter.format(value)
    return dict(data)


def test_every_handle_is_displayed_as_its_widget(
    shell: InteractiveShell, movie: PhotonMovie, files: ObjectRef, config: dict[str, Any]
) -> None:
    file = StoredObject(f"{files.path}/notes.txt", "main", 13, is_dir=False, original_name="notes.txt")
    for handle in (movie, files, FileRef(file, config=config)):
        assert WIDGET_VIEW in shown_by(shell, handle)


def test_the_handles_of_datajoint_are_displayed_too(
    shell: InteractiveShell, files: ObjectRef, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dj.config, "stores", config["stores"])
    backend = dj.storage.StorageBackend(config["stores"]["main"])
    stored = {"path": f"{files.path}/mask.npy", "store": "main", "shape": [6, 8], "dtype": "uint16"}
    assert WIDGET_VIEW in shown_by(shell, NpyRef(stored, backend))
    theirs = datajoint.objectref.ObjectRef.from_json({**files.to_json(), "store": "main"}, backend=backend)
    assert type(theirs).__module__.startswith("datajoint")
    assert WIDGET_VIEW in shown_by(shell, theirs)
    djo.disable()
    assert WIDGET_VIEW not in shown_by(shell, NpyRef(stored, backend))
