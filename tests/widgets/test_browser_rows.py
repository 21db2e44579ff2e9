"""Rows in the browser: taken home, named in Python and by URL, and bounded in what is remembered of them."""

from __future__ import annotations

import csv
import json
import re
import threading

import datajoint as dj
import pytest

import dj_objectstore as djo
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.widgets.browsing import seen_rows
from dj_objectstore.widgets.browsing.browsable import contents_of
from dj_objectstore.widgets.browsing.seen_rows import SeenRows

WAIT = 20


@pytest.fixture
def scan(dj_schema, dj_store, tmp_path, here):
    del dj_store, here
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"first")

    class Scan(dj.Manual):
        definition = """
        subject : varchar(32)
        scan_id : int32
        ---
        rate : float32
        files = null : <object@main>
        notes = null : <file@main>
        """

    table = dj_schema(Scan)
    table.insert(
        {"subject": "M/1", "scan_id": n, "rate": n / 2, "files": folder, "notes": folder / "a.txt"}
        for n in range(4)
    )
    table.insert({"subject": "M2", "scan_id": n, "rate": n} for n in range(3))
    return table


def ids(talk, **options):
    return [row["id"] for row in talk.ask("rows", **options)[0]["rows"]]


def change_stored(scan, field, stored, *, scan_id):
    scan.connection.query(
        f"UPDATE {scan.full_table_name} SET {field} = %s WHERE scan_id = %s AND subject = 'M/1'",
        (json.dumps(stored), scan_id),
    )


# -- taking home -------------------------------------------------------------------------------------------


def test_the_objects_of_selected_rows_go_to_a_folder_under_names_of_their_keys(open_browser, scan, here):
    talk = open_browser(scan & "scan_id < 10")
    first, _, third, *_ = ids(talk)
    saved, _ = talk.ask("save_rows", rows=[third, first])
    folder = here / "downloads" / scan.full_table_name.replace('"', "")
    assert (saved["path"], saved["objects"], saved["findings"]) == (str(folder), 4, [])
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.txt")} == {
        "M_1_0_files/a.txt",
        "M_1_0_notes.txt",
        "M_1_2_files/a.txt",
        "M_1_2_notes.txt",
    }
    with (folder / "objects.csv").open(encoding="utf-8", newline="") as table:
        assert [row["scan_id"] for row in csv.DictReader(table)] == ["0", "0", "2", "2"]


def test_what_is_there_already_is_not_copied_again(open_browser, scan, here):
    talk = open_browser(scan)
    rows = ids(talk)
    talk.ask("save_rows", rows=rows[:1])
    saved, _ = talk.ask("save_rows", rows=rows[:2])
    assert (saved["objects"], saved["skipped"]) == (4, 2)
    assert sorted(path.name for path in here.glob("downloads/*/*.txt")) == [
        "M_1_0_notes.txt",
        "M_1_1_notes.txt",
    ]


def test_every_row_that_failed_is_named_and_the_others_come(open_browser, scan, here, dj_store):
    talk = open_browser(scan)
    rows = ids(talk)
    refs = {n: (scan & {"subject": "M/1", "scan_id": n}).fetch1("files") for n in range(3)}
    dj_store.put(f"{refs[0].path}/a.txt", b"other", overwrite=True)
    dj_store.delete_tree(refs[1].path)
    change_stored(scan, "files", {"path": "a", "store": "gone", "size": 1}, scan_id=2)
    change_stored(scan, "notes", {"path": "../../etc/passwd", "store": "main"}, scan_id=2)
    change_stored(scan, "notes", {"name": "<b>"}, scan_id=0)
    (scan & {"subject": "M/1", "scan_id": 3}).delete_quick()
    saved, _ = talk.ask("save_rows", rows=rows)
    assert saved["objects"] == 1
    found = {re.search(r"scan_id=(\d)\) (\w+)", each["file"]).groups() for each in saved["findings"]}
    wanted = {("0", "files"), ("1", "files"), ("2", "files"), ("2", "notes"), ("0", "notes"), ("3", "row")}
    assert found == wanted
    assert [path.name for path in here.glob("downloads/*/*.txt")] == ["M_1_1_notes.txt"]


