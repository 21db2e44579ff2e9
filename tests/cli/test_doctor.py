"""`dj-objectstore doctor` names the step that failed and what to do."""

from __future__ import annotations

import json
import re

import pytest

from dj_objectstore.cli import main
from dj_objectstore.spec import configuration
from dj_objectstore.spec.secrets import hold_secrets
from object_servers import free_port
from project_folder import run_command


def configure(project, settings, credentials=None):
    project.write(json.dumps({"stores": {"default": "main", "main": settings}}))
    for key, value in (credentials or {}).items():
        project.secret(f"stores.main.{key}", value)
    if credentials:
        (project.folder / ".secrets" / ".gitignore").write_text("*\n")


@pytest.fixture
def run(project, capsys, monkeypatch):
    """Run the command in this process, with the configuration that DataJoint would load now."""

    def run(*arguments):
        monkeypatch.setattr(configuration, "_provider", project.config)
        code = main(["doctor", *arguments])
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run


@pytest.fixture
def diagnose(run):
    def diagnose(*arguments, code):
        found, text = run("--json", *arguments)
        assert found == code
        return json.loads(text)

    return diagnose


def diagnose_in_a_shell(project, *, code, **environment):
    result = run_command(project.folder, "doctor", "--json", **environment)
    assert (result.returncode, result.stderr) == (code, "")
    return json.loads(result.stdout)


def steps_of(found, store="main"):
    return {step["step"]: step for step in (found["stores"][store]["steps"] if store else found["steps"])}


def statuses(found):
    return {name: step["status"] for name, step in steps_of(found).items()}


def test_a_good_store(project, guarded_s3):
    configure(project, guarded_s3.settings(), guarded_s3.users["writer"])
    found = diagnose_in_a_shell(project, code=0)
    assert found["ok"]
    assert statuses(found) == {
        "resolve": "ok",
        "connect": "ok",
        "authenticate": "ok",
        "list": "ok",
        "write": "ok",
        "read": "ok",
        "delete": "ok",
        "latency": "ok",
        "identity": "skipped",
        "advice": "ok",
    }
    assert {step["status"] for step in steps_of(found, None).values()} == {"ok"}


def test_a_wrong_secret(project, diagnose, guarded_s3):
    secret = "a-secret-that-is-wrong"
    configure(project, guarded_s3.settings(), guarded_s3.users["writer"] | {"secret_key": secret})
    found = diagnose(code=1)
    step = steps_of(found)["authenticate"]
    assert (step["status"], steps_of(found)["connect"]["status"]) == ("failed", "ok")
    assert "SignatureDoesNotMatch" in step["message"]
    assert f"secret_key: {project.folder / '.secrets' / 'stores.main.secret_key'}" in step["hint"]
    assert secret not in json.dumps(found)
    assert steps_of(found)["list"]["message"] == "authenticate failed"


def test_a_key_that_is_not_known(project, diagnose, guarded_s3):
    configure(project, guarded_s3.settings(), guarded_s3.users["writer"] | {"access_key": "AKIANOBODY"})
    assert steps_of(diagnose(code=1))["authenticate"]["status"] == "failed"


def test_a_missing_bucket(project, diagnose, guarded_s3):
    configure(project, guarded_s3.settings(bucket="no-such-bucket"), guarded_s3.users["writer"])
    step = steps_of(diagnose(code=1))["list"]
    assert (step["status"], "s3://no-such-bucket" in step["message"]) == ("failed", True)
    assert "bucket" in step["hint"]


def test_a_dead_endpoint(project, diagnose):
    endpoint = f"127.0.0.1:{free_port()}"
    settings = {"protocol": "s3", "endpoint": endpoint, "secure": False, "bucket": "lab"}
    configure(project, settings, {"access_key": "AKIA", "secret_key": "s"})
    found = diagnose(code=1)
    step = steps_of(found)["connect"]
    assert (step["status"], endpoint in step["message"]) == ("failed", True)
    assert "endpoint" in step["hint"]
    assert steps_of(found)["authenticate"]["status"] == "skipped"


def test_an_account_that_may_only_read(project, diagnose, guarded_s3):
    configure(project, guarded_s3.settings(), guarded_s3.users["reader"])
    found = diagnose(code=0)
    steps = steps_of(found)
    assert (steps["write"]["status"], steps["write"]["message"]) == ("skipped", "read-only")
    assert "s3:PutObject" in steps["write"]["hint"]
    assert (steps["read"]["status"], steps["read"]["message"]) == ("ok", "a file that was there")
    assert steps["delete"]["status"] == "skipped"


def test_secrets_that_the_world_may_read(project, diagnose, tmp_path):
    configure(project, {"protocol": "file", "location": str(tmp_path)}, {"token": "t"})
    path = project.folder / ".secrets" / "stores.main.token"
    path.chmod(0o644)
    step = steps_of(diagnose(code=1), None)["secrets"]
    assert (step["status"], step["hint"]) == ("failed", f"chmod 600 {path}")
    assert f"{path} must be its owner's alone, has mode 0644" in step["message"]


