"""`dj-objectstore ls`, `verify` and `download`, with what they print and their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest

from dj_objectstore.cli import main


@pytest.fixture
def scans(scan: Any, make_folder: Any) -> Any:
    folder = make_folder("session", {"a.txt": b"quiet", "sub/b.txt": b"mouse"})
    scan.insert1({"subject_id": "M1", "scan_id": 1, "files": folder})
    scan.insert1({"subject_id": "M2", "scan_id": 1, "notes": folder / "a.txt"})
    return scan


@pytest.fixture
def run(capsys: Any) -> Any:
    """Run a command in this process and give its exit code, its output, and what it told besides."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_ls_lists_stores_folders_files_and_rows(scans: Any, dj_store: Any, run: Any) -> None:
    path = (scans & "subject_id = 'M1'").fetch1("files").path
    assert run("ls") == (0, f"main  {dj_store.spec.place}\n", "")
    code, out, _ = run("ls", "main")
    assert (code, out.split()[-1]) == (0, "_schema/")
    code, out, _ = run("ls", f"main:{path}", "--json")
    assert [(entry["name"], entry["size"]) for entry in json.loads(out)["entries"]] == [
        ("a.txt", 5),
        ("sub/", None),
    ]
    code, out, _ = run("ls", f"main:{path}/a.txt")
    assert (code, out.split()[0], out.split()[-1]) == (0, "5", "a.txt")
    code, out, _ = run("ls", f"{scans.database}.scan")
    assert code == 0
    assert f"subject_id=M1, scan_id=1  files  10  2  main  {path}\n" in out
    code, out, _ = run("ls", f"{scans.database}.scan", "--json")
    assert json.loads(out)["entries"][0]["key"] == {"subject_id": "M1", "scan_id": "1"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("ls", "nowhere"),
        ("ls", "nowhere:x"),
        ("ls", "main:nothing/here"),
        ("ls", "nowhere.scan"),
        ("verify", "nowhere"),
        ("verify", "main", "--where", "scan_id = 1"),
        ("download", "nowhere.scan", "out"),
    ],
)
def test_what_is_not_there_is_told_in_words_with_code_2(scans: Any, run: Any, arguments: Any) -> None:
    del scans
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"dj-objectstore {arguments[0]}: ")
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "main", "--jobs", "0"], ["download", "a.b"]])
def test_wrong_usage_is_code_2(run: Any, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2


def test_verify_names_each_damaged_file(scans: Any, dj_store: Any, run: Any) -> None:
    path = (scans & "subject_id = 'M1'").fetch1("files").path
    name = f"{scans.database}.scan"
    assert run("verify", name) == (0, "2 objects, 3 files, 15 bytes: no problems\n", "")
    dj_store.put(f"{path}/a.txt", b"quieT", overwrite=True)
    assert run("verify", "main")[0] == 0
    code, out, _ = run("verify", "main", "--read-data", "--jobs", "2")
    assert code == 1
    assert f"main:{path}/a.txt: changed in place" in out
    code, out, _ = run("verify", scans.database, "--read-data", "--json")
    found = json.loads(out)
    assert (code, found["ok"], found["status"], found["files"]) == (1, False, "damaged", 3)
    assert [(problem["code"], problem["where"]) for problem in found["problems"]] == [
        ("changed", f"main:{path}/a.txt")
    ]
    assert run("verify", name, "--read-data", "--where", "subject_id = 'M2'")[0] == 0


def test_download_tells_the_size_and_where_the_objects_lie(
    scans: Any, dj_store: Any, run: Any, tmp_path: Path
) -> None:
    name, out_folder = f"{scans.database}.scan", tmp_path / "out"
    code, out, err = run("download", name, str(out_folder), "--jobs", "1")
    assert code == 0
    assert sorted(out.split()) == [str(out_folder / "M1_files"), str(out_folder / "M2_notes.txt")]
    assert "2 objects, 15 bytes" in err
    code, out, _ = run("download", name, str(out_folder), "--json", "--field", "files")
    assert json.loads(out) == {
        "ok": True,
        "paths": [str(out_folder / "M1_files")],
        "skipped": 1,
        "bytes": 10,
        "problems": [],
    }
    dj_store.delete([(scans & "subject_id = 'M2'").fetch1("notes").path])
    code, out, err = run("download", name, str(tmp_path / "new"), "--name", "{subject_id}/{field}{ext}")
    assert (code, out) == (1, f"{tmp_path / 'new' / 'M1' / 'files'}\n")
    assert "(subject_id=M2, scan_id=1) notes" in err
    code, _, err = run("download", name, str(tmp_path / "new"), "--field", "nothing")
    assert (code, "There are files, more, notes." in err) == (2, True)


def test_a_command_reads_the_settings_of_its_folder(scans: Any, dj_database: str, tmp_path: Path) -> None:
    settings = {
        "database": {"backend": "postgresql", "host": dj_database, "port": 5432, "user": "postgres"},
        "stores": {"default": "main", "main": dict(dj.config.stores["main"])},
    }
    (tmp_path / "datajoint.json").write_text(json.dumps(settings))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dj_objectstore.cli", *arguments],
            cwd=tmp_path,
            env={**environment, "DJ_PASS": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("verify", f"{scans.database}.scan", "--read-data", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["objects"] == 2
    done = run("download", f"{scans.database}.scan", "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "M1_files" / "sub" / "b.txt").read_bytes() == b"mouse"
    (tmp_path / "datajoint.json").write_text("{")
    done = run("verify", "main")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "datajoint.json" in done.stderr


@pytest.mark.parametrize("command", [["ls"], ["verify", "main"], ["download", "a.b", "out"]])
def test_a_wrong_DJ_STORES_is_told_in_words(tmp_path: Path, command: list[str]) -> None:  # noqa: N802
    done = subprocess.run(
        [sys.executable, "-m", "dj_objectstore.cli", *command],
        cwd=tmp_path,
        env={**os.environ, "DJ_STORES": '{"main": '},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr, "DJ_STORES" in done.stderr) == (2, False, True)


@pytest.mark.parametrize("command", [["ls", "a.b"], ["verify", "main"], ["download", "a.b", "out"]])
def test_a_database_that_is_not_there_is_told_in_words(tmp_path: Path, command: list[str]) -> None:
    settings = {
        "database": {"backend": "postgresql", "host": "127.0.0.1", "port": 1, "user": "me"},
        "stores": {"default": "main", "main": {"protocol": "file", "location": str(tmp_path)}},
    }
    (tmp_path / "datajoint.json").write_text(json.dumps(settings))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJ_")}
    done = subprocess.run(
        [sys.executable, "-m", "dj_objectstore.cli", *command],
        cwd=tmp_path,
        env={**environment, "DJ_PASS": "secret-word"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert "the database at 127.0.0.1 can't be used" in done.stderr
    assert "secret-word" not in done.stderr
