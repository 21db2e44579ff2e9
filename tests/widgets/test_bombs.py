"""Files that are small and would fill the memory: each is refused before what it says is believed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc
import zlib
from contextlib import suppress

import h5py
import numcodecs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zarr
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dj_objectstore.exceptions import FormatError, IntegrityError, ObjectStoreError
from dj_objectstore.widgets.movies import unpacking
from dj_objectstore.widgets.movies.stored import Place, open_stored
from dj_objectstore.widgets.movies.unpacking import refuse_bomb

MEGABYTE = 1_000_000
LARGE = 70 * MEGABYTE
MOST = 50 * MEGABYTE


def as_stream(data):
    """Return a zstd frame that does not say how large it was."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


PACKERS = {
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd without its size": as_stream,
    "blosc": numcodecs.Blosc("zstd").encode,
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=1),
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "many gzip": lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]),
}


@pytest.fixture(autouse=True)
def small_deflated(monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_DEFLATED", LARGE // 2)


@pytest.fixture
def talk(open_browser, files):
    return open_browser(files)


@pytest.fixture
def look(talk, store, files):
    """Put a file, or a folder, beside the others and return its preview, which must not take much memory."""

    def look(name, content, *, most=MOST):
        for subpath, data in (content if isinstance(content, dict) else {"": content}).items():
            store.put(f"{files.path}/{name}{subpath and '/'}{subpath}", data)
        listing, _ = talk.ask("list", node="", limit=1000)
        node = next(entry["id"] for entry in listing["entries"] if entry["name"] == name)
        tracemalloc.start()
        try:
            result, buffers = talk.ask("preview", node=node)
            assert tracemalloc.get_traced_memory()[1] < most
        finally:
            tracemalloc.stop()
        return result, buffers

    return look


@pytest.mark.parametrize("name", PACKERS)
def test_a_chunk_that_unpacks_to_too_much_is_refused_without_unpacking_it(name):
    data = bytes(PACKERS[name](bytes(LARGE)))
    tracemalloc.start()
    with pytest.raises(FormatError, match="fill the memory"):
        refuse_bomb(data, limit=MEGABYTE, name="0.0")
    assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
    tracemalloc.stop()


@given(data=st.binary(max_size=2000), name=st.sampled_from([*PACKERS]))
def test_a_chunk_of_the_size_that_its_array_says_passes(data, name):
    refuse_bomb(bytes(PACKERS[name](data)), limit=len(data), name="0.0")


@given(
    start=st.sampled_from([b"", b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"]), rest=st.binary()
)
def test_damaged_bytes_are_refused_or_left_to_those_who_read_them(start, rest):
    with suppress(FormatError):
        refuse_bomb(start + rest, limit=1000, name="0.0")


@pytest.mark.parametrize(
    ("zarr_format", "packer", "codec"),
    [
        (2, "zstd", numcodecs.Zstd()),
        (2, "blosc", numcodecs.Blosc()),
        (2, "bz2", numcodecs.BZ2()),
        (2, "gzip", numcodecs.GZip()),
        (3, "zstd", zarr.codecs.ZstdCodec()),
        (3, "blosc", zarr.codecs.BloscCodec()),
        (3, "gzip", zarr.codecs.GzipCodec()),
    ],
)
def test_a_zarr_whose_chunk_is_a_bomb_shows_its_facts_and_no_picture(
    look, tmp_path, zarr_format, packer, codec
):
    array = zarr.create_array(
        tmp_path / "a.zarr",
        shape=(2, 64, 64),
        chunks=(1, 64, 64),
        dtype="u1",
        zarr_format=zarr_format,
        compressors=codec,
    )
    array[:] = 7
    content = {
        str(path.relative_to(tmp_path / "a.zarr")): path.read_bytes()
        for path in (tmp_path / "a.zarr").rglob("*")
        if path.is_file()
    }
    result, (png,) = look("good.zarr", content)
    assert png
    bomb = bytes(PACKERS[packer](bytes(LARGE)))
    chunks = [name for name in content if name[-1].isdigit()]
    assert len(chunks) == 2
    result, buffers = look("bomb.zarr", content | dict.fromkeys(chunks, bomb))
    assert (result["type"], result["shape"], buffers) == ("array", [2, 64, 64], [])


def test_a_zarr_of_one_huge_chunk_shows_its_facts_and_no_picture(look, tmp_path):
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=(3, 64, 64), chunks=(1, 100_000, 100_000), dtype="u1", zarr_format=2
    )
    metadata = (array.store.root / ".zarray").read_bytes()
    result, buffers = look("huge.zarr", {".zarray": metadata, "1.0.0": b"\x00" * 100})
    assert (result["chunks"], buffers) == ([1, 100_000, 100_000], [])


@pytest.mark.parametrize("shape", [(2**62, 64, 64), (10**12, 10**12), (64, 64, 10**30), (-1, 64, 64), (-5,)])
def test_an_npy_file_with_a_huge_or_impossible_shape_is_not_believed(look, shape):
    header = f"{{'descr': '<u2', 'fortran_order': False, 'shape': {shape!r}, }}".ljust(117) + "\n"
    file = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(1000)
    result, buffers = look("huge.npy", file)
    assert buffers == []
    assert result["type"] in {"array", "none"}


def test_a_grey_picture_of_16_bits_is_thinned_before_it_is_counted_with(look):
    buffer = io.BytesIO()
    Image.fromarray(np.repeat(np.arange(4000, dtype="u2"), 4000).reshape(4000, 4000)).save(
        buffer, "TIFF", compression="tiff_lzw"
    )
    result, (png,) = look("wide.tif", buffer.getvalue(), most=150 * MEGABYTE)
    assert (result["width"], result["height"]) == (1024, 1024)
    assert png


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"\0" * LARGE]),
        pa.array([[0.0] * 5 * MEGABYTE]),
    ],
    ids=["bytes", "values"],
)
def test_a_parquet_column_that_unpacks_to_too_much_is_refused(look, column):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": column}), buffer, compression="zstd", use_dictionary=False)
    assert len(buffer.getvalue()) < MEGABYTE
    result, _ = look("bomb.parquet", buffer.getvalue())
    assert result["type"] == "none"
    assert "fill the memory" in result["message"]


