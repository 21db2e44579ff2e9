"""Dying while a store is set up: what counts is the old configuration or the new one, never some of each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from dj_objectstore.spec.files import find_project_places
from dj_objectstore.spec.gathering import gather_project
from dj_objectstore.spec.migration import plan_migration
from dj_objectstore.spec.secrets import (
    check_secrets,
    hold_secrets,
    read_secrets,
    settle_secrets,
    write_secret,
)
from dj_objectstore.spec.setup import Draft, finish_interrupted, open_draft, plan_removal, plan_setup
from dj_objectstore.spec.templates import save_template
from dj_objectstore.spec.waiting import WAITING

OLD = {"endpoint": "old.lab.org:9000", "bucket": "old"}
NEW = {"endpoint": "new.lab.org:9000", "bucket": "new"}
OLD_KEYS = {"access_key": "OLDKEY", "secret_key": "old-secret"}
NEW_KEYS = {"access_key": "NEWKEY", "secret_key": "new-secret"}
MOST = 200


def s3(values=OLD, secrets=OLD_KEYS, **options):
    return Draft(kind="s3", name=options.pop("name", "main"), values=values, secrets=secrets, **options)


def write(draft, file):
    plan_setup(draft, file).write(backup=True)


def edit(file, **changes):
    before = open_draft("main", file.parent)
    write(Draft(**{**vars(before), **changes}), file)


def migrate(file):
    plan_migration(file.parent).write()


def template(file):
    save_template(file, stores={"main": {"protocol": "s3", **NEW, **NEW_KEYS}}, create_secrets_dir=True)


def remove(file):
    plan_removal("main", file).write(backup=True)


CHANGES = {
    "a new store": partial(write, s3(NEW, NEW_KEYS, name="other")),
    "settings and secrets": partial(edit, values=NEW, secrets=NEW_KEYS),
    "secrets alone": partial(edit, secrets=NEW_KEYS),
    "secrets that go": partial(edit, values=NEW, secrets=dict.fromkeys(OLD_KEYS, "")),
    "a new name": partial(edit, name="other"),
    "a removed store": remove,
    "a template": template,
    "older settings": migrate,
}
OLDER = {
    "object_storage.protocol": "s3",
    "object_storage.bucket": "old",
    "object_storage.endpoint": "h:1",
    "object_storage.location": "lab",
    "object_storage.access_key": "OLDKEY",
    "object_storage.secret_key": "old-secret",
}


def project(folder, change):
    """A project with a store, or with older settings where these are to be rewritten."""
    folder.mkdir()
    (folder / ".git").mkdir()
    file = folder / "datajoint.json"
    if change == "older settings":
        file.write_text(json.dumps(OLDER))
    else:
        file.write_text('{"database": {"host": "db"}}')
        write(s3(), file)
    return file


def counted(folder):
    """The stores that count, with their secrets, each setting that says nothing left out."""
    stores = gather_project(find_project_places(folder)).stores
    return {
        name: {key: value for key, value in found.items() if value} if isinstance(found, dict) else found
        for name, found in stores.items()
    }


def in_their_places(folder):
    """What plain DataJoint reads: the two kinds of files."""
    secrets = {path.name: path.read_text() for path in (folder / ".secrets").glob("stores.*")}
    return json.loads((folder / "datajoint.json").read_text()), secrets


def die_at(step, change):
    """Run a change in a child that is killed around a call that changes files; return how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = step

    def dying(real):
        def call(*args, **options):
            nonlocal left
            for act in (None, real):
                found = act(*args, **options) if act else None
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return found

        return call

    for name in ("open", "fsync", "replace", "mkdir", "chmod", "unlink"):
        setattr(os, name, dying(getattr(os, name)))
    change()
    os._exit(0)


def try_all_steps(name, folder):
    """Let a change die at each of its steps, each in a copy of the project; the last copy saw it end."""
    command = [sys.executable, "-W", "ignore", __file__, name, folder]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    codes = [int(line) for line in run.stdout.split()]
    assert codes == [-signal.SIGKILL] * (len(codes) - 1) + [0], run.stderr
    assert 10 < len(codes) < MOST, "the writing has fewer or more steps than were tried"
    *died, done = [copy_of(folder, step) for step in range(1, len(codes) + 1)]
    return died, done


