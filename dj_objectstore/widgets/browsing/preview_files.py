"""Previews of files by the libraries that read them: the outline of HDF5 and NWB, the first rows of Parquet.

Each reads its metadata in ranges and little else, however large the file is.
"""

from __future__ import annotations

import io
import itertools
import math
from typing import TYPE_CHECKING, Any

from dj_objectstore.exceptions import FormatError, ObjectStoreError
from dj_objectstore.store.files import StoreReader

if TYPE_CHECKING:
    from dj_objectstore.store.store import Store

BLOCK = 65_536
MAX_ITEMS = 300
MAX_READ = 4_000_000
"""Bytes that a preview may read of a file before it gives up; far more than metadata take."""
MAX_ROWS = 100
MAX_COLUMNS = 100
MAX_CELL = 200
MAX_ATTRIBUTE = 65_536
MAX_COLUMN = 4_000_000
"""Bytes of a column's first rows that are turned into texts."""
MAX_UNPACKED = 64_000_000
MAX_RATIO = 200
"""A column that unpacks to more bytes than `MAX_UNPACKED`, so many times what is stored, is no column."""
MAX_VALUES = 4_000_000
MOVIE_AXES = 3
NOT_INSTALLED = "{} shows what is in it: pip install 'dj-objectstore[io]'"


class _Bounded:
    """Reads ranges of a file, as long as a preview may."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self.left = MAX_READ

    def __call__(self, start: int, end: int) -> bytes:
        self.left -= end - start
        if self.left < 0:
            raise FormatError(
                f"what is in the file can't be told from its first {MAX_READ // 1_000_000} MB",
                hint="Open it in Python.",
            )
        return self._store.get(self._key, start, end)


def _open(store: Store, key: str, size: int) -> io.BufferedReader:
    reader: Any = StoreReader(_Bounded(store, key), size, name=key, block=BLOCK)
    return io.BufferedReader(reader)


def outline_hdf5(store: Store, key: str, size: int) -> tuple[dict[str, Any], bool]:
    """Return the groups and datasets of an HDF5 file as a table, and whether one can be scrubbed.

    Raises
    ------
    FormatError
        When it is no HDF5 file, or h5py is not installed.
    """
    try:
        import h5py
    except ImportError as err:
        raise FormatError(NOT_INSTALLED.format("h5py")) from err
    rows: list[tuple[str, ...]] = []
    scrubbable = False

    def look(name: str, node: Any) -> bool | None:
        nonlocal scrubbable
        rows.append(_describe_hdf5(name, node))
        scrubbable |= isinstance(node, h5py.Dataset) and node.ndim >= MOVIE_AXES and node.dtype.kind in "buif"
        return True if len(rows) > MAX_ITEMS else None  # anything but None ends the visit

    try:
        with h5py.File(_open(store, key, size), "r") as file:
            names = itertools.islice(file.attrs, MAX_ITEMS)
            rows += [("/", "attribute", name, _short(_attribute(file, name)), "") for name in names]
            file.visititems(look)
    except ObjectStoreError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as err:
        raise FormatError(f"this is no HDF5 file that can be read ({type(err).__name__})") from err
    return {
        "columns": ("Name", "Type", "Shape", "Chunks", "Compression"),
        "rows": tuple(rows[:MAX_ITEMS]),
        "truncated": len(rows) > MAX_ITEMS,
    }, scrubbable


def read_parquet(store: Store, key: str, size: int) -> dict[str, Any]:
    """Return the first rows of a Parquet file as a table.

    Raises
    ------
    FormatError
        When it is no Parquet file, or pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as err:
        raise FormatError(NOT_INSTALLED.format("pyarrow")) from err
    try:
        with pq.ParquetFile(_open(store, key, size), buffer_size=BLOCK) as file:
            names = file.schema_arrow.names[:MAX_COLUMNS]
            total = file.metadata.num_rows
            if total:
                _check_columns(file.metadata)
            first = file.iter_batches(
                MAX_ROWS, row_groups=[0] if total else [], columns=names, use_threads=False
            )
            batch = next(first, None)
    except ObjectStoreError:
        raise
    except (pa.ArrowException, OSError, ValueError) as err:
        raise FormatError(f"this is no Parquet file that can be read ({type(err).__name__})") from err
    columns = [] if batch is None else [_texts(column) for column in batch.columns]
    return {
        "columns": tuple(names),
        "rows": tuple(zip(*columns, strict=True)),
        "truncated": total > MAX_ROWS,
    }


def _attribute(node: Any, name: str) -> Any:
    """Return an attribute, or its shape and type where it says that it is large."""
    found = node.attrs.get_id(name)
    if math.prod(found.shape or ()) * found.dtype.itemsize <= MAX_ATTRIBUTE:
        return node.attrs[name]
    return f"{' x '.join(map(str, found.shape))} {found.dtype}"


def _check_columns(metadata: Any) -> None:
    """Refuse a Parquet file whose first rows would fill the memory."""
    group = metadata.row_group(0)
    share = min(1.0, MAX_ROWS / max(1, group.num_rows))
    for number in range(group.num_columns):
        column = group.column(number)
        unpacked, stored = column.total_uncompressed_size, column.total_compressed_size
        if (
            unpacked > MAX_UNPACKED and unpacked > MAX_RATIO * stored
        ) or column.num_values * share > MAX_VALUES:
            raise FormatError(
                f"the column {column.path_in_schema!r} would fill the memory: {stored:,} bytes unpack to "
                f"{unpacked:,}, and to {column.num_values:,} values",
                hint="Open it in Python.",
            )


def _texts(column: Any) -> list[str]:
    """Return the values of a column as texts; what they are where they are large."""
    if column.nbytes <= MAX_COLUMN:
        return list(map(_short, column.to_pylist()))
    return [f"({column.type}, too large to be shown)"] * len(column)


def _describe_hdf5(name: str, node: Any) -> tuple[str, ...]:
    kind = _attribute(node, "neurodata_type") if "neurodata_type" in node.attrs else ""
    kind = kind.decode(errors="replace") if isinstance(kind, bytes) else str(kind)
    if not hasattr(node, "dtype"):
        return f"{name}/", kind or "group", "", "", ""
    shape, chunks = (" x ".join(map(str, lengths or ())) for lengths in (node.shape, node.chunks))
    dtype = f"{node.dtype} {kind}".strip()
    return name, dtype, shape or "scalar", chunks, str(node.compression or "")


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
