"""What a page asks of a movie besides its frames, as messages."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.analysis import Analysis, Given
from dj_objectstore.widgets.analysis.region_means import RegionMeans
from dj_objectstore.widgets.analysis.series import read_events, read_traces
from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.colormaps import build_colormap
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, FrameSource, Timing
from dj_objectstore.widgets.movies.stored import Place, open_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dj_objectstore.objects.movie import PhotonMovie

MOVIE = np.random.default_rng(6).integers(0, 4000, (30, 6, 8), "u2")
LABELS = np.zeros((6, 8), int)
LABELS[1:4, 1:3] = 1
LABELS[2:6, 5:8] = 2
BOX = {"kind": "rectangle", "points": [[1.0, 1.0], [4.0, 6.0]]}


class Counted(ArraySource):
    """Counts the blocks that are read, and waits at a gate."""

    block_frames = 5

    def __init__(self, movie: Any = MOVIE) -> None:
        super().__init__(movie)
        self.block_frames = 5
        self.reads = 0
        self.gate = threading.Event()
        self.gate.set()

    def read_block(self, block: int, **options: Any) -> np.ndarray:
        assert self.gate.wait(20)
        self.reads += 1
        return super().read_block(block, **options)


@pytest.fixture
def converse(page: Any) -> Iterator[Callable[..., Any]]:
    def begin(source: FrameSource, given: Given | None = None) -> Any:
        targets = Targets(main=lambda: source)
        page.channel = Channel(
            post=page.post, targets=targets, methods=Analysis(targets, given or Given()).methods
        )
        return page

    yield begin
    page.channel.close()


def floats(buffer: bytes, dtype: str = "<f4") -> np.ndarray:
    return np.frombuffer(buffer, dtype)


def test_a_projection_is_numpys_and_computed_once_for_all_kinds(converse: Any) -> None:
    source = Counted()
    talk = converse(source)
    for kind in ("mean", "max", "std", "mean"):
        result, (picture,) = talk.ask("project", kind=kind)
        assert result == {"kind": kind, "frames": 30, "dtype": "<f4", "shape": [6, 8]}
        expected = getattr(MOVIE.astype("f8"), kind)(axis=0)
        np.testing.assert_allclose(floats(picture).reshape(6, 8), expected, rtol=1e-5)
    assert source.reads == 6


def test_a_cancelled_projection_stops_reading(converse: Any, wait_until: Any, threads: Any) -> None:
    source = Counted(np.zeros((5000, 6, 8), "u1"))
    source.gate.clear()
    talk = converse(source)
    request = talk.request("project", kind="mean")
    talk.send(kind="cancel", id=request)
    message, _ = talk.answer(request)
    assert message["error"]["code"] == "cancelled"
    source.gate.set()
    wait_until(lambda: not any("pass-" in name or "pass_" in name for name in threads()))
    assert source.reads < 20


def test_a_long_pass_does_not_hold_up_what_is_short(converse: Any) -> None:
    source = Counted()
    source.gate.clear()
    talk = converse(source, Given(events=read_events([1.0])))
    requests = [talk.request("project", kind="mean"), *(talk.request("trace", roi=BOX) for _ in range(4))]
    assert talk.ask("series")[0]["events"] == [{"name": "event"}]
    source.gate.set()
    for request in requests:
        assert talk.answer(request)[0]["ok"]


def test_progress_is_told_to_the_end(converse: Any) -> None:
    talk = converse(Counted())
    talk.ask("trace", roi=BOX)
    message, _ = talk.hear(
        lambda message: message["kind"] == "progress" and message["done"] == message["total"]
    )
    assert (message["total"], message["note"]) == (6, "reading frames")


def test_a_trace_is_the_mean_of_the_region(converse: Any) -> None:
    result, (values,) = converse(Counted()).ask("trace", roi=BOX)
    assert result == {"unit": "counts", "pixels": 15, "frames": 30, "has_band": False}
    np.testing.assert_allclose(floats(values), MOVIE[:, 1:4, 1:6].mean(axis=(1, 2)), rtol=1e-6)


def test_the_trace_of_a_photon_movie_has_its_band(converse: Any, movie: PhotonMovie) -> None:
    talk = converse(open_stored(Place(movie.opened, movie.key())))
    result, (values, band) = talk.ask("trace", roi=BOX)
    assert (result["unit"], result["has_band"]) == ("photons", True)
    photons = movie.photons[:, 1:4, 1:6].mean(axis=(1, 2), dtype="f8")
    np.testing.assert_allclose(floats(values), photons, rtol=1e-5)
    np.testing.assert_allclose(floats(band), np.sqrt(photons / 15), rtol=1e-5)


def test_df_over_f_has_the_baseline_asked_for(converse: Any) -> None:
    talk = converse(Counted())
    mean = MOVIE[:, 1:4, 1:6].mean(axis=(1, 2))
    for baseline in (None, 50.0):
        result, (values,) = talk.ask("trace", roi=BOX, quantity="dff", baseline=baseline)
        assert result["unit"] == "dF/F"
        rest = np.percentile(mean, 10 if baseline is None else baseline)
        np.testing.assert_allclose(floats(values), mean / rest - 1, rtol=1e-4, atol=1e-5)


def test_a_region_outside_the_picture_is_refused(converse: Any) -> None:
    error = converse(Counted()).fail("trace", roi={"kind": "ellipse", "points": [[50, 50], [60, 60]]})
    assert "none of the 6 x 8 pixels" in error["message"]
    assert error["hint"].startswith("Draw it larger")


def test_given_masks_are_outlined_and_measured_in_one_pass(converse: Any) -> None:
    source = Counted()
    talk = converse(source, Given(masks=LABELS))
    assert talk.ask("describe")[0]["masks"] == 2
    result, (points,) = talk.ask("masks")
    assert result == {"names": ["1", "2"], "rings": [[0, 0, 4], [1, 4, 4]]}
    corners = floats(points).reshape(-1, 2)[:4]
    assert {tuple(corner) for corner in corners.tolist()} == {(1, 1), (1, 3), (4, 3), (4, 1)}
    read = source.reads
    for mask in range(2):
        _, (values,) = talk.ask("trace", roi={"kind": "mask", "mask": mask})
        np.testing.assert_allclose(floats(values), MOVIE[:, mask + 1 == LABELS].mean(axis=1), rtol=1e-6)
    assert source.reads - read <= 6
    assert "there are 2 masks" in talk.fail("trace", roi={"kind": "mask", "mask": 2})["message"]


def test_masks_of_another_picture_are_said_once_and_the_movie_is_shown(converse: Any) -> None:
    facts, _ = converse(Counted(), Given(masks=LABELS[:3])).ask("describe")
    assert (facts["masks"], facts["projections"]) == (0, True)
    assert "picture of 6 x 8 pixels" in " ".join(facts["hints"])


def test_series_come_as_they_were_given(converse: Any) -> None:
    given = Given(
        events=read_events({"lick": [0.5, 99.0]}), traces=read_traces({"speed": ([0.0, 1.0], [3, 4])})
    )
    source = Counted()
    talk = converse(source, given)
    facts, _ = talk.ask("describe")
    assert facts["series"]
    assert "give scrub() a frame_rate" in facts["hints"][0]
    result, buffers = talk.ask("series")
    assert result == {"traces": [{"name": "speed", "unit": ""}], "events": [{"name": "lick"}]}
    assert [len(buffer) for buffer in buffers] == [16, 8, 16]


@pytest.mark.parametrize("timing", [Timing(frame_rate=10.0), Timing(times=np.arange(30) / 10)])
def test_events_outside_the_movie_are_said_once(converse: Any, timing: Timing) -> None:
    source = Counted()
    source.facts = Facts(timing=timing)
    facts, _ = converse(source, Given(events=read_events({"lick": [0.5, 99.0]}))).ask("describe")
    assert facts["hints"][0].startswith("1 of 2 events 'lick' lie outside the movie")


CLIP = {
    "fps": 10.0,
    "limits": [0.0, 4000.0],
    "gamma": 1.0,
    "colormap": "viridis",
    "unit": "counts",
    "scale": 2,
}


def test_a_picture_is_the_frame_as_shown(converse: Any) -> None:
    result, (png,) = converse(Counted()).ask("clip", **CLIP, format="png", **{"from": 7, "to": 8})
    assert result == {"name": "movie_7.png", "mime": "image/png", "size": len(png)}
    shown = np.asarray(Image.open(io.BytesIO(png)))[::2, ::2, :3]
    levels = np.floor(255 * (MOVIE[7] / 4000) + 0.5).astype(int)
    np.testing.assert_array_equal(shown, build_colormap("viridis")[levels])


def test_a_clip_has_the_frames_of_its_span(converse: Any) -> None:
    source = Counted()
    source.facts = Facts(title="../my movie!")
    result, (gif,) = converse(source).ask("clip", **CLIP, format="gif", **{"from": 20, "to": 500})
    assert (result["name"], result["mime"]) == ("my_movie_20-29.gif", "image/gif")
    assert Image.open(io.BytesIO(gif)).n_frames == 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"from": 9, "to": 9}, "a clip needs a frame"),
        ({"from": 99, "to": 100}, "the movie has 30 frames"),
        ({"limits": [5.0, 5.0]}, "lower limit must lie below"),
        ({"colormap": "jet"}, "colour map must be one of"),
        ({"unit": "photons"}, "photons need the detector's noise"),
    ],
)
def test_what_can_not_be_a_clip_is_refused(converse: Any, change: dict[str, Any], message: str) -> None:
    params = CLIP | {"format": "gif", "from": 0, "to": 5} | change
    assert message in converse(Counted()).fail("clip", **params)["message"]


def test_regions_that_wait_for_a_pass_share_the_next_one(wait_until: Any) -> None:
    source, means = Counted(), RegionMeans()
    source.gate.clear()
    found: dict[int, np.ndarray] = {}

    def measure(pixel: int) -> None:
        found[pixel] = means.get(frame_service(), source, Shot(), [np.array([pixel])])

    threads = [threading.Thread(target=measure, args=(pixel,)) for pixel in range(6)]
    threads[0].start()
    wait_until(means._passing.locked)
    for thread in threads[1:]:
        thread.start()
    wait_until(lambda: len(means._waiting) == 6)
    source.gate.set()
    for thread in threads:
        thread.join(20)
    for pixel in range(6):
        np.testing.assert_allclose(found[pixel][0], MOVIE.reshape(30, -1)[:, pixel])
    assert source.reads <= 12


def test_kept_means_are_bounded() -> None:
    means = RegionMeans(max_bytes=3 * 30 * 8)
    for pixel in range(10):
        means.get(frame_service(), Counted(), Shot(), [np.array([pixel])])
    assert len(means._kept) == 3
    assert not means._waiting


def test_masks_of_another_picture_are_refused_when_the_movie_opens() -> None:
    targets = Targets(main=Counted)
    with pytest.raises(ValueRefusedError, match="picture of 6 x 8"):
        Analysis(targets, Given(masks=LABELS[:3])).check()
