from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie, write_photon
from dj_objectstore.objects.source import Photon
from dj_objectstore.widgets.frames.frames import FrameService
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.joined import join_movies
from dj_objectstore.widgets.movies.opening import Known, open_movie
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, Timing
from dj_objectstore.widgets.movies.spots import find_spot, find_spots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.store.store import Store
    from dj_objectstore.widgets.movies.sources import FrameSource


class Chunked:
    """A movie in chunks of `per_chunk` frames, each of which knows its number."""

    def __init__(self, first: int, frames: int, per_chunk: int) -> None:
        numbers = np.arange(first, first + frames, dtype="u2")
        self.values = np.broadcast_to(numbers[:, None, None], (frames, 2, 3)).copy()
        self.shape, self.dtype, self.chunks = self.values.shape, self.values.dtype, (per_chunk, 2, 3)

    def __getitem__(self, index: Any) -> np.ndarray:
        return self.values[index]


@pytest.fixture
def service() -> Iterator[FrameService]:
    service = FrameService()
    yield service
    service.close()


def chain(lengths: list[tuple[int, int]]) -> FrameSource:
    starts = np.cumsum([0, *[frames for frames, _ in lengths]])
    parts = [
        ArraySource(Chunked(int(start), *length)) for start, length in zip(starts, lengths, strict=False)
    ]
    return join_movies(parts)


lists_of_movies = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 5)), min_size=1, max_size=6)


@given(lists_of_movies)
def test_every_frame_of_a_list_is_found_in_its_movie(lengths: list[tuple[int, int]]) -> None:
    source = chain(lengths)
    assert source.frames == sum(frames for frames, _ in lengths)
    for index in range(source.frames):
        block, offset = source.locate(index)
        assert source.span(block)[offset] == index
        assert (source.read_block(block)[offset] == index).all()
        spot = find_spot(source, index, Shot())
        assert spot.span[spot.offset] == index
        assert (spot.read(lambda _: None)[spot.offset] == index).all()


@given(lists_of_movies)
def test_the_blocks_of_a_list_are_its_frames_in_order(lengths: list[tuple[int, int]]) -> None:
    source = chain(lengths)
    spans = [source.span(block) for block in range(source.blocks)]
    assert [index for span in spans for index in span] == list(range(source.frames))


@given(lists_of_movies, st.data())
def test_a_rolling_mean_reaches_over_the_movies_of_a_list(
    lengths: list[tuple[int, int]], data: st.DataObject
) -> None:
    source = chain(lengths)
    index = data.draw(st.integers(0, source.frames - 1))
    n = data.draw(st.integers(1, 20))
    spots = find_spots(source, index, Shot(mean=n))
    covered = {frame for spot in spots for frame in spot.span}
    assert set(range(max(0, index - n + 1), index + 1)) <= covered
    assert len({spot.key for spot in spots}) == len(spots)


def test_a_movie_and_a_list_that_holds_it_are_decoded_once(service: FrameService) -> None:
    parts = [ArraySource(Chunked(0, 10, 5)), ArraySource(Chunked(10, 10, 5))]
    both = join_movies(parts)
    service.read(both, 12)
    kept = service.cache.nbytes
    service.read(parts[1], 2)
    assert service.cache.nbytes == kept


def timed(frames: int, **timing: Any) -> ArraySource:
    return ArraySource(np.zeros((frames, 2, 2), "u1"), facts=Facts(timing=Timing(**timing)))


def test_movies_of_one_rate_keep_it() -> None:
    assert join_movies([timed(3, frame_rate=30.0), timed(4, frame_rate=30.0)]).facts.timing == Timing(30.0)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"times": np.arange(3.0)}, {"times": np.arange(3.0)}, [0, 1, 2, 3, 4, 5]),
        ({"times": np.arange(3.0)}, {"times": np.arange(10.0, 13)}, [0, 1, 2, 10, 11, 12]),
        ({"frame_rate": 2.0}, {"frame_rate": 4.0}, [0, 0.5, 1, 1.25, 1.5, 1.75]),
        ({"times": np.arange(3.0)}, {}, None),
    ],
)
def test_times_that_begin_anew_go_on(first: Any, second: Any, expected: list[float] | None) -> None:
    timing = join_movies([timed(3, **first), timed(3, **second)]).facts.timing
    if expected is None:
        assert timing.times is None
    else:
        np.testing.assert_allclose(timing.times, expected)


def test_movies_of_another_shape_are_refused() -> None:
    parts = [ArraySource(np.zeros((3, 2, 2))), ArraySource(np.zeros((3, 2, 4)))]
    with pytest.raises(ValueRefusedError, match="number 2 has"):
        join_movies(parts)


def test_movies_with_other_codes_are_shown_in_values() -> None:
    parts = [ArraySource(np.full((3, 2, 2), 7, "u1")), ArraySource(np.full((3, 2, 2), -7, "i2"))]
    source = join_movies(parts)
    values = [decode_block(source.read_block(block), source.code, source.table) for block in range(2)]
    assert (values[0] == 7).all()
    assert (values[1] == -7).all()


def test_photon_movies_of_one_gain_keep_their_photons_and_of_others_their_counts(store: Store) -> None:
    def stored(name: str, gain: float) -> PhotonMovie:
        light = np.random.default_rng(1).poisson(8.0, (20, 32, 24))
        counts = (gain * light + 100).astype("u2")
        photon = Photon(counts, gain=gain, offset=100.0, variance=0.0, frames_per_chunk=10)
        return PhotonMovie(write_photon(store, f"lab/{name}_Ab3d{name:0>5}.zarr", photon), opened=store)

    one, same, other = stored("one", 20.0), stored("same", 20.0), stored("other", 50.0)
    alike = open_movie([one, same], Known()).open()
    assert (alike.frames, alike.code.kind, alike.facts.photons is None) == (40, "lookup", False)
    mixed = open_movie([one, other], Known()).open()
    assert (mixed.code.dtype, mixed.facts.photons, mixed.noise(0)) == ("<f4", None, None)
    block, offset = mixed.locate(25)
    np.testing.assert_allclose(mixed.read_block(block)[offset], other[5], atol=0.5)


def test_a_list_with_a_movie_that_is_gone_says_which(store: Store) -> None:
    there = np.zeros((3, 2, 2), "u1")
    gone = PhotonMovie.from_json(
        {"path": "lab/gone_Ab3dE5gH.zarr", "store": "main", "size": 1, "is_dir": True}
    )
    gone._opened = store
    with pytest.raises(ObjectNotFoundError, match="gone_Ab3dE5gH"):
        open_movie([there, gone], Known()).open()


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match="at least one"):
        open_movie([], Known())