def test_a_store_that_can_not_be_reached_keeps_only_its_own_rows(open_browser, scan, monkeypatch, tmp_path):
    talk = open_browser(scan)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    far = {"protocol": "file", "location": str(elsewhere)}
    monkeypatch.setitem(dj.config.stores, "far", far)
    change_stored(scan, "files", {"path": "a", "store": "far", "size": 1}, scan_id=0)
    rows = ids(talk)
    elsewhere.rmdir()
    saved, _ = talk.ask("save_rows", rows=rows[:2])
    assert (saved["objects"], len(saved["findings"])) == (3, 1)
    assert str(elsewhere) in saved["findings"][0]["message"]


def test_rows_without_objects_are_refused(open_browser, scan):
    talk = open_browser(scan & "subject = 'M2'")
    assert "have no objects" in talk.fail("save_rows", rows=ids(talk))["message"]


def test_a_folder_that_is_no_folder_is_told(open_browser, scan, here):
    (here / "downloads").write_text("mine")
    talk = open_browser(scan)
    assert "can't be written" in talk.fail("save_rows", rows=ids(talk)[:1])["message"]


def test_a_row_that_names_a_whole_store_gives_nothing_of_it(open_browser, scan, here):
    change_stored(scan, "files", {"path": "", "store": "main", "is_dir": True}, scan_id=0)
    talk = open_browser(scan)
    (row,) = ids(talk, limit=1)
    for method in ("list", "preview"):
        assert "whole store" in talk.fail(method, node=f"{row}f0")["message"]
    saved, _ = talk.ask("save_rows", rows=[row])
    assert "whole store" in saved["findings"][0]["message"]
    assert [path.name for path in here.glob("downloads/*/*") if path.suffix != ".csv"] == ["M_1_0_notes.txt"]


@pytest.mark.parametrize("row", ["r99", "n1", "r0f0", "0"])
def test_a_row_that_was_not_shown_is_refused(open_browser, scan, here, row):
    talk = open_browser(scan)
    ids(talk)
    assert talk.fail("save_rows", rows=[row])["code"] == "value-refused"
    assert not (here / "downloads").exists()


def test_what_has_no_rows_says_so(open_browser, files):
    assert "no rows" in open_browser(files).fail("save_rows", rows=["r0"])["message"]


def test_a_download_that_is_stopped_ends_and_leaves_nothing_that_looks_whole(
    open_browser, scan, here, dj_store, wait_until, monkeypatch
):
    talk = open_browser(scan)
    rows = ids(talk)
    begun, told = threading.Event(), threading.Event()
    original = type(dj_store).open

    def slow(store, key):
        begun.set()
        assert told.wait(WAIT)
        return original(store, key)

    monkeypatch.setattr(type(dj_store), "open", slow)
    request = talk.request("save_rows", rows=rows)
    assert begun.wait(WAIT)
    talk.send(kind="cancel", id=request)
    message, _ = talk.answer(request)
    told.set()
    assert message["error"]["code"] == "cancelled"
    wait_until(lambda: not any(thread.name.startswith("download") for thread in threading.enumerate()))
    assert [path.suffix for path in here.glob("downloads/*/*") if path.name != "objects.csv"] != []
    assert not list(here.glob("downloads/*/*.txt"))
    monkeypatch.setattr(type(dj_store), "open", original)
    assert talk.ask("save_rows", rows=rows)[0]["objects"] == 8


# -- where it lies, and the line of Python -----------------------------------------------------------------


def test_the_line_of_a_row_runs_and_gives_its_object(open_browser, scan):
    talk = open_browser(scan & "scan_id = 1")
    cells = talk.ask("rows")[0]["rows"][0]["objects"]
    line = talk.ask("preview", node=talk.entry("a.txt", cells[0]["node"])["id"])[0]["line"]
    with eval(line, {"dj": dj, "djo": djo}) as file:
        assert file.read() == b"first"


def test_rows_that_name_the_same_object_have_each_their_own_line(open_browser, scan):
    shared = (scan & {"subject": "M/1", "scan_id": 0}).fetch1("files").to_json()
    change_stored(scan, "files", shared, scan_id=1)
    talk = open_browser(scan)
    nodes = [row["objects"][0]["node"] for row in talk.ask("rows")[0]["rows"][:2]]
    lines = [talk.ask("preview", node=node)[0]["line"] for node in nodes]
    assert "'scan_id': 0" in lines[0]
    assert "'scan_id': 1" in lines[1]


