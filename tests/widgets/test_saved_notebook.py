"""What is left of the widgets in a notebook that was run and saved."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import nbclient
import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter

CELLS = [
    """
import numpy
import ipywidgets
from dj_objectstore.widgets.analysis import snapshot
from dj_objectstore.widgets.scrubber import scrub

snapshot.SHEET_SECONDS = 60  # however busy the machine is
movie = numpy.arange(30 * 6 * 8, dtype="u2").reshape(30, 6, 8)
scrub(movie, frame_rate=10, embed_frames=4, title="raw")
""",
    """
slider = ipywidgets.IntSlider(max=29)
left, right = scrub(movie), scrub(movie, colormap="magma")
ipywidgets.jslink((left, "position"), (slider, "value"))
ipywidgets.Tab([ipywidgets.HBox([left, right]), slider])
""",
    """
labels = numpy.zeros((6, 8), int)
labels[1:3, 1:4] = 1
wide = scrub(movie, masks=labels, rois=[{"kind": "rectangle", "points": [(0, 0), (2, 2)]}])
print(wide.code)
print(float(wide.traces.trace.sum()))
""",
]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def notebook() -> Any:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(made, timeout=120, kernel_name="python3").execute()
    return made


def state_of(notebook: Any, cell: int) -> dict[str, Any]:
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    data = next(output.data for output in notebook.cells[cell].outputs if "data" in output)
    return state[data["application/vnd.jupyter.widget-view+json"]["model_id"]]


def test_the_output_is_a_contact_sheet_where_there_are_no_widgets(notebook: Any) -> None:
    (output,) = notebook.cells[0].outputs
    assert output.data["text/html"].startswith("<figure")
    assert "raw: 0.00 s, 0.60 s" in output.data["text/html"]


def test_embedded_frames_are_in_the_saved_state(notebook: Any) -> None:
    (buffer,) = [one for one in state_of(notebook, 0)["buffers"] if one["path"] == ["embedded"]]
    data = base64.b64decode(buffer["data"])
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    assert [frame["index"] for frame in header["frames"]] == [0, 10, 19, 29]
    frames = np.frombuffer(data[-4 * 96 :], "<u2").reshape(4, 6, 8)
    np.testing.assert_array_equal(frames, np.arange(30 * 48).reshape(30, 6, 8)[[0, 10, 19, 29]])


def test_an_exported_page_has_the_widget_and_its_frames(notebook: Any) -> None:
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "application/vnd.jupyter.widget-state+json" in page
    assert '"embedded"' in page


def test_scrubbers_lie_in_tabs_and_boxes(notebook: Any) -> None:
    tab = state_of(notebook, 1)
    assert tab["model_name"] == "TabModel"
    assert len(tab["state"]["children"]) == 2


def test_traces_and_code_come_from_the_kernel(notebook: Any) -> None:
    printed = "".join(output.text for output in notebook.cells[2].outputs).splitlines()
    assert printed[0].startswith("djo.scrub(movie, masks=labels, rois=[{'id': 'r1'")
    movie = np.arange(30 * 48).reshape(30, 6, 8)
    expected = movie[:, 1:3, 1:4].mean(axis=(1, 2)).sum() + movie[:, :2, :2].mean(axis=(1, 2)).sum()
    assert float(printed[1]) == pytest.approx(expected)
