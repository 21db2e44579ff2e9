"""A store in the browser joined to its database: owners of a page, the row itself, the whole compared."""

from __future__ import annotations

import threading

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.maintenance import comparison
from dj_objectstore.widgets.browsing import whole_store


@pytest.fixture
def scan(dj_schema, dj_store):
    del dj_store

    class Scan(dj.Manual):
        definition = """
        subject : varchar(32)
        day : date
        ---
        note = "" : varchar(80)
        files = null : <object@main>
        """

    table = dj_schema(Scan)
    table.insert1({"subject": "<b>M1", "day": "2026-01-05", "note": "<i>calm", "files": b"kept"})
    return table


@pytest.fixture
def talk(open_browser, scan, dj_store):
    del scan
    return open_browser(dj_store)


def walk(talk, path):
    node = ""
    for name in path.split("/"):
        node = talk.entry(name, node)["id"]
    return node


def owners_of(talk, *paths, **options):
    nodes = [walk(talk, path) for path in paths]
    return talk.ask("owners", nodes=nodes, **options)[0]["owners"]


def test_each_entry_of_a_page_says_whose_it_is(talk, scan, dj_store):
    path = scan.fetch1("files").path
    dj_store.put("notes.txt", b"")
    table = f"_schema/{scan.database}/Scan"
    section, schema, folder, found, foreign = owners_of(
        talk, "_schema", f"_schema/{scan.database}", table, path, "notes.txt"
    )
    assert [each["kind"] for each in (section, schema, folder)] == ["section", "schema", "table"]
    assert [each["standing"] for each in (section, schema, folder)] == ["", "", ""]
    assert folder["key"] == [["subject", ""], ["day", ""]]
    assert (found["standing"], found["rows"], found["table"]) == ("row", 1, f"{scan.database}.scan")
    assert found["key"] == [["subject", "<b>M1"], ["day", "2026-01-05"]]
    assert found["restriction"] == "{'subject': '<b>M1', 'day': '2026-01-05'}"
    assert (foreign["standing"], foreign["line"]) == ("foreign", "")


def test_the_line_of_python_gives_the_row(talk, scan):
    path = scan.fetch1("files").path
    table, found = owners_of(talk, f"_schema/{scan.database}/Scan", path)
    query = eval(found["line"], {"dj": dj})
    assert query.fetch1("files").path == path
    assert len(eval(table["line"], {"dj": dj})) == 1
    assert (scan & eval(found["restriction"], {})).fetch1("note") == "<i>calm"


def test_the_row_itself_is_shown(talk, scan):
    path = scan.fetch1("files").path
    shown, _ = talk.ask("owner_row", node=walk(talk, path))
    assert shown == {
        "table": f"{scan.database}.scan",
        "cells": [["subject", "<b>M1"], ["day", "2026-01-05"], ["note", "<i>calm"], ["files", path]],
    }
    assert "no row names this" in talk.fail("owner_row", node=walk(talk, "_schema"))["message"]


def test_what_was_told_stays_until_the_database_is_read_again(talk, scan, dj_schema, dj_store):
    class Later(dj.Manual):
        definition = """
        i : int32
        ---
        files : <object@main>
        """

    path = scan.fetch1("files").path
    assert owners_of(talk, path)[0]["standing"] == "row"
    table = dj_schema(Later)
    table.insert1({"i": 1, "files": b"1"})
    later = table.fetch1("files").path
    folder = later.rpartition("/")[0].rpartition("/")[0]
    dj_store.put(f"{folder}/i=2/files_Zz9yX8wV", b"")
    assert [each["standing"] for each in owners_of(talk, folder, later)] == ["unread", "recent"]
    assert [each["standing"] for each in owners_of(talk, folder, later, anew=True)] == ["", "row"]


def test_the_whole_store_is_compared(talk, dj_store):
    dj_store.put("notes.txt", b"1234567")
    found, _ = talk.ask("compare")
    assert found["whole"]
    assert {part["standing"]: part["objects"] for part in found["parts"]} == {"row": 1, "foreign": 1}
    assert found["notes"] == []


class SlowPages:
    """The pages of a store, each of which comes when it is let."""

    def __init__(self, store):
        self.asked = threading.Semaphore(0)
        self.may_come = threading.Semaphore(0)
        self._entries = list(store.list())

    def __call__(self, prefix=""):
        if prefix:
            return
        for entry in self._entries:
            self.asked.release()
            assert self.may_come.acquire(timeout=20)
            yield [entry]


@pytest.mark.parametrize("method", ["usage", "compare"])
def test_a_count_that_is_enough_tells_what_was_counted(talk, dj_store, monkeypatch, method):
    for n in range(4):
        dj_store.put(f"notes_{n}.txt", b"1234567")
    pages = SlowPages(dj_store)
    monkeypatch.setattr(dj_store, "pages", pages)
    request = talk.request(method)
    for _ in range(2):
        pages.may_come.release()
    for _ in range(3):
        assert pages.asked.acquire(timeout=20)
    assert talk.ask("enough", of=method)[0]["ended"]
    pages.may_come.release()
    result = talk.answer(request)[0]["result"]
    assert not result["whole"]
    assert sum(part["files"] for part in result["shares" if method == "usage" else "parts"]) in {2, 3}
    assert not talk.ask("enough", of=method)[0]["ended"]


def test_a_count_that_is_cancelled_ends(talk, dj_store, monkeypatch):
    pages = SlowPages(dj_store)
    monkeypatch.setattr(dj_store, "pages", pages)
    request = talk.request("compare")
    assert pages.asked.acquire(timeout=20)
    talk.send(kind="cancel", id=request)
    assert talk.answer(request)[0]["error"]["code"] == "cancelled"
    pages.may_come.release()
    assert not talk.ask("enough", of="compare")[0]["ended"]


def test_without_a_database_the_tree_is_as_ever_and_says_so(open_browser, store, monkeypatch):
    monkeypatch.setattr(whole_store, "configured_database", lambda: None)
    store.put("a.txt", b"1")
    talk = open_browser(store)
    assert talk.ask("about")[0]["database"] == ""
    node = talk.entry("a.txt")["id"]
    assert "none is configured" in talk.fail("owners", nodes=[node])["message"]
    assert "none is configured" in talk.fail("compare")["message"]
    assert talk.ask("usage")[0]["whole"]


def test_the_database_is_named_without_its_password(talk, dj_database):
    assert talk.ask("about")[0]["database"] == f"PostgreSQL at {dj_database}"


@pytest.mark.parametrize("method", ["usage", "compare", "owners", "owner_row"])
def test_only_a_store_is_joined_to_a_database(open_browser, files, method):
    params = {"owners": {"nodes": ["n1"]}, "owner_row": {"node": "n1"}}.get(method, {})
    assert "no store" in open_browser(files).fail(method, **params)["message"]


def test_a_page_is_told_no_more_than_it_can_show(talk, dj_store, monkeypatch):
    many = comparison.Comparison((), tuple(f"schema {n}" for n in range(100)), is_whole=True)
    monkeypatch.setattr(whole_store, "compare_store", lambda *_: many)
    assert len(talk.ask("compare")[0]["notes"]) == whole_store.MAX_NOTES
    assert djo.Store is type(dj_store)
