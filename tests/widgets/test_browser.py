from __future__ import annotations

import csv
import io
import json
import shutil
import tracemalloc
from typing import TYPE_CHECKING, Any

import datajoint.objectref
import numpy as np
import pandas as pd
import PIL.Image
import pytest
import zarr
from PIL import Image

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.objects.ref import ObjectRef
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.widgets.browser import browse
from dj_objectstore.widgets.browsing.preview_text import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from dj_objectstore.objects.movie import PhotonMovie
    from dj_objectstore.store.store import Store


@pytest.fixture
def talk(open_browser: Any, files: ObjectRef) -> Any:
    return open_browser(files)


def find(talk: Any, path: str) -> str:
    node = ""
    for name in path.split("/") if path else ():
        listing, _ = talk.ask("list", node=node, limit=1000)
        node = next(entry["id"] for entry in listing["entries"] if entry["name"] == name)
    return node


def look(talk: Any, path: str) -> tuple[dict[str, Any], list[bytes]]:
    return talk.ask("preview", node=find(talk, path))


# -- the tree ----------------------------------------------------------------------------------------------


def test_a_folder_lists_folders_first_then_names_with_numbers_by_value(talk: Any) -> None:
    listing, _ = talk.ask("list", node="")
    kinds = [(entry["name"], entry["kind"]) for entry in listing["entries"]]
    assert kinds[:2] == [("deep", "folder"), ("results.zarr", "group")]
    assert {kind for _, kind in kinds[2:]} == {"file"}
    listing, _ = talk.ask("list", node=find(talk, "deep/er"))
    assert [entry["name"] for entry in listing["entries"]] == ["a9.txt", "a10.txt"]
    assert [entry["size"] for entry in listing["entries"]] == [4, 3]


def test_a_movie_and_the_arrays_of_a_group_are_told_from_folders(
    talk: Any, store: Store, files: ObjectRef, movie: PhotonMovie
) -> None:
    for entry in list(store.list(f"{movie.path}/")):
        store.put(f"{files.path}/movie.zarr/{entry.key.removeprefix(movie.path + '/')}", store.get(entry.key))
    kinds = {entry["name"]: entry["kind"] for entry in talk.ask("list", node="")[0]["entries"]}
    assert kinds["movie.zarr"] == "movie"
    inner, _ = talk.ask("list", node=find(talk, "results.zarr"))
    kinds = {entry["name"]: entry["kind"] for entry in inner["entries"]}
    assert (kinds["mean"], kinds["traces"]) == ("array", "group")


