from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest

from dj_objectstore.exceptions import ChunkError, IntegrityError
from dj_objectstore.widgets.frames.describe import describe, profile
from dj_objectstore.widgets.frames.frames import FrameService
from dj_objectstore.widgets.messages.answers import Description, Profile
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.widgets.movies.sources import FrameSource


@pytest.fixture
def service() -> Iterator[FrameService]:
    service = FrameService()
    yield service
    service.close()


def description(service: FrameService, source: FrameSource) -> Description:
    found = describe(service, source).result
    assert isinstance(found, Description)
    return found


def means(service: FrameService, source: FrameSource) -> Profile:
    found = profile(service, source, lambda _done, _total: True).result
    assert isinstance(found, Profile)
    return found


def test_sliders_and_channels_are_named(service: FrameService) -> None:
    found = description(service, ArraySource(np.zeros((5, 2, 3, 6, 8), "u1")))
    assert [(axis.name, axis.length) for axis in found.axes] == [("z", 3)]
    assert (found.channels, found.channel_names) == (2, ())


@pytest.mark.parametrize(
    ("side", "steps"),
    [(64, ()), (1024, ()), (1025, (2,)), (2048, (2, 4)), (4096, (2, 4, 8))],
)
def test_large_frames_come_in_coarser_versions(
    service: FrameService, side: int, steps: tuple[int, ...]
) -> None:
    array = da.zeros((2, side, side), dtype="u1", chunks=(1, side, side))
    assert description(service, ArraySource(array)).steps == steps


def test_a_slow_layout_is_told(service: FrameService) -> None:
    array = da.zeros((400, 512, 512), dtype="u1", chunks=(400, 512, 512))
    assert "Store it with about" in description(service, ArraySource(array)).hints[0]


@pytest.mark.parametrize(
    ("values", "contrast"),
    [
        (np.full((3, 8, 8), np.nan), (0.0, 1.0)),
        (np.full((3, 8, 8), np.inf), (0.0, 1.0)),
        (np.full((3, 8, 8), 5.0), (5.0, 6.0)),
        (np.where(np.arange(192).reshape(3, 8, 8) % 2, np.inf, 3.0), (3.0, 4.0)),
    ],
)
def test_frames_without_finite_values_have_a_contrast(
    service: FrameService, values: np.ndarray, contrast: tuple[float, float]
) -> None:
    assert description(service, ArraySource(values)).contrast == contrast


def test_the_largest_floats_have_a_finite_contrast(service: FrameService) -> None:
    values = np.linspace(-3.4e38, 3.4e38, 192, dtype="f4").reshape(3, 8, 8)
    low, high = description(service, ArraySource(values)).contrast
    assert low < high < np.inf


class Damaged:
    """An array of which some chunks can't be read."""

    def __init__(self, damaged: set[int]) -> None:
        self.values = np.arange(40, dtype="u2")[:, None, None] * np.ones((1, 4, 4), "u2")
        self.shape, self.dtype, self.chunks = self.values.shape, self.values.dtype, (10, 4, 4)
        self.damaged = damaged

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        if index[0].start in self.damaged:
            raise ChunkError("chunk is damaged")
        return self.values[index]


def test_the_profile_leaves_out_what_is_damaged(service: FrameService) -> None:
    found = means(service, ArraySource(Damaged({10})))
    assert set(found.indices) == set(range(40)) - set(range(10, 20))
    assert found.values == found.indices


def test_the_contrast_leaves_out_what_is_damaged_unless_all_is(service: FrameService) -> None:
    assert description(service, ArraySource(Damaged({10}))).contrast[1] > 30
    with pytest.raises(IntegrityError):
        describe(service, ArraySource(Damaged({0, 10, 20, 30})))


def test_the_profile_ends_when_nobody_waits(service: FrameService) -> None:
    source = ArraySource(Damaged(set()))
    answer = profile(service, source, lambda done, _total: done < 3)
    assert isinstance(answer.result, Profile)
    assert len(answer.result.indices) == 3
