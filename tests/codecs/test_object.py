from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

import dj_objectstore as djo

KEY = {"subject": "a/b", "day": "2026-1-5"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "session"
    (root / "sub").mkdir(parents=True)
    (root / "notes.txt").write_text("a quiet mouse")
    (root / "sub" / "empty.bin").write_bytes(b"")
    (root / "sub" / "größe.csv").write_text("a,b\n1,2\n")
    return root


def test_a_folder_comes_back_whole(scan: Any, folder: Path) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    assert isinstance(ref, djo.ObjectRef)
    assert ref.is_dir
    assert ref.item_count == 3
    assert ref.size == sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    assert ref.listdir() == ["notes.txt", "sub"]
    assert ref.listdir("sub") == ["empty.bin", "größe.csv"]
    assert ref.read("notes.txt") == b"a quiet mouse"
    assert [names for _, _, names in ref.walk()] == [["notes.txt"], ["empty.bin", "größe.csv"]]
    assert ref.verify(read_data=True)


def test_the_path_follows_the_key_as_its_columns_hold_it(scan: Any, folder: Path) -> None:
    scan.insert1({**KEY, "files": folder})
    path = (scan & KEY).fetch1("files").path
    assert path.startswith(f"_schema/{scan.database}/Scan/subject=a%2Fb/day=2026-01-05/files_")


@pytest.mark.parametrize(
    ("value", "ext"),
    [
        (b"abc", None),
        ((".bin", b"abc"), ".bin"),
        ((".bin", io.BytesIO(b"abc")), ".bin"),
        (djo.Source(b"abc", ext="dat"), ".dat"),
    ],
)
def test_bytes_and_streams_come_back(scan: Any, value: Any, ext: str | None) -> None:
    scan.insert1({**KEY, "files": value})
    ref = (scan & KEY).fetch1("files")
    assert (ref.read(), ref.ext, ref.size, ref.is_dir) == (b"abc", ext, 3, False)
    assert ref.verify(read_data=True)


def test_a_fetched_object_can_be_inserted_into_another_row(scan: Any, folder: Path) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    scan.insert1({**KEY, "subject": "copy", "files": ref})
    copy = (scan & {"subject": "copy"}).fetch1("files")
    assert copy.path != ref.path
    assert copy.read("notes.txt") == b"a quiet mouse"
    assert copy.verify(read_data=True)


def test_metadata_are_taken_for_an_object_that_exists_and_refused_for_another(
    scan: Any, folder: Path
) -> None:
    scan.insert1({**KEY, "files": folder})
    stored = (scan & KEY).fetch1("files").to_json()
    scan.insert1({**KEY, "subject": "same", "files": stored})
    assert (scan & {"subject": "same"}).fetch1("files").path == stored["path"]
    with pytest.raises(djo.ObjectNotFoundError, match="only for an object that exists"):
        scan.insert1({**KEY, "subject": "other", "files": {**stored, "path": "elsewhere/x"}})


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("/no/such/place", "there is no file or folder"),
        (12, "got int"),
        ((1, b"abc"), "a tuple must be"),
        ((".txt", io.StringIO("abc")), "must be binary"),
        ({"size": 3}, "its path"),
        (("/../x", b"abc"), "an extension must look like"),
    ],
)
def test_a_value_of_another_kind_is_refused_before_anything_is_written(
    scan: Any, keys: Any, value: Any, found: str
) -> None:
    with pytest.raises(djo.ValueRefusedError, match=found) as caught:
        scan.insert1({**KEY, "files": value})
    assert "files (<object@>)" in str(caught.value)
    assert keys() == []


def test_all_that_is_wrong_with_the_rows_is_told_at_once(scan: Any, keys: Any) -> None:
    rows = [
        {"subject": "x", "day": "not a day", "files": b"good"},
        {"subject": "y", "day": "2026-01-01", "files": 12},
        {"subject": "z", "day": "2026-01-01", "files": b"good"},
    ]
    with pytest.raises(djo.ValueRefusedError) as caught:
        scan.insert(rows)
    assert "2 values" in str(caught.value)
    assert "not a day" in str(caught.value)
    assert "got int" in str(caught.value)
    assert (len(scan()), keys()) == (0, [])


