"""Movies of files become compact ones in folders of their own: whole and compared, or not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import zarr

import dj_objectstore as djo
from dj_objectstore.cli import main
from dj_objectstore.maintenance.movie_sources import DiskFolder
from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from dj_objectstore.photon.anscombe import stabilize

NOISE = {"gain": 20.0, "offset": 100.0}
SLOW_CONVERSION = """
import sys, time
from dj_objectstore.maintenance.movie_sources import DiskFolder
put = DiskFolder.__setitem__

def slow(self, name, data):
    put(self, name, data)
    print(name, flush=True)
    time.sleep(0.2)

DiskFolder.__setitem__ = slow
import dj_objectstore as djo
djo.convert(sys.argv[1], sys.argv[2], gain=20.0, offset=100.0, frames_per_chunk=1)
"""


@pytest.fixture
def counts():
    light = np.linspace(2, 22, 48)[None, :, None] * np.ones((24, 48, 40))
    return (20 * np.random.default_rng(3).poisson(light) + 100).astype(np.int16)


def as_npy(path, counts):
    np.save(path / "movie.npy", counts)
    return path / "movie.npy"


def as_tiff(path, counts):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(path / "movie.tif", counts, photometric="minisblack")
    return path / "movie.tif"


def as_zarr_2(path, counts):
    zarr.create_array(path / "movie.zarr", data=counts, chunks=(7, 48, 40), zarr_format=2)
    return path / "movie.zarr"


def as_zarr_3(path, counts):
    names = ("time", "y", "x")
    zarr.create_array(path / "movie.zarr", data=counts, chunks=(7, 20, 40), dimension_names=names)
    return path / "movie.zarr"


def as_reference(path, counts):
    (path / "movie.zarr").mkdir()
    write_movie(counts, DiskFolder(path / "movie.zarr"), mode="reference", frame_rate=30.0)
    return path / "movie.zarr"


def as_lossless(path, counts):
    (path / "movie.zarr").mkdir()
    write_movie(counts, DiskFolder(path / "movie.zarr"), mode="lossless", frame_rate=30.0)
    return path / "movie.zarr"


FILES = [as_npy, as_tiff, as_zarr_2, as_zarr_3, as_reference, as_lossless]


def read(path):
    return MovieReader(DiskFolder(path))


def is_within_half_a_step(reader, counts):
    error = reader.read(kind="stabilized") - stabilize(counts, NoiseModel(**NOISE))
    return reader.mode == "compact" and np.abs(error).max() <= 0.25 + 1e-5


def bytes_below(path):
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {file: file.read_bytes() for file in files}


@pytest.mark.parametrize("save", FILES)
def test_a_file_becomes_a_compact_movie_and_stays_as_it_is(tmp_path, counts, save):
    old, new = save(tmp_path, counts), tmp_path / "compact" / "movie.zarr"
    before = bytes_below(old)
    report = djo.convert(old, new, **NOISE)
    assert report.ok, report
    (done,) = report.converted
    assert (done.old_path, done.new_path) == (str(old), str(new))
    assert done.old_size == sum(map(len, before.values()))
    assert str(old) in str(report)
    assert bytes_below(old) == before
    assert is_within_half_a_step(read(new), counts)
    assert [path.name for path in new.parent.iterdir()] == ["movie.zarr"]


def test_what_is_known_of_a_movie_comes_along_and_can_be_corrected(tmp_path, counts):
    old = as_reference(tmp_path, counts)
    djo.convert(old, tmp_path / "same.zarr", **NOISE)
    assert read(tmp_path / "same.zarr").frame_rate == 30.0
    djo.convert(old, tmp_path / "timed.zarr", times=np.arange(24) / 15, **NOISE)
    assert read(tmp_path / "timed.zarr").times[-1] == pytest.approx(23 / 15)
    assert read(tmp_path / "timed.zarr").frame_rate is None


@pytest.mark.parametrize("save", FILES)
def test_a_second_run_has_nothing_to_do(tmp_path, counts, save):
    old, new = save(tmp_path, counts), tmp_path / "compact.zarr"
    djo.convert(old, new, **NOISE)
    before = bytes_below(new)
    report = djo.convert(old, new, **NOISE)
    assert (report.ok, len(report.converted), report.skipped) == (True, 0, 1)
    assert bytes_below(new) == before


def test_a_compact_movie_needs_nothing(tmp_path, counts):
    (tmp_path / "movie.zarr").mkdir()
    write_movie(counts, DiskFolder(tmp_path / "movie.zarr"), noise=NoiseModel(**NOISE))
    assert djo.convert(tmp_path / "movie.zarr", tmp_path / "again.zarr").skipped == 1
    assert not (tmp_path / "again.zarr").exists()


def test_a_killed_run_leaves_no_movie_and_the_next_one_makes_it(tmp_path, counts):
    old, new = as_npy(tmp_path, counts), tmp_path / "compact.zarr"
    command = [sys.executable, "-W", "ignore", "-c", SLOW_CONVERSION, str(old), str(new)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(5):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert (tmp_path / "compact.zarr.part").is_dir()
    assert not new.exists()
    report = djo.convert(old, new, **NOISE)
    assert report.ok, report
    assert is_within_half_a_step(read(new), counts)
    assert not (tmp_path / "compact.zarr.part").exists()


def test_a_movie_that_comes_back_otherwise_is_not_named(tmp_path, counts, monkeypatch):
    old, new = as_npy(tmp_path, counts), tmp_path / "compact.zarr"

    def differ(_frames, _reader):
        raise djo.IntegrityError("frame 3 was not stored as it is")

    monkeypatch.setattr("dj_objectstore.maintenance.convert_file.verify_movie", differ)
    report = djo.convert(old, new, **NOISE)
    assert "frame 3" in str(report)
    assert not new.exists()


def test_another_movie_or_folder_in_the_way_is_left_alone(tmp_path, counts):
    old, new = as_npy(tmp_path, counts), tmp_path / "compact.zarr"
    new.mkdir()
    write_movie(counts[::-1], DiskFolder(new), noise=NoiseModel(**NOISE))
    before = bytes_below(new)
    report = djo.convert(old, new, **NOISE)
    assert "is not this movie" in str(report)
    (tmp_path / "other.zarr.part").mkdir()
    (tmp_path / "other.zarr.part" / "notes.txt").write_text("mine")
    assert "in the way" in str(djo.convert(old, tmp_path / "other.zarr", **NOISE))
    assert (tmp_path / "other.zarr.part" / "notes.txt").read_text() == "mine"
    assert bytes_below(new) == before


def test_a_file_whose_noise_is_not_known_is_not_converted(tmp_path):
    np.save(tmp_path / "flat.npy", np.zeros((12, 16, 16), "u2"))
    report = djo.convert(tmp_path / "flat.npy", tmp_path / "flat.zarr")
    assert "flat" in str(report)
    assert not report.ok
    assert not (tmp_path / "flat.zarr").exists()


def test_what_is_no_movie_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "names.npy", np.array(["a", None], object), allow_pickle=True)
    zarr.create_group(tmp_path / "group.zarr")
    for name, why in {
        "notes.txt": "must be a Zarr array",
        "empty": "no Zarr array",
        "names.npy": "no npy file of numbers",
        "group.zarr": "a Zarr group",
        "nothing.tif": "no file or folder",
    }.items():
        report = djo.convert(tmp_path / name, tmp_path / "new.zarr")
        assert why in str(report)
    with pytest.raises(djo.ValueRefusedError, match="gian"):
        djo.convert(tmp_path / "notes.txt", tmp_path / "new.zarr", gian=3)


@pytest.mark.parametrize("save", [as_npy, as_tiff, as_zarr_3, as_reference])
def test_a_cluster_writes_the_same_bytes(tmp_path, counts, save, cluster_client):
    old = save(tmp_path, counts)
    djo.convert(old, tmp_path / "alone.zarr", **NOISE, frames_per_chunk=5)
    report = djo.convert(old, tmp_path / "together.zarr", client=cluster_client, **NOISE, frames_per_chunk=5)
    assert report.ok, report
    alone, together = (
        dict(DiskFolder(tmp_path / "alone.zarr")),
        dict(DiskFolder(tmp_path / "together.zarr")),
    )
    assert alone == together


@pytest.fixture(scope="module")
def cluster_client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_the_command_line_converts_a_file_without_a_database(tmp_path, counts, capsys):
    old, new = as_npy(tmp_path, np.stack([counts] * 2, axis=1)), tmp_path / "compact.zarr"
    options = ["--gain", "20", "--offset", "100", "--dims", "time,z,y,x", "--frame-rate", "15", "--json"]
    assert main(["convert", str(old), str(new), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["converted"][0]["new_path"] == str(new)
    reader = read(new)
    assert (reader.dims, reader.frame_rate) == (("time", "z", "y", "x"), 15.0)
    assert main(["convert", str(tmp_path / "lost.npy"), str(new)]) == 1
    assert "no file or folder" in capsys.readouterr().out
