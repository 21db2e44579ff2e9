"""A whole store in the browser: its tree, its previews, the Python that opens them, its bytes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import zarr

import dj_objectstore as djo
from dj_objectstore.store.store import open_store


def test_a_store_is_a_tree_and_tells_where_its_bytes_are(open_browser, store):
    path = "_schema/lab/Scan/scan_id=1/files_Ab3dE5gH"
    store.put(f"{path}/a.txt", bytes(300))
    store.put(f"{path}.manifest.json", bytes(10))
    store.put("_schema/lab/Scan/scan_id=2/files_Zz9yX8wV", bytes(200))
    store.put("notes.txt", bytes(7))
    page = open_browser(store)
    assert page.ask("about")[0]["kind"] == "store"
    section = page.entry("_schema")
    assert page.entry("lab", section["id"])["kind"] == "folder"
    assert page.ask("preview", node=page.entry("notes.txt")["id"])[0]["size"] == 7
    shares = page.ask("usage")[0]["shares"]
    assert [(share["table"], share["objects"], share["files"], share["size"]) for share in shares] == [
        ("Scan", 2, 3, 510),
        ("", 1, 1, 7),
    ]


def test_only_a_store_tells_where_its_bytes_are(open_browser, files):
    assert "no store" in open_browser(files).fail("usage")["message"]


@pytest.fixture(params=["file", "s3"])
def filled(request, store):
    """A store with a movie and a folder, on disk and on S3."""
    if request.param == "file":
        return store
    server = request.getfixturevalue("moto_server")
    there = open_store("far", config={"stores": {"far": server.settings()}})
    for entry in store.list():
        there.put(entry.key, store.get(entry.key))
    return there


def walk(talk, *names):
    node = ""
    for name in names:
        node = talk.entry(name, node)["id"]
    return node


@pytest.mark.usefixtures("movie", "files")
def test_what_lies_in_a_store_is_listed_previewed_and_scrubbed(open_browser, filled):
    talk = open_browser(filled)
    assert talk.ask("preview", node="")[0]["name"] == filled.name
    folder = walk(talk, "lab", "Scan", "scan=1")
    kinds = {found["name"]: found["kind"] for found in talk.ask("list", node=folder)[0]["entries"]}
    assert kinds["movie_Ab3dE5gH.zarr"] == "movie"
    notes = walk(talk, "lab", "Scan", "scan=1", "files_Zz9yX8wV", "notes.txt")
    shown, _ = talk.ask("preview", node=notes)
    assert (shown["text"], shown["whole"]) == ("Größe 3 µm\n", False)
    _, (data,) = talk.ask("save", nodes=[notes], into="page")
    assert data == "Größe 3 µm\n".encode()
    movie = walk(talk, "lab", "Scan", "scan=1", "movie_Ab3dE5gH.zarr")
    target, _ = talk.ask("open", node=movie)
    assert talk.ask("describe", target=target["target"])[0]["frames"] == 35
    assert talk.ask("frame", target=target["target"], index=3)[0]["shape"] == [24, 16]


@pytest.mark.usefixtures("movie", "files")
def test_the_lines_of_python_of_a_store_give_what_they_name(open_browser, store, monkeypatch):
    monkeypatch.setattr(djo, "open_store", lambda name: {store.name: store}[name])
    talk = open_browser(store)
    folder = ("lab", "Scan", "scan=1", "files_Zz9yX8wV")

    def run(*names):
        line = talk.ask("preview", node=walk(talk, *names))[0]["line"]
        return eval(line, {"djo": djo, "zarr": zarr, "io": io, "json": json, "numpy": np})

    with run(*folder, "notes.txt") as file:
        assert file.read() == "Größe 3 µm\n".encode()
    assert run(*folder, "settings.json")["rate"] == 30
    assert run(*folder, "mask.npy").shape == (6, 8)
    assert run(*folder, "results.zarr", "mean").shape == (6, 8)
    assert [found.key.rsplit("/", 1)[1] for found in run(*folder, "deep", "er")] == ["a10.txt", "a9.txt"]


def test_an_empty_store_says_so(open_browser, store):
    talk = open_browser(store)
    assert talk.ask("list", node="")[0]["entries"] == []
    assert "empty" in talk.ask("preview", node="")[0]["message"]
    assert talk.ask("usage")[0]["shares"] == []


@pytest.mark.parametrize("into", ["page", "folder"])
@pytest.mark.usefixtures("files")
def test_a_whole_store_is_not_taken_home(open_browser, store, here, into):
    assert "whole store" in open_browser(store).fail("save", nodes=[""], into=into)["message"]
    assert not (here / "downloads").exists()