def test_a_store_that_is_not_configured_is_named_with_the_ones_that_are(
    dj_schema: Any, dj_store: Any
) -> None:
    @dj_schema
    class Lost(dj.Manual):
        definition = """
        i : int32
        ---
        files : <object@nowhere>
        """

    with pytest.raises(djo.StoreNotConfiguredError, match="nowhere") as caught:
        Lost.insert1({"i": 1, "files": b"abc"})
    assert dj_store.name in str(caught.value)


def test_an_object_that_is_gone_is_named_with_its_store(scan: Any, folder: Path, dj_store: Any) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    dj_store.delete_tree(ref.path)
    for look in (ref.open_zarr, lambda: ref.read("notes.txt")):
        with pytest.raises(djo.ObjectNotFoundError, match="main") as caught:
            look()
        assert ref.path in str(caught.value)
    assert not ref.exists()


@pytest.mark.parametrize("subpath", ["..", "../x", "sub/../../x", "/etc/passwd/..", "a\\..\\b"])
def test_nothing_outside_the_object_can_be_named(scan: Any, folder: Path, subpath: str) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    for look in (ref.read, ref.open, ref.listdir, ref.exists, lambda s: ref.download("/tmp/never", s)):
        with pytest.raises(djo.UnsafePathError):
            look(subpath)


def test_a_handle_refuses_to_write(scan: Any, folder: Path) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    with pytest.raises(djo.ReadOnlyError):
        ref.open("notes.txt", "wb")
    with pytest.raises(djo.ReadOnlyError):
        ref.fsmap["notes.txt"] = b"changed"
    assert ref.read("notes.txt") == b"a quiet mouse"


def test_a_damaged_folder_is_told_file_by_file(scan: Any, folder: Path, dj_store: Any) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    dj_store.delete([f"{ref.path}/sub/empty.bin"])
    dj_store.put(f"{ref.path}/notes.txt", b"a loud mouse", overwrite=True)
    dj_store.put(f"{ref.path}/extra", b"?")
    with pytest.raises(djo.IntegrityError) as caught:
        ref.verify()
    for finding in ("sub/empty.bin: missing", "notes.txt: shorter", "extra: extra"):
        assert finding in str(caught.value)


def test_a_file_changed_in_place_is_found_by_reading(scan: Any, folder: Path, dj_store: Any) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    dj_store.put(f"{ref.path}/notes.txt", b"a quiet house", overwrite=True)
    assert ref.verify()
    with pytest.raises(djo.IntegrityError, match=r"notes.txt: changed in place"):
        ref.verify(read_data=True)


def test_a_download_is_whole_and_where_it_says(scan: Any, folder: Path, tmp_path: Path) -> None:
    scan.insert1({**KEY, "files": folder})
    ref = (scan & KEY).fetch1("files")
    copy = ref.download(tmp_path / "copy")
    assert sorted(p.relative_to(copy) for p in copy.rglob("*")) == sorted(
        p.relative_to(folder) for p in folder.rglob("*")
    )
    (tmp_path / "into").mkdir()
    one = ref.download(tmp_path / "into", "notes.txt")
    assert (one.name, one.read_text()) == ("notes.txt", "a quiet mouse")


