from __future__ import annotations

import io
import json
import threading
import tracemalloc
import warnings

import dask.array
import numpy as np
import pytest
import zarr
from PIL import Image

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon import MovieReader, NoiseModel, NoiseNotTrustedWarning, check_movie, write_movie
from dj_objectstore.photon import frames as frames_module
from dj_objectstore.photon.chunks import compress_codes

NOISE = NoiseModel(gain=20.0)
TZYX = ("time", "z", "y", "x")


def attributes(files):
    return json.loads(files[".zattrs"])


def test_a_movie_is_three_kinds_of_files_and_no_more(make_movie):
    files = {}
    summary = write_movie(make_movie(), files, frames_per_chunk=15)
    assert sorted(files) == [".zarray", ".zattrs", "0.0.0", "1.0.0", "2.0.0"]
    assert summary.files == {key: len(data) for key, data in files.items()}
    assert summary.size == sum(map(len, files.values()))
    assert (summary.shape, summary.dims, summary.chunks) == ((40, 48, 48), ("time", "y", "x"), (15, 48, 48))


def test_the_description_is_that_of_the_specification(make_movie):
    files = {}
    write_movie(make_movie(dtype="uint16", photons=3.0), files, frame_rate=30, pixel_size=(1.5, 2))
    array, attrs = json.loads(files[".zarray"]), attributes(files)
    first, step = attrs["first_code"], attrs["quantization_step"]
    assert array["filters"] == [
        {"id": "fixedscaleoffset", "scale": 2.0, "offset": first * step, "dtype": "<f8", "astype": "|u1"}
    ]
    assert array["compressor"] == {"id": "zstd", "level": 1}
    assert (array["dtype"], array["fill_value"], array["order"]) == ("<f8", None, "C")
    assert attrs["codec_name"] == "photon"
    assert attrs["codec_version"] == "1.1"
    assert (attrs["mode"], attrs["complete"]) == ("compact", True)
    assert attrs["original_dtype"] == "uint16"
    assert attrs["_ARRAY_DIMENSIONS"] == ["time", "y", "x"]
    assert (attrs["frame_rate"], attrs["pixel_size"]) == (30.0, [1.5, 2.0])
    assert attrs["noise"]["trusted"] is True
    assert attrs["noise"]["method"] == "estimated"
    assert attrs["anscombe_gain"] == pytest.approx(20, rel=0.05)


def test_differences_between_pixels_are_stored_where_that_makes_a_movie_smaller(make_movie):
    delta = {"id": "delta", "dtype": "|u1", "astype": "|u1"}
    for photons, filters in {1.0: [], 40.0: [delta]}.items():
        movie, files = make_movie(dtype="uint16", photons=photons), {}
        write_movie(movie, files)
        assert json.loads(files[".zarray"])["filters"][1:] == filters
        codes = MovieReader(files).read(kind="codes")
        assert (len(compress_codes(codes)) > len(files["0.0.0"])) is bool(filters)


def test_the_inverse_table_holds_the_unrounded_mean_of_each_code(make_movie):
    movie = make_movie(read=5.0)
    files = {}
    write_movie(movie, files, frames_per_chunk=7)
    reader = MovieReader(files)
    codes = reader.read(kind="codes")
    table = attributes(files)["inverse_table"]
    for code in np.unique(codes):
        assert table[code] == pytest.approx(movie[codes == code].mean(), abs=1e-6)


def test_a_chunk_holds_10_frames_of_512_by_512():
    movie = np.zeros((20, 512, 512), "uint8")
    assert write_movie(movie, {}, noise=NOISE).chunks == (10, 512, 512)