def test_an_interrupted_write_is_told_and_configure_finishes_it(project, diagnose, capsys):
    configure(project, {"protocol": "file", "location": "/nowhere"}, {"token": "old"})
    secrets = project.folder / ".secrets"
    hold_secrets(secrets, {"stores.main.token": "new-secret"})
    step = steps_of(diagnose(code=1), None)["secrets"]
    assert "stores.main.token" in step["message"]
    assert "configure" in step["hint"]
    assert main(["configure", "--file", str(project.folder / "datajoint.json"), "--remove", "other"]) == 2
    assert "was finished" in capsys.readouterr().err
    assert (secrets / "stores.main.token").read_text() == "new-secret\n"
    assert "was interrupted" not in steps_of(diagnose(code=1), None)["secrets"]["message"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"main": {"secret_key": "hidden", }}', r"no JSON: .* at line 1, column \d+"),
        ('["main"]', "must be a JSON object, got a list"),
        ('{\n  "main": ', "no JSON: expecting value at line 2, column 11, where it ends"),
    ],
)
def test_a_broken_dj_stores_with_which_datajoint_can_not_be_imported(project, text, told):
    found = diagnose_in_a_shell(project, code=1, DJ_STORES=text)
    (step,) = found["steps"]
    assert (step["step"], step["status"]) == ("configuration", "failed")
    assert re.match(f"DJ_STORES .*{told}", step["message"])
    assert "hidden" not in json.dumps(found)
    assert "unset it" in step["hint"]


def test_a_broken_datajoint_json(project):
    path = project.write('{"stores": {"main": }}')
    (step,) = diagnose_in_a_shell(project, code=1)["steps"]
    assert step["message"].startswith(f"{path} is no JSON: ")


def test_a_broken_datajoint_toml(project, diagnose):
    path = project.write("[storage", "datajoint.toml")
    (step,) = diagnose(code=1)["steps"]
    assert step["message"].startswith(f"{path} is no TOML: ")


def test_settings_that_are_wrong_are_told_all_at_once(project, diagnose):
    configure(project, {"protocol": "s3", "token_length": 99, "buket": "lab"})
    found = diagnose(code=1)
    step = steps_of(found)["resolve"]
    assert [word in step["message"] for word in ("token_length", "buket", "bucket is required")] == [True] * 3
    assert set(statuses(found).values()) == {"failed", "skipped"}


def test_a_folder_that_is_not_there(project, diagnose):
    configure(project, {"protocol": "file", "location": str(project.folder / "unmounted")})
    step = steps_of(diagnose(code=1))["connect"]
    assert (step["status"], "unmounted" in step["message"]) == ("failed", True)


def test_a_store_of_another_project_is_told_and_a_check_makes_it_nobody_s(project, diagnose, tmp_path):
    configure(project, {"protocol": "file", "location": str(tmp_path / "store")})
    (tmp_path / "store").mkdir()
    settings = json.loads((project.folder / "datajoint.json").read_text())
    settings["dj_objectstore"] = {"stores": {"main": {"project_name": "ours"}}}
    project.write(json.dumps(settings))
    assert steps_of(diagnose(code=0))["identity"]["status"] == "skipped"
    assert list((tmp_path / "store").rglob("*.json")) == []
    identity = {"project_name": "theirs", "format_version": "1.0"}
    (tmp_path / "store" / "datajoint_store.json").write_text(json.dumps(identity))
    step = steps_of(diagnose(code=1))["identity"]
    assert step["message"] == "the store belongs to project 'theirs', and 'ours' is configured"


def test_one_store_is_checked_by_its_name_and_an_unknown_name_is_told(project, diagnose, tmp_path):
    stores = {name: {"protocol": "file", "location": str(tmp_path)} for name in ("a", "b")}
    project.write(json.dumps({"stores": stores}))
    assert list(diagnose("a", code=0)["stores"]) == ["a"]
    assert list(diagnose(code=0)["stores"]) == ["a", "b"]
    assert "there are 'a', 'b'" in steps_of(diagnose("c", code=1), "c")["resolve"]["message"]


def test_what_people_read_ends_with_what_failed(project, run, tmp_path):
    configure(project, {"protocol": "file", "location": str(tmp_path)})
    code, text = run()
    assert (code, text.splitlines()[-1]) == (0, "All is well.")
    configure(project, {"protocol": "file", "location": str(tmp_path / "gone")})
    code, text = run()
    assert (code, text.splitlines()[-1]) == (1, "1 step failed")
    assert "  FAILED  connect" in text


def test_wrong_usage_is_2(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["doctor", "--jsn"])
    assert raised.value.code == 2
    assert "--jsn" in capsys.readouterr().err
