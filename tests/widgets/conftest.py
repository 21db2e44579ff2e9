"""Real stores and movies, and a page that talks to a channel without a browser."""

from __future__ import annotations

import io
import json
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from PIL import Image

from dj_objectstore.objects.movie import PhotonMovie, write_photon
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.objects.source import Photon
from dj_objectstore.store.store import open_store
from dj_objectstore.widgets.browser import Browser, browse
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.frames.frames import close_frame_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dj_objectstore.store.store import Store

WAIT = 20.0


def our_threads() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("dj-objectstore"))


def _wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], Any]], None]:
    return _wait_until


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[], list[str]]]:
    """The names of our threads now; none may stay behind a test."""
    yield our_threads
    close_frame_service()
    _wait_until(lambda: not our_threads())


@dataclass
class Page:
    """What a browser would be: sends messages as one view, and keeps what comes back for it."""

    channel: Channel | None = None
    view: str = "a1"
    inbox: queue.Queue[tuple[dict[str, Any], list[Any]]] = field(default_factory=queue.Queue)
    aside: list[tuple[dict[str, Any], list[Any]]] = field(default_factory=list)
    _next: int = 0

    def post(self, message: dict[str, Any], buffers: list[Any]) -> None:
        json.dumps(message)
        self.inbox.put((message, [bytes(buffer) for buffer in buffers]))

    def send(self, **message: Any) -> None:
        assert self.channel is not None
        self.channel.receive(None, {"view": self.view, **message}, [])

    def request(self, method: str, **params: Any) -> int:
        self._next += 1
        self.send(kind="request", id=self._next, method=method, params=params)
        return self._next

    def hear(self, is_it: Any) -> tuple[dict[str, Any], list[Any]]:
        """Return the first message that `is_it`, keeping the others."""
        for place, (message, _) in enumerate(self.aside):
            if is_it(message):
                return self.aside.pop(place)
        while True:
            message, buffers = self.inbox.get(timeout=WAIT)
            if is_it(message):
                return message, buffers
            self.aside.append((message, buffers))

    def answer(self, request: int) -> tuple[dict[str, Any], list[Any]]:
        return self.hear(lambda message: message["kind"] == "response" and message["id"] == request)

    def ask(self, method: str, **params: Any) -> tuple[dict[str, Any], list[Any]]:
        message, buffers = self.answer(self.request(method, **params))
        assert message["ok"], message
        return message["result"], buffers

    def entry(self, name: str, node: str = "", **options: Any) -> dict[str, Any]:
        """Return what a browser lists under a name."""
        listing, _ = self.ask("list", node=node, **options)
        entries: list[dict[str, Any]] = listing["entries"]
        return next(found for found in entries if found["name"] == name)

    def fail(self, method: str, **params: Any) -> dict[str, Any]:
        message, _ = self.answer(self.request(method, **params))
        assert not message["ok"], message
        return message["error"]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def open_browser(page: Page) -> Iterator[Callable[[Any], Page]]:
    """Open the browser of a value, and return the page that talks to it."""
    opened: list[Browser] = []

    def show(value: Any) -> Page:
        browser = browse(value)
        assert browser._channel is not None
        browser._channel._post = page.post
        page.channel = browser._channel
        opened.append(browser)
        return page

    yield show
    for browser in opened:
        browser.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where downloads go."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "store").mkdir()
    return {"stores": {"main": {"protocol": "file", "location": str(tmp_path / "store")}}}


@pytest.fixture
def store(config: dict[str, Any]) -> Store:
    return open_store("main", config=config)


@pytest.fixture
def counts() -> np.ndarray:
    """35 frames of 24 x 16 pixels, gain 20, offset 100; the last chunk of 10 frames is not full."""
    light = np.linspace(2, 22, 24)[None, :, None] * np.ones((35, 24, 16))
    return (20 * np.random.default_rng(3).poisson(light) + 100).astype(np.int16)


@pytest.fixture
def movie(store: Store, config: dict[str, Any], counts: np.ndarray) -> PhotonMovie:
    photon = Photon(counts, gain=20.0, offset=100.0, variance=0.0, frames_per_chunk=10, frame_rate=30.0)
    stored = write_photon(store, "lab/Scan/scan=1/movie_Ab3dE5gH.zarr", photon)
    return PhotonMovie(stored, config=config)


def png_bytes(width: int = 8, height: int = 6) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(buffer, "PNG")
    return buffer.getvalue()


def npy_bytes(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


FILES = {
    "notes.txt": "Größe 3 µm\n".encode(),
    "settings.json": b'{"rate": 30, "names": ["a"]}',
    "table.csv": b"cell,mean\n1,2.5\n2,3.5\n",
    "picture.png": png_bytes(),
    "mask.npy": npy_bytes(np.arange(48, dtype="u2").reshape(6, 8)),
    "page.html": b"<script>alert(1)</script>",
    "blob.bin": bytes(range(256)) * 20,
    "empty.dat": b"",
    "deep/er/a10.txt": b"ten",
    "deep/er/a9.txt": b"nine",
}


@pytest.fixture
def files(store: Store, config: dict[str, Any]) -> ObjectRef:
    """A folder with one file of each kind, and a Zarr group."""
    path = "lab/Scan/scan=1/files_Zz9yX8wV"
    for name, data in FILES.items():
        store.put(f"{path}/{name}", data)
    group = zarr.open_group(store.fsmap(f"{path}/results.zarr", writable=True), mode="w", zarr_format=2)
    group.attrs["rig"] = "two"
    group.create_array("mean", data=np.arange(48, dtype="f4").reshape(6, 8))
    group.create_array("traces/frames", data=np.arange(480, dtype="i2").reshape(10, 6, 8), chunks=(4, 6, 8))
    return ObjectRef(StoredObject(path, "main", 12345, is_dir=True), config=config)
