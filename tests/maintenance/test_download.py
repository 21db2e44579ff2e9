from __future__ import annotations

import csv
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import dj_objectstore as djo
from dj_objectstore.objects import download as copying

ON_BOTH = pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)
NAME = "{subject_id}_{scan_id:02d}_{field}{ext}"


@pytest.fixture
def scans(scan: Any, make_folder: Any) -> Any:
    """Three rows: folders, a named file, bytes, nothing."""
    folder = make_folder("session", {"a.txt": b"quiet", "sub/größe.csv": b"1,2\n", "sub/empty": b""})
    scan.insert1({"subject_id": "M/1", "scan_id": 1, "files": folder, "notes": folder / "a.txt"})
    scan.insert1({"subject_id": "M/1", "scan_id": 2, "more": (".bin", b"0123")})
    scan.insert1({"subject_id": "M2", "scan_id": 1})
    return scan


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def without_table(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in files(folder).items() if name != "objects.csv"}


EXPECTED = {
    "M_1_01_files/a.txt": b"quiet",
    "M_1_01_files/sub/größe.csv": b"1,2\n",
    "M_1_01_files/sub/empty": b"",
    "M_1_01_notes.txt": b"quiet",
    "M_1_02_more.bin": b"0123",
}


@ON_BOTH
def test_the_objects_of_all_rows_come_under_readable_names(scans: Any, tmp_path: Path, capsys: Any) -> None:
    there = djo.download(scans, tmp_path / "out", name=NAME)
    assert sorted(path.name for path in there) == ["M_1_01_files", "M_1_01_notes.txt", "M_1_02_more.bin"]
    assert without_table(tmp_path / "out") == EXPECTED
    assert "3 objects, 18 bytes" in capsys.readouterr().err
    with (tmp_path / "out" / "objects.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(row["file"], row["subject_id"], row["scan_id"], row["field"], row["store"]) for row in rows] == [
        ("M_1_01_files", "M/1", "1", "files", "main"),
        ("M_1_01_notes.txt", "M/1", "1", "notes", "main"),
        ("M_1_02_more.bin", "M/1", "2", "more", "main"),
    ]


def test_what_is_whole_is_skipped_and_the_table_grows(scans: Any, tmp_path: Path, capsys: Any) -> None:
    djo.download(scans & "scan_id = 1", tmp_path, name=NAME)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.suffix != ".csv"}
    assert len(djo.download(scans, tmp_path, name=NAME)) == 3
    assert "1 objects, 4 bytes" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert (tmp_path / "objects.csv").read_text().count("\n") == 4


def test_the_default_name_is_refused_before_the_first_byte_where_it_is_not_unique(
    scans: Any, tmp_path: Path
) -> None:
    scans.insert1({"subject_id": "M/1", "scan_id": 3, "more": (".bin", b"5")})
    with pytest.raises(djo.ValueRefusedError, match=r"a name of its own.*M_1_more\.bin") as caught:
        djo.download(scans, tmp_path / "out")
    assert "'{subject_id}_{scan_id}_{field}{ext}'" in str(caught.value)
    assert not (tmp_path / "out").exists()
    djo.download(scans & "scan_id < 3", tmp_path / "out")
    assert "M_1_notes.txt" in files(tmp_path / "out")


