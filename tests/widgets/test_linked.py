from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.photon.anscombe import stabilize
from dj_objectstore.photon.detector import NoiseModel
from dj_objectstore.widgets.analysis.analysis import Analysis
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.messages.answers import Stabilized
from dj_objectstore.widgets.movies.linked import DifferenceSource, align, seconds_of
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, Timing

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL = NoiseModel(gain=20.0, offset=100.0, variance=30.0)
NOISE = Stabilized(gain=20.0, offset=100.0, variance=30.0)


def recording(light: float | np.ndarray = 5.0, seed: int = 0, shape: Any = (40, 12, 10)) -> np.ndarray:
    random = np.random.default_rng(seed)
    photons = random.poisson(light, shape)
    return np.rint(20 * photons + 100 + random.normal(0, np.sqrt(30), shape)).clip(0).astype("u2")


def source(
    movie: np.ndarray,
    *,
    noise: Stabilized | None = NOISE,
    rate: float | None = None,
    times: Sequence[float] | None = None,
) -> ArraySource:
    made = ArraySource(movie)
    seconds = None if times is None else np.asarray(times, float)
    made.facts = Facts(timing=Timing(rate, seconds), stabilized=noise)
    return made


def frames(n: int, **timing: Any) -> ArraySource:
    return source(np.zeros((n, 2, 2), "u1"), **timing)


def whole(difference: DifferenceSource, **options: Any) -> np.ndarray:
    return np.concatenate([difference.read_block(block, **options) for block in range(difference.blocks)])


def test_two_recordings_of_the_same_light_differ_by_noise_of_one() -> None:
    light = np.linspace(4, 60, 10)  # below four photons the transform makes it less
    shape = (400, 12, 10)
    difference = whole(
        DifferenceSource(source(recording(light, 1, shape)), source(recording(light, 2, shape)))
    )
    assert difference.mean() == pytest.approx(0, abs=0.02)
    np.testing.assert_allclose(difference.std(axis=(0, 1)), 1, atol=0.06)


def test_a_difference_is_that_of_the_stabilised_movies() -> None:
    first, other = recording(seed=1), recording(seed=2)
    expected = (stabilize(other, MODEL) - stabilize(first, MODEL)) / np.sqrt(2)
    np.testing.assert_allclose(
        whole(DifferenceSource(source(first), source(other))), expected, rtol=1e-4, atol=1e-5
    )
    as_floats = DifferenceSource(source(first), source(other.astype("f4")))
    np.testing.assert_allclose(whole(as_floats), expected, rtol=1e-4, atol=1e-5)


def test_a_movie_that_does_not_know_its_noise_has_the_others() -> None:
    first, other = recording(seed=1), recording(seed=2)
    known = whole(DifferenceSource(source(first), source(other)))
    for pair in [(source(first), source(other, noise=None)), (source(first, noise=None), source(other))]:
        np.testing.assert_array_equal(whole(DifferenceSource(*pair)), known)


def test_noise_that_nobody_knows_is_estimated() -> None:
    light = np.linspace(2, 60, 64)
    first, other = (source(recording(light, seed, (40, 64, 64)), noise=None) for seed in (1, 2))
    assert whole(DifferenceSource(first, other)).std() == pytest.approx(1, abs=0.08)


def test_noise_that_can_not_be_estimated_is_an_error_with_the_remedy() -> None:
    flat = source(np.full((20, 8, 8), 7, "u2"), noise=None)
    with pytest.raises(ValueRefusedError, match=r"which is not known \(.*\)\nStore the movie as <photon@>"):
        DifferenceSource(flat, flat).read_block(0)


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueRefusedError, match="got 12 x 10 and 12 x 11 pixels"):
        DifferenceSource(source(recording()), source(recording(shape=(40, 12, 11))))


def test_a_frame_without_a_twin_has_no_value() -> None:
    difference = whole(DifferenceSource(source(recording()), source(recording()[:25])))
    assert np.isfinite(difference[:25]).all()
    assert np.isnan(difference[25:]).all()


def test_channels_and_planes_are_those_asked_for() -> None:
    first, other = recording(shape=(6, 2, 3, 5, 4), seed=1), recording(shape=(6, 2, 3, 5, 4), seed=2)
    expected = (stabilize(other[:, 1, 2], MODEL) - stabilize(first[:, 1, 2], MODEL)) / np.sqrt(2)
    found = whole(DifferenceSource(source(first), source(other)), channel=1, at=(2,))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_movies_are_aligned_by_their_seconds() -> None:
    slow, fast = frames(4, rate=10.0), frames(12, rate=30.0)
    assert align(slow, fast).tolist() == [0, 3, 6, 9]
    assert align(fast, slow).tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]


def test_dropped_frames_have_no_twin() -> None:
    times = [0.0, 0.1, 0.2, 0.9, 1.0]
    assert align(frames(11, rate=10.0), frames(5, times=times)).tolist() == [
        0, 1, 2, 2, -1, -1, -1, -1, 3, 3, 4,
    ]  # fmt: skip


def test_without_seconds_movies_are_aligned_by_index() -> None:
    assert align(frames(4, rate=10.0), frames(2)).tolist() == [0, 1, -1, -1]


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=20, unique=True).map(sorted),
    st.lists(st.floats(0, 100), min_size=1, max_size=20, unique=True).map(sorted),
)
def test_the_twin_of_a_frame_is_the_nearest(here: list[float], there: list[float]) -> None:
    first, other = frames(len(here), times=here), frames(len(there), times=there)
    distances = np.abs(np.subtract.outer(here, there))
    for index, twin in enumerate(align(first, other).tolist()):
        if twin >= 0:
            assert distances[index, twin] == distances[index].min()
        else:
            assert distances[index].min() > 0


def test_seconds_come_from_times_or_the_rate() -> None:
    np.testing.assert_array_equal(seconds_of(frames(3, times=[1, 2, 5])), [1, 2, 5])
    np.testing.assert_array_equal(seconds_of(frames(3, rate=2.0)), [0, 0.5, 1])
    assert seconds_of(frames(3)) is None


def test_a_difference_and_its_traces_are_in_units_of_noise(page: Any) -> None:
    first, other = (recording(seed=seed, shape=(200, 12, 10)) for seed in (1, 2))
    difference = DifferenceSource(source(first), source(other))
    targets = Targets(main=lambda: difference)
    page.channel = Channel(post=page.post, targets=targets, methods=Analysis(targets).methods)
    assert page.ask("describe")[0]["unit"] == "noise"
    roi = {"kind": "rectangle", "points": [[1.0, 2.0], [11.0, 9.0]]}
    result, (values, band) = page.ask("trace", roi=roi)
    assert (result["unit"], result["pixels"], result["has_band"]) == ("noise", 70, True)
    trace = np.frombuffer(values, "<f4")
    np.testing.assert_allclose(trace, whole(difference)[:, 1:11, 2:9].mean(axis=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(np.frombuffer(band, "<f4"), 1 / np.sqrt(70), rtol=1e-6)
    assert trace.std() == pytest.approx(1 / np.sqrt(70), rel=0.2)
    page.channel.close()
