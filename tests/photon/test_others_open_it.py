"""Readers that know nothing of this package open its files: zarr-python 2 and 3, zarrita, numcodecs alone.

zarr-python 2 and zarrita are installed once, into pytest's cache, from PyPI and npm. Where that fails the
test is skipped, and in CI it is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import zarr

from dj_objectstore.photon import NoiseModel, write_movie
from dj_objectstore.photon.anscombe import stabilize
from measuring.simulation import simulate_movie

READERS = Path(__file__).parent / "readers"
BOUND = 0.25 + 1e-9
ZARR2 = ("zarr==2.18.3", "numcodecs<0.16")
ZARRITA = ("zarrita@0.7.5", "@zarrita/storage@0.2.0")


def one_byte_movie(real_movie):
    return real_movie, {"frames_per_chunk": 20}


def bright_movie(_):
    return simulate_movie((25, 60, 64), photons=40, gain=30, contrast=2.0), {
        "frames_per_chunk": 10,
        "noise": NoiseModel(gain=30.0, variance=10.0),
    }


def two_byte_movie(_):
    movie = np.arange(-3000, 30_000, 3, dtype="int16").reshape(11, 20, 50)
    return movie, {"frames_per_chunk": 4, "noise": NoiseModel(gain=1.5, variance=10.0)}


FILTERS = {one_byte_movie: [], bright_movie: ["delta"], two_byte_movie: ["shuffle"]}


@pytest.fixture(params=[one_byte_movie, bright_movie, two_byte_movie], ids=["u1", "differences", "u2"])
def stored(request, real_movie, tmp_path):
    """Give the folder of a movie, and its stabilised values as they should be."""
    movie, options = request.param(real_movie)
    files = {}
    noise = write_movie(movie, files, **options).noise[0]
    folder = tmp_path / "movie.zarr"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    array = json.loads(files[".zarray"])
    assert [item["id"] for item in array["filters"]] == ["fixedscaleoffset", *FILTERS[request.param]]
    assert array["filters"][0]["astype"] == ("<u2" if request.param is two_byte_movie else "|u1")
    return folder, stabilize(movie, noise)


def skip_or_fail(what, err):
    """CI has a network; elsewhere there may be none."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} could not be installed: {err}")
    pytest.skip(f"NOT TESTED: {what} could not be installed: {err}")


def installed(request, name, commands):
    """Return a folder into which the commands have installed a reader, once."""
    folder = Path(request.config.cache.mkdir(f"reader-{name}"))
    done = folder / "installed"
    if done.exists() and done.read_text() == repr(commands):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for command in commands:
            subprocess.run(
                [part.format(folder=folder) for part in command],
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
                timeout=240,
            )
    except (OSError, subprocess.SubprocessError) as err:
        skip_or_fail(name, getattr(err, "stderr", None) or err)
    done.write_text(repr(commands))
    return folder


def run(command, folder, shape, tmp_path):
    output = tmp_path / "floats"
    result = subprocess.run(
        [*map(str, command), str(folder), str(output)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return np.fromfile(output, "<f8").reshape(shape)


def test_zarr_python_2_opens_it(stored, request, tmp_path):
    folder, expected = stored
    commands = (
        (sys.executable, "-m", "venv", "{folder}/venv"),
        ("{folder}/venv/bin/python", "-m", "pip", "install", "--quiet", *ZARR2),
    )
    venv = installed(request, "zarr2", commands) / "venv"
    found = run([venv / "bin" / "python", READERS / "read_with_zarr2.py"], folder, expected.shape, tmp_path)
    assert np.abs(found - expected).max() <= BOUND


def test_zarr_python_3_opens_it(stored):
    folder, expected = stored
    assert zarr.__version__.startswith("3.")
    assert np.abs(zarr.open(folder, mode="r")[:] - expected).max() <= BOUND


def test_zarrita_opens_it(stored, request, tmp_path):
    folder, expected = stored
    node = shutil.which("node")
    if node is None:
        skip_or_fail("zarrita", "there is no Node.js")
    commands = (
        ("npm", "init", "--yes"),
        ("npm", "install", "--no-audit", "--no-fund", *ZARRITA),
    )
    modules = installed(request, "zarrita", commands)
    # a module finds what lies beside it
    script = shutil.copy(READERS / "read_with_zarrita.mjs", modules)
    found = run([node, script], folder, expected.shape, tmp_path)
    assert np.abs(found - expected).max() <= BOUND


def test_numcodecs_alone_decodes_it(stored):
    folder, expected = stored
    array = json.loads((folder / ".zarray").read_text())
    filters = [numcodecs.get_codec(dict(config)) for config in array["filters"]]
    deep = array["chunks"][0]
    found = []
    for number in range(-(-array["shape"][0] // deep)):
        chunk = numcodecs.get_codec(array["compressor"]).decode((folder / f"{number}.0.0").read_bytes())
        for codec in reversed(filters):
            chunk = codec.decode(chunk)
        found.append(np.asarray(chunk).view(array["dtype"]).reshape(array["chunks"]))
    movie = np.concatenate(found)[: len(expected)]
    assert np.abs(movie - expected).max() <= BOUND