@pytest.mark.parametrize(
    "name", ["{nobody}{ext}", "{files}", "{subject_id.x}", "{", "../{field}", "{field}/"]
)
def test_a_name_that_makes_none_is_refused(scans: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(djo.ValueRefusedError):
        djo.download(scans, tmp_path / "out", name=name)
    assert not (tmp_path / "out").exists()


def test_a_query_without_objects_is_refused(scans: Any, tmp_path: Path) -> None:
    with pytest.raises(djo.ValueRefusedError, match="no field of stored objects"):
        djo.download(scans.proj(), tmp_path / "out")


def test_something_else_that_lies_there_is_left_alone(scans: Any, tmp_path: Path) -> None:
    (tmp_path / "M_1_02_more.bin").write_bytes(b"mine")
    with pytest.raises(djo.ObjectExistsError, match=r"M_1_02_more\.bin"):
        djo.download(scans, tmp_path, name=NAME)
    assert files(tmp_path)["M_1_02_more.bin"] == b"mine"
    assert "M_1_01_notes.txt" not in files(tmp_path)
    (tmp_path / "M_1_02_more.bin").unlink()
    (tmp_path / "objects.csv").write_text("my,own\n1,2\n")
    with pytest.raises(djo.ObjectExistsError, match=r"objects\.csv"):
        djo.download(scans, tmp_path, name=NAME)


def test_a_damaged_object_is_named_at_the_end_and_never_has_its_name(
    scans: Any, tmp_path: Path, dj_store: Any
) -> None:
    ref = (scans & "scan_id = 1" & "subject_id = 'M/1'").fetch1("files")
    dj_store.put(f"{ref.path}/a.txt", b"quieT", overwrite=True)
    with pytest.raises(djo.IntegrityError, match=r"a\.txt.*is not as written") as caught:
        djo.download(scans, tmp_path / "out", name=NAME)
    assert "(subject_id=M/1, scan_id=1) files" in str(caught.value)
    names = {name.partition("/")[0] for name in files(tmp_path / "out")}
    assert {"M_1_01_notes.txt", "M_1_02_more.bin"} < names
    assert "M_1_01_files" not in names
    with pytest.raises(djo.IntegrityError, match=r"a\.txt"):
        ref.download(tmp_path / "one")
    assert not (tmp_path / "one").exists()
    dj_store.put(f"{ref.path}/a.txt", b"quiet", overwrite=True)
    djo.download(scans, tmp_path / "out", name=NAME)
    assert without_table(tmp_path / "out") == EXPECTED


def test_a_missing_file_of_a_folder_is_named_and_no_half_folder_is_made(
    scans: Any, tmp_path: Path, dj_store: Any
) -> None:
    ref = (scans & "scan_id = 1" & "subject_id = 'M/1'").fetch1("files")
    dj_store.delete([f"{ref.path}/sub/größe.csv"])
    with pytest.raises(djo.IntegrityError, match=r"sub/größe\.csv"):
        ref.download(tmp_path / "one")
    assert not (tmp_path / "one").exists()
    assert ref.download(tmp_path / "a.txt", "a.txt").read_bytes() == b"quiet"


@pytest.fixture
def reads(dj_store: Any, monkeypatch: Any) -> list[tuple[str, int]]:
    """Where each reading of a file has begun."""
    seen: list[tuple[str, int]] = []
    original = type(dj_store).open

    def opened(store: Any, key: str) -> Any:
        stream = original(store, key)
        seek = stream.seek

        class Watched:
            read = stream.read

            def seek(self, at: int) -> None:
                seen.append((key, at))
                seek(at)

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *exc: object) -> None:
                stream.close()

        return Watched()

    monkeypatch.setattr(type(dj_store), "open", opened)
    return seen


@pytest.mark.parametrize("kept", [0, 1, 70_000, 100_000])
@ON_BOTH
def test_a_file_that_was_begun_is_continued(
    scan: Any, tmp_path: Path, reads: list[tuple[str, int]], kept: int
) -> None:
    data = bytes(range(250)) * 400
    scan.insert1({"subject_id": "M1", "scan_id": 1, "more": (".bin", data)})
    ref = scan.fetch1("more")
    target = tmp_path / "x.bin"
    part = copying._part_of(target, ref.opened, ref.key())
    part.write_bytes(data[:kept])
    assert ref.download(target) == target
    assert target.read_bytes() == data
    assert reads == [(ref.path, kept)]
    assert list(tmp_path.glob("*.part")) == []


