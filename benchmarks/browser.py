"""What the browser takes to open something large, against asking for no more than that.

A folder of 100,000 entries on S3: its first rows, from a page's message to the answer, against boto3 asking
for one page of the same listing; and so a store of a million keys in folders. A file of 10 GB of each kind:
bytes read for its preview. A table of 100,000 rows with an object each: its first page, against the bare SQL
on DataJoint's connection, and against DataJoint's own fetch of as many rows.

    python benchmarks/browser.py [--quick] [--turns 15] [--markdown]

Each ratio is the median of turns timed one after the other, with the smallest and largest.
"""

from __future__ import annotations

import argparse
import io
import os
import queue
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"

import datajoint as dj
import numpy as np

import dj_objectstore as djo
from dj_objectstore.objects.row_json import StoredObject
from dj_objectstore.servers import BUCKET, CREDENTIALS
from dj_objectstore.testing import temporary_database, temporary_store
from dj_objectstore.widgets.frames.frames import close_frame_service
from measuring.long_folder import FOLDER, LOCATION, running_long_folder
from measuring.pairs import Ratio, time_pairs
from measuring.table import Row, show_rows

LISTED, QUERIED, READ = 1.5, 2.0, 1_000_000
LARGE = 10_000_000_000
PAGE = 100


class Page:
    """What a browser would be: asks the widget, and waits for the answer."""

    def __init__(self, value: Any) -> None:
        self._widget = djo.browse(value)
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._channel: Any = self._widget._channel
        self._channel._post = lambda message, _buffers: self._answers.put(message)
        self._requests = 0

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._requests += 1
        request = {"kind": "request", "view": "p", "id": self._requests, "method": method, "params": params}
        self._channel.receive(None, request)
        while True:
            message = self._answers.get(timeout=120)
            if message.get("id") == self._requests and message["kind"] == "response":
                assert message["ok"], message
                answer: dict[str, Any] = message["result"]
                return answer

    def close(self) -> None:
        self._widget.close()


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a promise was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20,000 entries and rows, 5 turns")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args(arguments)
    many, turns = (20_000, 5) if options.quick else (100_000, options.turns)
    return show_rows(measure_all(many=many, turns=turns), markdown=options.markdown)


def measure_all(*, many: int, turns: int) -> Iterator[Row]:
    """Yield every row, as it is measured."""
    yield measure_folder(many=many, turns=turns)
    yield measure_tree(many=10 * many, turns=turns)
    yield from measure_previews()
    yield from measure_table(many=many, turns=turns)
    close_frame_service()


def measure_folder(*, many: int, turns: int) -> Row:
    """Time the first rows of a long folder on S3."""
    with running_long_folder(many) as settings:
        config = {"stores": {"main": settings}}
        folder = djo.ObjectRef(StoredObject(FOLDER, "main", None, is_dir=True), config=config)
        ratio = time_first_rows(folder, 500, f"{LOCATION}/{FOLDER}/", settings, turns=turns)
    return _slower(f"first rows of {many:,} entries", "one page by boto3", ratio, LISTED)


def measure_tree(*, many: int, turns: int) -> Row:
    """Time the first rows of a store that holds very many keys, in folders."""
    folders = many // 1000
    with running_long_folder(many, folders=folders) as settings:
        place = f"{LOCATION}/{FOLDER}"
        store = djo.open_store("main", config={"stores": {"main": {**settings, "location": place}}})
        ratio = time_first_rows(store, min(folders, 500), f"{place}/", settings, turns=turns)
    return _slower(f"first rows of a tree of {many:,} keys", "one page by boto3", ratio, LISTED)


