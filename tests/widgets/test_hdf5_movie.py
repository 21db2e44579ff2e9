from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ConfigurationError, FormatError, IntegrityError, ValueRefusedError
from dj_objectstore.widgets.frames.shots import Shot
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.hdf5_movie import ChunkedArray, _array_of
from dj_objectstore.widgets.movies.planes import ContiguousArray, RangedFile
from dj_objectstore.widgets.movies.stored import Place, open_stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dj_objectstore.store.store import Store
    from dj_objectstore.widgets.movies.sources import FrameSource

MOVIE = np.random.default_rng(6).integers(-500, 500, (23, 14, 10)).astype("i2")


def put(store: Store, tmp_path: Path, write: Callable[[h5py.File], Any], **options: Any) -> Place:
    path = tmp_path / "data.h5"
    with h5py.File(path, "w", **options) as file:
        write(file)
    store.put("scans/data.h5", path.read_bytes(), overwrite=True)
    return Place(store, "scans/data.h5")


def all_values(source: FrameSource, shot: Shot = Shot()) -> np.ndarray:  # noqa: B008 - frozen
    blocks = [source.read_block(block, channel=shot.channel, at=shot.at) for block in range(source.blocks)]
    return decode_block(np.concatenate(blocks), source.code, source.table)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, ContiguousArray),
        ({"dtype": ">i2"}, ContiguousArray),
        ({"chunks": (4, 14, 10)}, ChunkedArray),
        ({"chunks": (4, 5, 3), "compression": "gzip"}, ChunkedArray),
        ({"chunks": (4, 5, 3), "compression": "gzip", "shuffle": True}, ChunkedArray),
        ({"chunks": (1, 14, 10), "shuffle": True}, ChunkedArray),
        ({"chunks": (4, 14, 10), "compression": "lzf"}, h5py.Dataset),
        ({"chunks": (4, 14, 10), "compression": "gzip", "fletcher32": True}, h5py.Dataset),
    ],
    ids=str,
)
def test_the_frames_of_a_dataset_are_those_that_h5py_reads(
    store: Store, tmp_path: Path, options: dict[str, Any], kind: type
) -> None:
    source = open_stored(put(store, tmp_path, lambda file: file.create_dataset("a/b", data=MOVIE, **options)))
    assert isinstance(source._array, kind)  # type: ignore[attr-defined]
    assert (source.frames, source.height, source.width) == MOVIE.shape
    np.testing.assert_array_equal(all_values(source), MOVIE)


