from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie, write_photon
from dj_objectstore.objects.source import Photon
from dj_objectstore.photon import NoiseModel
from dj_objectstore.photon.reader import MovieReader
from dj_objectstore.photon.writer import write_movie
from dj_objectstore.widgets.analysis.traces import RegionTrace, measure, relative, trace_of
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.messages.answers import Stabilized
from dj_objectstore.widgets.movies.photon_source import PhotonSource
from dj_objectstore.widgets.movies.sources import ArraySource
from dj_objectstore.widgets.movies.stored import Place, open_stored

if TYPE_CHECKING:
    from typing import Any

    from dj_objectstore.store.store import Store

NOISE = Stabilized(gain=20.0, offset=100.0, variance=30.0)
REGIONS = st.lists(
    st.lists(st.integers(0, 24 * 16 - 1), min_size=1, max_size=40, unique=True), min_size=1, max_size=6
)


def opened(movie: PhotonMovie) -> Any:
    return open_stored(Place(movie.opened, movie.key()))


@given(REGIONS)
def test_the_means_of_regions_are_numpys(regions: list[list[int]]) -> None:
    movie = np.random.default_rng(5).integers(0, 4000, (9, 24, 16), "u2")
    means = measure(
        frame_service(), ArraySource(movie), Shot(), [np.array(sorted(region)) for region in regions]
    )
    expected = [movie.reshape(9, -1)[:, region].mean(axis=1) for region in regions]
    np.testing.assert_allclose(means, expected, rtol=1e-12)


@pytest.mark.parametrize("mode", ["compact", "lossless", "reference"])
def test_the_trace_of_a_photon_movie_is_numpys_on_its_photons(
    store: Store, config: dict[str, Any], counts: np.ndarray, mode: str
) -> None:
    photon = Photon(counts, gain=20.0, offset=100.0, variance=30.0, frames_per_chunk=10, mode=mode)
    stored = write_photon(store, f"lab/Scan/scan=2/{mode}_Ab3dE5gH.zarr", photon)
    movie = PhotonMovie(stored, config=config)
    mask = np.zeros((24, 16), bool)
    mask[3:9, 2:7] = True
    source = opened(movie)
    (means,) = measure(frame_service(), source, Shot(), [np.flatnonzero(mask)])
    trace = trace_of(means, pixels=30, noise=source.noise(0))
    assert trace.unit == "photons"
    if mode == "reference":  # its counts travel rounded
        np.testing.assert_allclose(
            trace.values, movie.photons[:][:, mask].mean(axis=1, dtype="f8"), atol=0.5 / 20
        )
    else:
        np.testing.assert_allclose(
            trace.values, movie.photons[:][:, mask].mean(axis=1, dtype="f8"), rtol=1e-6
        )


def test_the_band_is_the_noise_models(movie: PhotonMovie) -> None:
    source = opened(movie)
    pixels = np.arange(40)
    (means,) = measure(frame_service(), source, Shot(), [pixels])
    model = movie.reader.noise
    assert isinstance(model, NoiseModel)
    in_counts = movie[:].reshape(35, -1)[:, pixels].mean(axis=1)
    variance = (model.gain * (in_counts - model.offset) + model.variance) / len(pixels)
    band = trace_of(means, pixels=len(pixels), noise=source.noise(0)).band
    np.testing.assert_allclose(band, np.sqrt(variance) / model.gain, rtol=2e-3)  # counts are rounded


def test_the_band_is_the_spread_of_simulated_light() -> None:
    random = np.random.default_rng(8)
    light = random.poisson(4.0, (20_000, 1, 25)) * NOISE.gain + NOISE.offset
    movie = light + random.normal(0, np.sqrt(NOISE.variance), light.shape)
    source = ArraySource(movie.astype("f4"))
    (means,) = measure(frame_service(), source, Shot(), [np.arange(25)])
    photons = (means - NOISE.offset) / NOISE.gain
    trace = trace_of(photons, pixels=25, noise=NOISE)
    assert trace.values.std() == pytest.approx(trace.band.mean(), rel=0.02)


def test_without_a_noise_model_there_are_counts_and_no_band() -> None:
    movie = np.full((4, 2, 2), 7, "u2")
    (means,) = measure(frame_service(), ArraySource(movie), Shot(), [np.array([0, 3])])
    trace = trace_of(means, pixels=2, noise=None)
    assert (trace.unit, trace.values.tolist(), trace.band) == ("counts", [7.0] * 4, None)


def test_negative_light_has_the_band_of_the_dark() -> None:
    trace = trace_of(np.array([-3.0, 0.0]), pixels=4, noise=NOISE)
    np.testing.assert_allclose(trace.band, np.sqrt(30 / 20**2 / 4))


def test_channels_have_noise_of_their_own(counts: np.ndarray) -> None:
    files: dict[str, bytes] = {}
    noise = (NoiseModel(gain=20.0, offset=100.0), NoiseModel(gain=10.0, offset=100.0))
    write_movie(np.stack([counts, counts], axis=1), files, noise=noise, dims=("time", "channel", "y", "x"))
    reader = MovieReader(files)
    source = PhotonSource(reader, identity="two")
    for channel in range(2):
        (means,) = measure(frame_service(), source, Shot(channel=channel), [np.arange(50)])
        photons = reader.read((slice(None), channel), "photons").reshape(35, -1)
        np.testing.assert_allclose(means, photons[:, :50].mean(axis=1, dtype="f8"), atol=0.5 / 10)


def test_frames_that_are_missing_are_nan_and_the_rest_is_there(movie: PhotonMovie, store: Store) -> None:
    store.delete([f"{movie.path}/1.0.0"])
    (means,) = measure(frame_service(), opened(movie), Shot(), [np.arange(5)])
    assert np.isnan(means[10:20]).all()
    assert np.isfinite(np.delete(means, np.s_[10:20])).all()


def test_df_over_f_is_relative_to_the_percentile_chosen() -> None:
    values = np.array([4.0, 2.0, 8.0, np.nan, 2.0])
    trace = RegionTrace("photons", values, np.full(5, 0.5))
    found = relative(trace, baseline=50)
    assert found.unit == "dF/F"
    np.testing.assert_allclose(found.values, values / 3 - 1)
    np.testing.assert_allclose(found.band, 0.5 / 3)


@pytest.mark.parametrize("values", [[0.0, 0.0, 5.0], [-1.0, -1.0, 5.0], [np.nan, np.nan, np.nan]])
def test_df_over_f_of_the_dark_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueRefusedError, match="needs a trace above 0 at rest"):
        relative(RegionTrace("photons", np.array(values), None), baseline=10)


def test_more_traces_than_memory_holds_are_refused_before_anything_is_read() -> None:
    class Long(ArraySource):
        frames = 0

        def read_block(self, block: int, **_: Any) -> np.ndarray:
            raise AssertionError(block)

    source = Long(np.zeros((2, 4, 4), "u1"))
    source.frames = 1_000_000
    with pytest.raises(ValueRefusedError, match="300 regions of 1000000 frames have more"):
        measure(frame_service(), source, Shot(), [np.array([0])] * 300)
