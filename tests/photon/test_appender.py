"""A movie that is still being recorded."""

from __future__ import annotations

import numpy as np
import pytest

from dj_objectstore.exceptions import IntegrityError, MovieRefusedError
from dj_objectstore.photon import MovieReader, NoiseModel, NoiseNotTrustedWarning
from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.appender import MovieAppender

NOISE = NoiseModel(gain=86.0, offset=12.0)


def test_frames_and_blocks_become_a_movie(real_movie):
    files = {}
    with MovieAppender(files, shape=real_movie.shape[1:], noise=NOISE, frame_rate=30.0) as movie:
        movie.append(real_movie[0])
        movie.append(real_movie[1:7])
        for frame in real_movie[7:]:
            movie.append(frame)
    assert len(movie) == len(real_movie)
    reader = MovieReader(files)
    assert (reader.shape, reader.frame_rate) == (real_movie.shape, 30.0)
    error = reader.read(kind="stabilized") - stabilize(real_movie, NOISE)
    assert np.abs(error).max() <= 0.25 + 1e-5


def test_a_buffer_may_be_used_again():
    files, buffer = {}, np.zeros((8, 8), "u2")
    with MovieAppender(files, mode="lossless") as movie:
        for number in range(50):
            buffer[:] = number
            movie.append(buffer)
    assert MovieReader(files).read()[:, 0, 0].tolist() == list(range(50))


def test_an_acquisition_that_stops_midway_is_refused_by_the_reader(real_movie):
    files = {}

    def acquire():
        with MovieAppender(files, noise=NOISE, frames_per_chunk=4) as movie:
            for _ in range(60):
                movie.append(np.tile(real_movie[:40], (1, 2, 2)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        acquire()
    assert [key for key in files if not key.startswith(".z")]
    with pytest.raises(IntegrityError, match="never finished"):
        MovieReader(files).read(0)


def test_a_sink_that_fails_is_told_to_who_appends(real_movie):
    class Full(dict):
        def __setitem__(self, key, value):
            raise OSError(28, "No space left on device")

    movie = MovieAppender(Full(), mode="lossless")

    def record():
        for _ in range(2000):
            movie.append(np.tile(real_movie, (1, 2, 2)))

    with pytest.raises(OSError, match="No space"):
        record()
    with pytest.raises(OSError, match="No space"):
        movie.close()


def test_frames_of_another_shape_are_refused_at_once():
    with MovieAppender({}, shape=(8, 8), mode="lossless") as movie:
        with pytest.raises(MovieRefusedError, match="have shape"):
            movie.append(np.zeros((8, 9), "u2"))
        movie.append(np.zeros((8, 8), "u2"))
    with pytest.raises(MovieRefusedError, match="closed"):
        movie.append(np.zeros((8, 8), "u2"))


def test_doubts_about_the_noise_are_told_at_the_end():
    movie = MovieAppender({})
    movie.append(np.zeros((12, 8, 8), "u2"))
    with pytest.warns(NoiseNotTrustedWarning):
        movie.close()


def test_an_empty_acquisition_is_an_error():
    with pytest.raises(MovieRefusedError, match="at least one frame"):
        MovieAppender({}).close()