@pytest.mark.parametrize("mode", ["compact", "lossless", "reference"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda movie, _: movie[:, ::-1, ::-1][:, ::-1, ::-1],
        lambda movie, path: np.memmap(path / "m", movie.dtype, "w+", shape=movie.shape)[:] * 0 + movie,
        lambda movie, _: zarr.create_array({}, data=movie, chunks=(9, 48, 48)),
        lambda movie, _: dask.array.from_array(movie, chunks=(11, 24, 48)),
        lambda movie, _: iter(movie),
        list,
        lambda movie, _: (block for block in np.array_split(movie, 7)),
    ],
    ids=["view", "memmap", "zarr", "dask", "frames", "list", "blocks"],
)
def test_every_kind_of_input_is_stored_alike(make_movie, wrap, mode, tmp_path):
    movie = make_movie()
    plain, files = {}, {}
    write_movie(movie, plain, mode=mode)
    source = list(movie) if wrap is list else wrap(movie, tmp_path)
    write_movie(source, files, mode=mode)
    assert MovieReader(files).read().tobytes() == MovieReader(plain).read().tobytes()
    assert MovieReader(files).dims == ("time", "y", "x")


def test_a_large_source_is_read_once_per_pass_along_its_own_chunks(make_movie, monkeypatch):
    monkeypatch.setattr(frames_module, "KEEP_BYTES", 0)
    movie = make_movie()
    reads = []
    blocks = [
        dask.array.from_delayed(
            dask.delayed(lambda i=i: reads.append(i) or movie[i : i + 8])(), (8, 48, 48), "i4"
        )
        for i in range(0, 40, 8)
    ]
    files = {}
    write_movie(dask.array.concatenate(blocks), files, frames_per_chunk=3)
    assert sorted(reads) == sorted([0, 8, 16, 24, 32] * 2)
    reader = MovieReader(files)
    assert np.abs(reader.read() - movie).max() <= 20 * 4


def test_a_long_iterator_is_stored_with_wide_codes_and_one_pass(make_movie, monkeypatch):
    monkeypatch.setattr(frames_module, "READ_AHEAD", 100_000)
    movie = make_movie(shape=(101, 48, 48), dtype="int16")
    files = {}
    seen = []
    summary = write_movie(iter(movie), files, frames_per_chunk=10, progress=lambda *args: seen.append(args))
    assert summary.shape == movie.shape
    assert seen[-1] == (101, 0)
    reader = MovieReader(files)
    assert reader.code_dtype == np.uint16
    noise = reader.noise
    assert noise.gain == pytest.approx(20, rel=0.1)
    assert np.all(np.abs(reader.read().astype(int) - movie) <= 0.5 * np.sqrt(20 * movie + 400) + 10)


@pytest.mark.parametrize("dtype", ["uint32", "float32", "int16"])
def test_a_long_iterator_keeps_rare_extremes(make_movie, monkeypatch, dtype):
    monkeypatch.setattr(frames_module, "READ_AHEAD", 100_000)
    movie = make_movie(shape=(60, 48, 48), dtype=dtype)
    movie[50, 3, 3] = 32_000
    if dtype != "uint32":
        movie[51, 3, 3] = -900
    files = {}
    write_movie(iter(movie), files, noise=NoiseModel(gain=20.0))
    found = MovieReader(files).read()
    assert found[50, 3, 3] == pytest.approx(32_000)
    assert found[51, 3, 3] == pytest.approx(movie[51, 3, 3], abs=20)


def test_an_acquisition_may_use_its_buffer_again(make_movie):
    movie = make_movie()

    def acquire():
        buffer = np.empty(movie.shape[1:], movie.dtype)
        for frame in movie:
            buffer[:] = frame
            yield buffer

    files = {}
    write_movie(acquire(), files, mode="lossless")
    assert np.array_equal(MovieReader(files).read(), movie)


def test_memory_does_not_grow_with_the_movie(monkeypatch):
    monkeypatch.setattr(frames_module, "READ_AHEAD", 1 << 20)
    frame = np.random.default_rng(0).poisson(5, (256, 256)).astype("uint16")

    class Sink(dict):
        def __setitem__(self, key, data):
            super().__setitem__(key, data if key[0] == "." else b"")

    def peak(length):
        tracemalloc.start()
        try:
            write_movie((frame for _ in range(length)), Sink(), noise=NOISE, frames_per_chunk=4, threads=2)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(50)
    assert peak(600) < peak(150) + (8 << 20)


