from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from dj_objectstore.widgets.frames.frames import FrameService
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.stored import Place, open_stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_objectstore.store.store import Store

FINE = np.random.default_rng(2).integers(0, 4000, (3, 2, 130, 101)).astype("u2")
AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]


@pytest.fixture
def service() -> Iterator[FrameService]:
    service = FrameService()
    yield service
    service.close()


def put_image(store: Store, *, version: str = "0.4", coarse: dict[str, np.ndarray] | None = None) -> Place:
    """An image whose coarser arrays hold other pixels than binning would give, to be known by them."""
    levels = {"0": FINE} | (
        coarse
        or {
            "1": FINE[:, :, ::2, ::2][:, :, :65, :50] + 5000,
            "2": FINE[:, :, ::4, ::4][:, :, :32, :25] + 9000,
        }
    )
    form = 2 if version == "0.4" else 3
    group: Any = zarr.open_group(store.fsmap("image.zarr", writable=True), mode="w", zarr_format=form)
    for name, values in levels.items():
        group.create_array(name, data=values, chunks=(1, 1, *values.shape[2:]))
    scale = {"type": "scale", "scale": [0.25, 1, 0.5, 0.6]}
    datasets = [{"path": name, "coordinateTransformations": [scale]} for name in levels]
    labels = {"channels": [{"label": "GCaMP"}, {"label": "tdTomato"}]}
    image = {"multiscales": [{"axes": AXES, "datasets": datasets}], "omero": labels}
    group.attrs.update(image if version == "0.4" else {"ome": image | {"version": "0.5"}})
    return Place(store, "image.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_has_its_axes_channels_rate_and_pixel_size(store: Store, version: str) -> None:
    source = open_stored(put_image(store, version=version))
    assert (source.frames, source.channels, source.height, source.width) == (3, 2, 130, 101)
    assert source.channel_names == ("GCaMP", "tdTomato")
    assert source.facts.timing.frame_rate == 4.0
    assert source.facts.pixel_size == (0.5, 0.6)


def test_at_rest_the_pixels_are_exact(store: Store, service: FrameService) -> None:
    source = open_stored(put_image(store))
    for channel in range(2):
        np.testing.assert_array_equal(service.read(source, 2, Shot(channel)), FINE[2, channel])


@pytest.mark.parametrize(
    ("step", "shape", "offset"), [(2, (65, 51), 5000), (4, (33, 26), 9000), (8, (17, 13), 9000)]
)
def test_coarser_frames_come_from_the_stored_level_in_the_size_of_bins(
    store: Store, service: FrameService, step: int, shape: tuple[int, int], offset: int
) -> None:
    source = open_stored(put_image(store))
    frame = service.read(source, 1, Shot(1, step=step))
    assert frame.shape == shape
    assert frame.min() >= offset
    if step == 2:
        np.testing.assert_array_equal(frame[:, :50], FINE[1, 1, ::2, ::2][:, :50] + 5000)
        np.testing.assert_array_equal(frame[:, 50], frame[:, 49])


def test_a_level_that_does_not_fit_is_left_out(store: Store, service: FrameService) -> None:
    shorter = {"1": FINE[:2, :, ::2, ::2]}
    source = open_stored(put_image(store, coarse=shorter))
    assert source.levels == {}
    frame = service.read(source, 2, Shot(step=2))
    np.testing.assert_allclose(frame[0, 0], FINE[2, 0, :2, :2].mean(), atol=0.5)


def test_a_group_with_other_attributes_is_no_image(store: Store) -> None:
    group: Any = zarr.open_group(store.fsmap("group.zarr", writable=True), mode="w", zarr_format=2)
    group.create_array("frames", data=FINE[:, 0])
    group.attrs["multiscales"] = "none"
    assert open_stored(Place(store, "group.zarr")).frames == 3
