"""TIFF stacks as movies."""

from __future__ import annotations

import numpy as np
import pytest

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon.tiff import is_tiff, open_tiff

tifffile = pytest.importorskip("tifffile")


@pytest.fixture
def counts():
    return np.random.default_rng(0).poisson(20, (12, 2, 3, 16, 10)).astype("uint16")


def test_a_stack_of_pages_is_a_movie(counts, tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", counts[:, 0, 0], photometric="minisblack")
    movie = open_tiff(tmp_path / "stack.tif")
    assert (movie.shape, movie.dims, movie.dtype) == ((12, 16, 10), ("time", "y", "x"), np.uint16)
    assert np.array_equal(movie[3:9], counts[3:9, 0, 0])
    assert np.array_equal(movie[-1], counts[-1, 0, 0])
    movie.close()


def test_one_page_is_one_frame(counts, tmp_path):
    tifffile.imwrite(tmp_path / "page.tiff", counts[0, 0, 0])
    movie = open_tiff(tmp_path / "page.tiff")
    assert movie.shape == (1, 16, 10)
    assert np.array_equal(movie[0:1], counts[:1, 0, 0])
    movie.close()


def test_axes_of_a_hyperstack_are_put_in_order(counts, tmp_path):
    stored = counts.swapaxes(1, 2)  # ImageJ keeps z before channel
    tifffile.imwrite(tmp_path / "hyper.tif", stored, imagej=True, metadata={"axes": "TZCYX"})
    movie = open_tiff(tmp_path / "hyper.tif")
    assert movie.dims == ("time", "channel", "z", "y", "x")
    assert np.array_equal(movie[2:7], counts[2:7])
    movie.close()


def test_channels_of_scanimage_are_told_apart(counts, tmp_path):
    software = "SI.VERSION_MAJOR = 5\nSI.hChannels.channelSave = [1;2]\nSI.hRoiManager.scanFrameRate = 29.5"
    with tifffile.TiffWriter(tmp_path / "si.tif") as writer:
        for frame in counts[:, :, 0]:
            for page in frame:
                writer.write(page, software=software, contiguous=False, metadata=None)
    movie = open_tiff(tmp_path / "si.tif")
    assert (movie.shape, movie.dims, movie.frame_rate) == (
        (12, 2, 16, 10),
        ("time", "channel", "y", "x"),
        29.5,
    )
    assert np.array_equal(movie[4:6], counts[4:6, :, 0])
    movie.close()


def test_what_is_no_tiff_is_refused(tmp_path):
    (tmp_path / "text.tif").write_text("no image")
    with pytest.raises(MovieRefusedError, match="not a TIFF file"):
        open_tiff(tmp_path / "text.tif")
    with pytest.raises(MovieRefusedError, match="no file"):
        open_tiff(tmp_path / "missing.tif")
    assert not is_tiff("movie.npy")
    assert not is_tiff(np.zeros(3))
