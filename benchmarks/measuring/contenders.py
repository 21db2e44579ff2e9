"""Ways to look at a movie in a notebook: ours and its peers, each as its users write it."""

from __future__ import annotations

from importlib.util import find_spec

from measuring.lab_pages import Contender

FIRST = 200

OPEN = """
import io, time, asyncio
import numpy as np
import datajoint as dj
import dj_objectstore as djo
import zarr
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.row_json import StoredObject
if isinstance(ROW, str):
    movie = zarr.open_array(ROW, mode="r")
else:
    dj.config.stores = {"default": "main", "main": SETTINGS}
    movie = PhotonMovie(StoredObject.from_json(ROW))
LOW, HIGH = 100, 2500
def grey(index):
    frame = movie[int(index)].astype(np.float32)
    return np.clip((frame - LOW) * (255 / (HIGH - LOW)), 0, 255).astype(np.uint8)
async def run(show):
    start, shown = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS + 3.5:
        shown = max(shown + 1, int((time.perf_counter() - start) * FPS))
        show(shown % movie.shape[0])
        await asyncio.sleep(max(0, start + (shown + 1) / FPS - time.perf_counter()))
"""
SHOW_OURS = """
djo.scrub(movie, position=FIRST, contrast=[LOW, HIGH], fps=FPS)
"""
BUSY = """
import time
end = time.monotonic() + BUSY_SECONDS
while time.monotonic() < end:
    sum(range(1000))
"""
FIELD = """
import ipywidgets
from IPython.display import display
field = ipywidgets.BoundedIntText(value=FIRST, min=0, max=movie.shape[0] - 1)
field.add_class("peer-field")
field.observe(lambda change: show(change["new"]), "value")
"""
PLAY = "task = asyncio.ensure_future(run(show))"

SHOW_JPEG = """
from PIL import Image
def jpeg(index):
    stream = io.BytesIO()
    Image.fromarray(grey(index)).save(stream, "JPEG", quality=80)
    return stream.getvalue()
peer = ipywidgets.Image(format="jpeg", value=jpeg(FIRST))
peer.add_class("peer")
def show(index):
    peer.value = jpeg(index)
display(ipywidgets.VBox([field, peer]))
"""
FIGURE = """
import matplotlib.pyplot as plt
plt.ioff()
figure = plt.figure(figsize=(5.12, 5.12), dpi=100)
axes = figure.add_axes([0, 0, 1, 1])
axes.axis("off")
image = axes.imshow(movie[FIRST], cmap="gray", vmin=LOW, vmax=HIGH)
"""
SHOW_MATPLOTLIB = (
    FIGURE
    + """
display(field)
handle = display(figure, display_id=True)
plt.close(figure)
def show(index):
    image.set_data(movie[int(index)])
    handle.update(figure)
"""
)
SHOW_IPYMPL = (
    FIGURE
    + """
figure.canvas.header_visible = figure.canvas.footer_visible = figure.canvas.toolbar_visible = False
def show(index):
    image.set_data(movie[int(index)])
    figure.canvas.draw()
display(ipywidgets.VBox([field, figure.canvas]))
"""
)
SHOW_FASTPLOTLIB = """
import fastplotlib
figure = fastplotlib.Figure(size=(512, 512), canvas="jupyter")
graphic = figure[0, 0].add_image(movie[FIRST], vmin=LOW, vmax=HIGH, cmap="gray")
figure[0, 0].axes.visible = False
def show(index):
    graphic.data = movie[int(index)]
canvas = figure.show(maintain_aspect=True, axes_visible=False)
figure[0, 0].camera.zoom = 1
display(ipywidgets.VBox([field, canvas]))
"""


def constants(**values: object) -> str:
    """Return lines that set names."""
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


def build_ours(name: str, **values: object) -> Contender:
    """Return the scrubber, with a cell that keeps its kernel busy."""
    return Contender(
        name,
        (constants(FIRST=FIRST, **values) + OPEN, SHOW_OURS, BUSY),
        picture='.djo-scrubber [data-djo="canvas"]',
        field='.djo-scrubber [data-djo="slider"]',
        button='.djo-scrubber [data-djo="play"]',
        first=FIRST,
    )


PEERS = {
    "ipywidgets.Image, JPEG": ("ipywidgets", "", SHOW_JPEG, "img.peer, .peer img"),
    "matplotlib": ("matplotlib", "%matplotlib inline\n", SHOW_MATPLOTLIB, ".jp-OutputArea-output img"),
    "ipympl": ("ipympl", "%matplotlib widget\n", SHOW_IPYMPL, ".jupyter-matplotlib canvas"),
    "fastplotlib, CPU": (
        "fastplotlib",
        "",
        SHOW_FASTPLOTLIB,
        "img.renderview-view",
    ),
}


def build_peer(name: str, **values: object) -> Contender | None:
    """Return a peer; None where it is not installed."""
    package, magic, show, picture = PEERS[name]
    if find_spec(package) is None:
        return None
    setup = magic + constants(FIRST=FIRST, **values) + OPEN + FIELD
    return Contender(name, (setup, show, PLAY), picture=picture, field=".peer-field input", first=FIRST)
