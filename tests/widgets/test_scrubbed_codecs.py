"""A movie is shown in place whichever codec keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np
import pytest
import tifffile

import dj_objectstore as djo
from dj_objectstore.widgets.movies.codes import decode_block
from dj_objectstore.widgets.movies.opening import Known, open_movie

if TYPE_CHECKING:
    from pathlib import Path

MOVIE = np.random.default_rng(8).integers(0, 4000, (9, 12, 10)).astype("u2")
DEFINITION = """
i : int32
---
trace = null : <npy@main>
raw = null : <filepath@main>
paper = null : <attach@main>
named = null : <file@main>
files = null : <object@main>
"""


def test_every_codec_gives_a_movie(
    dj_schema: Any, dj_store: djo.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dj.config, "download_path", str(tmp_path / "downloads"))
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, MOVIE)
    dj_store.put("raw/scan.tif", path.read_bytes())
    scan = dj_schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
    row = {"trace": MOVIE, "raw": "raw/scan.tif", "paper": str(path), "named": str(path), "files": str(path)}
    scan.insert1({"i": 1, **row})
    fetched = scan.fetch1()
    for name in row:
        source = open_movie(fetched[name], Known()).open()
        blocks = [source.read_block(block) for block in range(source.blocks)]
        values = decode_block(np.concatenate(blocks), source.code, source.table)
        np.testing.assert_array_equal(values, MOVIE, err_msg=name)
    assert not fetched["trace"].is_loaded
