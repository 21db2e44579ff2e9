"""Movies of a column become compact ones, verified before their rows name them."""

from __future__ import annotations

import io

import datajoint as dj
import numpy as np
import pytest
import zarr

import dj_objectstore as djo
from dj_objectstore.cli import main
from dj_objectstore.photon import NoiseModel
from dj_objectstore.photon.anscombe import stabilize

NOISE = {"gain": 20.0, "offset": 100.0}


@pytest.fixture
def movies(dj_schema, dj_store):
    del dj_store
    djo.enable()

    class Movies(dj.Manual):
        definition = """
        subject : int
        ---
        movie = null : <photon@main>
        raw = null : <object@main>
        """

    yield dj_schema(Movies)
    djo.disable()


@pytest.fixture
def counts():
    light = np.linspace(2, 22, 48)[None, :, None] * np.ones((24, 48, 40))
    return (20 * np.random.default_rng(3).poisson(light) + 100).astype(np.int16)


def is_within_half_a_step(movie, counts):
    error = movie.stabilized[...] - stabilize(counts, NoiseModel(**NOISE))
    return np.abs(error).max() <= 0.25 + 1e-5


def test_reference_and_lossless_movies_become_compact(movies, counts, dj_store):
    for subject, mode in enumerate(("reference", "lossless", "compact")):
        photon = djo.Photon(counts, mode=mode, frame_rate=30.0, **(NOISE if mode == "compact" else {}))
        movies.insert1({"subject": subject, "movie": photon})
    old = [ref.path for ref in [row["movie"] for row in movies.to_dicts()]][:2]
    report = djo.convert(movies, "movie", **NOISE)
    assert report.ok
    assert (len(report.converted), report.skipped) == (2, 1)
    assert [done.old_path for done in report.converted] == old
    assert all(done.old_path in str(report) for done in report.converted)
    for movie in [row["movie"] for row in movies.to_dicts()]:
        assert movie.reader.mode == "compact"
        assert movie.reader.frame_rate == 30.0
        assert is_within_half_a_step(movie, counts)
    # the old objects are left to the collection of orphans
    assert all(next(iter(dj_store.list(f"{path}/")), None) for path in old)


def test_a_second_run_has_nothing_to_do(movies, counts):
    movies.insert1({"subject": 1, "movie": djo.Photon(counts, mode="lossless")})
    assert len(djo.convert(movies, "movie", **NOISE).converted) == 1
    report = djo.convert(movies, "movie", **NOISE)
    assert (len(report.converted), report.skipped) == (0, 1)


def test_zarr_npy_and_tiff_objects_go_into_a_photon_field(movies, counts, tmp_path):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "movie.tif", counts, photometric="minisblack")
    zarr.create_array(tmp_path / "movie.zarr", data=counts, chunks=(7, 48, 40))
    npy = io.BytesIO()
    np.save(npy, counts)
    raw = [tmp_path / "movie.tif", tmp_path / "movie.zarr", (".npy", npy.getvalue())]
    movies.insert({"subject": subject, "raw": value} for subject, value in enumerate(raw))
    report = djo.convert(movies, "raw", into="movie", **NOISE)
    assert report.ok, report
    assert all(is_within_half_a_step(movie, counts) for movie in [row["movie"] for row in movies.to_dicts()])
    assert djo.convert(movies, "raw", into="movie", **NOISE).skipped == 3


def test_a_row_whose_noise_is_not_known_stays_as_it_was(movies):
    flat = np.zeros((12, 16, 16), "u2")
    movies.insert1({"subject": 1, "movie": djo.Photon(flat, mode="lossless")})
    before = movies.fetch1("movie").path
    report = djo.convert(movies, "movie")
    assert not report.ok
    assert "flat" in str(report)
    assert movies.fetch1("movie").path == before


def test_a_movie_that_comes_back_otherwise_is_not_named_by_its_row(movies, counts, monkeypatch):
    movies.insert1({"subject": 1, "movie": djo.Photon(counts, mode="lossless")})
    before = movies.fetch1("movie").path

    def differ(_frames, _reader):
        raise djo.IntegrityError("frame 3 was not stored as it is")

    monkeypatch.setattr("dj_objectstore.objects.movie.verify_movie", differ)
    report = djo.convert(movies, "movie", **NOISE)
    assert "frame 3" in str(report)
    assert movies.fetch1("movie").path == before


def test_only_a_photon_field_takes_movies(movies):
    with pytest.raises(djo.ValueRefusedError, match="must be a <photon@> field"):
        djo.convert(movies, "raw")
    with pytest.raises(djo.ValueRefusedError, match="must be a field"):
        djo.convert(movies, "subject", into="movie")
    with pytest.raises(djo.ValueRefusedError, match="gian"):
        djo.convert(movies, "movie", gian=3)


def test_the_command_line_converts_a_column(movies, counts, capsys):
    movies.insert1({"subject": 1, "movie": djo.Photon(counts, mode="lossless")})
    name = movies.full_table_name.replace('"', "").replace("`", "")
    assert main(["convert", name, "movie", "--gain", "20", "--offset", "100"]) == 0
    assert "1 converted" in capsys.readouterr().out
    assert movies.fetch1("movie").reader.mode == "compact"
