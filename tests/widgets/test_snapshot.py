from __future__ import annotations

import base64
import io
import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis import snapshot
from dj_objectstore.widgets.analysis.snapshot import draw_sheet, draw_sheet_in_time, embed, spread
from dj_objectstore.widgets.frames.describe import describe
from dj_objectstore.widgets.frames.frames import frame_service
from dj_objectstore.widgets.movies.sources import ArraySource, Facts, Timing
from dj_objectstore.widgets.movies.stored import Place, open_stored
from held_movie import read_held

if TYPE_CHECKING:
    from dj_objectstore.objects.movie import PhotonMovie
    from dj_objectstore.store.store import Store

MOVIE = np.random.default_rng(7).integers(0, 4000, (30, 6, 8), "u2")


@given(st.integers(1, 500), st.integers(1, 40))
def test_frames_are_spread_from_the_first_to_the_last(frames: int, count: int) -> None:
    found = spread(frames, count)
    assert len(found) == len(set(found)) == min(frames, count)
    assert found[0] == 0
    if len(found) > 1:
        assert found[-1] == frames - 1


def test_embedded_frames_are_those_of_the_movie(movie: PhotonMovie) -> None:
    source = open_stored(Place(movie.opened, movie.key()))
    header, buffers, frames = read_held(embed(frame_service(), source, frames=4))
    expected = describe(frame_service(), source)
    assert header["describe"] == expected.result.to_json()
    assert buffers == [bytes(buffer) for buffer in expected.buffers]
    assert [frame["index"] for frame in header["frames"]] == spread(35, 4)
    table = np.frombuffer(buffers[0], "<f4")
    for frame, codes in zip(header["frames"], frames, strict=True):
        np.testing.assert_array_equal(table[codes], movie[frame["index"]])


def test_more_than_a_notebook_should_hold_is_refused_with_how_many_fit() -> None:
    source = ArraySource(np.zeros((100, 1000, 1000), "u1"))
    with pytest.raises(ValueRefusedError, match=r"at most 20 MB.*50 frames have 50 MB\nEmbed 20 or fewer"):
        embed(frame_service(), source, frames=50)


def test_a_sheet_shows_six_frames_with_their_times() -> None:
    source = ArraySource(MOVIE)
    source.facts = Facts(timing=Timing(frame_rate=10.0))
    sheet = draw_sheet(source, seconds=60)
    assert sheet is not None
    assert sheet.captions == ("0.00 s", "0.60 s", "1.20 s", "1.70 s", "2.30 s", "2.90 s")
    picture = np.asarray(Image.open(io.BytesIO(sheet.png)))
    assert picture.shape == (2 * 6 + 2, 3 * 8 + 4) == (sheet.height, sheet.width)
    low, high = np.percentile(MOVIE[[0, 6, 12, 17, 23, 29]], (0.5, 99.7))
    expected = np.clip((MOVIE[23].astype("f4") - low) * 255 / (high - low), 0, 255)
    np.testing.assert_allclose(picture[8:, 10:18], expected, atol=1)


def test_a_sheet_counts_frames_where_seconds_are_not_known() -> None:
    sheet = draw_sheet(ArraySource(MOVIE[:2]), seconds=60)
    assert sheet is not None
    assert sheet.captions == ("frame 0", "frame 1")


def test_large_frames_are_made_smaller() -> None:
    sheet = draw_sheet(ArraySource(np.random.default_rng(0).integers(0, 9, (4, 2000, 900), "u1")), seconds=60)
    assert sheet is not None
    assert sheet.height <= 2 * 160 + 2


def test_what_is_slow_is_left_out() -> None:
    hurry = threading.Event()

    class Slow(ArraySource):
        block_frames = 1

        def read_block(self, block: int, **options: Any) -> np.ndarray:
            if block:
                hurry.wait(20)
            return super().read_block(block, **options)

    source = Slow(MOVIE)
    source.block_frames = 1
    frame_service().read(source, 0)
    sheet = draw_sheet(source, seconds=0)
    hurry.set()
    assert sheet is None or sheet.captions == ("frame 0",)


def test_damaged_frames_are_left_out(movie: PhotonMovie, store: Store) -> None:
    store.delete([f"{movie.path}/1.0.0"])
    sheet = draw_sheet(open_stored(Place(movie.opened, movie.key())), seconds=60)
    assert sheet is not None
    assert len(sheet.captions) == 5


def test_a_store_that_does_not_answer_holds_up_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SHEET_SECONDS", 60)
    answered = threading.Event()

    def open_slowly() -> ArraySource:
        assert answered.wait(20)
        return ArraySource(MOVIE)

    assert draw_sheet_in_time(open_slowly, seconds=0.01) is None
    answered.set()
    sheet = draw_sheet_in_time(open_slowly, seconds=20)
    assert sheet is not None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_movie_without_values_has_no_sheet(value: float) -> None:
    assert draw_sheet(ArraySource(np.full((3, 4, 5), value)), seconds=60) is None


@pytest.mark.parametrize("movie", [np.full((3, 4, 5), 7.0), np.full((1, 1, 1), 2, "u1")])
def test_a_movie_of_one_value_has_one(movie: np.ndarray) -> None:
    assert draw_sheet(ArraySource(movie), seconds=60) is not None


def test_a_sheet_is_a_figure_that_needs_nothing_else() -> None:
    sheet = draw_sheet(ArraySource(MOVIE), seconds=60)
    assert sheet is not None
    text = sheet.to_html('<b onclick="x">"')
    assert "<b" not in text.replace("&lt;b", "")
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert base64.b64decode(data) == sheet.png