def test_pages_of_a_long_folder_join_to_the_whole_even_while_it_grows(
    talk: Any, store: Store, files: ObjectRef
) -> None:
    for n in range(25):
        store.put(f"{files.path}/many/{n}.txt", b"")
    node, names, cursor = find(talk, "many"), [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        listing, _ = talk.ask("list", node=node, limit=10, **more)
        names += [entry["name"] for entry in listing["entries"]]
        store.put(f"{files.path}/many/0{len(names)}.txt", b"")
        if (cursor := listing["next"]) is None:
            break
    assert names == [f"{n}.txt" for n in range(25)]
    assert talk.ask("list", node=node)[0]["total"] == 28


def test_a_node_keeps_its_id(talk: Any) -> None:
    assert find(talk, "deep/er/a9.txt") == find(talk, "deep/er/a9.txt")


@pytest.mark.parametrize("node", ["../x", "/etc/passwd", "lab", "n9999", "a b"])
def test_only_ids_of_the_kernel_name_anything(talk: Any, node: str) -> None:
    for method in ("list", "preview", "open"):
        assert talk.fail(method, node=node)["code"] in ("protocol", "value-refused")


def test_an_object_that_is_gone_says_so_in_its_place(talk: Any, files: ObjectRef, store: Store) -> None:
    store.delete_tree(files.path)
    for method in ("list", "preview"):
        error = talk.fail(method, node="")
        assert error["code"] == "object-not-found"
        assert "files_Zz9yX8wV" in error["message"]


def test_a_store_that_is_not_configured_says_so_in_its_place(open_browser: Any, files: ObjectRef) -> None:
    lost = ObjectRef(StoredObject(files.path, "elsewhere", 1, is_dir=True), config={"stores": {}})
    error = open_browser(lost).fail("list", node="")
    assert error["code"] == "store-not-configured"
    assert "elsewhere" in error["message"]


def test_what_is_no_object_can_not_be_browsed() -> None:
    with pytest.raises(ValueRefusedError, match="stored object"):
        browse("a/path")  # type: ignore[arg-type]


# -- previews ----------------------------------------------------------------------------------------------


def test_texts_are_shown_as_text_and_never_as_markup(talk: Any) -> None:
    result, _ = look(talk, "notes.txt")
    assert (result["type"], result["text"], result["truncated"]) == ("text", "Größe 3 µm\n", False)
    result, _ = look(talk, "page.html")
    assert (result["type"], result["text"]) == ("text", "<script>alert(1)</script>")


def test_a_long_text_is_cut(talk: Any, store: Store, files: ObjectRef) -> None:
    store.put(f"{files.path}/long.txt", "µ".encode() * MAX_TEXT_BYTES)
    result, _ = look(talk, "long.txt")
    assert result["truncated"]
    assert result["text"] == "µ" * (MAX_TEXT_BYTES // 2)


def test_json_is_indented_and_broken_json_shown_as_it_is(talk: Any, store: Store, files: ObjectRef) -> None:
    result, _ = look(talk, "settings.json")
    assert result["text"] == '{\n  "rate": 30,\n  "names": [\n    "a"\n  ]\n}'
    store.put(f"{files.path}/broken.json", b'{"a": ')
    assert look(talk, "broken.json")[0]["text"] == '{"a": '
    store.put(f"{files.path}/deep.json", b"[" * 100_000)
    assert look(talk, "deep.json")[0]["type"] == "json"


def test_a_table_shows_its_first_rows(talk: Any, store: Store, files: ObjectRef) -> None:
    result, _ = look(talk, "table.csv")
    assert (result["columns"], result["rows"]) == (["cell", "mean"], [["1", "2.5"], ["2", "3.5"]])
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([["a", "b,c"], *([n, 'x"y'] for n in range(300))])
    store.put(f"{files.path}/long.csv", text.getvalue().encode())
    result, _ = look(talk, "long.csv")
    assert result["columns"] == ["a", "b,c"]
    assert len(result["rows"]) == 200
    assert result["rows"][0] == ["0", 'x"y']
    assert result["truncated"]


def test_a_picture_is_sent_as_a_small_png(talk: Any, store: Store, files: ObjectRef) -> None:
    buffer = io.BytesIO()
    Image.new("L", (3000, 1500), 90).save(buffer, "JPEG")
    store.put(f"{files.path}/large.jpg", buffer.getvalue())
    result, (png,) = look(talk, "large.jpg")
    assert (result["type"], result["mime"], result["width"], result["height"]) == (
        "image",
        "image/png",
        1024,
        512,
    )
    assert Image.open(io.BytesIO(png)).format == "PNG"


def test_a_16_bit_picture_is_shown_in_its_range(talk: Any, store: Store, files: ObjectRef) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.linspace(1000, 1200, 64 * 64).reshape(64, 64).astype("u2")).save(buffer, "TIFF")
    store.put(f"{files.path}/plane.tif", buffer.getvalue())
    _, (png,) = look(talk, "plane.tif")
    shown = np.asarray(Image.open(io.BytesIO(png)))
    assert (shown.min(), shown.max()) == (0, 255)


def test_a_picture_that_would_fill_the_memory_is_not_decoded(
    talk: Any, store: Store, files: ObjectRef
) -> None:
    for name, side in (("big", 9000), ("bomb", 30_000)):
        buffer = io.BytesIO()
        Image.new("1", (side, side)).save(buffer, "PNG")
        store.put(f"{files.path}/{name}.png", buffer.getvalue())
    tracemalloc.start()
    for name in ("big", "bomb"):
        result, buffers = look(talk, f"{name}.png")
        assert (result["type"], buffers) == ("none", [])
        assert "64,000,000 pixels" in result["message"]
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["cut.png", "liar.tif", "short.npy", "liar.npy"])
def test_damaged_files_say_so(talk: Any, store: Store, files: ObjectRef, name: str) -> None:
    good = store.get(f"{files.path}/picture.png")
    broken = {
        "cut.png": good[:45],
        "liar.tif": b"hello",
        "short.npy": store.get(f"{files.path}/mask.npy")[:-20],
        "liar.npy": b"hello",
    }
    store.put(f"{files.path}/{name}", broken[name])
    result, _ = look(talk, name)
    assert result["type"] == "none"
    assert result["message"]


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_npy_file_shows_its_header_and_its_middle_frame(
    talk: Any, store: Store, files: ObjectRef, order: str
) -> None:
    values = np.zeros((3, 6, 8), "f4", order=order)
    values[1, :, 4:] = 7
    buffer = io.BytesIO()
    np.save(buffer, values)
    store.put(f"{files.path}/stack.npy", buffer.getvalue())
    result, (png,) = look(talk, "stack.npy")
    assert (result["shape"], result["dtype"], result["raw"]) == ([3, 6, 8], "float32", 3 * 6 * 8 * 4)
    shown = np.asarray(Image.open(io.BytesIO(png)))
    np.testing.assert_array_equal(shown, np.where(values[1] > 0, 255, 0))


