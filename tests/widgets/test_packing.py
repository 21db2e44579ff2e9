from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dj_objectstore.widgets.channel import Channel
from dj_objectstore.widgets.frames.packing import SMALLEST, WORTH, pack_frame
from dj_objectstore.widgets.frames.targets import Targets
from dj_objectstore.widgets.movies.sources import ArraySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Page

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "packed.json").read_text(encoding="utf-8"))
DTYPES = ["|u1", "<u2", "<f4"]

shapes = st.tuples(st.integers(1, 120), st.integers(1, 120))
codes = st.sampled_from([*DTYPES, ">u2", ">f4"]).flatmap(
    lambda dtype: arrays(dtype, shapes, elements={"min_value": 0, "max_value": 200}, fill=st.just(3))
)


def unpack(encoding: str, data: bytes | memoryview, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """The codes of a frame as a page reads them."""
    raw = np.frombuffer(data, "u1")
    if encoding == "deflate":
        planes = np.frombuffer(zlib.decompress(data, -zlib.MAX_WBITS), "u1")
        raw = planes.reshape(np.dtype(dtype).itemsize, -1).T
    return np.ascontiguousarray(raw).reshape(-1).view(dtype).reshape(shape)


def noise(dtype: str, *, top: int = 40) -> np.ndarray:
    return np.random.default_rng(1).poisson(top / 2, (128, 128)).astype(dtype)


@given(codes, st.sampled_from(["raw", "deflate"]))
def test_every_frame_comes_out_as_it_went_in(frame: np.ndarray, wanted: str) -> None:
    encoding, data = pack_frame(frame, wanted)
    little = frame.dtype.newbyteorder("<").str
    np.testing.assert_array_equal(unpack(encoding, data, little, frame.shape), frame)


@given(arrays("<f4", (40, 40), elements=st.floats(width=32)))
def test_values_keep_all_their_bits(frame: np.ndarray) -> None:
    encoding, data = pack_frame(frame, "deflate")
    assert unpack(encoding, data, "<f4", frame.shape).tobytes() == frame.tobytes()


@pytest.mark.parametrize(("dtype", "most"), [("|u1", 0.65), ("<u2", 0.4)])
def test_noisy_codes_take_about_their_entropy(dtype: str, most: float) -> None:
    frame = noise(dtype)
    encoding, data = pack_frame(frame, "deflate")
    assert encoding == "deflate"
    assert len(data) < most * frame.nbytes


def test_a_frame_is_packed_only_where_that_was_asked_for() -> None:
    encoding, data = pack_frame(noise("|u1"), "raw")
    assert (encoding, bytes(data)) == ("raw", noise("|u1").tobytes())


def test_a_frame_that_does_not_get_smaller_stays_as_it_is() -> None:
    frame = np.random.default_rng(1).integers(0, 256, (128, 128), dtype="u1")
    encoding, data = pack_frame(frame, "deflate")
    assert (encoding, bytes(data)) == ("raw", frame.tobytes())


def test_a_small_frame_stays_as_it_is() -> None:
    small = np.zeros((1, SMALLEST - 1), "u1")
    assert pack_frame(small, "deflate")[0] == "raw"
    large = np.zeros((1, SMALLEST), "u1")
    encoding, data = pack_frame(large, "deflate")
    assert encoding == "deflate"
    assert len(data) < WORTH * SMALLEST


def test_a_window_into_a_larger_frame_is_packed_alone() -> None:
    whole = noise("<u2")
    encoding, data = pack_frame(whole[10:100:2, ::2], "deflate")
    np.testing.assert_array_equal(unpack(encoding, data, "<u2", (45, 64)), whole[10:100:2, ::2])


@pytest.mark.parametrize("sample", FIXTURE, ids=lambda sample: sample["dtype"])
def test_the_page_is_tested_with_what_is_packed_here(sample: dict[str, Any]) -> None:
    shape = tuple(sample["shape"])
    numbers = np.arange(np.prod(shape)).reshape(shape)
    frame = (numbers * 37 % 11 + numbers % 3 * sample["lift"]).astype(sample["dtype"])
    packed = base64.b64decode(sample["packed"])
    np.testing.assert_array_equal(unpack("deflate", packed, sample["dtype"], shape), frame)
    assert pack_frame(frame, "deflate")[0] == "deflate"


MOVIE = np.random.default_rng(2).poisson(20, (30, 96, 100)).astype("u2")


@pytest.fixture
def viewer(page: Page) -> Iterator[Page]:
    source = ArraySource(MOVIE)
    page.channel = Channel(post=page.post, targets=Targets(main=lambda: source))
    yield page
    page.channel.close()


def codes_of(message: dict[str, Any], buffers: list[bytes]) -> np.ndarray:
    return unpack(message["encoding"], buffers[0], message["dtype"], tuple(message["shape"]))


def test_a_page_that_says_nothing_of_packing_gets_plain_frames(viewer: Page) -> None:
    result, buffers = viewer.ask("frame", index=3)
    assert result["encoding"] == "raw"
    assert buffers[0] == MOVIE[3].tobytes()


@pytest.mark.parametrize("more", [{}, {"step": 2}, {"mean": 4}])
def test_a_frame_that_is_asked_for_packed_is_the_same_with_fewer_bytes(
    viewer: Page, more: dict[str, Any]
) -> None:
    plain, raw = viewer.ask("frame", index=9, **more)
    packed, few = viewer.ask("frame", index=9, encoding="deflate", **more)
    assert (plain["encoding"], packed["encoding"]) == ("raw", "deflate")
    assert len(few[0]) < len(raw[0])
    np.testing.assert_array_equal(codes_of(packed, few), codes_of(plain, raw))


def test_a_stream_packs_its_frames_as_the_page_last_said(viewer: Page) -> None:
    play = {"kind": "play", "id": 1, "stream": 3, "from": 0, "fps": 1000.0, "loop": True, "keep": "frames"}
    viewer.send(**play, credit=2, encoding="deflate")
    said = []
    for n, credit in enumerate(({}, {"encoding": "raw"}, {}, {"encoding": "deflate"})):
        for index in (2 * n, 2 * n + 1):
            message, buffers = viewer.hear(lambda message: message["kind"] == "frame")
            assert message["index"] == index
            np.testing.assert_array_equal(codes_of(message, buffers), MOVIE[index])
            said.append(message["encoding"])
        viewer.send(kind="credit", stream=3, n=2, **credit)
    assert said == ["deflate"] * 4 + ["raw"] * 4


def test_messages_say_when_they_were_sent(viewer: Page) -> None:
    first, _ = viewer.answer(viewer.request("describe"))
    second, _ = viewer.answer(viewer.request("frame", index=1))
    assert 0 < first["sent"] <= second["sent"]