def test_a_part_that_was_damaged_is_begun_anew(scan: Any, tmp_path: Path) -> None:
    data = b"0123456789" * 1000
    scan.insert1({"subject_id": "M1", "scan_id": 1, "more": (".bin", data)})
    ref = scan.fetch1("more")
    for wrong in (b"?" * 500, b"?" * 20_000):
        target = tmp_path / "M1_more.bin"
        copying._part_of(target, ref.opened, ref.key()).write_bytes(wrong)
        djo.download(scan, tmp_path)
        assert target.read_bytes() == data
        target.unlink()


def test_a_folder_that_was_begun_is_continued(
    scans: Any, tmp_path: Path, reads: list[tuple[str, int]]
) -> None:
    ref = (scans & "scan_id = 1" & "subject_id = 'M/1'").fetch1("files")
    part = copying._part_of(tmp_path / "out", ref.opened, ref.key())
    (part / "sub").mkdir(parents=True)
    (part / "a.txt").write_bytes(b"quiet")
    (part / "sub" / "größe.csv").write_bytes(b"9,9\n")  # of the right size, and wrong
    assert ref.download(tmp_path / "out") == tmp_path / "out"
    assert files(tmp_path / "out") == {
        "a.txt": b"quiet",
        "sub/größe.csv": b"1,2\n",
        "sub/empty": b"",
    }
    assert {key.rpartition("/")[2] for key, _ in reads} == {"größe.csv", "empty"}


def test_an_empty_folder_comes_as_one(scan: Any, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    scan.insert1({"subject_id": "M1", "scan_id": 1, "files": tmp_path / "nothing"})
    djo.download(scan, tmp_path / "out")
    assert (tmp_path / "out" / "M1_files").is_dir()
    djo.download(scan, tmp_path / "out")


def test_two_processes_may_download_the_same_file(scan: Any, tmp_path: Path) -> None:
    data = b"0123456789" * 100_000
    scan.insert1({"subject_id": "M1", "scan_id": 1, "more": (".bin", data)})
    ref = scan.fetch1("more")
    target = tmp_path / "x.bin"
    part = copying._part_of(target, ref.opened, ref.key())
    program = (
        "import fcntl, sys; f = open(sys.argv[1], 'a+b'); fcntl.flock(f, fcntl.LOCK_EX);"
        "f.write(b'other'); f.flush(); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(part)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"locked\n"
        ref.download(target)
        assert target.read_bytes() == data
        assert part.read_bytes() == b"other"
        other.stdin.close()


def test_a_killed_download_is_continued(scan: Any, tmp_path: Path, dj_store: Any) -> None:
    data = bytes(range(256)) * 4096 * 8
    scan.insert1({"subject_id": "M1", "scan_id": 1, "more": (".bin", data)})
    ref = scan.fetch1("more")
    settings = {"stores": {"main": {"protocol": "file", "location": dj_store.spec.location}}}
    program = f"""
import sys, time
from pathlib import Path
from dj_objectstore.objects.download import download
from dj_objectstore.store import files, store as stores
opened = stores.open_store("main", config={settings!r})
real = type(opened).open
class Slow:
    def __init__(self, stream): self.stream = stream
    def seek(self, at): self.stream.seek(at)
    def read(self, size): time.sleep(0.2); return self.stream.read(65536)
    def __enter__(self): return self
    def __exit__(self, *exc): self.stream.close()
type(opened).open = lambda self, key: Slow(real(self, key))
download(opened, {ref.path!r}, {str(tmp_path / "x.bin")!r})
"""
    part = copying._part_of(tmp_path / "x.bin", ref.opened, ref.key())
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (part.exists() and part.stat().st_size):
            time.sleep(0.05)
        process.kill()
        assert process.wait() == -9, process.stderr.read().decode()
    assert 0 < part.stat().st_size < len(data)
    assert not (tmp_path / "x.bin").exists()
    ref.download(tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == data
    assert not part.exists()
