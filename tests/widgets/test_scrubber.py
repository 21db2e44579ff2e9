from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import traitlets
import xarray as xr
import zarr

from dj_objectstore.exceptions import ConfigurationError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.widgets import widget as widget_module
from dj_objectstore.widgets.scrubber import Scrubber, scrub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dj_objectstore.store.store import Store

FRAMES = np.arange(20 * 6 * 8, dtype="u2").reshape(20, 6, 8)


@pytest.fixture
def show(page: Any) -> Iterator[Any]:
    opened: list[Scrubber] = []

    def open_scrubber(movie: Any, **options: Any) -> Any:
        widget = scrub(movie, **options)
        widget._channel._post = page.post
        page.channel = widget._channel
        opened.append(widget)
        return page

    yield open_scrubber
    for widget in opened:
        widget.close()


def values_of(talk: Any, index: int, **params: Any) -> np.ndarray:
    facts, buffers = talk.ask("describe")
    result, (codes,) = talk.ask("frame", index=index, **params)
    frame = np.frombuffer(codes, result["dtype"]).reshape(result["shape"])
    if facts["code"]["kind"] == "lookup":
        return np.frombuffer(buffers[0], "<f4")[frame]
    return facts["code"]["offset"] + facts["code"]["scale"] * frame


def test_a_photon_movie_is_shown_in_counts(show: Any, movie: PhotonMovie) -> None:
    talk = show(movie)
    facts, (table,) = talk.ask("describe")
    assert (facts["title"], facts["frames"], facts["height"], facts["width"]) == ("movie", 35, 24, 16)
    assert (facts["unit"], facts["mode"], facts["dtype"], facts["frame_rate"]) == (
        "counts",
        "compact",
        "int16",
        30.0,
    )
    assert facts["photons"] == {"gain": 20.0, "offset": 100.0}
    assert facts["stabilized"] == {"gain": 20.0, "offset": 100.0, "variance": 0.0}
    assert len(table) == 4 * facts["code"]["levels"]
    for index in (0, 10, 34):
        np.testing.assert_array_equal(values_of(talk, index), movie[index])


def test_the_contrast_spans_most_of_the_movie(show: Any, movie: PhotonMovie, counts: np.ndarray) -> None:
    low, high = show(movie).ask("describe")[0]["contrast"]
    shown = (counts >= low) & (counts <= high)
    assert 0.95 < shown.mean() < 1


@pytest.mark.parametrize("value", [0, -7, 3.5, np.nan])
def test_a_movie_of_one_value_has_a_contrast_too(show: Any, value: float) -> None:
    low, high = show(np.full((3, 4, 5), value)).ask("describe")[0]["contrast"]
    assert low < high


def test_a_missing_chunk_is_an_error_of_its_frames_alone(show: Any, movie: PhotonMovie, store: Store) -> None:
    store.delete([f"{movie.path}/1.0.0"])
    talk = show(movie)
    assert talk.ask("describe")[0]["frames"] == 35
    error = talk.fail("frame", index=12)
    assert error["code"] == "chunk"
    assert "1.0.0 (frames 10-19) is missing" in error["message"]
    assert error["hint"]
    np.testing.assert_array_equal(values_of(talk, 22), movie[22])


