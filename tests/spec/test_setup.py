"""Setting up a store: the form, the planned changes, and writing them so that nothing is half done."""

from __future__ import annotations

import json
import shlex
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.exceptions import ConfigurationError, StoreNotConfiguredError, ValueRefusedError
from dj_objectstore.spec.forms import KINDS, check_form, find_kind
from dj_objectstore.spec.models import SPECS
from dj_objectstore.spec.secrets import SECRET_KEYS
from dj_objectstore.spec.setup import (
    Draft,
    example_of,
    find_targets,
    open_draft,
    plan_removal,
    plan_setup,
)

CANARY = "canary-9f1c2b7a4e"
BUCKET = {"endpoint": "minio.lab.org:9000", "bucket": "lab"}


def s3(**options):
    secrets = options.pop("secrets", {"access_key": "AKIA", "secret_key": CANARY})
    return Draft(
        kind="s3", name="main", values={**BUCKET, **options.pop("values", {})}, secrets=secrets, **options
    )


def problems_of(form):
    return {problem.field: problem.message for problem in form.problems}


# -- the form ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_is_a_key_of_its_protocol(kind):
    known = {
        *SPECS[kind.protocol].model_fields,
        *SPECS[kind.protocol].model_fields["layout"].annotation.model_fields,
    }
    assert {each.name for each in kind.fields} <= known
    assert all(each.type == "secret" for each in kind.fields if each.name in SECRET_KEYS)
    assert all(each.words.example for each in kind.fields if each.required)


def test_a_form_tells_every_problem_beside_its_field():
    values = {"bucket": "a b", "partition_pattern": "a//b", "token_length": "99", "tape": "1"}
    found = problems_of(check_form("s3", "default", values))
    assert found.keys() == {"name", "bucket", "partition_pattern", "token_length", "tape", "endpoint"}
    assert "required" in found["endpoint"]


def test_one_key_of_two_is_told_at_that_key():
    form = check_form("aws", "main", {"bucket": "lab", "access_key": CANARY})
    assert "secret_key" in problems_of(form)["access_key"]
    assert CANARY not in repr(form)


def test_texts_become_the_types_of_the_model():
    form = check_form("s3", "main", {**BUCKET, "token_length": "12", "subfolding": "2, 2", "secure": "false"})
    assert form.spec.layout.token_length == 12
    assert form.spec.layout.subfolding == (2, 2)
    assert form.spec.secure is False


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueRefusedError, match="tape"):
        find_kind("tape")


def test_a_folder_is_written_with_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check_form("folder", "main", {"location": "data"}).settings["location"] == str(tmp_path / "data")


def test_the_example_path_follows_the_partition():
    form = check_form("folder", "main", {"location": "/data", "partition_pattern": "subject_id"})
    assert example_of(form).startswith("/data/_schema/subject_id=7/lab_imaging/Recording/")


@given(
    kind=st.sampled_from([kind.name for kind in KINDS]),
    name=st.text(max_size=20),
    values=st.dictionaries(
        st.sampled_from(
            ["location", "bucket", "endpoint", "token_length", "subfolding", "partition_pattern", "x"]
        ),
        st.one_of(
            st.text(max_size=30), st.integers(), st.booleans(), st.none(), st.lists(st.integers(), max_size=3)
        ),
    ),
)
def test_whatever_is_typed_gives_a_store_or_its_problems(kind, name, values):
    form = check_form(kind, name, values)
    assert (form.spec is None) == bool(form.problems)


# -- planning ----------------------------------------------------------------------------------------------


def test_the_diff_shows_the_settings_and_no_secret(tmp_path):
    plan = plan_setup(s3(), tmp_path / "datajoint.json")
    assert '"bucket": "lab"' in plan.diff()
    assert "stores.main.secret_key" in plan.diff()
    assert CANARY not in plan.diff() + repr(plan) + repr(s3())


def test_the_first_store_becomes_the_default(tmp_path):
    plan_setup(s3(), tmp_path / "datajoint.json").write()
    assert json.loads((tmp_path / "datajoint.json").read_text())["stores"]["default"] == "main"


