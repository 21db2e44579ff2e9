"""`xr.open_dataset(ref)`: stored Zarr groups and arrays, as xarray's own backend opens them from disk."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

import dj_objectstore as djo
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.source import as_source
from dj_objectstore.objects.upload import upload

PATH = "_schema/lab/Scan/i=1/files_Ab3dE5gH"


@pytest.fixture
def store(tmp_path: Path) -> djo.Store:
    (tmp_path / "store").mkdir()
    settings = {"protocol": "file", "location": str(tmp_path / "store")}
    return djo.open_store("main", config={"stores": {"main": settings}})


def stored(store: djo.Store, value: Any) -> ObjectRef:
    return ObjectRef(upload(as_source(value), store, PATH), opened=store)


def session() -> xr.Dataset:
    """A session in scaled integers, with times that xarray decodes."""
    traces = xr.DataArray(
        np.linspace(0, 1, 24).reshape(6, 4).astype("f4"), dims=("time", "cell"), attrs={"units": "1"}
    )
    times = np.datetime64("2026-01-05T10:00:00", "ns") + np.arange(6) * np.timedelta64(1, "s")
    dataset = xr.Dataset({"traces": traces, "depth": ("cell", [1.0, 2, 3, 4])}, coords={"time": times})
    dataset["traces"].encoding = {"dtype": "i2", "scale_factor": 0.001, "_FillValue": -1, "chunks": (2, 4)}
    return dataset


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("group", [None, "trials/first"])
def test_a_group_is_opened_as_xarray_opens_it_from_disk(
    store: djo.Store, tmp_path: Path, zarr_format: Any, consolidated: bool, group: str | None
) -> None:
    local = tmp_path / "session.zarr"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Consolidated metadata is currently not part")  # of version 3
        session().to_zarr(local, group=group, zarr_format=zarr_format, consolidated=consolidated)
    expected = xr.open_zarr(local, group=group, consolidated=consolidated)
    ref = stored(store, local)
    found = xr.open_dataset(ref, group=group)
    xr.testing.assert_identical(found.load(), expected.load())
    assert found["time"].dtype.kind == "M"
    lazy = xr.open_dataset(ref, group=group, chunks={})
    assert lazy["traces"].chunks == ((2, 2, 2), (4,))
    xr.testing.assert_identical(lazy.load(), expected)


def test_nothing_is_read_before_it_is_used(store: djo.Store, tmp_path: Path) -> None:
    session().to_zarr(tmp_path / "session.zarr", zarr_format=2, consolidated=True)
    ref = stored(store, tmp_path / "session.zarr")
    found = xr.open_dataset(ref)
    store.delete([f"{ref.path}/traces/1.0"])
    assert found["traces"][0].shape == (4,)
    assert float(found["traces"][5, 3]) == pytest.approx(1, abs=0.01)
    with pytest.raises(djo.IntegrityError, match=r"traces/1\.0"):
        found["traces"].load()


def test_the_usual_arguments_count(store: djo.Store, tmp_path: Path) -> None:
    session().to_zarr(tmp_path / "session.zarr", zarr_format=2, consolidated=True)
    ref = stored(store, tmp_path / "session.zarr")
    assert xr.open_dataset(ref, mask_and_scale=False)["traces"].dtype == np.int16
    assert xr.open_dataset(ref, decode_cf=False)["time"].dtype.kind == "i"
    assert list(xr.open_dataset(ref, drop_variables="traces").data_vars) == ["depth"]
    assert xr.open_dataset(ref, engine="dj_objectstore").sizes == {"time": 6, "cell": 4}
    assert xr.open_dataset(ref).encoding["source"] == f"main:{ref.path}"


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_array_alone_becomes_a_dataset_by_its_chunks(
    store: djo.Store, tmp_path: Path, zarr_format: Any
) -> None:
    data = np.arange(24).reshape(4, 6)
    root = zarr.open_group(tmp_path / "g.zarr", mode="w", zarr_format=zarr_format)
    array = root.create_array("deep/a", data=data, chunks=(2, 6))
    array.attrs["units"] = "um"
    ref = stored(store, tmp_path / "g.zarr")
    found = xr.open_dataset(ref, group="deep/a")
    assert np.array_equal(found["data"][1:3, ::2], data[1:3, ::2])
    assert np.array_equal(found["data"][[0, 3], 5], data[[0, 3], 5])
    assert found["data"].attrs == {"units": "um"}
    assert xr.open_dataset(ref, group="deep/a", chunks={})["data"].chunks == ((2, 2), (6,))
    with pytest.raises(djo.FormatError, match="lack them: a"):
        xr.open_dataset(ref, group="deep")


def test_a_dataset_by_dask_reaches_a_worker(store: djo.Store, tmp_path: Path) -> None:
    session().to_zarr(tmp_path / "session.zarr", zarr_format=2, consolidated=True)
    lazy = xr.open_dataset(stored(store, tmp_path / "session.zarr"), chunks={})
    again = pickle.loads(pickle.dumps(lazy["traces"]))
    assert float(again.sum()) == pytest.approx(float(session()["traces"].sum()), abs=0.1)


def test_what_is_no_zarr_is_told(store: djo.Store, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("abc")
    ref = stored(store, tmp_path / "folder")
    with pytest.raises(djo.FormatError, match="is not a Zarr array or group"):
        xr.open_dataset(ref)
    with pytest.raises(djo.ObjectNotFoundError, match="nothing"):
        xr.open_dataset(ref, group="nothing")
    with pytest.raises(djo.UnsafePathError):
        xr.open_dataset(ref, group="../other")