@given(
    st.tuples(*[st.integers(1, 9)] * 3),
    st.tuples(*[st.integers(1, 9)] * 3),
    st.booleans(),
    st.data(),
)
def test_any_part_of_any_chunked_dataset_is_that_of_h5py(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    shuffle: bool,
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("h5") / "a.h5"
    values = np.arange(np.prod(shape), dtype="<i4").reshape(shape)
    chunks = tuple(map(min, chunks, shape))
    with h5py.File(path, "w") as file:
        written = file.create_dataset(
            "a", shape, "<i4", chunks=chunks, compression="gzip", shuffle=shuffle, fillvalue=-3
        )
        some = data.draw(st.integers(1, shape[0]))
        written[:some] = values[:some]
    index: list[Any] = []
    for length in shape:
        start = data.draw(st.integers(0, length - 1))
        stop = data.draw(st.integers(start + 1, length))
        index.append(data.draw(st.sampled_from([start, slice(start, stop)])))
    with h5py.File(path) as file:
        found = _array_of(local_file(path), file["a"])[tuple(index)]
        np.testing.assert_array_equal(found, file["a"][tuple(index)])


def local_file(path: Path) -> RangedFile:
    from dj_objectstore.widgets.movies.opening import _local_place

    return RangedFile(_local_place(path), path.stat().st_size)


def nwb(
    file: h5py.File, *, kind: str = "TwoPhotonSeries", timestamps: bool = False, shape: tuple[int, ...] = ()
) -> None:
    group = file.create_group(f"acquisition/{kind}")
    group.attrs["neurodata_type"] = kind
    data = MOVIE.reshape(shape) if shape else MOVIE
    group.create_dataset("data", data=data, chunks=(5, *data.shape[1:]), compression="gzip")
    if timestamps:
        group["timestamps"] = np.arange(len(data)) * 0.25 + 3
    else:
        group["starting_time"] = 0.5
        group["starting_time"].attrs["rate"] = 29.5


def test_an_nwb_series_has_its_rate_and_axes_of_x_and_y(store: Store, tmp_path: Path) -> None:
    source = open_stored(put(store, tmp_path, nwb))
    assert source.facts.timing.frame_rate == 29.5
    assert (source.height, source.width) == (10, 14)
    np.testing.assert_array_equal(all_values(source), MOVIE.transpose(0, 2, 1))


def test_an_nwb_series_has_its_timestamps(store: Store, tmp_path: Path) -> None:
    source = open_stored(put(store, tmp_path, lambda file: nwb(file, timestamps=True)))
    times = source.facts.timing.times
    assert times is not None
    np.testing.assert_array_equal(times, np.arange(23) * 0.25 + 3)


def test_a_volume_of_an_nwb_series_has_a_slider_for_z(store: Store, tmp_path: Path) -> None:
    source = open_stored(put(store, tmp_path, lambda file: nwb(file, shape=(23, 14, 5, 2))))
    assert source.extra_axes == (("z", 2),)
    np.testing.assert_array_equal(
        all_values(source, Shot(at=(1,))), MOVIE.reshape(23, 14, 5, 2)[..., 1].transpose(0, 2, 1)
    )


def test_a_two_photon_series_comes_before_a_camera(store: Store, tmp_path: Path) -> None:
    def both(file: h5py.File) -> None:
        nwb(file, kind="ImageSeries")
        nwb(file, kind="TwoPhotonSeries", timestamps=True)

    source = open_stored(put(store, tmp_path, both))
    assert source.facts.timing.times is not None


def test_the_axes_of_a_file_can_be_named_otherwise(store: Store, tmp_path: Path) -> None:
    source = open_stored(put(store, tmp_path, nwb), dims=("time", "y", "x"))
    np.testing.assert_array_equal(all_values(source), MOVIE)


def test_of_several_arrays_the_largest_is_the_movie(store: Store, tmp_path: Path) -> None:
    def write(file: h5py.File) -> None:
        file["a_small"] = np.zeros((2, 3, 4))
        file["movie"] = MOVIE
        file["names"] = np.array([[["a"]]], "S1")

    np.testing.assert_array_equal(all_values(open_stored(put(store, tmp_path, write))), MOVIE)


def test_matlabs_files_with_a_block_of_their_own_are_read(store: Store, tmp_path: Path) -> None:
    source = open_stored(
        put(store, tmp_path, lambda file: file.create_dataset("m", data=MOVIE), userblock_size=512)
    )
    np.testing.assert_array_equal(all_values(source), MOVIE)


def test_a_damaged_chunk_is_an_error_and_the_others_are_read(store: Store, tmp_path: Path) -> None:
    place = put(
        store,
        tmp_path,
        lambda file: file.create_dataset("m", data=MOVIE, chunks=(5, 14, 10), compression="gzip"),
    )
    with h5py.File(tmp_path / "data.h5") as file:
        info = file["m"].id.get_chunk_info_by_coord((5, 0, 0))
    data = bytearray(store.get(place.key))
    data[info.byte_offset : info.byte_offset + info.size] = bytes(info.size)
    store.put(place.key, bytes(data), overwrite=True)
    source = open_stored(place)
    with pytest.raises(IntegrityError, match="chunk at"):
        source.read_block(1)
    np.testing.assert_array_equal(source.read_block(2).astype("i4") - 32768, MOVIE[10:15])


def test_data_in_other_files_are_not_opened(store: Store, tmp_path: Path) -> None:
    MOVIE.tofile(tmp_path / "secret.raw")
    place = put(
        store,
        tmp_path,
        lambda file: file.create_dataset(
            "m", MOVIE.shape, "i2", external=[(str(tmp_path / "secret.raw"), 0, MOVIE.nbytes)]
        ),
    )
    with pytest.raises(ValueRefusedError, match="other files"):
        open_stored(place)


def test_links_to_other_files_are_not_followed(store: Store, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["m"] = MOVIE

    def write(file: h5py.File) -> None:
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/m")
        group = file.create_group("series")
        group.attrs["neurodata_type"] = "ImageSeries"
        group["data"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/m")

    with pytest.raises(ValueRefusedError, match="no array with frames"):
        open_stored(put(store, tmp_path, write))


def test_a_file_without_frames_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ValueRefusedError, match="no array with frames"):
        open_stored(put(store, tmp_path, lambda file: file.create_dataset("a", data=[1, 2])))


def test_what_is_no_hdf5_behind_its_first_bytes_is_refused(store: Store) -> None:
    store.put("scans/bad.h5", b"\x89HDF\r\n\x1a\n" + bytes(3000))
    with pytest.raises(FormatError, match="HDF5"):
        open_stored(Place(store, "scans/bad.h5"))


def test_without_h5py_the_remedy_is_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = put(store, tmp_path, nwb)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ConfigurationError, match="h5py"):
        open_stored(place)