def time_first_rows(value: Any, rows: int, prefix: str, settings: dict[str, Any], *, turns: int) -> Ratio:
    """Time the first rows of a folder in the browser against one page of the same listing by boto3."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=f"http://{settings['endpoint']}",
        aws_access_key_id=CREDENTIALS["access_key"],
        aws_secret_access_key=CREDENTIALS["secret_key"],
        region_name="us-east-1",
        config=Config(proxies={}, read_timeout=300),
    )
    asked = {"Bucket": BUCKET, "Prefix": prefix, "Delimiter": "/", "MaxKeys": 1000}
    page = Page(value)
    assert len(page.ask("list", node="", limit=500)["entries"]) == rows
    (ratio,) = time_pairs(
        lambda: page.ask("list", node="", limit=500),
        [lambda: client.list_objects_v2(**asked)],
        turns=turns,
    )
    page.close()
    return ratio


def measure_previews() -> Iterator[Row]:
    """Count the bytes that are read of files of 10 GB, which take no room on a disk: they are holes."""
    with temporary_store() as store:
        folder = Path(store.spec.location) / "large"
        folder.mkdir()
        for make in (make_npy, make_hdf5, make_text):
            make(folder)
        page = Page(store)
        top = next(entry for entry in page.ask("list", node="")["entries"] if entry["name"] == "large")
        for entry in page.ask("list", node=top["id"])["entries"]:
            page.ask("preview", node=entry["id"])  # what is imported for it is read too, but once
            before = bytes_read()
            shown = page.ask("preview", node=entry["id"])
            count = bytes_read() - before
            what = f"10 GB {entry['name'].partition('.')[2]}, as {shown['type']}"
            yield Row(what, "1 MB", f"{count / 1e6:.3f} MB read", "1 MB at most", count <= READ)
        page.close()


def make_npy(folder: Path) -> None:
    header = io.BytesIO()
    shape = (LARGE // (512 * 512 * 2), 512, 512)
    np.lib.format.write_array_header_1_0(header, {"descr": "<u2", "fortran_order": False, "shape": shape})
    make_hole(folder / "a.npy", header.getvalue())


def make_hdf5(folder: Path) -> None:
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("movie", (LARGE // (512 * 512 * 2), 512, 512), "u2")
    make_hole(folder / "a.h5")


def make_text(folder: Path) -> None:
    for name in ("a.csv", "a.json", "a.txt"):
        make_hole(folder / name, b"1,2,3\n" * 100_000)
    make_hole(folder / "a.bin", bytes(range(256)))


def make_hole(path: Path, beginning: bytes = b"") -> None:
    """Write a file of 10 GB that holds little."""
    if beginning:
        path.write_bytes(beginning)
    os.truncate(path, max(LARGE, path.stat().st_size))


def bytes_read() -> int:
    """Return the bytes that this process has read of files and sockets."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def measure_table(*, many: int, turns: int) -> Iterator[Row]:
    """Time the first page of a long table, against its query alone, and against a fetch that decodes."""
    with temporary_database(), temporary_store():

        class Scan(dj.Manual):  # type: ignore[misc]
            definition = """
            scan_id : int32
            ---
            rate : float32
            note : varchar(40)
            files : <object@main>
            """

        table = dj.Schema("bench")(Scan)()
        stored = '{"path": "_schema/bench/Scan/files_Ab3dE5gH", "store": "main", "size": 1, "is_dir": true}'
        table.connection.query(
            f"INSERT INTO {table.full_table_name} "
            f"SELECT n, n / 2.0, 'note ' || n, '{stored}' FROM generate_series(1, {many}) AS n"
        )
        page = Page(table)
        assert len(page.ask("rows", limit=PAGE)["rows"]) == PAGE
        sql = f"SELECT * FROM {table.full_table_name} ORDER BY scan_id LIMIT {PAGE + 1}"
        ratios = time_pairs(
            lambda: page.ask("rows", limit=PAGE),
            [
                lambda: table.connection.query(sql, as_dict=True).fetchall(),
                lambda: table.to_dicts(order_by="KEY", limit=PAGE),
            ],
            turns=turns * 3,
        )
        page.close()
    peers = ("its bare SQL, rows as dicts", "DataJoint's fetch of them")
    for peer, ratio in zip(peers, ratios, strict=True):
        yield _slower(f"first page of {many:,} rows", peer, ratio, QUERIED)


def _slower(what: str, against: str, ratio: Ratio, most: float) -> Row:
    low, high = (1 / turn for turn in reversed(ratio.spread))
    milliseconds = 1000 * sorted(ratio.ours)[len(ratio.ours) // 2]
    more = f" ({low:.3g} to {high:.3g}), {milliseconds:.1f} ms"
    return Row.at_most(what, against, 1 / ratio.middle, most, more=more)


if __name__ == "__main__":
    sys.exit(main())
