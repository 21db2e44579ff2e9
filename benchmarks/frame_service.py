"""How fast the frame service gives frames of a stored movie: 1000 x 512 x 512, compact, 10 frames a chunk.

Each row names a way of asking, frames a second (median and range of the repeats), and how many times faster
that is than 30 frames a second, the rate of the microscope. The last rows compare with a bare reader that
decodes a chunk for each frame, and with a plain copy of the same bytes.

    python benchmarks/frame_service.py [--frames 1000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.writer import write_movie
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.frames.frames import FrameService, close_frame_service
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.movies.photon_source import PhotonSource

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 512
RATE = 30.0


def make_movie(frames: int) -> dict[str, bytes]:
    """Write a synthetic movie: a smooth scene with shot noise, gain 80."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    scene = 3 + 10 * np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) * 8)
    blocks = [rng.poisson(scene, (50, SIDE, SIDE)).astype("i2") * 80 for _ in range(4)]
    movie = np.concatenate([blocks[n % 4] for n in range(-(-frames // 50))])[:frames]
    files: dict[str, bytes] = {}
    write_movie(movie, files, mode="compact", frames_per_chunk=10, frame_rate=RATE)
    return files


def source_of(files: dict[str, bytes]) -> PhotonSource:
    return PhotonSource(MovieReader(files), identity=("bench", time.monotonic_ns()))


def read_in_order(files: dict[str, bytes]) -> int:
    service, source = FrameService(), source_of(files)
    for index in range(source.frames):
        service.read(source, index)
    service.close()
    return source.frames


def read_at_random(files: dict[str, bytes]) -> int:
    service, source = FrameService(), source_of(files)
    indices = np.random.default_rng(1).integers(source.frames, size=source.frames // 4).tolist()
    for index in indices:
        service.read(source, index)
    service.close()
    return len(indices)


def read_cached(files: dict[str, bytes]) -> int:
    service, source = FrameService(), source_of(files)
    for index in range(100):
        service.read(source, index)
    for turn in range(50_000):
        service.read(source, turn % 100)
    service.close()
    return 50_000


def play(files: dict[str, bytes]) -> int:
    """Stream every frame through the channel, with credit given back for each: all but the socket."""
    sent: list[int] = []
    answered = threading.Event()

    def post(message: dict, buffers: list) -> None:
        if message["kind"] == "frame":
            sent.append(len(buffers[0]))
            channel.receive(None, {"kind": "credit", "view": "v", "stream": 1, "n": 1})
        elif message["kind"] == "end":
            answered.set()

    channel = Channel(post=post, targets=Targets(main=lambda: source_of(files)))
    message = {"kind": "play", "view": "v", "id": 1, "stream": 1, "from": 0}
    channel.receive(None, message | {"fps": 1000.0, "loop": False, "credit": 8, "keep": "frames"})
    answered.wait(120)
    channel.close()
    close_frame_service()
    return len(sent)


def read_bare(files: dict[str, bytes]) -> int:
    reader = MovieReader(files)
    for index in range(0, reader.shape[0], 4):
        reader.read(index, "codes")
    return len(range(0, reader.shape[0], 4))


def copy_bytes(files: dict[str, bytes]) -> int:
    del files
    frame = np.zeros((SIDE, SIDE), "u1")
    for _ in range(2000):
        frame.copy()
    return 2000


WAYS: dict[str, Callable[[dict[str, bytes]], int]] = {
    "service, in order": read_in_order,
    "service, at random": read_at_random,
    "service, all in memory": read_cached,
    "channel, played at 1000/s": play,
    "bare reader, every 4th": read_bare,
    "memcpy of a frame": copy_bytes,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    files = make_movie(options.frames)
    print(f"{options.frames} x {SIDE} x {SIDE}, {sum(map(len, files.values())) / 1e6:.0f} MB stored")
    print(f"{'way':28}{'frames/s':>12}{'from':>10}{'to':>10}{'x 30/s':>10}")
    for name, way in WAYS.items():
        rates = []
        for _ in range(options.repeats):
            began = time.perf_counter()
            count = way(files)
            rates.append(count / (time.perf_counter() - began))
        middle = statistics.median(rates)
        print(f"{name:28}{middle:12.0f}{min(rates):10.0f}{max(rates):10.0f}{middle / RATE:10.1f}")


if __name__ == "__main__":
    main()