def test_large_cells_of_a_parquet_file_are_told_by_their_type(look):
    buffer = io.BytesIO()
    values = np.arange(10 * 100_000, dtype="f8").reshape(10, -1)
    pq.write_table(pa.table({"n": range(10), "trace": pa.array(list(values))}), buffer, compression="zstd")
    result, _ = look("traces.parquet", buffer.getvalue())
    assert result["rows"][3][0] == "3"
    assert "list" in result["rows"][3][1]


def test_a_large_attribute_of_an_hdf5_file_is_told_by_its_shape(look):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver="latest") as file:
        file.attrs["lab"] = "north"
        file.attrs["mask"] = np.zeros(300_000, "u1")
        file.create_dataset("x", data=np.zeros((4, 5))).attrs["neurodata_type"] = "x" * 70_000
    result, _ = look("large.h5", buffer.getvalue())
    assert ["/", "attribute", "mask", "300000 uint8", ""] in result["rows"]
    assert ["/", "attribute", "lab", "north", ""] in result["rows"]


def test_a_chunk_of_an_hdf5_file_that_goes_on_and_on_is_refused(store):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        data = file.create_dataset("movie", (4, 32, 32), "u1", chunks=(4, 32, 32), compression="gzip")
        data.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(LARGE)))
    store.put("bomb.h5", buffer.getvalue())
    source = open_stored(Place(store, "bomb.h5"))
    tracemalloc.start()
    with pytest.raises(IntegrityError, match="does not inflate"):
        source.read_block(0)
    assert tracemalloc.get_traced_memory()[1] < MOST
    tracemalloc.stop()


def test_a_bomb_of_a_movie_that_is_scrubbed_is_refused_too(store, tmp_path):
    array = zarr.create_array(
        tmp_path / "a", shape=(2, 64, 64), chunks=(1, 64, 64), dtype="u1", zarr_format=2
    )
    for path in array.store.root.iterdir():
        store.put(f"a.zarr/{path.name}", path.read_bytes())
    store.put("a.zarr/1.0.0", PACKERS["zstd"](bytes(LARGE)))
    source = open_stored(Place(store, "a.zarr"))
    assert source.read_block(0).shape == (1, 64, 64)
    with pytest.raises(ObjectStoreError, match="fill the memory"):
        source.read_block(1)
