from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from dj_objectstore.exceptions import ConfigurationError, FormatError, IntegrityError
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.stored import Place, open_stored

if TYPE_CHECKING:
    from pathlib import Path

    from dj_objectstore.store.store import Store
    from dj_objectstore.widgets.movies.sources import FrameSource

MOVIE = np.random.default_rng(5).integers(-500, 500, (12, 24, 16)).astype("i2")


def put(store: Store, tmp_path: Path, frames: np.ndarray, **options: Any) -> Place:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, frames, **options)
    store.put("scans/stack.tif", path.read_bytes())
    return Place(store, "scans/stack.tif")


def all_values(source: FrameSource, shot: Shot = Shot()) -> np.ndarray:  # noqa: B008 - frozen
    source.check(source.frames - 1, shot)
    blocks = [source.read_block(block, channel=shot.channel, at=shot.at) for block in range(source.blocks)]
    return decode_block(np.concatenate(blocks), source.code, source.table)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"ome": True, "metadata": {"axes": "TYX"}},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"compression": "zlib", "rowsperstrip": 5},
        {"tile": (16, 16), "compression": "zlib"},
        {"rowsperstrip": 7, "metadata": None},
        {"bigtiff": True, "metadata": None},
    ],
    ids=str,
)
def test_the_frames_of_a_stack_are_those_that_tifffile_reads(
    store: Store, tmp_path: Path, options: dict[str, Any]
) -> None:
    source = open_stored(put(store, tmp_path, MOVIE, **options))
    assert (source.frames, source.height, source.width, source.channels) == (12, 24, 16, 1)
    expected = tifffile.imread(tmp_path / "stack.tif")
    np.testing.assert_array_equal(all_values(source), expected.astype("f4"))


@pytest.mark.parametrize(("axes", "shape"), [("TCYX", (6, 2, 24, 16)), ("TZCYX", (2, 3, 2, 24, 16))])
def test_the_axes_of_an_ome_tiff_are_its_own(
    store: Store, tmp_path: Path, axes: str, shape: tuple[int, ...]
) -> None:
    frames = MOVIE[:1].repeat(np.prod(shape[:-2]), 0).reshape(shape) + np.arange(shape[0]).reshape(
        -1, *[1] * (len(shape) - 1)
    ).astype("i2")
    frames[:, ..., -1, :, :] += 7
    source = open_stored(put(store, tmp_path, frames, ome=True, metadata={"axes": axes}))
    assert (source.frames, source.channels) == (shape[0], 2)
    if axes == "TZCYX":
        assert source.extra_axes == (("z", 3),)
        np.testing.assert_array_equal(all_values(source, Shot(1, (2,))), frames[:, 2, 1])
    else:
        np.testing.assert_array_equal(all_values(source, Shot(1)), frames[:, 1])


def scanimage_options(*, channels: int, more: str = "") -> dict[str, Any]:
    saved = "[" + ";".join(str(n + 1) for n in range(channels)) + "]" if channels > 1 else "1"
    lines = ["SI.VERSION_MAJOR = 2023", f"SI.hChannels.channelSave = {saved}"]
    lines += ["SI.hRoiManager.scanFrameRate = 30.5", "SI.hRoiManager.scanVolumeRate = 7.5"]
    return {"software": "\n".join(lines) + "\n" + more, "bigtiff": True, "metadata": None}


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_scanimage_writes_channels_one_after_the_other(store: Store, tmp_path: Path, channels: int) -> None:
    source = open_stored(put(store, tmp_path, MOVIE, **scanimage_options(channels=channels)))
    assert (source.frames, source.channels) == (12 // channels, channels)
    assert source.facts.timing.frame_rate == 30.5
    for channel in range(channels):
        np.testing.assert_array_equal(all_values(source, Shot(channel)), MOVIE[channel::channels])


def test_the_slices_of_a_volume_are_an_axis_and_its_flyback_is_left_out(store: Store, tmp_path: Path) -> None:
    more = "SI.hFastZ.enable = true\nSI.hStackManager.actualNumSlices = 2\n"
    more += "SI.hStackManager.numFramesPerVolumeWithFlyback = 3\n"
    source = open_stored(put(store, tmp_path, MOVIE, **scanimage_options(channels=2, more=more)))
    assert (source.frames, source.channels, source.extra_axes) == (2, 2, (("z", 2),))
    assert source.facts.timing.frame_rate == 7.5
    pages = MOVIE.reshape(2, 3, 2, 24, 16)
    for z in range(2):
        for channel in range(2):
            np.testing.assert_array_equal(all_values(source, Shot(channel, (z,))), pages[:, z, channel])


class CountingStore:
    """A store that counts what is read from it."""

    def __init__(self, store: Store) -> None:
        self._store, self.requests = store, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, key: str, start: int | None = None, end: int | None = None) -> bytes:
        self.requests += 1
        return self._store.get(key, start, end)