@pytest.mark.parametrize(
    ("movie", "word"),
    [
        (np.zeros((20, 8, 8)), "flat"),
        (np.random.default_rng(0).poisson(np.linspace(1, 30, 16), (6, 16, 16)), "short"),
        (np.minimum(np.random.default_rng(0).poisson(np.linspace(1, 30, 32), (40, 32, 32)), 20), "saturated"),
    ],
)
def test_a_movie_of_unknown_noise_is_stored_losslessly_with_one_warning_that_says_what_to_give(movie, word):
    files = {}
    with pytest.warns(NoiseNotTrustedWarning) as caught:
        summary = write_movie(movie, files)
    assert len(caught) == 1
    assert word in str(caught[0].message)
    assert "gain=" in str(caught[0].message)
    assert summary.mode == "lossless"
    attrs = attributes(files)
    assert (attrs["mode"], attrs["mode_requested"]) == ("lossless", "compact")
    assert word in attrs["mode_reason"]
    assert word in attrs["noise"]["why"]
    assert np.array_equal(MovieReader(files).read(), movie)


def test_given_noise_is_believed_without_a_warning():
    files = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = write_movie(
            np.full((2, 8, 8), 100, "uint16"), files, noise=NoiseModel(gain=5.0, offset=2.0)
        )
    assert summary.mode == "compact"
    assert attributes(files)["noise"]["method"] == "given"
    assert (MovieReader(files).read() == 100).all()


def test_one_channel_of_unknown_noise_makes_the_movie_lossless(make_movie):
    movie = np.stack([make_movie(), np.zeros((40, 48, 48), "int32")], axis=1)
    files = {}
    with pytest.warns(NoiseNotTrustedWarning, match="channel 1"):
        write_movie(movie, files, dims=("time", "channel", "y", "x"))
    assert [judged["trusted"] for judged in attributes(files)["noise"]] == [True, False]


@pytest.mark.parametrize(
    ("frames", "options", "words"),
    [
        (np.zeros((4, 4)), {}, "at least 3 axes"),
        (np.zeros((2, 4, 4), object), {}, "integers or floats"),
        (np.zeros((2, 4, 4), bool), {}, "integers or floats"),
        (np.zeros((2, 4, 4), complex), {}, "integers or floats"),
        (np.zeros((0, 4, 4)), {}, "length above 0"),
        (np.full((2, 4, 4), np.nan), {}, "NaN"),
        (np.full((2, 4, 4), np.inf), {}, "infinity"),
        (np.zeros((2, 3, 4, 4)), {}, "no names"),
        (np.zeros((2, 4, 4)), {"dims": ("y", "x", "time")}, "this order"),
        (np.zeros((2, 3, 4, 4)), {"dims": ("time", "z", "channel", "y", "x")}, "this order"),
        (np.ma.masked_array(np.zeros((2, 4, 4))), {}, "masked"),
        ("movie.tif", {}, "str"),
        (7, {}, "int"),
        (np.zeros((2, 4, 4)), {"step": 0}, "step"),
        (np.zeros((2, 4, 4)), {"mode": "tiny"}, "mode"),
        (np.zeros((2, 4, 4)), {"frames_per_chunk": 0}, "frames_per_chunk"),
        (np.zeros((2, 4, 4)), {"frame_rate": -1}, "frame_rate"),
        (np.zeros((2, 4, 4)), {"times": [0, 1, 2]}, "one number per frame"),
        (np.zeros((2, 4, 4)), {"times": [1, 0]}, "go back"),
        (np.zeros((2, 4, 4)), {"times": [0, 1], "frame_rate": 1}, "not both"),
        (np.zeros((2, 4, 4)), {"pixel_size": (1,)}, "pixel_size"),
        (np.zeros((2, 4, 4)), {"noise": (NOISE, NOISE)}, "per channel"),
        (np.zeros((2, 4, 4)), {"noise": 85.0}, "NoiseModel"),
    ],
)
def test_what_is_no_movie_is_refused_before_a_byte_is_written(frames, options, words):
    files = {}
    with pytest.raises(MovieRefusedError, match=words):
        check_movie(frames, **options)
    with pytest.raises(MovieRefusedError, match=words):
        write_movie(frames, files, **options)
    assert files == {}


