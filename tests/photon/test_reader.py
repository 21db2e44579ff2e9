from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import (
    ChunkError,
    FormatError,
    IntegrityError,
    ObjectNotFoundError,
    ValueRefusedError,
)
from dj_objectstore.photon import MovieReader, NoiseModel, write_movie
from dj_objectstore.photon.anscombe import stabilize


@pytest.fixture(scope="module")
def stored(real_movie):
    files = {}
    write_movie(real_movie, files, frames_per_chunk=16, frame_rate=30.0, pixel_size=(2.0, 2.5))
    return files


def change(files, name, **values):
    return files | {name: json.dumps(json.loads(files[name]) | values).encode()}


def test_nothing_is_read_before_it_is_needed(stored):
    class Counting(dict):
        read = ()

        def __getitem__(self, key):
            self.read += (key,)
            return super().__getitem__(key)

    files = Counting(stored)
    reader = MovieReader(files)
    repr(reader)
    assert files.read == ()
    reader.read(17)
    reader.read(18)
    assert files.read == (".zarray", ".zattrs", "1.0.0", "1.0.0")


def test_what_the_movie_is_like_is_told_by_its_attributes(stored, real_movie):
    reader = MovieReader(stored)
    assert (reader.shape, reader.dtype) == (real_movie.shape, real_movie.dtype)
    assert (reader.dims, reader.chunks) == (("time", "y", "x"), (16, 128, 128))
    assert (reader.mode, reader.step, reader.frame_rate, reader.times) == ("compact", 0.5, 30.0, None)
    assert reader.pixel_size == (2.0, 2.5)
    assert reader.code_dtype == np.uint8
    assert isinstance(reader.noise, NoiseModel)
    assert reader.attrs["codec_name"] == "photon"
    assert pickle.loads(pickle.dumps(reader)).shape == reader.shape


def test_the_kinds_are_the_same_movie_in_other_units(stored, real_movie):
    reader = MovieReader(stored)
    noise = reader.noise
    counts, photons = reader.read(5), reader.read(5, "photons")
    assert (counts.dtype, photons.dtype) == (np.int16, np.float32)
    assert np.abs(photons * noise.gain + noise.offset - counts).max() <= 0.501
    assert np.abs(reader.read(5, "stabilized") - stabilize(real_movie[5], noise)).max() <= 0.2501
    codes = reader.read(5, "codes")
    for kind in ("counts", "photons", "stabilized"):
        assert np.array_equal(reader.table(kind)[codes], reader.read(5, kind).astype(np.float32))
        assert reader.table(kind).shape == (reader.n_codes,)


def test_a_chunk_comes_decoded_and_without_padding(stored):
    reader = MovieReader(stored)
    assert reader.chunk_codes((1, 0, 0)).shape == (16, 128, 128)
    assert reader.chunk_codes((8, 0, 0)).shape == (134 - 128, 128, 128)
    assert np.array_equal(reader.chunk_codes((1, 0, 0))[1], reader.read(17, "codes"))
    for index in [(9, 0, 0), (-1, 0, 0), (0, 0)]:
        with pytest.raises(IndexError):
            reader.chunk_codes(index)


def test_frames_in_any_order_and_regions_are_those_of_the_whole(stored):
    reader = MovieReader(stored)
    whole = reader.read()
    times = [130, 3, 3, -1, 64]
    assert np.array_equal(reader.read(times), whole[times])
    assert np.array_equal(reader.read((slice(10, 90, 7), slice(5, 9), 64)), whole[10:90:7, 5:9, 64])
    assert reader.read((0, 0, 0)) == whole[0, 0, 0]
    assert reader.read(slice(5, 5)).shape == (0, 128, 128)
    assert np.array_equal(reader.frame(-1), whole[-1])


def test_one_reader_serves_many_threads(stored):
    reader = MovieReader(stored)
    whole = reader.read()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(MovieReader(stored).read, range(134)))
    assert np.array_equal(np.stack(found), whole)


@given(st.data())
def test_a_flipped_bit_anywhere_in_a_chunk_is_an_error(stored, data):
    key = data.draw(st.sampled_from(["0.0.0", "8.0.0"]))
    chunk = bytearray(stored[key])
    bit = data.draw(st.one_of(st.integers(0, 200), st.integers(0, len(chunk) * 8 - 1)))
    chunk[bit >> 3] ^= 1 << (bit & 7)
    with pytest.raises(ChunkError, match=key):
        MovieReader(stored | {key: bytes(chunk)}).chunk_codes((int(key[0]), 0, 0))


