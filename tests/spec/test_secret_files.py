"""`.secrets`: what is written there is private from its first moment, and what is wrong there is told."""

from __future__ import annotations

import os
import stat

import pytest

from dj_objectstore.spec.secrets import check_secrets, read_secrets, write_secret


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_folder_and_files_are_their_owner_s_alone_from_their_creation(tmp_path, monkeypatch):
    made = []
    opened = os.open

    def watched(path, flags, permissions=0o777):
        descriptor = opened(path, flags, permissions)
        made.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", watched)
    path = write_secret(tmp_path / ".secrets", "stores.main.secret_key", "s3cret")
    assert made == [0o600, 0o600]
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert sorted(file.name for file in path.parent.iterdir()) == [".gitignore", "stores.main.secret_key"]
    assert read_secrets(path.parent) == {"stores.main.secret_key": "s3cret"}
    assert list(check_secrets(path.parent)) == []


def test_a_secret_that_is_written_again_is_private_even_if_it_was_not(tmp_path):
    path = write_secret(tmp_path / ".secrets", "a", "1")
    path.chmod(0o644)
    write_secret(path.parent, "a", "2")
    assert mode(path) == 0o600


def test_a_failed_write_leaves_the_old_secret_and_nothing_else(tmp_path, monkeypatch):
    path = write_secret(tmp_path / ".secrets", "a", "1")

    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(OSError, match="no"):
        write_secret(path.parent, "a", "2")
    assert read_secrets(path.parent) == {"a": "1"}
    assert len(list(path.parent.iterdir())) == 2


def test_what_others_may_read_is_told_with_what_to_do(tmp_path):
    path = write_secret(tmp_path / ".secrets", "a", "hidden value")
    path.chmod(0o644)
    path.parent.chmod(0o755)
    told = [str(problem) for problem in check_secrets(path.parent)]
    assert told == [
        f"{path.parent}: must be its owner's alone, has mode 0755; chmod 700 {path.parent}",
        f"{path}: must be its owner's alone, has mode 0644; chmod 600 {path}",
    ]


def test_a_folder_that_git_would_take_is_told(tmp_path):
    (tmp_path / ".git").mkdir()
    path = write_secret(tmp_path / ".secrets", "a", "hidden value")
    (path.parent / ".gitignore").unlink()
    (problem,) = check_secrets(path.parent)
    assert problem.code == "gitignore"


def test_a_file_that_is_no_text_is_told_and_left_out(tmp_path):
    path = write_secret(tmp_path / ".secrets", "a", "x")
    path.write_bytes(b"\xff\xfe")
    assert [problem.code for problem in check_secrets(path.parent)] == ["unreadable"]
    assert read_secrets(path.parent) == {}