def test_plain_datajoint_reads_the_rows_that_we_wrote(scan: Any, folder: Path, dj_database: str) -> None:
    scan.insert1({**KEY, "files": folder})
    location = dj.config.stores["main"]["location"]
    script = f"""
        import sys, warnings
        sys.modules["dj_objectstore"] = None
        import datajoint as dj
        dj.config["database.backend"] = "postgresql"
        dj.config["database.host"], dj.config["database.port"] = {dj_database!r}, 5432
        dj.config["database.user"], dj.config["database.password"] = "postgres", ""
        dj.config.stores = {{"default": "main", "main": {{"protocol": "file", "location": {location!r}}}}}
        table = dj.FreeTable(dj.conn(), "{scan.database}.scan").proj("files")
        ref = table.fetch1("files")
        print(type(ref).__module__, ref.verify(), ref.size, sorted(ref.listdir()))
        print(ref.open("notes.txt").read())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "datajoint.objectref True 21 ['notes.txt', 'sub']",
        "b'a quiet mouse'",
    ]


def test_rows_of_plain_datajoint_are_read(scan: Any, folder: Path) -> None:
    djo.disable()
    try:
        scan.insert1({**KEY, "files": str(folder)})
    finally:
        djo.enable()
    ref = (scan & KEY).fetch1("files")
    assert isinstance(ref, djo.ObjectRef)
    assert ref.read("notes.txt") == b"a quiet mouse"


def test_a_table_used_before_enabling_behaves_the_same_after_it(dj_schema: Any, dj_store: Any) -> None:
    del dj_store
    djo.disable()
    try:

        @dj_schema
        class Early(dj.Manual):
            definition = """
            i : int32
            ---
            files : <object@main>
            """

        Early.insert1({"i": 1, "files": b"before"})
        assert type(Early.fetch1("files")).__module__ == "datajoint.objectref"
    finally:
        djo.enable()
    Early.insert1({"i": 2, "files": djo.Source(b"after", ext=".txt")})
    refs = Early.to_arrays("files", order_by="i")
    assert [ref.read() for ref in refs] == [b"before", b"after"]
    assert all(isinstance(ref, djo.ObjectRef) for ref in refs)
    djo.disable()
    djo.enable()
    assert isinstance((Early & "i=1").fetch1("files"), djo.ObjectRef)


def test_a_zarr_inside_a_folder_opens_by_its_place(scan: Any, folder: Path) -> None:
    import numpy as np
    import zarr

    root = zarr.open_group(folder / "sub" / "results.zarr", mode="w")
    root.create_array("mean", data=np.arange(6).reshape(2, 3))
    scan.insert1({**KEY, "files": folder})
    ref = scan.fetch1("files")
    assert ref.open_zarr("sub/results.zarr/mean")[1, 2] == 5
    assert int(ref.to_dask("sub/results.zarr/mean").sum().compute()) == 15
    with pytest.raises(djo.FormatError, match="is not a Zarr array or group"):
        ref.open_zarr("sub")
    with pytest.raises(djo.ObjectNotFoundError, match="nothing-here"):
        ref.open_zarr("nothing-here")
    with pytest.raises(djo.ValueRefusedError, match="one of: mean"):
        ref.to_dask("sub/results.zarr")


def test_a_chunk_that_is_gone_is_an_error_and_never_the_fill_value(
    scan: Any, tmp_path: Path, dj_store: Any
) -> None:
    import pickle

    import dask.array as da
    import numpy as np
    import zarr

    array = zarr.open(tmp_path / "a.zarr", mode="w", shape=(4, 6), chunks=(2, 6), dtype="i4", fill_value=7)
    array[:2] = np.arange(12).reshape(2, 6)
    scan.insert1({**KEY, "files": tmp_path / "a.zarr"})
    ref = scan.fetch1("files")
    assert ref.open_zarr()[3, 0] == 7  # this chunk was never written: it is the fill value
    dj_store.delete([f"{ref.path}/c/0/0"])
    reads = [
        lambda: ref.open_zarr()[0, 0],
        lambda: ref.to_dask().sum().compute(),
        lambda: da.from_zarr(ref.fsmap).sum().compute(),
        lambda: pickle.loads(pickle.dumps(ref)).open_zarr()[0, 0],
        lambda: zarr.open(pickle.loads(pickle.dumps(ref.fsmap)), mode="r")[0, 0],
    ]
    for read in reads:
        with pytest.raises(djo.IntegrityError, match="c/0/0"):
            read()