@pytest.mark.parametrize("mode", ["compact", "lossless", "reference"])
def test_every_flipped_bit_of_a_small_chunk_is_an_error_in_every_mode(make_movie, mode):
    files = {}
    write_movie(make_movie((12, 4, 3)), files, mode=mode, noise=NoiseModel(gain=20.0))
    chunk = bytearray(files["0.0.0"])
    for bit in range(len(chunk) * 8):
        chunk[bit >> 3] ^= 1 << (bit & 7)
        with pytest.raises(ChunkError, match=r"frames 0-11"):
            MovieReader(files | {"0.0.0": bytes(chunk)}).read(0)
        chunk[bit >> 3] ^= 1 << (bit & 7)


@pytest.mark.parametrize("damage", [lambda chunk: chunk[:-1], lambda _: b"", lambda chunk: chunk + b"\0"])
def test_a_chunk_of_another_length_is_an_error(stored, damage):
    files = stored | {"1.0.0": damage(stored["1.0.0"])}
    with pytest.raises(ChunkError, match=r"1\.0\.0 \(frames 16-31\) is damaged"):
        MovieReader(files).read(20)


def test_a_missing_chunk_is_an_error_and_the_others_are_read(stored):
    files = {key: data for key, data in stored.items() if key != "2.0.0"}
    reader = MovieReader(files)
    with pytest.raises(ChunkError, match=r"2\.0\.0 \(frames 32-47\) is missing"):
        reader.read(slice(None))
    assert reader.read(slice(0, 32)).shape == (32, 128, 128)


def test_a_chunk_in_the_place_of_another_is_an_error(stored):
    with pytest.raises(ChunkError, match="damaged"):
        MovieReader(stored | {"1.0.0": stored["2.0.0"]}).read(20)


def test_what_is_not_there_or_not_finished_is_said(stored):
    with pytest.raises(ObjectNotFoundError, match="zarray"):
        _ = MovieReader({}).shape
    with pytest.raises(ObjectNotFoundError, match="zarray"):
        MovieReader({}).read(0)
    with pytest.raises(IntegrityError, match="never finished"):
        MovieReader({".zarray": stored[".zarray"]}).read(0)
    with pytest.raises(IntegrityError, match="never finished"):
        MovieReader(change(stored, ".zattrs", complete=False)).read(0)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        (".zattrs", {"codec_version": "2.0"}, "version 2.0"),
        (".zattrs", {"codec_name": "jpeg"}, "jpeg"),
        (".zattrs", {"mode": "tiny"}, "tiny"),
        (".zattrs", {"inverse_table": None}, "lacks"),
        (".zattrs", {"_ARRAY_DIMENSIONS": ["time"]}, "axes"),
        (".zarray", {"zarr_format": 3}, "Zarr v2"),
        (".zarray", {"chunks": [0, 1, 1]}, "chunk size"),
        (".zarray", {"shape": "long"}, "Zarr v2"),
    ],
)
def test_another_format_is_refused_and_not_guessed_at(stored, name, values, words):
    with pytest.raises(FormatError, match=words):
        MovieReader(change(stored, name, **values)).read(0)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff"])
@pytest.mark.parametrize("name", [".zarray", ".zattrs"])
def test_damaged_json_is_a_format_error(stored, name, data):
    with pytest.raises(FormatError, match=name):
        MovieReader(stored | {name: data}).read(0)


def test_a_later_minor_version_and_unknown_attributes_are_read(stored):
    files = change(stored, ".zattrs", codec_version="1.7", new="thing")
    assert np.array_equal(MovieReader(files).read(0), MovieReader(stored).read(0))


def test_attributes_of_the_first_version_are_enough(make_movie):
    movie = make_movie(dtype="uint16")
    files = {}
    write_movie(movie, files, mode="reference")
    old = {"codec_version": "1.0", "codec_name": "photon", "original_dtype": "uint16"}
    old |= {"anscombe_gain": 1.0, "anscombe_offset": 0.0, "anscombe_variance": 0.0}
    reader = MovieReader(files | {".zattrs": json.dumps(old).encode()})
    assert np.array_equal(reader.read(), movie)
    assert (reader.mode, reader.dims, reader.code_dtype) == ("reference", ("time", "y", "x"), np.float64)


