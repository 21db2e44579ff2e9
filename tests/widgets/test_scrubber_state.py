"""What a scrubber shows and what was drawn on it, seen from Python."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import pytest
import traitlets
import xarray as xr
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances

import dj_objectstore as djo
from dj_objectstore.exceptions import ObjectNotFoundError, ValueRefusedError
from dj_objectstore.objects.movie import PhotonMovie
from dj_objectstore.widgets.analysis import passes, snapshot
from dj_objectstore.widgets.analysis.code_line import code_line
from dj_objectstore.widgets.display import WIDGET_VIEW
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.scrubber import Scrubber, scrub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dj_objectstore.store.store import Store

MOVIE = np.random.default_rng(9).integers(1, 4000, (30, 6, 8), "u2")
BOX = {"kind": "rectangle", "points": [(1, 1), (4, 6)], "name": "soma"}


@pytest.fixture(autouse=True)
def _close_widgets() -> Iterator[None]:
    yield
    Widget.close_all()


# -- traits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position", 7),
        ("contrast", [3.0, 90.0]),
        ("contrast_mode", "frame"),
        ("gamma", 0.5),
        ("colormap", "magma_r"),
        ("channel", 1),
        ("at", [2]),
        ("overlay", True),
        ("rolling", 8),
        ("projection", "max"),
        ("viewport", [0.0, 0.0, 3.0, 4.0]),
        ("keep", "frames"),
        ("mask", 2),
    ],
)
def test_each_part_of_the_view_is_set_observed_and_synced(name: str, value: Any) -> None:
    widget = scrub(MOVIE)
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change["new"]), name)
    setattr(widget, name, value)
    assert seen == [value]
    assert widget.get_state()[name] == value
    assert getattr(scrub(MOVIE, **{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contrast", [9.0, 3.0]),
        ("contrast_mode", "auto"),
        ("gamma", 0.0),
        ("colormap", "jet"),
        ("channel", -1),
        ("at", [-1]),
        ("rolling", 0),
        ("rolling", 1001),
        ("projection", "median"),
        ("viewport", [3.0, 0.0, 1.0, 4.0]),
        ("viewport", [0.0, 0.0, 1.0]),
        ("keep", "everything"),
        ("mask", -2),
        ("rois", [{"kind": "circle", "points": [(0, 0), (1, 1)]}]),
        ("rois", ["here"]),
    ],
)
def test_what_can_not_be_shown_is_a_trait_error_and_changes_nothing(name: str, value: Any) -> None:
    widget = scrub(MOVIE)
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError):
        setattr(widget, name, value)
    assert getattr(widget, name) == before
    with pytest.raises(traitlets.TraitError):
        scrub(MOVIE, **{name: value})


def test_the_errors_of_traits_say_what_is_allowed() -> None:
    widget = scrub(MOVIE)
    with pytest.raises(traitlets.TraitError, match="must be one of gray, viridis"):
        widget.colormap = "jet"
    with pytest.raises(traitlets.TraitError, match="must be rectangle, ellipse, polygon"):
        widget.rois = [{"kind": "circle", "points": [(0, 0), (1, 1)]}]


def test_an_unknown_option_is_refused_by_name() -> None:
    with pytest.raises(ValueRefusedError, match=r"scrub\(\) has no option colour_map, zoom"):
        scrub(MOVIE, colour_map="gray", zoom=3)


def test_regions_can_be_drawn_from_python_and_from_the_page() -> None:
    widget = scrub(MOVIE, rois=[BOX])
    (roi,) = widget.rois
    assert (roi["id"], roi["name"], roi["points"]) == ("r1", "soma", [[1.0, 1.0], [4.0, 6.0]])
    drawn = [
        {"id": "k3", "name": "cell", "color": "#112233", "kind": "ellipse", "points": [[0.5, 1], [3, 4]]}
    ]
    widget.set_state({"rois": drawn})
    assert widget.rois == drawn


def test_it_is_linked_to_other_widgets_and_lies_in_boxes_and_tabs() -> None:
    widget, slider = scrub(MOVIE), ipywidgets.IntSlider(max=29)
    link = ipywidgets.jslink((widget, "position"), (slider, "value"))
    assert link.get_state()["source"] == [f"IPY_MODEL_{widget.model_id}", "position"]
    traitlets.link((widget, "position"), (slider, "value"))
    slider.value = 12
    assert widget.position == 12
    box = ipywidgets.Tab([ipywidgets.HBox([widget, slider])], titles=["movie"])
    assert f"IPY_MODEL_{widget.model_id}" in box.children[0].get_state()["children"]
    assert scrub(MOVIE, layout=ipywidgets.Layout(width="50%")).layout.width == "50%"


# -- masks and traces ----------------------------------------------------------------------------------------


def test_masks_are_those_given_and_those_drawn() -> None:
    labels = np.zeros((6, 8), int)
    labels[4:, :2] = 3
    masks = scrub(MOVIE, masks=labels, rois=[BOX]).masks
    assert masks.dims == ("roi", "y", "x")
    assert masks.dtype == bool
    assert masks.roi.values.tolist() == ["3", "soma"]
    expected = np.zeros((6, 8), bool)
    expected[1:4, 1:6] = True
    np.testing.assert_array_equal(masks.sel(roi="soma"), expected)
    np.testing.assert_array_equal(masks.sel(roi="3"), labels == 3)


def test_masks_that_were_drawn_can_be_given_again() -> None:
    masks = scrub(MOVIE, rois=[BOX, {"kind": "polygon", "points": [(0, 0), (5, 0), (5, 7)]}]).masks
    xr.testing.assert_equal(scrub(MOVIE, masks=masks).masks, masks)


def test_traces_have_their_band_seconds_and_names(movie: PhotonMovie) -> None:
    traces = scrub(movie, rois=[BOX]).traces
    assert traces.trace.dims == ("roi", "time")
    assert (traces.trace.units, traces.time.units) == ("photons", "s")
    np.testing.assert_allclose(traces.time, np.arange(35) / 30)
    photons = movie.photons[:, 1:4, 1:6].mean(axis=(1, 2), dtype="f8")
    np.testing.assert_allclose(traces.trace.sel(roi="soma"), photons, rtol=1e-6)
    np.testing.assert_allclose(traces.band.sel(roi="soma"), np.sqrt(photons / 15), rtol=1e-6)


def test_traces_follow_the_channel_and_plane_that_are_shown() -> None:
    movie = np.random.default_rng(3).integers(0, 99, (6, 2, 3, 4, 5), "u2")
    widget = scrub(movie, channel=1, at=[2], rois=[{"kind": "rectangle", "points": [(0, 0), (2, 2)]}])
    traces = widget.traces
    np.testing.assert_allclose(traces.trace[0], movie[:, 1, 2, :2, :2].mean(axis=(1, 2)))
    assert (traces.time.units, "band" in traces) == ("frames", False)
    widget.channel = 0
    np.testing.assert_allclose(widget.traces.trace[0], movie[:, 0, 2, :2, :2].mean(axis=(1, 2)))


def test_df_over_f_has_the_baseline_chosen() -> None:
    traces = scrub(MOVIE, rois=[BOX]).compute_traces(dff=True, baseline=30)
    mean = MOVIE[:, 1:4, 1:6].mean(axis=(1, 2))
    np.testing.assert_allclose(traces.trace[0], mean / np.percentile(mean, 30) - 1)


def test_without_regions_there_are_no_traces_and_no_masks() -> None:
    widget = scrub(MOVIE)
    assert widget.masks.shape == (0, 6, 8)
    assert widget.traces.trace.shape == (0, 30)


def test_masks_and_traces_are_stored_as_they_are(movie: PhotonMovie, tmp_path: Path) -> None:
    widget = scrub(movie, rois=[BOX])
    for number, dataset in enumerate([widget.traces, widget.masks.to_dataset()]):
        dataset.to_zarr(tmp_path / f"{number}.zarr", zarr_format=2)  # as an insert does
        xr.testing.assert_identical(xr.open_zarr(tmp_path / f"{number}.zarr").load(), dataset)


def test_a_region_outside_the_picture_is_named() -> None:
    widget = scrub(MOVIE, rois=[{**BOX, "points": [(50, 50), (60, 60)]}])
    with pytest.raises(ValueRefusedError, match="'soma': a region must hold the centre of a pixel"):
        _ = widget.traces


def test_ctrl_c_ends_the_reading_and_leaves_the_scrubber_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = scrub(MOVIE, rois=[BOX])
    original = passes.Watch

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dj_objectstore.widgets.scrubber.Watch", lambda _report: original(interrupt))
    with pytest.raises(KeyboardInterrupt):
        _ = widget.traces
    monkeypatch.undo()
    assert widget.traces.trace.shape == (1, 30)


def test_a_movie_that_is_gone_is_an_error_of_its_traces(movie: PhotonMovie, store: Store) -> None:
    store.delete_tree(movie.path)
    widget = scrub(movie, rois=[BOX])
    with pytest.raises(ObjectNotFoundError):
        _ = widget.traces


# -- what is given -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masks": np.zeros((3, 8), int)}, "picture of 6 x 8 pixels"),
        ({"events": [1.0, np.nan]}, "1 of 2 are NaN"),
        ({"traces": np.zeros(4)}, "needs the seconds"),
        ({"times": np.full(30, np.nan)}, "30 of 30 are NaN"),
        ({"times": np.arange(30)[::-1]}, "must not go backwards"),
        ({"frame_rate": 0.0}, "frame_rate must be above 0"),
        ({"frame_rate": [30.0, 30.0]}, "one entry for each of 1 movies"),
        ({"pixel_size": (0.5,)}, "pixel_size must be"),
        ({"pixel_size": (0.5, -1.0)}, "pixel_size must be"),
        ({"difference": True}, "a difference needs two movies"),
        ({"embed_frames": -1}, "embed_frames must be"),
        ({"cache_bytes": 5}, "cache_bytes must be 1,000,000 or more"),
    ],
)
def test_what_does_not_fit_the_movie_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        scrub(MOVIE, **options)
    assert not [widget for widget in _instances.values() if isinstance(widget, Scrubber)]


def test_masks_of_a_stored_movie_are_checked_at_once(movie: PhotonMovie, store: Store) -> None:
    with pytest.raises(ValueRefusedError, match="picture of 24 x 16 pixels"):
        scrub(movie, masks=np.zeros((3, 8), int))
    store.delete_tree(movie.path)
    scrub(movie, masks=np.zeros((3, 8), int))  # says in its place that the movie is gone


def test_the_memory_of_the_kernel_is_set_for_all_scrubbers() -> None:
    scrub(MOVIE, cache_bytes=5_000_000)
    assert frame_service().cache_bytes == 5_000_000


# -- several movies ------------------------------------------------------------------------------------------


@pytest.fixture
def talk(page: Any) -> Any:
    def begin(*movies: Any, **options: Any) -> Any:
        widget = scrub(*movies, **options)
        widget._channel._post = page.post
        page.channel = widget._channel
        return page

    return begin


def test_several_movies_are_views_of_one_widget(talk: Any) -> None:
    page = talk(MOVIE, MOVIE * 2, title="raw")
    views = page.ask("describe")[0]["views"]
    assert [(view["title"], view["role"]) for view in views] == [("raw", "movie"), ("movie 2", "movie")]
    assert views[0]["target"] is None
    _, (codes,) = page.ask("frame", target=views[1]["target"], index=3)
    np.testing.assert_array_equal(np.frombuffer(codes, "<u2").reshape(6, 8), MOVIE[3] * 2)


def test_a_single_movie_has_no_views(talk: Any) -> None:
    assert talk(MOVIE).ask("describe")[0]["views"] == []


def test_a_difference_is_a_view_with_limits_around_zero(talk: Any, movie: PhotonMovie) -> None:
    page = talk(movie, movie[:] + 40, difference=True, frame_rate=[None, 30.0])
    facts, _ = page.ask("describe")
    assert [view["role"] for view in facts["views"]] == ["movie", "movie", "difference"]
    target = facts["views"][2]["target"]
    facts, _ = page.ask("describe", target=target)
    low, high = facts["contrast"]
    assert -low == high >= 3
    _, (values,) = page.ask("frame", target=target, index=5)
    assert np.frombuffer(values, "<f4").mean() > 0.3


def test_movies_of_another_size_have_no_difference() -> None:
    with pytest.raises(ValueRefusedError, match="pictures of one size"):
        scrub(MOVIE, MOVIE[:, :5], difference=True)
    assert len(scrub(MOVIE, MOVIE[:, :5])._analysis.given.views) == 2


# -- code ----------------------------------------------------------------------------------------------------


def test_the_code_makes_the_same_view() -> None:
    widget = scrub(
        MOVIE, frame_rate=30.0, position=4, contrast=[1.0, 2.0], colormap="magma", rois=[BOX], at=[]
    )
    names = {"djo": djo, "movie": MOVIE}
    again = eval(widget.code, names)
    assert again.code == widget.code
    state, other = widget.get_state(), again.get_state()
    for name in ("position", "contrast", "colormap", "rois", "fps"):
        assert state[name] == other[name]


def test_objects_are_called_by_their_names_in_the_notebook() -> None:
    events = {"lick": np.arange(3)}
    line = code_line(
        [MOVIE], {"events": events, "masks": MOVIE[0]}, names={"recording": MOVIE, "licks": events}
    )
    assert line == "djo.scrub(recording, events=licks, masks=masks)"
    assert code_line([MOVIE, MOVIE[1:]], {}, names={}) == "djo.scrub(movie_1, movie_2)"


def test_an_untouched_scrubber_has_a_short_line() -> None:
    assert scrub(MOVIE).code == "djo.scrub(movie)"
    assert scrub(MOVIE, frame_rate=20.0).code == "djo.scrub(movie, frame_rate=20.0)"
    assert scrub(MOVIE, frame_rate=20.0, fps=30).code == "djo.scrub(movie, frame_rate=20.0, fps=30.0)"


def test_a_page_has_the_line_of_what_it_shows(talk: Any) -> None:
    page = talk(MOVIE, events={"lick": [0.5]}, frame_rate=20.0, loop=False)
    look = {"position": 3, "fps": 20, "contrast": [1, 9], "rois": [{**BOX, "id": "k"}], "loop": False}
    line = page.ask("code", look=look)[0]["line"]
    assert line == scrub(MOVIE, events={"lick": [0.5]}, frame_rate=20.0, **look).code
    assert line.startswith(
        "djo.scrub(movie, frame_rate=20.0, events={'lick': [0.5]}, contrast=[1.0, 9.0], loop="
    )


@pytest.mark.parametrize(
    ("look", "message"),
    [
        ({"position": "here"}, "'position' trait"),
        ({"position": -1}, "position"),
        ({"rois": [{"kind": "circle", "points": []}]}, "must be rectangle"),
        ({"contrast": [9, 1]}, "from lower to higher"),
        ({"embedded": "x"}, "no attribute embedded"),
        ({"comm": 1, "layout": {}}, "no attribute comm, layout"),
    ],
)
def test_a_page_that_shows_what_can_not_be_is_refused(talk: Any, look: dict[str, Any], message: str) -> None:
    assert message in talk(MOVIE).fail("code", look=look)["message"]


# -- without a kernel ----------------------------------------------------------------------------------------


def test_a_saved_notebook_shows_a_contact_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SHEET_SECONDS", 60)
    data, _ = scrub(MOVIE, frame_rate=10, title="raw")._repr_mimebundle_()
    assert data["text/html"].startswith("<figure")
    assert "raw: 0.00 s, 0.60 s" in data["text/html"]
    assert WIDGET_VIEW in data


def test_only_what_is_wanted_of_the_display_is_made() -> None:
    widget = scrub(MOVIE)
    assert set(widget._repr_mimebundle_(include={WIDGET_VIEW})[0]) == {WIDGET_VIEW}
    assert "text/html" not in widget._repr_mimebundle_(exclude={"text/html"})[0]


def test_a_movie_that_is_gone_is_displayed_without_a_sheet(movie: PhotonMovie, store: Store) -> None:
    store.delete_tree(movie.path)
    widget = scrub(movie)
    assert set(widget._repr_mimebundle_()[0]) == {"text/plain", WIDGET_VIEW}


def test_embedded_frames_are_saved_with_the_notebook_and_else_nothing() -> None:
    state = scrub(MOVIE, embed_frames=5).get_state()
    (length,) = struct.unpack_from("<I", state["embedded"])
    assert len(state["embedded"]) == 4 + length + 5 * 6 * 8 * 2
    assert scrub(MOVIE).get_state()["embedded"] == b""
