"""What the README says is run, parsed or looked up, so that it stays true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import dj_objectstore as djo
from dj_objectstore.demo.example import load_movie

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.usefixtures("dj_database", "dj_store")
def test_the_examples_run(tmp_path, monkeypatch):
    folder = tmp_path / "results" / "M042"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("a good day")
    monkeypatch.chdir(tmp_path)
    frames = load_movie()
    example = "\n".join(blocks("python"))
    names = {"frames": frames}
    try:
        exec(compile(example, "README.md", "exec"), names)
        assert names["movie"][30].shape == frames.shape[1:]
        assert names["files"].read("notes.txt") == b"a good day"
        staged = (names["Recording"] & {"recording_id": 2}).fetch1("movie")
        assert staged.shape == frames.shape
    finally:
        names["schema"].drop(prompt=False)


def test_the_stores_of_the_example_are_valid():
    (text,) = blocks("json")
    stores = json.loads(text)["stores"]
    assert djo.load_stores({"stores": stores})["main"].protocol == "s3"


def test_the_store_on_disk_is_valid(tmp_path):
    settings = (
        re.search(r'\{"protocol": "file".*?\}', README).group().replace("/data/pipeline", str(tmp_path))
    )
    stores = {"default": "main", "main": json.loads(settings)}
    assert djo.load_stores({"stores": stores})["main"].location == str(tmp_path)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]+)", text, flags=re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, flags=re.MULTILINE)} == set()


def test_every_error_that_is_named_is_public():
    named = set(re.findall(r"`(?:djo\.)?(\w+Error)`", README))
    assert named <= set(djo.__all__)


def test_every_path_that_is_named_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests|js|ui-tests|\.ci)/[\w./-]*)`", text)
    assert named
    assert [name for name in named if "screenshots" not in name and not (ROOT / name).exists()] == []