def test_unknown_keys_stay_and_the_old_file_is_kept(tmp_path):
    file = tmp_path / "datajoint.json"
    file.write_text('{"lab": {"room": 7}, "stores": {"old": {"protocol": "file", "location": "/x"}}}')
    file.chmod(0o600)
    before = file.read_text()
    plan_setup(s3(), file).write(backup=True)
    content = json.loads(file.read_text())
    assert content["lab"] == {"room": 7}
    assert content["stores"].keys() == {"old", "main"}
    backup = tmp_path / "datajoint.json.bak"
    assert backup.read_text() == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_secrets_are_files_of_their_owner_alone_out_of_reach_of_git(tmp_path):
    plan_setup(s3(), tmp_path / "datajoint.json").write()
    secrets = tmp_path / ".secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {
        ".gitignore": 0o600,
        "stores.main.access_key": 0o600,
        "stores.main.secret_key": 0o600,
    }
    assert CANARY not in (tmp_path / "datajoint.json").read_text()


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path):
    file = tmp_path / "datajoint.json"
    plan = plan_setup(s3(), file)
    file.write_text('{"by": "somebody else"}')
    with pytest.raises(ConfigurationError, match="somebody else"):
        plan.write()
    assert file.read_text() == '{"by": "somebody else"}'
    assert not (tmp_path / ".secrets").exists()


def test_a_draft_with_problems_is_not_planned(tmp_path):
    with pytest.raises(ConfigurationError, match="bucket"):
        plan_setup(s3(values={"bucket": ""}), tmp_path / "datajoint.json")


def test_the_environment_line_sets_up_the_same_store_without_its_secrets():
    line = s3(values={"location": "it's"}, is_default=True).environment()
    assert CANARY not in line
    stores = json.loads(shlex.split(line)[1].removeprefix("DJ_STORES="))
    assert stores["default"] == "main"
    assert stores["main"]["location"] == "it's"


# -- editing and removing ----------------------------------------------------------------------------------


def write(folder, draft=None):
    (folder / ".git").mkdir(exist_ok=True)
    plan_setup(draft or s3(), folder / "datajoint.json").write()
    return folder / "datajoint.json"


def test_an_edited_store_keeps_its_secrets_and_what_the_form_lacks(tmp_path):
    file = write(tmp_path)
    content = json.loads(file.read_text())
    content["stores"]["main"]["stage"] = "/tmp/stage"
    file.write_text(json.dumps(content))
    draft = open_draft("main", tmp_path)
    assert CANARY not in repr(draft)
    edited = Draft(**{**vars(draft), "values": {**draft.values, "bucket": "other"}})
    plan = plan_setup(edited, file)
    assert not plan.secrets
    plan.write()
    settings = json.loads(file.read_text())["stores"]["main"]
    assert (settings["bucket"], settings["stage"]) == ("other", "/tmp/stage")
    assert (tmp_path / ".secrets" / "stores.main.secret_key").read_text().strip() == CANARY


def test_a_renamed_store_takes_its_secrets_along(tmp_path):
    file = write(tmp_path)
    draft = open_draft("main", tmp_path)
    plan_setup(Draft(**{**vars(draft), "name": "archive"}), file).write()
    assert json.loads(file.read_text())["stores"] == {
        "default": "archive",
        "archive": {"protocol": "s3", **BUCKET, "location": ""},
    }
    assert {path.name for path in (tmp_path / ".secrets").glob("stores.*")} == {
        "stores.archive.access_key",
        "stores.archive.secret_key",
    }


def test_emptied_secrets_are_removed(tmp_path):
    file = write(tmp_path)
    draft = open_draft("main", tmp_path)
    plan_setup(Draft(**{**vars(draft), "secrets": {"access_key": "", "secret_key": ""}}), file).write()
    assert not list((tmp_path / ".secrets").glob("stores.*"))


def test_a_removed_store_leaves_the_others_and_their_secrets(tmp_path):
    file = write(tmp_path)
    write(tmp_path, Draft(kind="folder", name="local", values={"location": "/data"}))
    plan_removal("main", file).write()
    assert json.loads(file.read_text())["stores"] == {"local": {"protocol": "file", "location": "/data"}}
    assert not list((tmp_path / ".secrets").glob("stores.main.*"))


def test_removing_a_store_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StoreNotConfiguredError, match="DJ_STORES"):
        plan_removal("main", tmp_path / "datajoint.json")


def test_the_file_of_the_lab_is_offered_before_one_of_the_folder(tmp_path):
    write(tmp_path)
    inner = tmp_path / "analysis"
    inner.mkdir()
    first, second = find_targets(inner)
    assert (first.path, first.is_elsewhere, first.exists) == (tmp_path / "datajoint.json", True, True)
    assert (second.path, second.exists) == (inner / "datajoint.json", False)