def test_pickled_objects_are_never_loaded(talk: Any, store: Store, files: ObjectRef) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("unpickled",)

    buffer = io.BytesIO()
    np.save(buffer, np.array([[Trap()] * 8] * 8, dtype=object), allow_pickle=True)
    store.put(f"{files.path}/trap.npy", buffer.getvalue())
    result, buffers = look(talk, "trap.npy")
    assert "never loaded" in result["attrs_text"]
    assert buffers == []


def test_anything_else_is_a_hex_dump(talk: Any) -> None:
    result, _ = look(talk, "blob.bin")
    assert result["type"] == "hex"
    assert result["text"].splitlines()[4] == (
        "00000040  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO"
    )
    assert result["truncated"]


def test_an_empty_file_says_so(talk: Any) -> None:
    assert look(talk, "empty.dat")[0]["text"] == ""


@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_array_shows_its_layout_and_middle_frame(
    talk: Any, store: Store, files: ObjectRef, version: Any
) -> None:
    values = np.zeros((9, 6, 8), "i2")
    values[4, :, 4:] = -5
    target = store.fsmap(f"{files.path}/stack.zarr", writable=True)
    array = zarr.create_array(
        target, shape=values.shape, dtype="i2", chunks=(4, 6, 8), zarr_format=version, fill_value=0
    )
    array[...] = values
    array.attrs["rate"] = 15
    result, (png,) = look(talk, "stack.zarr")
    assert (result["shape"], result["chunks"], result["dtype"]) == ([9, 6, 8], [4, 6, 8], "int16")
    assert "zstd" in result["codecs"]
    assert json.loads(result["attrs_text"]) == {"rate": 15}
    assert result["scrubbable"]
    shown = np.asarray(Image.open(io.BytesIO(png)))
    np.testing.assert_array_equal(shown, np.where(values[4] < 0, 0, 255))


def test_a_zarr_group_shows_its_arrays(talk: Any) -> None:
    result, _ = look(talk, "results.zarr")
    rows = {row[0]: row[1:] for row in result["rows"]}
    assert rows["traces/frames"][:3] == ["int16", "10 x 6 x 8", "4 x 6 x 8"]
    assert result["scrubbable"]


def test_zarr_metadata_that_can_not_be_read_say_so(talk: Any, store: Store, files: ObjectRef) -> None:
    store.put(f"{files.path}/bad.zarr/.zarray", b"{")
    assert talk.fail("preview", node=find(talk, "bad.zarr"))["code"] == "format"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "deep/er",
        "notes.txt",
        "settings.json",
        "table.csv",
        "picture.png",
        "mask.npy",
        "results.zarr/mean",
    ],
)
def test_the_line_of_python_opens_what_is_shown(talk: Any, files: ObjectRef, path: str) -> None:
    result, _ = look(talk, path)
    names = {"ref": files, "io": io, "json": json, "numpy": np, "pandas": pd, "PIL": PIL, "zarr": zarr}
    opened = eval(result["line"], names)
    assert opened is not None
    if hasattr(opened, "close"):
        opened.close()


