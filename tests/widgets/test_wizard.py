"""The kernel's side of the wizard: what a page may ask, and what it never hears."""

from __future__ import annotations

import json
import logging
import pickle

import pytest

import dj_objectstore as djo
from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.wizard import MAX_REVIEWS, Wizard

CANARY = "canary-51f0e2d9aa"
S3 = {"kind": "s3", "name": "main", "values": {"endpoint": "127.0.0.1:1", "secure": False, "bucket": "lab"}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def wizard(folder, page):
    widget = Wizard(folder)
    widget._channel._post = page.post
    page.channel = widget._channel
    yield widget
    widget.close()


@pytest.fixture
def draft(folder):
    return {"kind": "folder", "name": "main", "values": {"location": str(folder / "data")}}


@pytest.fixture
def heard(wizard, page):
    """Everything that was sent to the page, as text."""
    texts = []
    post = page.post

    def listen(message, buffers):
        texts.append(json.dumps(message) + repr([bytes(buffer) for buffer in buffers]))
        post(message, buffers)

    wizard._channel._post = listen
    return texts


def test_it_begins_with_the_kinds_the_stores_and_the_files(page, folder):
    facts, _ = page.ask("setup_start")
    assert [kind["name"] for kind in facts["kinds"]] == ["folder", "aws", "s3", "gcs", "azure"]
    assert facts["targets"] == [
        {"path": str(folder / "datajoint.json"), "exists": False, "is_elsewhere": False}
    ]
    assert facts["older"] is False


def test_a_store_is_set_up_from_its_form_to_its_first_object(page, folder, draft):
    checked, _ = page.ask("setup_check", **draft)
    assert checked["problems"] == []
    assert checked["example"].startswith(f"{folder}/data/_schema/")
    tested, _ = page.ask("setup_test", **draft)
    assert {step["status"] for step in tested["steps"]} <= {"ok", "skipped"}
    review, _ = page.ask("setup_review", target=0, **draft)
    assert '"location"' in review["diff"]
    assert not (folder / "datajoint.json").exists()
    written, _ = page.ask("setup_write", review=review["review"])
    assert written["files"] == [str(folder / "datajoint.json")]
    assert "djo.enable()" in written["python"]
    stores = json.loads((folder / "datajoint.json").read_text())["stores"]
    djo.open_store("main", config={"stores": stores}).put("a", b"1")


def test_each_step_of_the_test_is_told_as_it_is_done(page, draft):
    page.ask("setup_test", **draft)
    event, _ = page.hear(lambda message: message["kind"] == "event" and message["name"] == "setup_step")
    assert (event["data"]["step"], event["data"]["status"]) == ("resolve", "ok")


def test_problems_are_told_beside_their_fields(page):
    checked, _ = page.ask("setup_check", kind="s3", name="9", values={"bucket": "a/b"})
    assert {problem["field"] for problem in checked["problems"]} == {"name", "bucket", "endpoint"}


def test_a_secret_is_kept_and_never_told_or_shown(wizard, page, heard, folder, caplog):
    caplog.set_level(logging.DEBUG)
    given, _ = page.ask("setup_secret", secrets={"access_key": "AKIA", "secret_key": CANARY})
    assert given["given"] == ["access_key", "secret_key"]
    page.ask("setup_check", **S3)
    tested, _ = page.ask("setup_test", **S3)
    assert "failed" in {step["status"] for step in tested["steps"]}
    review, _ = page.ask("setup_review", target=0, **S3)
    page.ask("setup_write", review=review["review"])
    assert (folder / ".secrets" / "stores.main.secret_key").read_text().strip() == CANARY
    shown = [*heard, caplog.text, repr(wizard), repr(wizard.get_state()), str(vars(wizard._channel))]
    assert not [text for text in shown if CANARY in text]
    assert (wizard._typed, wizard._given) == ({}, {})


def test_a_secret_may_be_given_in_the_kernel_instead(wizard, page):
    wizard.give_secrets(access_key="AKIA", secret_key=CANARY)
    assert page.ask("setup_check", **S3)[0]["problems"] == []
    with pytest.raises(ValueRefusedError, match="bucket"):
        wizard.give_secrets(bucket="lab")


def test_a_store_that_was_given_up_leaves_no_secret_to_the_next(page):
    page.ask("setup_secret", secrets={"access_key": "AKIA", "secret_key": CANARY})
    page.ask("setup_start")
    assert page.ask("setup_secret", secrets={})[0]["given"] == []


def test_a_secret_among_the_values_is_refused_without_repeating_it(page, heard):
    error = page.fail("setup_check", **{**S3, "values": {"secret_key": CANARY}})
    assert "by themselves" in error["message"]
    assert not [text for text in heard if CANARY in text]


@pytest.mark.parametrize(
    "message",
    [
        {"secrets": {"secret_key": 7}},
        {"secrets": {"secret_key": [CANARY]}},
        {"secrets": CANARY},
        {"secrets": {"secret_key": CANARY * 10_000}},
        {"secrets": {}, "extra": CANARY},
    ],
)
def test_a_malformed_secret_is_refused_without_repeating_it(page, heard, message, caplog):
    caplog.set_level(logging.DEBUG)
    page.fail("setup_secret", **message)
    assert CANARY not in "".join(heard) + caplog.text


def test_an_edited_store_is_opened_without_its_secrets(wizard, page, heard):
    wizard.give_secrets(access_key="AKIA", secret_key=CANARY)
    review, _ = page.ask("setup_review", target=0, **S3)
    page.ask("setup_write", review=review["review"])
    opened, _ = page.ask("setup_open", name="main")
    assert opened["secrets"] == ["access_key", "secret_key"]
    assert opened["values"]["bucket"] == "lab"
    again, _ = page.ask("setup_review", target=0, **{**S3, "edits": "main"}, is_default=True)
    assert again["review"] == ""
    assert CANARY not in "".join(heard)


def test_a_store_is_removed_after_its_review(page, folder, draft):
    page.ask("setup_write", review=page.ask("setup_review", target=0, **draft)[0]["review"])
    review, _ = page.ask("setup_remove", name="main", target=0)
    assert "main" in json.loads((folder / "datajoint.json").read_text())["stores"]
    page.ask("setup_write", review=review["review"])
    assert json.loads((folder / "datajoint.json").read_text())["stores"] == {}
    assert (folder / "data").is_dir()


def test_the_defaults_are_chosen(page, folder, draft):
    for name in ("main", "raw"):
        page.ask(
            "setup_write", review=page.ask("setup_review", target=0, **{**draft, "name": name})[0]["review"]
        )
    review, _ = page.ask("setup_defaults", default="raw", filepath_default="main", target=0)
    page.ask("setup_write", review=review["review"])
    stores = json.loads((folder / "datajoint.json").read_text())["stores"]
    assert (stores["default"], stores["filepath_default"]) == ("raw", "main")


def test_older_settings_are_rewritten(page, folder):
    (folder / "dj_local_conf.json").write_text(
        '{"stores": {"old": {"protocol": "file", "location": "/data/old"}}}'
    )
    assert page.ask("setup_start")[0]["older"] is True
    review, _ = page.ask("setup_import")
    page.ask("setup_write", review=review["review"])
    assert "old" in json.loads((folder / "datajoint.json").read_text())["stores"]


def test_without_a_file_the_environment_is_told(page, folder, draft):
    review, _ = page.ask("setup_review", **draft)
    assert review["environment"].startswith("export DJ_STORES=")
    assert review["review"] == ""
    assert not (folder / "datajoint.json").exists()


def test_the_address_of_a_clouds_own_metadata_is_never_asked(page):
    values = {**S3["values"], "endpoint": "http://169.254.169.254"}
    values.pop("secure")
    error = page.fail("setup_test", **{**S3, "values": values})
    assert "local link" in error["message"]


def test_only_what_was_shown_last_can_be_written(page, draft):
    first, *_, last = [
        page.ask("setup_review", target=0, **{**draft, "name": f"main{number}"})[0]["review"]
        for number in range(MAX_REVIEWS + 1)
    ]
    assert "no longer at hand" in page.fail("setup_write", review=first)["message"]
    page.ask("setup_write", review=last)
    assert "no longer at hand" in page.fail("setup_write", review=last)["message"]


@pytest.mark.parametrize(
    "params", [{"target": 1}, {"target": "datajoint.json"}, {"target": -1}, {"file": "/etc"}]
)
def test_a_file_that_was_not_offered_is_not_written(page, draft, params):
    page.fail("setup_review", **{**draft, **params})


def test_it_does_not_pickle():
    widget = Wizard()
    widget.give_secrets(secret_key=CANARY)
    try:
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(widget)
    finally:
        widget.close()
