"""What a preview shows of a node: one frozen model for each kind."""

from __future__ import annotations

from typing import Literal

from dj_objectstore.widgets.messages.answers import Result


class Preview(Result):
    """Common to all previews: `line` is the Python that opens the node.

    `path` is its path in the object, `url` where it lies, as fsspec names it.
    """

    name: str
    size: int | None
    path: str
    url: str = ""
    line: str
    scrubbable: bool = False
    whole: bool = False


class TextPreview(Preview):
    """The beginning of a text."""

    type: Literal["text"] = "text"
    text: str
    truncated: bool
    language: str = ""


class JsonPreview(Preview):
    """A JSON document, indented; the beginning as it is when it is long or broken."""

    type: Literal["json"] = "json"
    text: str
    truncated: bool


class ImagePreview(Preview):
    """A picture; the buffer holds a PNG, at most 1024 pixels wide or high."""

    type: Literal["image"] = "image"
    mime: Literal["image/png"] = "image/png"
    width: int
    height: int


class Thumbnail(Result):
    """Size of the PNG in the buffer."""

    width: int
    height: int


class ArrayPreview(Preview):
    """An array; bytes `stored` (None: not counted) and `raw`; the buffer holds its thumbnail, if any."""

    type: Literal["array"] = "array"
    shape: tuple[int, ...]
    dtype: str
    chunks: tuple[int, ...]
    codecs: str
    stored: int | None
    raw: int
    attrs_text: str
    thumbnail: Thumbnail | None = None


class TablePreview(Preview):
    """The first rows of a table, or the arrays of a group."""

    type: Literal["table"] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    truncated: bool


class HexPreview(Preview):
    """The first bytes of a file that is nothing else."""

    type: Literal["hex"] = "hex"
    text: str
    truncated: bool


class NoPreview(Preview):
    """Why there is nothing to show."""

    type: Literal["none"] = "none"
    message: str