def test_a_single_file_is_previewed_at_the_root(
    open_browser: Any, store: Store, config: dict[str, Any]
) -> None:
    store.put("lab/Scan/scan=1/table_aaaaaaaa.csv", b"a,b\n1,2\n")
    stored = StoredObject("lab/Scan/scan=1/table_aaaaaaaa.csv", "main", 8, is_dir=False, ext=".csv")
    talk = open_browser(ObjectRef(stored, config=config))
    result, _ = talk.ask("preview", node="")
    assert (result["columns"], result["line"]) == (["a", "b"], "pandas.read_csv(io.BytesIO(ref.read()))")


# -- movies inside the tree --------------------------------------------------------------------------------


def test_a_movie_in_the_tree_opens_as_a_target(talk: Any) -> None:
    result, _ = talk.ask("open", node=find(talk, "results.zarr/traces/frames"))
    facts, _ = talk.ask("describe", target=result["target"])
    assert (facts["frames"], facts["height"], facts["width"]) == (10, 6, 8)
    frame, (codes,) = talk.ask("frame", target=result["target"], index=7)
    shown = np.frombuffer(codes, frame["dtype"]).reshape(frame["shape"]).astype("i4") - 32768
    np.testing.assert_array_equal(shown, np.arange(7 * 48, 8 * 48).reshape(6, 8))


def test_a_movie_in_the_tree_is_projected_and_measured(talk: Any) -> None:
    target = talk.ask("open", node=find(talk, "results.zarr/traces/frames"))[0]["target"]
    movie = np.arange(480).reshape(10, 6, 8)
    assert talk.ask("describe", target=target)[0]["projections"]
    _, (mean,) = talk.ask("project", target=target, kind="mean")
    np.testing.assert_allclose(np.frombuffer(mean, "<f4").reshape(6, 8), movie.mean(axis=0))
    roi = {"kind": "rectangle", "points": [[0, 0], [2, 3]]}
    _, (trace,) = talk.ask("trace", target=target, roi=roi)
    np.testing.assert_allclose(np.frombuffer(trace, "<f4"), movie[:, :2, :3].mean(axis=(1, 2)))


def test_a_node_that_is_opened_twice_is_one_target(talk: Any) -> None:
    node = find(talk, "results.zarr")
    assert talk.ask("open", node=node)[0] == talk.ask("open", node=node)[0]


def test_a_handle_that_plain_datajoint_fetched_is_browsed_too(files: ObjectRef) -> None:
    plain = datajoint.objectref.ObjectRef.from_json(files.to_json())
    browser = browse(plain)
    assert repr(browser) == "Browser('files_Zz9yX8wV')"
    browser.close()


def test_opening_a_group_shows_its_first_array_with_frames(talk: Any) -> None:
    result, _ = talk.ask("open", node=find(talk, "results.zarr"))
    assert talk.ask("describe", target=result["target"])[0]["title"] == "results.zarr"


def test_a_file_does_not_open_as_a_movie(talk: Any) -> None:
    assert talk.fail("open", node=find(talk, "notes.txt"))["code"] == "value-refused"


def test_a_photon_movie_is_browsed_as_what_it_is(open_browser: Any, movie: PhotonMovie) -> None:
    talk = open_browser(movie)
    result, (png,) = talk.ask("preview", node="")
    assert (result["shape"], result["scrubbable"], result["line"]) == ([35, 24, 16], True, "ref[0]")
    assert Image.open(io.BytesIO(png)).size == (16, 24)
    target = talk.ask("open", node="")[0]["target"]
    assert talk.ask("describe", target=target)[0]["mode"] == "compact"


def test_a_store_that_vanished_is_told_and_the_widget_stays_usable(
    talk: Any, config: dict[str, Any], tmp_path: Path
) -> None:
    del config
    shutil.move(tmp_path / "store", tmp_path / "away")
    assert talk.fail("list", node="")["code"] in ("store-unavailable", "object-not-found")
    shutil.move(tmp_path / "away", tmp_path / "store")
    assert talk.ask("list", node="")[0]["total"] > 0
