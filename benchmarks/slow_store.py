"""Playing a compact movie at 15 frames a second from an S3 server that is 50 ms and 10 MiB/s away.

Each row is a chunk length and a rule of playing: the longest wait for a frame after the first two seconds,
and how many frames were sent of those that were due. A wait of more than 0.2 s, three frames, is a stall.
It is the kernel's side alone, without a browser.

    python benchmarks/slow_store.py [--seconds 30] [--markdown]
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "servers"))

from dj_objectstore.objects.folder import ObjectFolder
from dj_objectstore.photon import write_movie
from dj_objectstore.store.store import Store, open_store
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.frames.frames import close_frame_service
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.movies.stored import Place, open_stored
from measuring.s3 import running_server
from measuring.simulation import simulate_movie
from measuring.table import Row, show_rows
from slow_link import SlowLink

LATENCY, RATE = 0.05, 10 * 2**20
FPS = 15.0
WARM_UP = 2.0
STALL = 0.2
CREDIT = 8


@dataclass
class Viewer:
    """A page that shows frames as they come, and gives credit for each."""

    channel: Channel | None = None
    times: list[float] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def post(self, message: dict[str, Any], _buffers: list[Any]) -> None:
        if message["kind"] == "frame" and self.channel is not None:
            self.times.append(time.perf_counter())
            self.channel.receive(None, {"kind": "credit", "view": "v", "stream": 1, "n": 1})
        elif message["kind"] == "end":
            self.ended.set()


def write_movies(store: Store, *, frames: int, lengths: list[int]) -> None:
    part = simulate_movie((100, 512, 512), photons=5, gain=85)
    movie = np.concatenate([part] * -(-frames // len(part)))[:frames]
    for length in lengths:
        write_movie(
            movie, ObjectFolder(store, f"movie_{length}.zarr"), mode="compact", frames_per_chunk=length
        )


def play(store: Store, length: int, keep: str, seconds: float) -> tuple[int, float]:
    """Return how many frames came, and the longest wait after the warm-up."""
    viewer = Viewer()
    place = Place(store, f"movie_{length}.zarr")
    viewer.channel = channel = Channel(post=viewer.post, targets=Targets(main=lambda: open_stored(place)))
    begun = time.perf_counter()
    message = {"kind": "play", "view": "v", "id": 1, "stream": 1, "from": 0, "fps": FPS, "loop": False}
    channel.receive(None, message | {"credit": CREDIT, "keep": keep})
    viewer.ended.wait(seconds)
    channel.close()
    viewer.ended.wait(20)
    close_frame_service()
    times = [moment for moment in viewer.times if moment <= begun + seconds]
    later = [moment for moment in times if moment > begun + WARM_UP]
    return len(times), float(np.diff(later).max(initial=0.0)) if later else float("inf")


def rows(seconds: float) -> Any:
    lengths = [1, 10, 100]
    with running_server() as settings:
        host, port = settings["endpoint"].split(":")
        direct = open_store("direct", config={"stores": {"direct": settings}})
        write_movies(direct, frames=int(FPS * seconds), lengths=lengths)
        with SlowLink((host, int(port)), latency=LATENCY, rate=RATE) as link:
            far = open_store("far", config={"stores": {"far": settings | {"endpoint": link.endpoint}}})
            for length in lengths:
                for keep in ("frames", "time"):
                    sent, wait = play(far, length, keep, seconds)
                    what = f"{length} frames a chunk, keep={keep}"
                    measured = f"{wait * 1000:.0f} ms at most, {sent}/{int(FPS * seconds)} frames"
                    yield Row(what, "50 ms, 10 MiB/s", measured, "no stall", wait <= STALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    return show_rows(rows(options.seconds), markdown=options.markdown)


if __name__ == "__main__":
    sys.exit(main())
