"""Movies in xarray, denoised, from TIFF files; through a store without a database."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from dj_objectstore.exceptions import IntegrityError, MovieRefusedError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie, as_photon, write_photon
from dj_objectstore.objects.source import Photon
from dj_objectstore.spec.models import FileSpec
from dj_objectstore.store.store import open_store


@pytest.fixture
def counts():
    light = np.linspace(2, 22, 48)[None, :, None] * np.ones((24, 48, 40))
    return (20 * np.random.default_rng(3).poisson(light) + 100).astype(np.int16)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "store").mkdir()
    return open_store(FileSpec(name="views", protocol="file", location=str(tmp_path / "store")))


@pytest.fixture
def write(store):
    """Return a function that stores a movie and gives its handle."""

    def write(photon):
        return PhotonMovie(write_photon(store, "lab/movie_k3Xw9QfT.zarr", as_photon(photon)), opened=store)

    return write


@pytest.fixture
def movie(write, counts):
    return write(
        Photon(counts, gain=20, offset=100, frames_per_chunk=5, frame_rate=10.0, pixel_size=(0.5, 0.5))
    )


def test_open_dataset_finds_the_engine_for_a_movie(movie):
    dataset = xr.open_dataset(movie)
    assert dict(dataset.sizes) == {"time": 24, "y": 48, "x": 40}
    assert dataset["movie"].dtype == np.int16
    assert dataset["movie"].attrs["gain"] == 20
    assert dataset["time"].values[10] == pytest.approx(1.0)
    assert dataset["x"].values[2] == pytest.approx(1.0)


def test_a_dataset_is_lazy_and_gives_counts(movie):
    dataset = xr.open_dataset(movie)
    assert "..." in repr(dataset["movie"].variable) or not dataset["movie"].variable._in_memory
    assert np.array_equal(dataset["movie"][7].values, movie[7])
    assert np.array_equal(dataset["movie"].isel(time=[2, 9], y=slice(4, 8)).values, movie[[2, 9], 4:8])
    assert np.array_equal(dataset["movie"].sel(time=1.0, method="nearest").values, movie[10])


def test_the_chunks_of_a_dataset_are_the_stored_ones(movie):
    dataset = xr.open_dataset(movie, chunks={})
    assert dataset["movie"].chunksizes["time"] == (5, 5, 5, 5, 4)
    assert np.array_equal(dataset["movie"].mean("time").values, movie[...].mean(axis=0))


def test_the_engine_refuses_what_was_not_fetched():
    with pytest.raises(ValueRefusedError, match="fetched objects"):
        xr.open_dataset("movie.nc", engine="dj_objectstore")


def test_denoised_values_come_back_without_bias(movie, counts):
    denoised = movie.stabilized[...].mean(axis=(0, 2))  # every row of one brightness
    light = np.linspace(2, 22, 48)
    assert abs(np.mean(movie.denoised_inverse(denoised) / light - 1)) < 0.02
    levels = movie.denoised_inverse(denoised, kind="counts")
    assert np.abs(levels - counts.mean(axis=(0, 2))).max() < 8


def test_the_inverse_needs_the_noise(write, counts):
    with pytest.raises(ValueRefusedError, match="needs the detector's noise"):
        write(Photon(counts[:5], mode="lossless")).denoised_inverse(1.0)


def test_a_tiff_file_is_stored_by_its_path(write, counts, tmp_path):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "movie.tif", counts, photometric="minisblack")
    stored = write(Photon(str(tmp_path / "movie.tif"), mode="lossless"))
    assert np.array_equal(stored[...], counts)


@pytest.mark.parametrize("mode", ["compact", "lossless", "reference"])
def test_a_movie_that_is_verified_passes(write, counts, mode):
    assert write(Photon(counts, mode=mode, gain=20, offset=100, verify=True)).shape == counts.shape


def test_channels_are_verified_each_by_its_noise(write, counts):
    both = np.stack([counts, counts * 2], axis=1)
    photon = Photon(both, dims=("time", "channel", "y", "x"), gain=20, offset=100, verify=True)
    assert write(photon).shape == both.shape


def test_a_source_that_changes_while_it_is_read_is_noticed(write, counts):
    class Changing:
        shape, dtype = counts.shape, counts.dtype
        chunks = (4, 48, 40)
        reads = 0

        def __getitem__(self, key):
            self.reads += 1
            part = counts[key].copy()
            part[0, 0, 0] += 40 * (self.reads > 12)
            return part

    source = Changing()
    # as from a disk: too large to be kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dj_objectstore.photon.frames.KEEP_BYTES", 0)
        with pytest.raises((IntegrityError, MovieRefusedError)):
            write(Photon(source, mode="lossless", verify=True))