@pytest.mark.parametrize(
    "frames", [[], [np.zeros((4, 4)), np.zeros((4, 5))], [np.zeros(4)], [np.zeros((4, 4), object)]]
)
def test_an_iterator_of_no_frames_or_of_unlike_frames_is_refused(frames):
    files = {}
    with pytest.raises(MovieRefusedError):
        write_movie(iter(frames), files)
    assert files == {}


def test_checking_an_iterator_does_not_touch_it():
    def untouchable():
        pytest.fail("was read")
        yield

    assert check_movie(untouchable(), dims=TZYX) == TZYX


class DyingSink(dict):
    """A store that fails after so many files."""

    def __init__(self, survives):
        self.survives = survives
        self.lock = threading.Lock()

    def __setitem__(self, key, data):
        with self.lock:
            if len(self) >= self.survives and key not in self:
                raise OSError("disk full")
            super().__setitem__(key, data)


@pytest.mark.parametrize("survives", [0, 1, 2, 3, 5])
def test_a_writer_that_dies_leaves_nothing_that_seems_complete(make_movie, survives):
    files = DyingSink(survives)
    with pytest.raises(OSError, match="disk full"):
        write_movie(make_movie(), files, frames_per_chunk=10)
    assert ".zattrs" not in files or attributes(files)["complete"] is False


def test_nan_in_a_later_frame_of_an_iterator_leaves_the_movie_incomplete(make_movie, monkeypatch):
    monkeypatch.setattr(frames_module, "READ_AHEAD", 100_000)
    movie = make_movie(dtype="float32")
    movie[39, 1, 1] = np.nan
    files = {}
    with pytest.raises(MovieRefusedError):
        write_movie(iter(movie), files, noise=NoiseModel(gain=20.0))
    assert attributes(files)["complete"] is False


def test_an_error_in_progress_stops_the_writers(make_movie):
    files = {}

    def interrupt(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_movie(make_movie(), files, frames_per_chunk=1, progress=interrupt, threads=2)
    assert attributes(files)["complete"] is False
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("photon-writer")]


def test_progress_counts_frames(make_movie):
    seen = []
    write_movie(make_movie(), {}, frames_per_chunk=10, progress=lambda *args: seen.append(args))
    assert seen == [(10, 40), (20, 40), (30, 40), (40, 40)]


def test_the_summary_shows_the_movie(real_movie):
    summary = write_movie(real_movie, {})
    assert np.allclose(summary.mean_image, real_movie.mean(axis=0), rtol=1e-5)
    assert summary.mean_image.dtype == np.float32
    assert len(summary.thumbnail) <= 32_000
    with Image.open(io.BytesIO(summary.thumbnail)) as picture:
        assert picture.format == "PNG"
        assert picture.height >= 120
        assert np.asarray(picture.convert("L")).std() > 20


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 500), (2, 700, 3), (70, 5, 7)])
def test_odd_shapes_have_a_thumbnail_and_a_mean_image(shape):
    summary = write_movie(np.arange(np.prod(shape)).reshape(shape), {}, mode="lossless")
    assert summary.mean_image.shape == shape[1:]
    assert 0 < len(summary.thumbnail) <= 32_000


def test_the_real_movie_is_four_times_smaller_than_raw(real_movie):
    summary = write_movie(real_movie, {})
    assert summary.mode == "compact"
    assert real_movie.nbytes / summary.size > 4
