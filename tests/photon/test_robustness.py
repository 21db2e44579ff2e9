"""Whatever happens to a stored movie, reading it gives its own pixels or an error; never others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dj_objectstore.exceptions import ChunkError, IntegrityError, ObjectNotFoundError
from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from measuring.simulation import simulate_movie

BITS = 300
WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from dj_objectstore.photon import NoiseModel, write_movie

class Folder(dict):
    def __setitem__(self, key, data):
        path = Path(sys.argv[1]) / key
        path.with_suffix(".part").write_bytes(data)
        path.with_suffix(".part").rename(path)
        time.sleep(0.005)

movie = np.random.default_rng(0).poisson(9, (60, 64, 64)).astype("u2")
print("started", flush=True)
write_movie(movie, Folder(), noise=NoiseModel(gain=1.0), frames_per_chunk=1, threads=2)
"""


@pytest.fixture(scope="module", params=["compact", "differences", "lossless", "two bytes"])
def movie(request, real_movie):
    """Give the files of a movie of ten chunks, and its counts."""
    files = {}
    if request.param == "two bytes":
        counts = np.arange(-3000, 30_000, 3, dtype="int16").reshape(11, 20, 50)
        write_movie(counts, files, frames_per_chunk=2, noise=NoiseModel(gain=1.5, variance=10.0))
    elif request.param == "differences":
        counts = simulate_movie((60, 64, 64), photons=40, gain=30, contrast=2.0)
        write_movie(counts, files, frames_per_chunk=6, noise=NoiseModel(gain=30.0))
        assert b'"delta"' in files[".zarray"]
    else:
        write_movie(
            real_movie[:60, :64, :64],
            files,
            frames_per_chunk=6,
            mode=request.param,
            noise=NoiseModel(gain=86.0),
        )
    return files, MovieReader(files).read()


def chunk_names(files):
    return sorted(name for name in files if not name.startswith("."))


def test_no_single_flipped_bit_of_a_chunk_changes_a_pixel(movie):
    files, _ = movie
    rng = np.random.default_rng(1)
    for _ in range(BITS):
        name = chunk_names(files)[rng.integers(len(chunk_names(files)))]
        data = bytearray(files[name])
        place = rng.integers(8 * len(data))
        data[place // 8] ^= 1 << (place % 8)
        with pytest.raises(ChunkError, match=f"chunk {name}"):
            MovieReader({**files, name: bytes(data)}).read()


def test_each_chunk_that_is_missing_is_named_and_the_others_are_read(movie):
    files, counts = movie
    deep = MovieReader(files).chunks[0]
    for name in chunk_names(files):
        reader = MovieReader({key: data for key, data in files.items() if key != name})
        first = int(name.split(".")[0]) * deep
        with pytest.raises(ChunkError, match=rf"chunk {name} \(frames {first}-.* is missing"):
            reader.read()
        for start in range(0, len(counts), deep):
            if start != first:
                assert np.array_equal(reader.read(start), counts[start])


def test_two_chunks_that_changed_places_are_noticed(movie):
    files, _ = movie
    first, second = chunk_names(files)[:2]
    with pytest.raises(ChunkError):
        MovieReader({**files, first: files[second], second: files[first]}).read()


def test_a_chunk_that_was_cut_short_is_noticed(movie):
    files, _ = movie
    name = chunk_names(files)[0]
    for length in (0, 1, 8, 20, len(files[name]) - 1):
        with pytest.raises(ChunkError):
            MovieReader({**files, name: files[name][:length]}).read()


def test_a_movie_that_says_incomplete_is_refused(movie):
    files, _ = movie
    unfinished = {**files, ".zattrs": files[".zattrs"].replace(b'"complete":true', b'"complete":false')}
    with pytest.raises(IntegrityError, match="never finished"):
        MovieReader(unfinished).read(0)


def test_a_writer_that_was_killed_leaves_an_error_or_the_whole_movie(tmp_path):
    expected = np.random.default_rng(0).poisson(9, (60, 64, 64)).astype("u2")
    whole = {}
    write_movie(expected, whole, noise=NoiseModel(gain=1.0), frames_per_chunk=1)
    unfinished = 0
    for number, delay in enumerate((0.0, 0.03, 0.08, 0.15, 0.3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WRITER, str(folder)], stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".part"}
        try:
            found = MovieReader(files).read()
        except (IntegrityError, ObjectNotFoundError):
            unfinished += 1
        else:
            assert np.array_equal(found, MovieReader(whole).read())
    assert unfinished