def test_a_damaged_chunk_is_never_shown(show: Any, movie: PhotonMovie, store: Store) -> None:
    data = bytearray(store.get(f"{movie.path}/0.0.0"))
    data[len(data) // 2] ^= 4
    store.put(f"{movie.path}/0.0.0", bytes(data), overwrite=True)
    assert show(movie).fail("frame", index=3)["code"] == "chunk"


def test_a_movie_that_is_gone_says_so_in_its_place_and_can_come_back(
    show: Any, movie: PhotonMovie, store: Store
) -> None:
    files = {entry.key: store.get(entry.key) for entry in store.list(f"{movie.path}/")}
    store.delete_tree(movie.path)
    talk = show(movie)
    error = talk.fail("describe")
    assert error["code"] == "object-not-found"
    assert movie.path in error["message"]
    assert "'main'" in error["message"]
    for key, data in files.items():
        store.put(key, data)
    assert talk.ask("describe")[0]["frames"] == 35


def test_a_store_that_is_not_configured_says_so_in_its_place(show: Any, movie: PhotonMovie) -> None:
    lost = PhotonMovie(movie._stored, config={"stores": {}})
    assert show(lost).fail("describe")["code"] == "store-not-configured"


def test_a_zarr_array_and_the_first_movie_of_a_group_are_shown(
    show: Any, files: ObjectRef, store: Store, config: dict[str, Any]
) -> None:
    stored = type(files._stored)(f"{files.path}/results.zarr", "main", 1, is_dir=True, ext=".zarr")
    np.testing.assert_array_equal(
        values_of(show(ObjectRef(stored, config=config)), 3), np.arange(144, 192).reshape(6, 8)
    )
    group = zarr.open_group(store.fsmap(stored.path), mode="r")
    np.testing.assert_array_equal(values_of(show(group), 3), np.arange(144, 192).reshape(6, 8))


def test_a_folder_that_holds_no_movie_says_so(show: Any, files: ObjectRef, config: dict[str, Any]) -> None:
    stored = type(files._stored)(f"{files.path}/deep", "main", 1, is_dir=True)
    assert show(ObjectRef(stored, config=config)).fail("describe")["code"] == "format"


@pytest.mark.parametrize("kind", [np.asarray, da.from_array, xr.DataArray])
def test_arrays_are_shown(show: Any, kind: Any) -> None:
    np.testing.assert_array_equal(values_of(show(kind(FRAMES)), 7), FRAMES[7])


def test_channels_are_chosen_by_the_request(show: Any) -> None:
    talk = show(np.stack([FRAMES, FRAMES * 2], axis=1))
    assert talk.ask("describe")[0]["channels"] == 2
    np.testing.assert_array_equal(values_of(talk, 4, channel=1), FRAMES[4] * 2)


def test_what_is_known_of_an_array_can_be_given(show: Any) -> None:
    times = np.cumsum(np.ones(20)) / 7
    talk = show(
        FRAMES.transpose(1, 2, 0), dims=("y", "x", "time"), times=times, pixel_size=(0.5, 0.6), title="stack"
    )
    facts, (sent,) = talk.ask("describe")
    assert (facts["title"], facts["has_times"], facts["pixel_size"]) == ("stack", True, [0.5, 0.6])
    np.testing.assert_array_equal(np.frombuffer(sent, "<f8"), times)


def test_further_axes_are_named_and_chosen_by_the_request(show: Any) -> None:
    volume = np.stack([FRAMES, FRAMES + 1], axis=1)
    talk = show(volume, dims=("time", "z", "y", "x"))
    assert talk.ask("describe")[0]["axes"] == [{"name": "z", "length": 2}]
    np.testing.assert_array_equal(values_of(talk, 4), FRAMES[4])
    np.testing.assert_array_equal(values_of(talk, 4, at=[1]), FRAMES[4] + 1)


@pytest.mark.parametrize(
    ("movie", "options"),
    [
        ("movie.tif", {}),
        (np.zeros(5), {}),
        (np.zeros((3, 4, 5), complex), {}),
        (FRAMES, {"dims": ("y", "x")}),
        (FRAMES, {"times": [0.0, 1.0]}),
    ],
)
def test_what_is_no_movie_is_refused_at_once(movie: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueRefusedError):
        scrub(movie, **options)


def test_the_axes_of_a_photon_movie_can_not_be_given(movie: PhotonMovie) -> None:
    with pytest.raises(ValueRefusedError, match="a photon movie knows them"):
        scrub(movie, dims=("y", "x", "time"))


def test_what_is_given_counts_more_than_what_was_stored(show: Any, movie: PhotonMovie) -> None:
    facts, _ = show(movie, frame_rate=15.0, pixel_size=(0.5, 0.5)).ask("describe")
    assert (facts["frame_rate"], facts["pixel_size"]) == (15.0, [0.5, 0.5])


def test_traits_are_small_and_hold_no_data_but_the_first_frame() -> None:
    widget = scrub(
        FRAMES, position=3, fps=12.5, contrast=[1.0, 9.0], colormap="magma", unit="counts", loop=False
    )
    state = {name: value for name, value in widget.get_state().items() if not name.startswith("_")}
    assert {name: state[name] for name in ("position", "fps", "contrast", "colormap", "loop")} == {
        "position": 3,
        "fps": 12.5,
        "contrast": [1.0, 9.0],
        "colormap": "magma",
        "loop": False,
    }
    assert len(state.pop("head_start")) < 700_000
    assert len(str(state)) < 1000
    widget.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("position", -1), ("fps", 0.0), ("contrast", [1.0]), ("unit", "volts"), ("loop", "yes")],
)
def test_traits_are_bounded(name: str, value: object) -> None:
    with pytest.raises(traitlets.TraitError):
        scrub(FRAMES, **{name: value})


def test_a_front_end_that_is_not_built_is_told_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(widget_module, "STATIC", tmp_path)
    with pytest.raises(ConfigurationError, match="npm run build"):
        scrub(FRAMES)
