"""A cluster writes what one process writes, and a worker that dies leaves no trace."""

from __future__ import annotations

import os
import signal

import dask.array
import numpy as np
import pytest
import zarr

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.maintenance.movie_sources import StoredMovie
from dj_objectstore.objects.folder import ObjectFolder
from dj_objectstore.photon import MovieReader, write_movie
from dj_objectstore.spec.models import FileSpec
from dj_objectstore.store.store import open_store

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as connected:
        connected.wait_for_workers(2)
        yield connected


@pytest.fixture
def store(tmp_path):
    (tmp_path / "store").mkdir()
    return open_store(FileSpec(name="cluster", protocol="file", location=str(tmp_path / "store")))


def written(movie, folder, **options):
    write_movie(movie, folder, **options)
    return dict(folder)


def test_two_processes_write_the_bytes_of_one(client, store, real_movie):
    lazy = dask.array.from_array(real_movie, chunks=(25, -1, -1))
    alone = written(real_movie, ObjectFolder(store, "alone"), frames_per_chunk=10)
    folder = ObjectFolder(store, "together")
    together = written(lazy, folder, frames_per_chunk=10, client=client)
    assert together == alone
    assert {file.path: file.size for file in folder.written} == {k: len(v) for k, v in alone.items()}
    assert all(file.digest for file in folder.written)


def test_axes_of_channels_and_planes_are_written_by_a_cluster_too(client, store):
    movie = np.random.default_rng(0).poisson(9, (23, 2, 3, 16, 12)).astype("uint16")
    options = {"mode": "lossless", "frames_per_chunk": 5}
    together = written(movie, ObjectFolder(store, "together"), client=client, **options)
    assert together == written(movie, ObjectFolder(store, "alone"), **options)


def test_workers_read_a_movie_from_its_store(client, store, real_movie):
    write_movie(real_movie, ObjectFolder(store, "movie"))
    reader = MovieReader(ObjectFolder(store, "movie"))
    parts = [slice(start, start + 7) for start in range(0, len(real_movie), 7)]
    futures = client.map(reader.read, parts, pure=False)
    found = np.concatenate(client.gather(futures))
    assert np.array_equal(found, reader.read())
    assert len(set(client.who_has(futures).values())) == 2  # both workers took part


def test_a_cluster_computes_the_counts_that_one_process_reads(client, store, real_movie):
    files = ObjectFolder(store, "movie")
    write_movie(real_movie, files, frames_per_chunk=8)
    movie = StoredMovie(MovieReader(ObjectFolder(store, "movie")))
    lazy = dask.array.from_array(
        movie, chunks=(8, -1, -1), name=False, meta=np.empty((0, 0, 0), movie.dtype), asarray=False
    )
    assert np.array_equal(client.compute(lazy).result(), movie[:])
    assert client.compute(lazy.mean()).result() == pytest.approx(movie[:].mean())


def test_a_worker_that_is_killed_midway_does_not_corrupt_the_movie(client, store, real_movie, tmp_path):
    movie = np.tile(real_movie, (3, 1, 1))
    alone = written(movie, ObjectFolder(store, "alone"), frames_per_chunk=4)
    victims = [client.run(os.getpid).popitem()[1]]

    def kill(done, _total):
        if done > 40 and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    zarr.create_array(tmp_path / "movie.zarr", data=movie, chunks=(8, *movie.shape[1:]))
    lazy = dask.array.from_zarr(tmp_path / "movie.zarr")
    together = written(
        lazy, ObjectFolder(store, "together"), frames_per_chunk=4, client=client, progress=kill
    )
    assert not victims
    assert together == alone


def test_an_iterator_is_refused_by_a_cluster(client, real_movie):
    with pytest.raises(MovieRefusedError, match="a cluster writes an array"):
        write_movie(iter(real_movie), {}, client=client)
