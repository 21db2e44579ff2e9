"""Several objects, rows of a query, and what can be done with an object in the browser."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import datajoint as dj
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dj_objectstore.objects.manifest import manifest_key
from dj_objectstore.store.backend import Child
from dj_objectstore.widgets.browsing.browser_actions import MAX_PAGE_BYTES
from dj_objectstore.widgets.browsing.folder_listing import Arrangement, FolderListing

# -- long folders ------------------------------------------------------------------------------------------


def pages_of(count, asked, size=1000):
    for first in range(0, count, size):
        asked.append(first)
        yield [
            Child(f"{n:06d}.txt", is_dir=False, size=n % 7) for n in range(first, min(count, first + size))
        ]


def test_the_first_rows_of_a_long_folder_ask_for_one_page():
    asked = []
    listing = FolderListing(pages_of(1_000_000, asked))
    children, total = listing.page(0, 500)
    assert (len(children), total, asked) == (500, None, [0])


def test_further_rows_ask_for_as_many_pages_as_they_need():
    asked = []
    listing = FolderListing(pages_of(10_000, asked))
    children, total = listing.page(3500, 500)
    assert (children[0].name, total) == ("003500.txt", None)
    assert asked == [0, 1000, 2000, 3000, 4000]
    assert listing.page(9_900, 500)[1] == 10_000


def test_filtering_and_sorting_look_at_the_whole_folder():
    listing = FolderListing(pages_of(5_000, []))
    found, total = listing.arranged(0, 10, arrangement=Arrangement("99", "size", descending=True))
    assert total == sum("99" in f"{n:06d}" for n in range(5_000))
    assert [child.size for child in found] == [6] * 10


def test_sorting_can_be_stopped_and_goes_on_later():
    listing = FolderListing(pages_of(5_000, []))
    _, some = listing.arranged(0, 10, arrangement=Arrangement("0"), progress=lambda count: count < 2_000)
    _, everything = listing.arranged(0, 10, arrangement=Arrangement("0"))
    assert some < everything == 5_000


def test_a_filter_finds_names_in_small_and_capital_letters(open_browser, files):
    talk = open_browser(files)
    listing, _ = talk.ask("list", node="", filter="TABLE")
    assert [found["name"] for found in listing["entries"]] == ["table.csv"]
    names = [found["name"] for found in talk.ask("list", node="", sort="size", descending=True)[0]["entries"]]
    assert names[0] == "blob.bin"


# -- several objects ---------------------------------------------------------------------------------------


def test_several_objects_stand_side_by_side(open_browser, files, movie):
    talk = open_browser([files, movie])
    assert talk.ask("about")[0]["kind"] == "objects"
    listing, _ = talk.ask("list", node="")
    assert [found["kind"] for found in listing["entries"]] == ["folder", "movie"]
    inner = talk.entry("notes.txt", listing["entries"][0]["id"])
    assert talk.ask("preview", node=inner["id"])[0]["line"] == "refs[0].open('notes.txt')"
    target, _ = talk.ask("open", node=listing["entries"][1]["id"])
    assert talk.ask("describe", target=target["target"])[0]["frames"] == 35


# -- rows --------------------------------------------------------------------------------------------------


@pytest.fixture
def scan(dj_schema, dj_store, tmp_path):
    del dj_store
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.txt").write_bytes(b"first")

    class Scan(dj.Manual):
        definition = """
        scan_id : int32
        ---
        rate : float32
        files = null : <object@main>
        """

    table = dj_schema(Scan)
    table.insert(
        {"scan_id": n, "rate": n / 2, "files": tmp_path / "one" if n < 3 else None} for n in range(7)
    )
    return table


def test_a_table_is_shown_as_pages_of_rows(open_browser, scan):
    talk = open_browser(scan)
    about, _ = talk.ask("about")
    assert [(column["name"], column["kind"]) for column in about["columns"]] == [
        ("scan_id", "key"),
        ("rate", "value"),
        ("files", "object"),
    ]
    first, _ = talk.ask("rows", limit=5)
    assert [row["cells"] for row in first["rows"][:2]] == [("0", "0.0"), ("1", "0.5")]
    rest, _ = talk.ask("rows", limit=5, cursor=first["next"])
    assert (len(rest["rows"]), rest["next"]) == (2, None)
    assert rest["rows"][-1]["objects"] == [None]


def test_the_object_of_a_row_is_browsed_beside_it(open_browser, scan):
    talk = open_browser(scan & "scan_id > 0")
    rows, _ = talk.ask("rows")
    cell = rows["rows"][0]["objects"][0]
    inner = talk.entry("a.txt", cell["node"])
    shown, _ = talk.ask("preview", node=inner["id"])
    assert shown["text"] == "first"
    assert shown["line"].endswith("{'scan_id': 1}).fetch1('files').open('a.txt')")
    assert talk.ask("rows")[0]["rows"][0]["objects"][0]["node"] == cell["node"]


def test_rows_are_restricted_as_typed(open_browser, scan):
    talk = open_browser(scan)
    rows, _ = talk.ask("rows", condition="rate >= 2.5")
    assert [row["cells"][0] for row in rows["rows"]] == ["5", "6"]
    assert "there is no column" in talk.fail("rows", condition="speed > 3")["message"]


def test_a_row_whose_store_is_missing_says_so_and_the_others_work(open_browser, scan):
    lost = json.dumps({"path": "a", "store": "gone", "size": 1})
    scan.connection.query(f"UPDATE {scan.full_table_name} SET files = '{lost}' WHERE scan_id = 1")
    rows, _ = open_browser(scan).ask("rows")
    cell = rows["rows"][1]["objects"][0]
    assert "gone" in cell["problem"]
    assert cell["node"] == ""
    assert rows["rows"][2]["objects"][0]["problem"] == ""


@pytest.mark.parametrize("path", ["../../etc/passwd", "", "/etc", "a/../b"])
def test_a_row_whose_path_leads_elsewhere_says_so_and_the_others_work(open_browser, scan, path):
    lost = json.dumps({"path": path, "store": "main", "size": 1})
    scan.connection.query(f"UPDATE {scan.full_table_name} SET files = '{lost}' WHERE scan_id = 1")
    rows, _ = open_browser(scan).ask("rows")
    cells = [row["objects"][0] for row in rows["rows"][:3]]
    assert [cell["node"] == "" for cell in cells] == [False, True, False]
    assert cells[1]["problem"]


# -- actions -----------------------------------------------------------------------------------------------


@pytest.fixture
def written(scan):
    return (scan & {"scan_id": 1}).fetch1("files")


def test_an_object_is_verified_and_what_changed_is_named(open_browser, written):
    talk = open_browser(written)
    result, _ = talk.ask("verify", node="")
    assert (result["ok"], result["files"]) == (True, 1)
    written.opened.put(f"{written.path}/a.txt", b"other", overwrite=True)
    assert talk.ask("verify", node="")[0]["ok"]
    result, _ = talk.ask("verify", node="", read_data=True)
    assert [finding["file"] for finding in result["findings"]] == ["a.txt"]


def test_a_part_of_an_object_has_no_record_of_its_own(open_browser, written):
    talk = open_browser(written)
    assert "whole object" in talk.fail("verify", node=talk.entry("a.txt")["id"])["message"]


def test_the_manifest_is_shown(open_browser, written):
    text = open_browser(written).ask("manifest", node="")[0]["text"]
    assert json.loads(text)["files"][0]["path"] == "a.txt"
    written.opened.delete([manifest_key(written.path)])
    assert open_browser(written).ask("manifest", node="")[0]["text"] == ""


def test_a_file_goes_into_the_page_as_it_is(open_browser, files):
    talk = open_browser(files)
    saved, (data,) = talk.ask("save", nodes=[talk.entry("notes.txt")["id"]], into="page")
    assert (saved["name"], saved["mime"], data) == ("notes.txt", "text/plain", "Größe 3 µm\n".encode())


def test_a_folder_goes_into_the_page_as_an_archive(open_browser, files):
    talk = open_browser(files)
    saved, (data,) = talk.ask("save", nodes=[talk.entry("deep")["id"]], into="page")
    assert saved["name"] == "deep.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "deep/er/a9.txt": b"nine",
            "deep/er/a10.txt": b"ten",
        }


def test_what_is_too_large_for_a_page_says_where_to_put_it(open_browser, files, store):
    store.put(f"{files.path}/large.bin", bytes(MAX_PAGE_BYTES + 1))
    talk = open_browser(files)
    error = talk.fail("save", nodes=[talk.entry("large.bin")["id"]], into="page")
    assert "folder of the kernel" in error["hint"]


def test_files_and_folders_go_to_a_folder_under_free_names(open_browser, files, here):
    talk = open_browser(files)
    node = talk.entry("notes.txt")["id"]
    paths = [talk.ask("save", nodes=[node], into="folder")[0]["path"] for _ in range(2)]
    assert paths == [str(here / "downloads" / name) for name in ("notes.txt", "notes (2).txt")]
    talk.ask("save", nodes=[talk.entry("deep")["id"]], into="folder")
    assert (here / "downloads" / "deep" / "er" / "a9.txt").read_bytes() == b"nine"


def test_what_is_saved_several_times_at_once_is_kept_apart(open_browser, files, here):
    talk = open_browser(files)
    node = talk.entry("deep")["id"]
    requests = [talk.request("save", nodes=[node], into="folder") for _ in range(6)]
    saved = {talk.answer(request)[0]["result"]["path"] for request in requests}
    assert saved == {str(path) for path in (here / "downloads").iterdir()}
    assert len(saved) == 6


def test_a_folder_that_can_not_be_written_says_so(open_browser, files, here):
    (here / "downloads").write_bytes(b"a file in its place")
    talk = open_browser(files)
    error = talk.fail("save", nodes=[talk.entry("notes.txt")["id"]], into="folder")
    assert "can't be written" in error["message"]


@pytest.mark.parametrize(
    "params",
    [
        {"nodes": ["../x"], "into": "folder"},
        {"nodes": ["n1"], "into": "/etc"},
        {"nodes": [], "into": "page"},
        {"nodes": ["n99"], "into": "folder"},
        {"nodes": ["n1"], "into": "folder", "path": "/etc"},
    ],
)
def test_only_known_nodes_go_only_to_known_places(open_browser, files, here, params):
    open_browser(files).fail("save", **params)
    assert not (here / "downloads").exists()


# -- previews of large and structured files ------------------------------------------------------------------


@pytest.fixture
def look(open_browser, files, store):
    """Put a file into the folder, and return its preview."""

    def look(name, data):
        store.put(f"{files.path}/{name}", data, overwrite=True)
        talk = open_browser(files)
        return talk.ask("preview", node=talk.entry(name)["id"])[0]

    return look


def hdf5_bytes(fill):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def test_an_hdf5_file_is_shown_as_its_outline(look):
    def fill(file):
        file.attrs["rig"] = "two"
        file.create_dataset("movie/raw", (10, 6, 8), "i2", chunks=(1, 6, 8), compression="gzip")
        file["movie"].attrs["neurodata_type"] = "TwoPhotonSeries"

    shown = look("session.nwb", hdf5_bytes(fill))
    assert shown["rows"] == [
        ["/", "attribute", "rig", "two", ""],
        ["movie/", "TwoPhotonSeries", "", "", ""],
        ["movie/raw", "int16", "10 x 6 x 8", "1 x 6 x 8", "gzip"],
    ]
    assert shown["scrubbable"]


def test_an_hdf5_file_of_many_things_is_cut(look):
    shown = look("many.h5", hdf5_bytes(lambda file: [file.create_group(f"{n:04d}") for n in range(400)]))
    assert (len(shown["rows"]), shown["truncated"]) == (300, True)


def test_a_parquet_file_shows_its_first_rows(look):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"cell": list(range(500)), "name": [f"c{n}" for n in range(500)]}), buffer)
    shown = look("cells.parquet", buffer.getvalue())
    assert (shown["columns"], shown["rows"][1], shown["truncated"]) == (["cell", "name"], ["1", "c1"], True)
    assert len(shown["rows"]) == 100


@pytest.mark.parametrize("name", ["broken.h5", "broken.nwb", "broken.parquet", "broken.tif", "broken.npy"])
@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\nPAR1 nothing", bytes(5000)])
def test_a_damaged_file_says_so_in_its_place(look, name, data):
    assert look(name, data)["type"] == "none"


class CountingFile(io.FileIO):
    """A file that tells how many bytes were read of it."""

    def __init__(self, path, counts):
        super().__init__(path)
        self.counts = counts

    def readinto(self, buffer):
        self.counts.append(super().readinto(buffer) or 0)
        return self.counts[-1]


LARGE = 64_000_000
FILL = {
    "large.h5": lambda path: path.write_bytes(
        hdf5_bytes(lambda file: file.create_dataset("m", data=np.zeros(LARGE, "u1")))
    ),
    "large.parquet": lambda path: pq.write_table(
        pa.table({"n": np.random.default_rng(1).random(LARGE // 8)}), path, row_group_size=5000
    ),
    "large.npy": lambda path: np.save(path, np.zeros((120, 512, 512), "u2")),
    "large.csv": lambda path: path.write_bytes(b"1,2\n" * (LARGE // 4)),
    "large.json": lambda path: path.write_bytes(b"1,2\n" * (LARGE // 4)),
    "large.bin": lambda path: path.write_bytes(bytes(LARGE)),
}


@pytest.mark.parametrize("name", FILL)
def test_a_preview_reads_little_of_a_large_file(open_browser, files, store, monkeypatch, name):
    folder = Path(store.spec.location)
    FILL[name](folder / files.path / name)
    counts = []
    monkeypatch.setattr(
        store._backend,
        "open",
        lambda key: io.BufferedReader(CountingFile(folder / key, counts), 2**16),
    )
    talk = open_browser(files)
    node = talk.entry(name)["id"]
    counts.clear()
    assert talk.ask("preview", node=node)[0]["type"] != "none"
    assert 0 < sum(counts) <= 1_100_000


# -- names -------------------------------------------------------------------------------------------------


def test_several_of_one_name_are_kept_apart_in_an_archive(open_browser, files):
    talk = open_browser([files, files])
    nodes = [talk.entry("notes.txt", found["id"])["id"] for found in talk.ask("list", node="")[0]["entries"]]
    _, (data,) = talk.ask("save", nodes=nodes, into="page")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["notes.txt", "notes (2).txt"]


def test_a_name_in_a_row_leads_to_no_other_folder(open_browser, scan, here):
    (scan & {"scan_id": 1}).fetch1("files").opened.put("one.txt", b"1")
    hostile = {"path": "one.txt", "store": "main", "size": 1, "is_dir": False, "original_name": "../../x.txt"}
    scan.connection.query(
        f"UPDATE {scan.full_table_name} SET files = '{json.dumps(hostile)}' WHERE scan_id = 1"
    )
    talk = open_browser(scan)
    node = talk.ask("rows")[0]["rows"][1]["objects"][0]["node"]
    saved, _ = talk.ask("save", nodes=[node], into="folder")
    assert Path(saved["path"]).parent == here / "downloads"
    assert talk.ask("save", nodes=[node], into="page")[0]["name"] == ".._.._x.txt"
