"""Previews of the nodes of a tree, bounded in what they read, decode and send.

>>> preview(tree.find("n3")).result.type                                    # doctest: +SKIP
'image'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import FormatError
from dj_objectstore.widgets.answers import Answer
from dj_objectstore.widgets.content import (
    ArrayPreview,
    HexPreview,
    ImagePreview,
    JsonPreview,
    NoPreview,
    TablePreview,
    TextPreview,
    Thumbnail,
)
from dj_objectstore.widgets.pictures import shrink_image
from dj_objectstore.widgets.preview_arrays import Picture, read_npy, read_zarr_array, read_zarr_group
from dj_objectstore.widgets.preview_text import (
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
from dj_objectstore.widgets.stored import ZarrKind, missing, zarr_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_objectstore.widgets.tree import Node

MAX_IMAGE_BYTES = 64_000_000
IMAGES = {"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"}
JSONS = {"json", "ipynb", "geojson", "zarray", "zattrs", "zgroup", "zmetadata"}
TABLES = {"csv", "tsv"}


def preview(node: Node) -> Answer:
    """Return what a node looks like.

    Raises
    ------
    ObjectNotFoundError
        When it is gone.
    StoreAccessError
        When the store does not give it.
    """
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
    children = node.place.store.children(node.place.key)
    if not children and not node.parts:
        raise missing(node.place)
    files = sum(not child.is_dir for child in children)
    message = f"{len(children) - files} folders, {files} files" if children else "This folder is empty."
    return _preview_nothing(node, message)


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


def _preview_image(node: Node, _suffix: str) -> Answer:
    if (node.size or 0) > MAX_IMAGE_BYTES:
        return _preview_nothing(
            node, f"Images of more than {MAX_IMAGE_BYTES // 1_000_000} MB are not previewed."
        )
    with node.place.store.open(node.place.key) as file:
        png, width, height = shrink_image(file)
    return Answer(ImagePreview(**_common(node), width=width, height=height), [png])


def _preview_npy(node: Node, _suffix: str) -> Answer:
    with node.place.store.open(node.place.key) as file:
        facts, picture = read_npy(file)
    return _array_answer(node, facts | {"stored": node.size}, picture)


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
    "npy": _preview_npy,
}


def _read_head(node: Node, limit: int) -> Head:
    with node.place.store.open(node.place.key) as file:
        data = file.read(limit + 1)
    return Head(data[:limit], len(data) > limit)


# -- the line of Python ------------------------------------------------------------------------------------


def _common(node: Node, kind: ZarrKind | None = None) -> dict[str, Any]:
    return {
        "name": node.place.name,
        "size": node.size,
        "path": node.subpath,
        "line": python_line(node, kind),
    }


def python_line(node: Node, kind: ZarrKind | None = None) -> str:
    """Return the Python that opens a node, where `ref` is the handle of the object."""
    subpath = repr(node.subpath) if node.parts else ""
    if kind is not None:
        return f"ref.open_zarr({subpath})" if subpath else _ROOT_LINES[kind]
    if node.is_dir:
        return f"ref.listdir({subpath})"
    suffix = node.place.name.rpartition(".")[2].lower()
    return _FILE_LINES.get(suffix, "ref.open({})").format(subpath)


_ROOT_LINES: dict[ZarrKind, str] = {"movie": "ref[0]", "array": "ref.open_zarr()", "group": "ref.open_zarr()"}
_FILE_LINES = {
    **dict.fromkeys(IMAGES, "PIL.Image.open(io.BytesIO(ref.read({})))"),
    **dict.fromkeys(JSONS, "json.loads(ref.read({}))"),
    "csv": "pandas.read_csv(io.BytesIO(ref.read({})))",
    "tsv": "pandas.read_csv(io.BytesIO(ref.read({})), sep='\\t')",
    "npy": "numpy.load(io.BytesIO(ref.read({})))",
}
