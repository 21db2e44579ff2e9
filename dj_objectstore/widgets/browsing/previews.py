"""Previews of the nodes of a tree, bounded in what they read, decode and send.

>>> preview(tree.find("n3")).result.type                                    # doctest: +SKIP
'image'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import FormatError, UnsafePathError
from dj_objectstore.widgets.browsing.folder_listing import SMALL
from dj_objectstore.widgets.browsing.pictures import shrink_image
from dj_objectstore.widgets.browsing.preview_arrays import Picture, read_npy, read_zarr_array, read_zarr_group
from dj_objectstore.widgets.browsing.preview_files import outline_hdf5, read_parquet
from dj_objectstore.widgets.browsing.preview_text import (
    HEX_BYTES,
    MAX_TEXT_BYTES,
    Head,
    decode_text,
    dump_hex,
    format_json,
    guess_delimiter,
    language_of,
    parse_table,
)
from dj_objectstore.widgets.messages.answers import Answer
from dj_objectstore.widgets.messages.content import (
    ArrayPreview,
    HexPreview,
    ImagePreview,
    JsonPreview,
    NoPreview,
    TablePreview,
    TextPreview,
    Thumbnail,
)
from dj_objectstore.widgets.movies.stored import ZarrKind, missing, zarr_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dj_objectstore.store.store import Child
    from dj_objectstore.widgets.browsing.tree import Node

MAX_IMAGE_BYTES = 64_000_000
PLANE = 2
IMAGES = {"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"}
JSONS = {"json", "ipynb", "geojson", "zarray", "zattrs", "zgroup", "zmetadata"}
TABLES = {"csv", "tsv"}
HDF5S = {"h5", "hdf5", "nwb"}
TIFFS = {"tif", "tiff", "btf"}


def preview(node: Node) -> Answer:
    """Return what a node looks like.

    Raises
    ------
    ObjectNotFoundError
        When it is gone.
    StoreAccessError
        When the store does not give it.
    """
    if node.at is None:
        return _preview_nothing(node, "Choose one of the objects.")
    if node.is_dir:
        return _preview_folder(node)
    suffix = node.place.name.rpartition(".")[2].lower()
    show = _SHOWN_AS.get(suffix, _preview_text)
    try:
        return show(node, suffix)
    except FormatError as err:
        return _preview_hex(node) if show is _preview_text else _preview_nothing(node, err.message)


# -- folders -----------------------------------------------------------------------------------------------


def _preview_folder(node: Node) -> Answer:
    kind = zarr_kind(node.place)
    if kind == "group":
        table, scrubbable = read_zarr_group(node.place)
        return Answer(TablePreview(**_common(node, kind), **table, scrubbable=scrubbable))
    if kind is not None:
        facts, picture, scrubbable = read_zarr_array(node.place)
        return _array_answer(node, facts, picture, kind=kind, scrubbable=scrubbable)
    pages = node.place.store.child_pages(node.place.key)
    children = next(pages, [])
    if not children and not node.parts and node.place.key:
        raise missing(node.place)
    return _preview_nothing(node, _count(children))


def _count(children: Sequence[Child]) -> str:
    """Say what a folder holds, by its first page."""
    if not children:
        return "This folder is empty."
    if len(children) >= SMALL:
        return f"{SMALL:,} entries or more"
    files = sum(not child.is_dir for child in children)
    return f"{len(children) - files} folders, {files} files"


def _array_answer(
    node: Node,
    facts: dict[str, Any],
    picture: Picture | None,
    *,
    kind: ZarrKind | None = None,
    scrubbable: bool = False,
) -> Answer:
    png, *size = picture or (b"", 0, 0)
    thumbnail = Thumbnail(width=size[0], height=size[1]) if png else None
    result = ArrayPreview(**_common(node, kind), **facts, thumbnail=thumbnail, scrubbable=scrubbable)
    return Answer(result, [png] if png else [])


# -- files -------------------------------------------------------------------------------------------------


def _preview_text(node: Node, suffix: str) -> Answer:
    head = _read_head(node, MAX_TEXT_BYTES)
    text = decode_text(head)
    if text is None:
        return _preview_hex(node)
    common = _common(node)
    return Answer(TextPreview(**common, text=text, truncated=head.truncated, language=language_of(suffix)))


def _preview_json(node: Node, suffix: str) -> Answer:
    head = _read_head(node, MAX_TEXT_BYTES)
    text = decode_text(head)
    if text is None:
        return _preview_text(node, suffix)
    shown, truncated = format_json(text, truncated=head.truncated)
    return Answer(JsonPreview(**_common(node), text=shown, truncated=truncated))


def _preview_table(node: Node, suffix: str) -> Answer:
    head = _read_head(node, MAX_TEXT_BYTES)
    text = decode_text(head)
    delimiter = "\t" if suffix == "tsv" else guess_delimiter(text or "")
    table = parse_table(text, delimiter=delimiter, truncated=head.truncated) if text else None
    return Answer(TablePreview(**_common(node), **table)) if table else _preview_text(node, suffix)


def _preview_image(node: Node, suffix: str) -> Answer:
    is_stack = suffix in TIFFS  # which may hold one page or thousands
    if (node.size or 0) > MAX_IMAGE_BYTES:
        message = f"Images of more than {MAX_IMAGE_BYTES // 1_000_000} MB are not previewed."
        return Answer(NoPreview(**_common(node), message=message, scrubbable=is_stack))
    with node.place.store.open(node.place.key) as file:
        png, width, height = shrink_image(file)
    return Answer(ImagePreview(**_common(node), width=width, height=height, scrubbable=is_stack), [png])


def _preview_npy(node: Node, _suffix: str) -> Answer:
    with node.place.store.open(node.place.key) as file:
        facts, picture = read_npy(file)
    return _array_answer(node, facts | {"stored": node.size}, picture, scrubbable=len(facts["shape"]) > PLANE)


def _preview_hdf5(node: Node, _suffix: str) -> Answer:
    table, scrubbable = outline_hdf5(node.place.store, node.place.key, _size(node))
    return Answer(TablePreview(**_common(node), **table, scrubbable=scrubbable))


def _preview_parquet(node: Node, _suffix: str) -> Answer:
    return Answer(
        TablePreview(**_common(node), **read_parquet(node.place.store, node.place.key, _size(node)))
    )


def _size(node: Node) -> int:
    if node.size is not None:
        return node.size
    return node.place.store.info(node.place.key).size or 0


def _preview_hex(node: Node) -> Answer:
    head = _read_head(node, HEX_BYTES)
    if not head.data:
        return _preview_nothing(node, "This file is empty.")
    return Answer(HexPreview(**_common(node), text=dump_hex(head.data), truncated=head.truncated))


def _preview_nothing(node: Node, message: str) -> Answer:
    return Answer(NoPreview(**_common(node), message=message))


_SHOWN_AS: dict[str, Callable[[Node, str], Answer]] = {
    **dict.fromkeys(IMAGES, _preview_image),
    **dict.fromkeys(JSONS, _preview_json),
    **dict.fromkeys(TABLES, _preview_table),
    **dict.fromkeys(HDF5S, _preview_hdf5),
    **dict.fromkeys(("parquet", "pq"), _preview_parquet),
    "npy": _preview_npy,
}


def _read_head(node: Node, limit: int) -> Head:
    with node.place.store.open(node.place.key) as file:
        data = file.read(limit + 1)
    return Head(data[:limit], len(data) > limit)


# -- the line of Python ------------------------------------------------------------------------------------


def _common(node: Node, kind: ZarrKind | None = None) -> dict[str, Any]:
    return {
        "name": node.name,
        "size": node.size,
        "path": node.subpath,
        "url": _url(node),
        "line": python_line(node, kind) if node.at and node.at.key else "",
        "whole": node.handle is not None and not node.parts,
    }


def _url(node: Node) -> str:
    """Return where a node lies as fsspec names it, without a secret; ``""`` where its name allows none."""
    try:
        return node.place.store.url(node.place.key) if node.at else ""
    except UnsafePathError:
        return ""


def python_line(node: Node, kind: ZarrKind | None = None) -> str:
    """Return the Python that opens a node."""
    if node.handle is None:
        return _line_in_store(node, kind)
    subpath = repr(node.subpath) if node.parts else ""
    suffix = node.place.name.rpartition(".")[2].lower()
    if kind is not None:
        line = "ref.open_zarr({})" if subpath else _ROOT_LINES[kind]
    elif node.is_dir:
        line = "ref.listdir({})"
    else:
        line = _FILE_LINES.get(suffix, "ref.open({})")
    return line.replace("ref", node.ref, 1).replace("{}", subpath)


def _line_in_store(node: Node, kind: ZarrKind | None) -> str:
    """Return the Python that opens what belongs to no row that is at hand."""
    store, key = f"djo.open_store({node.place.store.name!r})", node.place.key
    if kind is not None:
        return f"zarr.open({store}.fsmap({key!r}), mode='r')"
    if node.is_dir:
        return f"list({store}.list({f'{key}/'!r}))"
    line = _FILE_LINES.get(key.rpartition(".")[2].lower(), "ref.open({})")
    return line.replace("ref.read", "ref.get").replace("ref", store, 1).replace("{}", repr(key))


_ROOT_LINES: dict[ZarrKind, str] = {"movie": "ref[0]", "array": "ref.open_zarr()", "group": "ref.open_zarr()"}
_FILE_LINES = {
    **dict.fromkeys(IMAGES, "PIL.Image.open(io.BytesIO(ref.read({})))"),
    **dict.fromkeys(JSONS, "json.loads(ref.read({}))"),
    "csv": "pandas.read_csv(io.BytesIO(ref.read({})))",
    "tsv": "pandas.read_csv(io.BytesIO(ref.read({})), sep='\\t')",
    "npy": "numpy.load(io.BytesIO(ref.read({})))",
}
