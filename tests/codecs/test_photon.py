from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from typing import Any

import dask
import numpy as np
import pytest
import zarr

import dj_objectstore as djo

KEY = {"subject": "m1", "day": "2026-01-05"}


def within_noise(
    stored: np.ndarray, movie: np.ndarray, *, gain: float, offset: float, step: float = 0.5
) -> bool:
    """Whether counts lie within one code of the original: a code is `step` standard deviations wide."""
    photons = (movie.astype(float) - offset) / gain
    width = step * gain * np.sqrt(np.maximum(photons, 0) + 0.375) + gain * step**2
    return bool((np.abs(stored.astype(float) - movie) <= width + 1).all())


def test_a_movie_comes_back_within_its_noise(scan: Any, movie: np.ndarray) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100, frame_rate=10.0)})
    stored = scan.fetch1("movie")
    assert isinstance(stored, djo.PhotonMovie)
    assert (stored.shape, stored.dtype, stored.dims) == (movie.shape, movie.dtype, ("time", "y", "x"))
    assert within_noise(stored[...], movie, gain=20, offset=100)
    assert np.array_equal(stored[5], stored[...][5])
    assert np.allclose(stored.photons[...].mean(), (movie.mean() - 100) / 20, rtol=0.01)
    assert np.array_equal(stored.times, np.arange(12) / 10)
    assert stored.verify(read_data=True)


def test_dask_and_xarray_give_the_same_counts(scan: Any, movie: np.ndarray) -> None:
    photon = djo.Photon(
        movie, gain=20, offset=100, frame_rate=10.0, pixel_size=(0.5, 0.5), frames_per_chunk=5
    )
    scan.insert1({**KEY, "movie": photon})
    stored = scan.fetch1("movie")
    lazy = stored.to_dask()
    assert lazy.chunks[0] == (5, 5, 2)
    with dask.config.set(scheduler="threads"):
        assert np.array_equal(lazy.compute(), stored[...])
    array = stored.to_xarray()
    assert array.sel(time=0.5).shape == (48, 40)
    assert array.x[2] == 1.0
    assert array.name == "movie"
    assert array.attrs["gain"] == 20


def test_plain_zarr_opens_it_as_stabilised_floats(scan: Any, movie: np.ndarray) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100)})
    array = scan.fetch1("movie").open_zarr()
    assert isinstance(array, zarr.Array)
    expected = 2 * np.sqrt((movie - 100) / 20 + 3 / 8)
    assert np.abs(array[...] - expected).max() <= 0.25 + 1e-9
    assert array.attrs["anscombe_gain"] == 20


@pytest.mark.parametrize(
    ("frames", "found"),
    [
        (np.ones((4, 5)), "axes"),
        (np.full((4, 5, 6), np.nan), "NaN"),
        (np.empty((4, 5, 6), dtype=object), "object"),
        (["a"], "movie holds"),
    ],
)
def test_what_is_not_a_movie_is_refused_before_anything_is_written(
    scan: Any, keys: Any, frames: Any, found: str
) -> None:
    with pytest.raises(djo.MovieRefusedError, match=found) as caught:
        scan.insert1({**KEY, "movie": frames})
    assert "movie (<photon@>)" in str(caught.value)
    assert keys() == []


def test_a_chunk_that_is_gone_is_an_error_that_names_its_frames(
    scan: Any, movie: np.ndarray, dj_store: Any
) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100, frames_per_chunk=5)})
    stored = scan.fetch1("movie")
    dj_store.delete([f"{stored.path}/1.0.0"])
    assert stored[0].shape == (48, 40)
    with pytest.raises(djo.ChunkError, match=r"1\.0\.0"):
        stored[7]


def test_a_movie_that_is_gone_is_named_with_its_store(scan: Any, movie: np.ndarray, dj_store: Any) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100)})
    stored = scan.fetch1("movie")
    dj_store.delete_tree(stored.path)
    with pytest.raises(djo.ObjectNotFoundError, match="main"):
        stored[0]


def test_a_handle_pickles_by_name_and_works_elsewhere(scan: Any, movie: np.ndarray) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100)})
    stored = scan.fetch1("movie")
    data = pickle.dumps(stored)
    script = """
        import pickle, sys, warnings
        warnings.simplefilter("ignore")
        movie = pickle.loads(sys.stdin.buffer.read())
        print(int(movie[3].sum()))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], input=data, capture_output=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) == int(stored[3].sum())
    assert pickle.loads(data) == stored
    assert len(data) < 2000


def test_a_thumbnail_is_kept_apart_from_the_movie(scan: Any, movie: np.ndarray) -> None:
    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100)})
    png = scan.fetch1("movie").thumbnail()
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert len(png) <= 32_000


def test_it_works_after_import_datajoint_alone(scan: Any, movie: np.ndarray, dj_database: str) -> None:
    import datajoint as dj

    scan.insert1({**KEY, "movie": djo.Photon(movie, gain=20, offset=100)})
    location = dj.config.stores["main"]["location"]
    script = f"""
        import datajoint as dj
        dj.config["database.backend"] = "postgresql"
        dj.config["database.host"], dj.config["database.port"] = {dj_database!r}, 5432
        dj.config["database.user"], dj.config["database.password"] = "postgres", ""
        dj.config.stores = {{"default": "main", "main": {{"protocol": "file", "location": {location!r}}}}}
        table = dj.FreeTable(dj.conn(), "{scan.database}.scan").proj("movie")
        print(table.fetch1("movie")[3].sum())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) == int(scan.fetch1("movie")[3].sum())


def test_many_movies_are_fetched_as_handles_without_reading_one(
    scan: Any, movie: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("m1", "m2"):
        scan.insert1({**KEY, "subject": subject, "movie": djo.Photon(movie, gain=20, offset=100)})
    monkeypatch.setattr("dj_objectstore.photon.reader.MovieReader.read", None)
    handles = scan.to_arrays("movie")
    assert handles.shape == (2,)
    assert all(isinstance(handle, djo.PhotonMovie) for handle in handles)