def long_recording(store: Store, tmp_path: Path, *, odd: int | None = None) -> CountingStore:
    """60 pages of 80 kB, so that no two directories come with one request; `odd` has a longer description."""
    software = scanimage_options(channels=1)["software"]
    with tifffile.TiffWriter(tmp_path / "long.tif", bigtiff=True) as writer:
        for page in range(60):
            description = "an interruption" * 9 if page == odd else "frame"
            frame = np.full((200, 200), page, "i2")
            writer.write(frame, contiguous=False, metadata=None, software=software, description=description)
    store.put("scans/long.tif", (tmp_path / "long.tif").read_bytes())
    return CountingStore(store)


def test_a_long_recording_is_opened_without_a_look_at_every_page(store: Store, tmp_path: Path) -> None:
    counting = long_recording(store, tmp_path)
    source = open_stored(Place(counting, "scans/long.tif"))  # type: ignore[arg-type]
    assert source.frames == 60
    assert counting.requests < 25
    np.testing.assert_array_equal(all_values(source)[:, 7, 9], np.arange(60))


@pytest.mark.parametrize("odd", [0, 1, 2, 20, 40, 58, 59])
def test_pages_that_lie_unevenly_are_found_where_they_are(store: Store, tmp_path: Path, odd: int) -> None:
    counting = long_recording(store, tmp_path, odd=odd)
    source = open_stored(Place(counting, "scans/long.tif"))  # type: ignore[arg-type]
    np.testing.assert_array_equal(all_values(source)[:, 7, 9], np.arange(60))


def test_of_a_stack_that_is_cut_short_the_frames_before_are_read(store: Store, tmp_path: Path) -> None:
    place = put(store, tmp_path, MOVIE)
    store.put("scans/short.tif", store.get(place.key)[:4000])
    source = open_stored(Place(store, "scans/short.tif"))
    array = source._array  # type: ignore[attr-defined]
    np.testing.assert_array_equal(array[:4, :, :], MOVIE[:4])
    with pytest.raises(IntegrityError, match="cut short"):
        array[4:6, :, :]


def test_a_damaged_page_is_an_error_and_the_others_are_read(store: Store, tmp_path: Path) -> None:
    place = put(store, tmp_path, MOVIE, compression="zlib")
    with tifffile.TiffFile(tmp_path / "stack.tif") as tiff:
        at, size = tiff.pages[3].dataoffsets[0], tiff.pages[3].databytecounts[0]
    data = bytearray(store.get(place.key))
    data[at : at + size] = bytes(size)
    store.put(place.key, bytes(data), overwrite=True)
    source = open_stored(place)
    array = source._array  # type: ignore[attr-defined]
    with pytest.raises(IntegrityError, match="page 3"):
        array[3:4, :, :]
    np.testing.assert_array_equal(array[4:6, :, :], MOVIE[4:6])


def test_what_is_no_tiff_behind_its_first_bytes_is_refused(store: Store) -> None:
    store.put("scans/bad.tif", b"II*\0" + bytes(100))
    with pytest.raises(FormatError, match="TIFF"):
        open_stored(Place(store, "scans/bad.tif"))


def test_without_tifffile_the_remedy_is_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = put(store, tmp_path, MOVIE)
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(ConfigurationError, match="tifffile"):
        open_stored(place)


def test_color_pictures_have_channels(store: Store, tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (5, 24, 16, 3)).astype("u1")
    source = open_stored(put(store, tmp_path, frames, photometric="rgb", metadata={"axes": "TYXS"}))
    assert (source.frames, source.channels, source.height, source.width) == (5, 3, 24, 16)
    for channel in range(3):
        np.testing.assert_array_equal(all_values(source, Shot(channel)), frames[..., channel])
