from __future__ import annotations

from contextlib import suppress

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.photon.chunks import (
    BLOSC,
    DELTA_U1,
    DamagedChunkError,
    accumulate,
    compress_codes,
    compress_numbers,
    decompress,
    decompress_codes,
    difference,
    shuffle,
    unshuffle,
)


@given(st.binary(max_size=2000))
def test_codes_come_back_and_numcodecs_reads_them_too(codes):
    frame = compress_codes(codes)
    assert decompress_codes(frame, size=len(codes)) == codes
    if codes:
        assert bytes(numcodecs.get_codec({"id": "zstd", "level": 1}).decode(frame)) == codes


@given(st.lists(st.integers(0, 65535), min_size=1))
def test_the_shuffle_is_that_of_numcodecs(values):
    codes = np.array(values, "<u2")
    assert shuffle(codes) == bytes(numcodecs.Shuffle(2).encode(codes))
    assert unshuffle(shuffle(codes)) == codes.tobytes()


@given(st.lists(st.integers(0, 255), min_size=1))
def test_differences_are_those_of_numcodecs(values):
    codes = np.array(values, "u1")
    delta = numcodecs.get_codec(dict(DELTA_U1))
    found = difference(codes).tobytes()
    assert found == bytes(delta.encode(codes))
    assert accumulate(found) == codes.tobytes() == bytes(delta.decode(found))


@given(st.integers(0, 2**32), st.sampled_from([0.3, 5.0, 40.0]))
def test_a_flipped_bit_never_gives_other_codes(seed, photons):
    rng = np.random.default_rng(seed)
    codes = np.minimum(rng.poisson(photons, 3000), 255).astype(np.uint8).tobytes()
    frame = bytearray(compress_codes(codes))
    for bit in rng.integers(0, len(frame) * 8, 100):
        frame[bit >> 3] ^= 1 << (bit & 7)
        with suppress(DamagedChunkError):
            assert decompress_codes(bytes(frame), size=len(codes)) == codes
        frame[bit >> 3] ^= 1 << (bit & 7)


@pytest.mark.parametrize("cut", [0, 1, 4, 9, -1])
def test_a_frame_that_is_cut_short_is_damaged(cut):
    frame = compress_codes(bytes(range(100)))
    with pytest.raises(DamagedChunkError):
        decompress_codes(frame[:cut], size=100)


def test_more_bytes_than_a_frame_are_damage():
    with pytest.raises(DamagedChunkError):
        decompress_codes(compress_codes(b"codes") + b"\0", size=5)


def test_a_frame_without_a_checksum_is_refused():
    with pytest.raises(DamagedChunkError, match="checksum"):
        decompress_codes(bytes(numcodecs.Zstd(1).encode(b"codes")), size=5)


@given(st.binary(min_size=1, max_size=2000), st.integers(0, 200))
def test_blosc_comes_back_and_is_refused_when_cut(data, cut):
    stored = compress_numbers(np.frombuffer(data, np.uint8))
    assert decompress(stored, compressor=BLOSC, size=len(data)) == data
    with pytest.raises(DamagedChunkError):
        decompress(stored[: max(0, len(stored) - 1 - cut)], compressor=BLOSC, size=len(data))
