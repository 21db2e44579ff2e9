from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dj_objectstore.exceptions import ChunkError
from dj_objectstore.store.wanted import NoLongerWantedError
from dj_objectstore.widgets.analysis import passes, projections
from dj_objectstore.widgets.analysis.passes import Watch, read_slabs
from dj_objectstore.widgets.analysis.projections import project
from dj_objectstore.widgets.frames.frames import close_frame_service, frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.sources import ArraySource
from dj_objectstore.widgets.movies.stored import Place, open_stored

if TYPE_CHECKING:
    from dj_objectstore.objects.movie import PhotonMovie
    from dj_objectstore.store.store import Store

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(1, 5))


class Chunked(np.ndarray):
    """An array in chunks of three frames."""

    @property
    def chunks(self) -> tuple[int, ...]:
        return (3, *self.shape[1:])


def chunked(movie: np.ndarray) -> ArraySource:
    return ArraySource(movie.view(Chunked), dims=("time", "y", "x"))


@given(hnp.arrays(st.sampled_from(["u1", "i2", "u2", "f4"]), SHAPES, elements=st.integers(0, 127)))
def test_projections_are_numpys(movie: np.ndarray) -> None:
    found = project(frame_service(), chunked(movie), Shot())
    assert found.frames == len(movie)
    np.testing.assert_allclose(found.mean, movie.mean(axis=0, dtype="f8"), rtol=1e-6)
    np.testing.assert_allclose(found.std, movie.std(axis=0, dtype="f8"), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(found.max, movie.max(axis=0))


def test_a_small_spread_on_a_large_offset_is_not_lost() -> None:
    movie = np.float32(60000) + np.random.default_rng(1).integers(0, 3, (50, 4, 4)).astype("f4")
    found = project(frame_service(), chunked(movie), Shot())
    np.testing.assert_allclose(found.std, movie.std(axis=0, dtype="f8"), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning", "ignore:Degrees of freedom:RuntimeWarning")
@given(hnp.arrays("f4", SHAPES, elements=st.sampled_from([1.0, 2.5, -7.0, np.nan, np.inf])))
def test_what_is_no_number_is_left_out(movie: np.ndarray) -> None:
    found = project(frame_service(), chunked(movie), Shot())
    finite = np.ma.masked_invalid(movie)
    np.testing.assert_allclose(found.mean, finite.mean(axis=0).filled(np.nan), rtol=1e-6)
    np.testing.assert_allclose(found.std, finite.std(axis=0).filled(np.nan), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.max, finite.max(axis=0).filled(np.nan))


def test_channels_and_further_axes_are_chosen() -> None:
    movie = np.random.default_rng(2).integers(0, 99, (6, 2, 3, 4, 5), "u2")
    found = project(frame_service(), ArraySource(movie), Shot(channel=1, at=(2,)))
    np.testing.assert_allclose(found.mean, movie[:, 1, 2].mean(axis=0), rtol=1e-6)


def test_a_photon_movie_is_projected_in_counts(movie: PhotonMovie) -> None:
    found = project(frame_service(), open_stored(Place(movie.opened, movie.key())), Shot())
    np.testing.assert_allclose(found.mean, movie[:].mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(found.max, movie[:].max(axis=0))


def test_damaged_chunks_are_left_out_and_not_counted(movie: PhotonMovie, store: Store) -> None:
    store.delete([f"{movie.path}/1.0.0"])
    found = project(frame_service(), open_stored(Place(movie.opened, movie.key())), Shot())
    assert found.frames == 25
    kept = np.concatenate([movie[:10], movie[20:]])
    np.testing.assert_allclose(found.mean, kept.mean(axis=0), rtol=1e-6)


def test_a_movie_of_which_nothing_can_be_read_is_an_error(movie: PhotonMovie, store: Store) -> None:
    store.delete([f"{movie.path}/{number}.0.0" for number in range(4)])
    with pytest.raises(ChunkError):
        project(frame_service(), open_stored(Place(movie.opened, movie.key())), Shot())


def test_large_pictures_are_projected_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "CACHED_PIXELS", 23)
    movie = np.random.default_rng(2).normal(50, 9, (7, 11, 9)).astype("f4")
    movie[2, 3, 4] = np.nan
    found = project(frame_service(), ArraySource(movie), Shot())
    np.testing.assert_allclose(found.mean, np.nanmean(movie, axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.std, np.nanstd(movie, axis=0), rtol=1e-5)
    np.testing.assert_array_equal(found.max, np.nanmax(movie, axis=0))


def test_memory_is_bounded_by_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SLAB_PIXELS", 40)
    movie = np.arange(17 * 20, dtype="u2").reshape(17, 4, 5)
    slabs = list(read_slabs(frame_service(), ArraySource(movie), Shot(), pixels=20))
    assert [slab.frames for slab in slabs] == [2] * 8 + [1]
    np.testing.assert_array_equal(np.concatenate([slab.codes for slab in slabs]), movie)


def test_progress_is_told_block_by_block_and_ends_with_the_wish(threads: Any) -> None:
    source = chunked(np.zeros((12, 2, 2), "u1"))
    told: list[tuple[int, int]] = []
    project(frame_service(), source, Shot(), watch=Watch(lambda done, total: told.append((done, total))))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    told.clear()
    with pytest.raises(NoLongerWantedError):
        project(
            frame_service(),
            source,
            Shot(),
            watch=Watch(lambda done, total: told.append((done, total)), lambda: len(told) < 2),
        )
    assert told == [(1, 4), (2, 4)]
    close_frame_service()
    assert not threads()
