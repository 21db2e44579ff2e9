"""The rows of the photon table: what is measured, against whom, and what the project promises."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import dj_objectstore
from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from measuring.pairs import Ratio, time_pairs
from measuring.peers import AnscombeTransform, Compact, Float64
from measuring.simulation import AWAKE, simulate_movie
from measuring.table import Row

DEMO = Path(dj_objectstore.__file__).parent / "demo" / "data" / "two_photon.npz"
MEMORY = Path(__file__).with_name("memory.py")
#: photons per pixel of the simulations; 85 grey levels each, as in the real movie, and read noise of 25
SCENES = (0.5, 1.5, 5.0, 10.0)
FEW_PHOTONS = 2.0


def measure_all(*, frames: int, turns: int) -> Iterator[Row]:
    """Yield every row, as it is measured."""
    yield from measure_sizes()
    noise = NoiseModel(gain=85.0, offset=100.0, variance=625.0)
    part = simulate_movie((min(frames, 100), 512, 512), photons=5, gain=85, offset=100, read=25)
    # over and over: no compressor here looks further back than a frame
    movie = np.tile(part, (math.ceil(frames / len(part)), 1, 1))[:frames]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        yield from measure_speed(movie, noise, root, turns=turns)
        yield from measure_frames(movie, root)
    yield measure_threads(movie, noise)
    yield from measure_memory()


def measure_sizes() -> Iterator[Row]:
    """Compare bytes: a real movie, and simulated ones of few and many photons."""
    with np.load(DEMO) as file:
        yield from _sizes("real two-photon movie", file["movie"], photons=8.0)
    for photons in SCENES:
        movie = simulate_movie(
            (150, 256, 256), photons=photons, gain=85, offset=150, read=25, motion=AWAKE, dtype="uint16"
        )
        yield from _sizes(f"{photons:g} photons per pixel", movie, photons=photons)


def _sizes(name: str, movie: np.ndarray, *, photons: float) -> Iterator[Row]:
    files: dict[str, bytes] = {}
    size = write_movie(movie, files).size
    raw = write_movie(movie, {}, mode="lossless").size
    with tempfile.TemporaryDirectory() as folder:
        Float64().encode(movie, Path(folder))
        floats = sum(path.stat().st_size for path in Path(folder).iterdir())
    codes = MovieReader(files).read(kind="codes")
    share = np.unique(codes, return_counts=True)[1] / codes.size
    entropy = float(-np.sum(share * np.log2(share))) * codes.size / 8
    yield Row.at_least(f"bytes, {name}", "float64 layout", floats / size, 14)
    yield Row.at_least(f"bytes, {name}", "raw, Blosc zstd 5 bit shuffle", raw / size, 2.9)
    least = 0.9 if photons < FEW_PHOTONS else 0.95
    yield Row(
        f"bytes, {name}",
        "order-0 entropy of the codes",
        f"{entropy / size:.1%}",
        f"{least:.0%}",
        entropy / size >= least,
    )


def measure_speed(movie: np.ndarray, noise: NoiseModel, root: Path, *, turns: int) -> Iterator[Row]:
    """Time encoding to disk and decoding to counts; nobody has to find out the noise.

    One layout has no use for it and the other peer is given it. What finding it out takes is the last row.
    """
    ours, peers = Compact(noise), (Float64(), AnscombeTransform(noise))
    encoders = [lambda peer=peer: peer.encode(movie, root / peer.name) for peer in (ours, *peers)]
    estimating = Compact()
    encoders.append(lambda: estimating.encode(movie, root / estimating.name))
    *ratios, estimated = time_pairs(encoders[0], encoders[1:], turns=turns)
    for peer, ratio, least in zip(peers, ratios, (10, 2), strict=True):
        yield _timed("encode to disk", peer.name, ratio, least, movie.nbytes)
    slower = f"{estimated.middle:.3g}x the time{_spread(estimated)}"
    yield Row("encode to disk, noise estimated", "noise given", slower, "", kept=True)
    decoders = [lambda peer=peer: peer.decode(root / peer.name) for peer in (ours, *peers)]
    for peer, ratio, least in zip(
        peers, time_pairs(decoders[0], decoders[1:], turns=turns), (8, 2), strict=True
    ):
        yield _timed("decode to counts", peer.name, ratio, least, movie.nbytes)


def measure_frames(movie: np.ndarray, root: Path) -> Iterator[Row]:
    """Time one random frame, of chunks of 10 frames against the float64 layout's 100."""
    Compact(frames_per_chunk=10).encode(movie, root / "ten")
    ours, theirs = Compact().opened(root / "ten"), Float64().opened(root / Float64.name)
    order = np.random.default_rng(0).integers(0, len(movie), 1000)
    places = iter(map(int, order))
    (ratio,) = time_pairs(lambda: ours(next(places)), [lambda: theirs(next(places))], turns=25)
    yield _timed("one random frame, 10-frame chunks", Float64.name, ratio, 50, movie[0].nbytes)


def measure_threads(movie: np.ndarray, noise: NoiseModel) -> Row:
    """Time two threads against one, into memory; best of seven pairs: other programs only slow it."""
    runs = [lambda n=n: write_movie(movie, {}, noise=noise, threads=n) for n in (2, 1)]
    (ratio,) = time_pairs(runs[0], runs[1:], turns=7)
    value = min(ratio.theirs) / min(ratio.ours)
    # beside it how busy the machine was: without a second core that is free there is nothing to measure
    more = f"{_spread(ratio)}, load {os.getloadavg()[0]:.1f}"
    return Row.at_least("encode, 2 threads, best of 7", "1 thread", value, 1.5, more=more)


def measure_memory() -> Iterator[Row]:
    """Measure the memory above the start while movies of half a GB and of 2 GB are stored."""
    for size in (500, 2000):
        run = subprocess.run(
            [sys.executable, str(MEMORY), str(size)], capture_output=True, text=True, check=True
        )
        grown = float(run.stdout)
        yield Row(f"memory, {size} MB movie", "its start", f"{grown:.0f} MB", "300 MB at most", grown <= 300)


def _timed(what: str, against: str, ratio: Ratio, least: float, nbytes: int) -> Row:
    speed = nbytes / 1e6 / sorted(ratio.ours)[len(ratio.ours) // 2]
    return Row.at_least(what, against, ratio.middle, least, more=f"{_spread(ratio)}, {speed:.0f} MB/s")


def _spread(ratio: Ratio) -> str:
    return f" ({ratio.spread[0]:.3g} to {ratio.spread[1]:.3g})"