@pytest.mark.parametrize(
    "compressor", [None, numcodecs.Blosc("lz4").get_config(), numcodecs.GZip().get_config()]
)
def test_codes_under_any_compressor_of_numcodecs_are_read(stored, compressor):
    reader = MovieReader(stored)
    codec = None if compressor is None else numcodecs.get_codec(compressor)
    files = change(stored, ".zarray", compressor=compressor)
    files = change(files, ".zattrs", chunk_checksums=None)
    for number in range(9):
        plain = reader._store.decode((number, 0, 0)).tobytes()
        files[f"{number}.0.0"] = plain if codec is None else bytes(codec.encode(plain))
    assert np.array_equal(MovieReader(files).read([3, 133]), reader.read([3, 133]))


def test_stabilised_floats_that_another_tool_rechunked_are_read(stored):
    reader = MovieReader(stored)
    copy = zarr.create_array(
        store := zarr.storage.MemoryStore(),
        data=reader.read(kind="stabilized").astype("<f8"),
        chunks=(20, 50, 60),
        zarr_format=2,
        compressors=numcodecs.LZ4(),
    )
    assert copy.shape == reader.shape
    files = {key: value.to_bytes() for key, value in store._store_dict.items()}
    attrs = json.loads(stored[".zattrs"]) | {"chunk_checksums": None}
    files[".zattrs"] = json.dumps(attrs).encode()
    assert np.array_equal(MovieReader(files).read((slice(7, 60), 3)), reader.read((slice(7, 60), 3)))


def test_lossless_movies_have_photons_where_the_noise_is_known(real_movie):
    files = {}
    write_movie(real_movie, files, mode="lossless")
    reader = MovieReader(files)
    assert reader.table("counts") is None
    assert reader.n_codes is None
    assert reader.code_dtype == np.int16
    assert reader.read(3, "photons") == pytest.approx(
        (real_movie[3] - reader.noise.offset) / reader.noise.gain
    )
    assert reader.read(3, "stabilized") == pytest.approx(stabilize(real_movie[3], reader.noise), rel=1e-6)


@pytest.mark.filterwarnings("ignore::dj_objectstore.photon.NoiseNotTrustedWarning")
def test_photons_of_unknown_noise_are_refused_and_counts_are_read():
    files = {}
    write_movie(np.full((3, 4, 4), 9), files)
    reader = MovieReader(files)
    assert reader.noise is None
    assert (reader.read() == 9).all()
    for kind in ("photons", "stabilized"):
        with pytest.raises(ValueRefusedError, match="noise"):
            reader.read(0, kind)


def test_an_unknown_kind_is_refused(stored):
    with pytest.raises(ValueRefusedError, match="kind"):
        MovieReader(stored).read(0, "grey")


def test_times_come_back_as_they_were(make_movie):
    times = np.cumsum(np.random.default_rng(0).uniform(0, 0.1, 40))
    files = {}
    write_movie(make_movie(), files, times=times)
    assert np.array_equal(MovieReader(files).times, times)


def test_channels_that_another_tool_put_into_one_chunk_are_told_apart(make_movie):
    movie = np.stack([make_movie((20, 8, 8), gain=20.0), make_movie((20, 8, 8), gain=90.0)], axis=1)
    noise = (NoiseModel(gain=20.0), NoiseModel(gain=90.0))
    ours, files = {}, {}
    write_movie(movie, ours, noise=noise, dims=("time", "channel", "y", "x"))
    stabilized = np.stack([stabilize(movie[:, n], model) for n, model in enumerate(noise)], axis=1)
    array = json.loads(ours[".zarray"]) | {"chunks": [6, 2, 8, 8], "filters": None, "compressor": None}
    for number, start in enumerate(range(0, 20, 6)):
        whole = np.zeros((6, 2, 8, 8))
        whole[: len(stabilized[start : start + 6])] = stabilized[start : start + 6]
        files[f"{number}.0.0.0"] = whole.tobytes()
    files[".zarray"] = json.dumps(array).encode()
    files[".zattrs"] = change(ours, ".zattrs", chunk_checksums=None)[".zattrs"]
    for key in (..., 3, (slice(2, 17), 1), (slice(None), slice(None, None, -1))):
        for kind in ("counts", "photons"):
            assert np.array_equal(MovieReader(files).read(key, kind), MovieReader(ours).read(key, kind))