def copy_of(folder, step):
    return folder.parent / f"at-{step}"


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("name", CHANGES)
def test_a_kill_at_any_step_leaves_the_old_or_the_new_configuration(tmp_path, name):
    file = project(tmp_path / "project", name)
    old, old_files = counted(file.parent), in_their_places(file.parent)
    died, done = try_all_steps(name, file.parent)
    CHANGES[name](file)
    new, new_files = counted(file.parent), in_their_places(file.parent)
    assert (old, old_files) != (new, new_files)
    assert (counted(done), in_their_places(done)) == (new, new_files)
    was_new = [counted(folder) == new for folder in died]
    assert all(is_new or counted(folder) == old for is_new, folder in zip(was_new, died, strict=True))
    if old != new:
        assert was_new == sorted(was_new), "what counted once no longer does"
        assert {*was_new} == {False, True}
    for is_new, folder in zip(was_new, died, strict=True):
        finish_interrupted(folder)
        if old != new:
            assert counted(folder) == (new if is_new else old)
            assert in_their_places(folder) == (new_files if is_new else old_files)
        assert not (folder / ".secrets" / WAITING).exists()
        if old == new or not is_new:
            CHANGES[name](folder / "datajoint.json")
        assert in_their_places(folder) == new_files


@pytest.fixture
def folder(tmp_path):
    return write_secret(tmp_path / ".secrets", "stores.main.secret_key", "old").parent


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "datajoint.json"
    file.write_text("old settings")
    return file


def hold(folder, file):
    new = {"stores.main.secret_key": "new", "stores.main.access_key": "KEY"}
    hold_secrets(folder, new, file=file, before="old settings", after="new settings")


def test_new_secrets_count_from_the_moment_that_their_settings_do(folder, file):
    hold(folder, file)
    assert read_secrets(folder) == {"stores.main.secret_key": "old"}
    assert list(check_secrets(folder)) == []
    file.write_text("new settings")
    assert read_secrets(folder) == {"stores.main.secret_key": "new", "stores.main.access_key": "KEY"}
    (problem,) = check_secrets(folder)
    assert "stores.main.access_key" in problem.message
    assert settle_secrets(folder) == "counts"
    assert read_secrets(folder) == {"stores.main.secret_key": "new", "stores.main.access_key": "KEY"}
    assert list(check_secrets(folder)) == []


def test_secrets_whose_settings_never_came_are_dropped(folder, file):
    hold(folder, file)
    assert settle_secrets(folder) == "dropped"
    assert read_secrets(folder) == {"stores.main.secret_key": "old"}
    assert settle_secrets(folder) == "nothing"


def test_settings_that_were_changed_since_are_told_with_what_to_do(folder, file):
    hold(folder, file)
    file.write_text("settings by hand")
    assert read_secrets(folder) == {"stores.main.secret_key": "old"}
    (problem,) = check_secrets(folder)
    assert str(file.name) in problem.message
    assert "give these secrets again" in problem.hint
    assert "new" not in problem.message.split()
    assert "give them again" in finish_interrupted(folder.parent)
    assert list(check_secrets(folder)) == []


def test_secrets_that_wait_are_their_owner_s_alone_and_never_shown(folder, file):
    hold(folder, file)
    assert stat.S_IMODE((folder / WAITING).stat().st_mode) == 0o600
    file.write_text("new settings")
    told = " ".join(map(str, check_secrets(folder)))
    assert "KEY" not in told.replace("access_key", "")


def test_a_damaged_file_of_waiting_secrets_counts_as_none(folder):
    (folder / WAITING).write_text('{"secrets": 7}')
    assert read_secrets(folder) == {"stores.main.secret_key": "old"}


def test_a_moved_project_takes_what_waits_along(folder, file, tmp_path):
    hold(folder, file)
    file.write_text("new settings")
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert read_secrets(moved / ".secrets")["stores.main.secret_key"] == "new"


if __name__ == "__main__":
    name, whole = sys.argv[1], Path(sys.argv[2])
    for step in range(1, MOST):
        copy = copy_of(whole, step)
        shutil.copytree(whole, copy)
        os.chdir(copy)
        code = die_at(step, partial(CHANGES[name], copy / "datajoint.json"))
        print(code, flush=True)
        if code == 0:
            break
