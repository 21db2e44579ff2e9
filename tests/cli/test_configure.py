"""`dj-objectstore configure`: a store from nothing to its first object, by questions and in a script."""

from __future__ import annotations

import json
import shlex
import sys

import pexpect
import pytest

import dj_objectstore as djo
from dj_objectstore.cli import main

CANARY = "canary-3c55d1f0ab"


@pytest.fixture(autouse=True)
def folder(project, monkeypatch):
    """A project without a configuration, and a folder for its store."""
    monkeypatch.chdir(project.folder)
    (project.folder / "data").mkdir()
    return project.folder


def configure(*arguments):
    return main(["configure", *map(str, arguments)])


def works(project, name=None):
    """Return whether a store of the project, as DataJoint configures it now, keeps an object."""
    store = djo.open_store(name, config=project.config())
    store.put("proof/of/life", b"1", overwrite=True)
    return store.get("proof/of/life") == b"1"


class Terminal:
    """The command on a real terminal, as people see it."""

    def __init__(self, folder, *arguments):
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "dj_objectstore.cli", "configure", *arguments],
            cwd=str(folder),
            encoding="utf-8",
            timeout=60,
            dimensions=(60, 200),
        )
        self.text = ""

    def answer(self, question, answer):
        self.child.expect_exact(question)
        self.text += self.child.before + self.child.after
        self.child.expect(r": ?|\] ?")
        self.child.sendline(answer)

    def end(self):
        self.child.expect(pexpect.EOF)
        self.text += self.child.before
        self.child.close()
        return self.child.exitstatus


def test_a_script_sets_up_a_folder(project, folder, capsys):
    code = configure("--kind", "folder", "--set", f"location={folder / 'data'}", "--default", "--yes")
    assert code == 0
    assert "djo.enable()" in capsys.readouterr().out
    assert works(project)
    assert (folder / "data" / "proof" / "of" / "life").is_file()


def test_a_secret_is_taken_from_the_environment_and_never_shown(project, guarded_s3, capsys, monkeypatch):
    user = guarded_s3.users["writer"]
    monkeypatch.setenv("LAB_KEY", user["access_key"])
    monkeypatch.setenv("LAB_SECRET", user["secret_key"])
    place = ["--set", f"endpoint={guarded_s3.endpoint}", "--set", "secure=false", "--set", "bucket=lab"]
    keys = ["--secret-from", "access_key=LAB_KEY", "--secret-from", "secret_key=LAB_SECRET"]
    code = configure("--kind", "s3", *place, "--set", "region=us-east-1", *keys, "--json")
    out = capsys.readouterr().out
    assert code == 0
    assert user["secret_key"] not in out
    report = json.loads(out)
    assert report["written"]
    assert {step["status"] for step in report["steps"]} <= {"ok", "skipped"}
    assert works(project)


def test_a_secret_on_the_command_line_is_refused(capsys):
    assert configure("--kind", "aws", "--set", f"secret_key={CANARY}", "--yes") == 2
    told = capsys.readouterr().err
    assert "--secret-from secret_key=" in told
    assert CANARY not in told


def test_all_problems_are_told_and_nothing_is_written(folder, capsys):
    assert configure("--kind", "s3", "--set", "bucket=a b", "--set", "tape=1", "--yes") == 2
    told = capsys.readouterr().err
    assert all(word in told for word in ("endpoint", "bucket", "tape"))
    assert not (folder / "datajoint.json").exists()


def test_a_store_that_fails_its_test_is_not_written(folder, capsys):
    assert configure("--kind", "folder", "--set", f"location={folder / 'missing'}", "--yes") == 1
    assert "FAILED" in capsys.readouterr().out
    assert not (folder / "datajoint.json").exists()


def test_the_address_of_a_clouds_own_metadata_is_refused(capsys):
    place = ["--set", "endpoint=http://169.254.169.254", "--set", "bucket=lab"]
    assert configure("--kind", "s3", *place, "--yes") == 2
    assert "local link" in capsys.readouterr().err


def test_the_line_for_the_environment_writes_no_file(folder, capsys):
    place = ["--set", f"location={folder / 'data'}"]
    assert configure("--kind", "folder", *place, "--environment", "--no-test", "--yes") == 0
    line = capsys.readouterr().out
    assert json.loads(shlex.split(line)[1].removeprefix("DJ_STORES="))["main"]["protocol"] == "file"
    assert not (folder / "datajoint.json").exists()


def test_a_store_is_edited_and_removed(project, folder, capsys):
    other = folder / "other"
    other.mkdir()
    configure("--kind", "folder", "--set", f"location={folder / 'data'}", "--yes")
    assert configure("--edit", "main", "--set", f"location={other}", "--yes") == 0
    assert works(project)
    assert (other / "proof").is_dir()
    assert configure("--remove", "main", "--yes") == 0
    assert "nothing in store 'main' is touched" in capsys.readouterr().out
    assert "main" not in json.loads((folder / "datajoint.json").read_text())["stores"]
    assert (other / "proof" / "of" / "life").is_file()


def test_on_a_terminal_it_asks_for_one_field_after_the_other(project, folder, guarded_s3):
    user = guarded_s3.users["writer"]
    terminal = Terminal(folder)
    terminal.answer("1-5 [1]", "3")
    terminal.answer("Name of the store", "lab-s3")
    terminal.answer("Endpoint", "http://not a host/x")
    terminal.answer("must be a host", "")
    terminal.answer("Endpoint", guarded_s3.endpoint)
    terminal.answer("Encrypted connection", "no")
    terminal.answer("Bucket", "lab")
    terminal.answer("Location in the bucket", "terminal")
    terminal.answer("Access key", user["access_key"])
    terminal.answer("Secret key", user["secret_key"])
    terminal.answer("Session token", "")
    terminal.answer("Proxy", "")
    terminal.answer("usual settings?", "n")
    terminal.answer("usual settings?", "n")
    terminal.answer("default store?", "y")
    terminal.answer("Write this to", "y")
    assert terminal.end() == 0, terminal.text
    assert user["secret_key"] not in terminal.text
    assert "ok       write" in terminal.text
    assert "terminal/_schema/" in terminal.text
    assert works(project)


def test_a_wrong_secret_is_told_at_its_step_and_nothing_is_written(folder, guarded_s3):
    terminal = Terminal(
        folder, "--kind", "s3", "--set", f"endpoint={guarded_s3.endpoint}", "--set", "bucket=lab"
    )
    terminal.answer("Name of the store", "")
    terminal.answer("Endpoint [", "")
    terminal.answer("Encrypted connection", "no")
    terminal.answer("Bucket [", "")
    terminal.answer("Location in the bucket", "")
    terminal.answer("Access key", guarded_s3.users["writer"]["access_key"])
    terminal.answer("Secret key", CANARY)
    terminal.answer("Session token", "")
    terminal.answer("Proxy", "")
    terminal.answer("usual settings?", "n")
    terminal.answer("usual settings?", "n")
    terminal.answer("default store?", "y")
    terminal.answer("all the same?", "")
    assert terminal.end() == 1, terminal.text
    assert "FAILED   authenticate" in terminal.text
    assert CANARY not in terminal.text
    assert not (folder / "datajoint.json").exists()
    assert not (folder / ".secrets").exists()


def test_ctrl_c_writes_nothing(folder):
    terminal = Terminal(folder)
    terminal.answer("1-5 [1]", "1")
    terminal.child.expect_exact("Name of the store")
    terminal.child.sendintr()
    assert terminal.end() == 130
    assert not (folder / "datajoint.json").exists()
