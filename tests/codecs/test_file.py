from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo

DATA = b"time,value\n0,1\n"
SHA256 = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def document(dj_schema: Any, dj_store: Any) -> Any:
    del dj_store

    class Document(dj.Manual):
        definition = """
        i : int32
        ---
        paper : <file@main>
        """

    return dj_schema(Document)


def values(folder: Path) -> list[Any]:
    path = folder / "größe a.csv"
    path.write_bytes(DATA)
    return [
        path,
        str(path),
        f"file://{path}",
        ("größe a.csv", io.BytesIO(DATA)),
        ("größe a.csv", DATA),
        djo.Source(DATA, name="größe a.csv"),
    ]


def test_a_file_comes_back_with_its_name_and_hash(document: Any, tmp_path: Path) -> None:
    for i, value in enumerate(values(tmp_path)):
        document.insert1({"i": i, "paper": value})
        ref = (document & {"i": i}).fetch1("paper")
        assert isinstance(ref, djo.FileRef)
        assert (ref.read(), ref.hash, ref.ext, ref.size) == (DATA, SHA256, ".csv", len(DATA))
        assert ref.mime_type == "text/csv"
        assert ref.verify(read_data=True)
        assert ref.original_name == "größe a.csv"


def test_an_open_file_brings_its_name(document: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes(DATA)
    with (tmp_path / "notes.csv").open("rb") as file:
        document.insert1({"i": 1, "paper": file})
    assert document.fetch1("paper").original_name == "notes.csv"


def test_it_downloads_under_its_original_name(document: Any, tmp_path: Path) -> None:
    document.insert1({"i": 1, "paper": ("Final version (2).csv", DATA)})
    (tmp_path / "here").mkdir()
    copy = document.fetch1("paper").download(tmp_path / "here")
    assert copy == tmp_path / "here" / "Final version (2).csv"
    assert copy.read_bytes() == DATA


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd"])
def test_a_name_with_folders_keeps_its_last_part(document: Any, tmp_path: Path, name: str) -> None:
    document.insert1({"i": 1, "paper": (name, DATA)})
    ref = document.fetch1("paper")
    assert ref.original_name == "passwd"
    assert ref.download(tmp_path).parent == tmp_path


@pytest.mark.parametrize(
    ("value", "found"),
    [(b"abc", "has none"), (io.BytesIO(b"abc"), "has none"), (Path(__file__).parent, "one file")],
)
def test_what_has_no_name_or_is_a_folder_is_refused(document: Any, value: Any, found: str) -> None:
    with pytest.raises(djo.ValueRefusedError, match=found):
        document.insert1({"i": 1, "paper": value})


@pytest.mark.parametrize("name", ["sha256", "md5", "xxh3"])
def test_a_hash_is_kept_when_asked_for(scan: Any, name: str, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(DATA)
    for i, value in enumerate([DATA, tmp_path / "a.bin", io.BytesIO(DATA)]):
        scan.insert1({"subject": str(i), "day": "2026-01-01", "files": djo.Source(value, hash=name)})
    refs = scan.to_arrays("files")
    assert len({ref.hash for ref in refs}) == 1
    assert refs[0].hash.startswith(f"{name}:")
    if name != "xxh3":
        assert refs[0].hash == f"{name}:{hashlib.new(name, DATA).hexdigest()}"


def test_a_hash_that_is_not_known_or_of_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(djo.ValueRefusedError, match="one of sha256, md5, xxh3, blake3, got 'crc'"):
        djo.Source(DATA, hash="crc")
    with pytest.raises(djo.ValueRefusedError, match="the manifest of a folder"):
        djo.Source(tmp_path, hash="md5")


def test_a_zarr_a_dataset_and_a_url_of_a_folder_are_taken(scan: Any, tmp_path: Path) -> None:
    import numpy as np
    import xarray as xr
    import zarr

    root = zarr.open_group(tmp_path / "g.zarr", mode="w")
    array = root.create_array("a", data=np.arange(10), chunks=(5,))
    dataset = xr.Dataset({"v": ("x", np.arange(4.0))}, coords={"x": np.arange(4)})
    given = {
        "group": root,
        "array": array,
        "dataset": dataset,
        "url": (tmp_path / "g.zarr").as_uri(),
        "memory": zarr.array(np.arange(10), chunks=(5,)),
    }
    for name, value in given.items():
        scan.insert1({"subject": name, "day": "2026-01-01", "files": value})
    refs: Callable[[str], Any] = lambda name: (scan & {"subject": name}).fetch1("files")  # noqa: E731
    for name in given:
        assert refs(name).ext == ".zarr"
        assert refs(name).verify(read_data=True)
    assert refs("group").open_zarr()["a"][7] == 7
    assert refs("array").open_zarr()[7] == 7
    assert refs("memory").open_zarr()[7] == 7
    assert refs("url").open_zarr()["a"][7] == 7
    assert refs("dataset").to_xarray().identical(dataset)


def test_a_url_where_nothing_lies_is_refused_without_its_password(scan: Any) -> None:
    with pytest.raises(djo.ValueRefusedError) as caught:
        scan.insert1({"subject": "a", "day": "2026-01-01", "files": "https://user:hunter2@127.0.0.1:9/x.bin"})
    assert "hunter2" not in str(caught.value)


def test_it_works_after_import_datajoint_alone() -> None:
    script = 'import datajoint as dj; print(dj.get_codec("file"), dj.get_codec("photon"))'
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout.split() == ["<FileCodec(name='file')>", "<PhotonCodec(name='photon')>"]