@pytest.mark.parametrize("dj_store", ["file", "s3"], indirect=True)
def test_the_url_is_that_of_the_store_without_a_secret(open_browser, scan, dj_store):
    talk = open_browser(scan)
    cell = talk.ask("rows")[0]["rows"][0]["objects"][0]
    shown, _ = talk.ask("preview", node=talk.entry("a.txt", cell["node"])["id"])
    path = (scan & {"subject": "M/1", "scan_id": 0}).fetch1("files").path
    assert shown["url"] == dj_store.url(f"{path}/a.txt")
    assert re.match(r"(s3|file)://[^?@]+/a\.txt$", shown["url"])
    for secret in ("secret_key", "access_key", "password"):
        value = getattr(dj_store.spec, secret, None)
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        assert not text or str(text) not in shown["url"]


def test_a_name_that_has_no_url_is_shown_all_the_same(open_browser, store, config):
    store.put("odd/a?versionId=1.txt", b"x")
    talk = open_browser(djo.ObjectRef(StoredObject("odd", "main", None, is_dir=True), config=config))
    assert talk.ask("preview", node=talk.entry("a?versionId=1.txt")["id"])[0]["text"] == "x"


# -- what is remembered -------------------------------------------------------------------------------------


@pytest.fixture
def count(full_size):
    return 200_000 if full_size else 20_000


@pytest.fixture
def long_table(scan, count):
    """Many rows with an object each, which is not there."""
    stored = json.dumps({"path": "_schema/a/files_Ab3dE5gH", "store": "main", "size": 1, "is_dir": True})
    scan.connection.query(
        f"INSERT INTO {scan.full_table_name} (subject, scan_id, rate, files) "
        f"SELECT 'long', n, 0, '{stored}' FROM generate_series(1, {count}) AS n"
    )
    return scan & "subject = 'long'"


def test_paging_through_a_long_table_keeps_what_the_kernel_remembers_bounded(long_table, count, monkeypatch):
    monkeypatch.setattr(seen_rows, "MAX_ROWS", 3_000)
    contents = contents_of(long_table)
    try:
        first = contents.rows(0, 1000)
        for start in range(1000, count, 1000):
            page = contents.rows(start, 1000)
            assert contents.tree.find(page.rows[0]["objects"][0]["node"]).size == 1
            assert len(contents.seen) <= 3_000
        assert page.next is None
        tree = contents.tree
        assert len(tree._nodes) + len(tree._ids) <= 4
        with pytest.raises(djo.ValueRefusedError, match="not known to the kernel any more"):
            tree.find(first.rows[0]["objects"][0]["node"])
        again = contents.rows(0, 1000).rows[0]
        assert again["id"] != first.rows[0]["id"]
        assert tree.find(again["objects"][0]["node"]).is_dir
    finally:
        contents.close()


def test_what_was_opened_in_a_row_is_forgotten_with_it(open_browser, scan, monkeypatch):
    talk = open_browser(scan)
    cell = talk.ask("rows", limit=1)[0]["rows"][0]["objects"][0]
    inner = talk.entry("a.txt", cell["node"])["id"]
    assert talk.ask("preview", node=inner)[0]["text"] == "first"
    monkeypatch.setattr(seen_rows, "MAX_ROWS", 2)
    talk.ask("rows", cursor="4", limit=3)
    assert "not known" in talk.fail("preview", node=inner)["message"]
    assert "not known" in talk.fail("list", node=cell["node"])["message"]
    cell = talk.ask("rows", limit=1)[0]["rows"][0]["objects"][0]
    assert talk.entry("a.txt", cell["node"])["id"] != inner


class _Row:
    def __init__(self, *raw):
        self.raw = raw


def test_the_rows_that_were_shown_last_are_kept_under_the_numbers_that_they_had(monkeypatch):
    monkeypatch.setattr(seen_rows, "MAX_ROWS", 3)
    forgotten = []
    seen = SeenRows(1, forgotten.extend)
    assert seen.add([_Row("a"), _Row("b")]) == [0, 1]
    assert seen.add([_Row("c"), _Row("a")]) == [2, 0]
    assert seen.add([_Row("d")]) == [3]
    assert forgotten == [1]
    assert seen.add([_Row("a"), _Row("b")]) == [0, 4]
    assert forgotten == [1, 2]
    assert len(seen) == 3


def test_rows_without_a_key_are_each_their_own():
    seen = SeenRows(0, lambda _numbers: None)
    assert seen.add([_Row({"a": 1}), _Row({"a": 1})]) == [0, 1]
