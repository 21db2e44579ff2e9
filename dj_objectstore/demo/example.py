"""What the demo inserts: a real two-photon movie, and a folder of results made from it.

The folder holds one of each kind that a session's folder often has: notes, settings, a table, an image, an
``.npy`` file, and the projections as a Zarr group, which is the folder itself.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

FRAMES_IN_A_BIN = 5
NOTES = """\
Two-photon movie of the dj-objectstore demo
===========================================

A crop of a real, photon-limited recording: {frames} frames of {height} x {width} pixels, {dtype}.
It comes from the test data of the package anscombe-transform (MIT licence, which lies beside the movie in
the package dj-objectstore). Frame rate, pixel size and gain of the microscope are not recorded there.

In this folder
  settings.json        shape and type of the movie
  traces/frames.csv    mean and standard deviation of each frame, in grey levels
  images/mean.png      mean of all frames, 2nd to 99.5th percentile
  images/mean.npy      the same, float32, in grey levels
  mean, max, std       projections over time: this folder is a Zarr group
  binned               the movie, {bin} frames averaged into one
"""


def load_movie() -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return the demo's movie, int16, axes (time, y, x), in grey levels."""
    with np.load(Path(__file__).parent / "data" / "two_photon.npz") as data:
        movie: np.ndarray[Any, np.dtype[np.int16]] = data["movie"]
    return movie


def write_session_folder(folder: Path, movie: np.ndarray[Any, np.dtype[np.int16]]) -> None:
    """Write the example folder.

    Parameters
    ----------
    folder
        Where to; made, with its parents.
    movie
        Axes (time, y, x).
    """
    frames, height, width = movie.shape
    projections = {name: getattr(movie, name)(axis=0).astype(np.float32) for name in ("mean", "max", "std")}
    write_arrays(folder, {**projections, "binned": bin_frames(movie, FRAMES_IN_A_BIN)})
    (folder / "notes.txt").write_text(
        NOTES.format(frames=frames, height=height, width=width, dtype=movie.dtype, bin=FRAMES_IN_A_BIN),
        encoding="utf-8",
    )
    settings = {
        "frames": frames,
        "height": height,
        "width": width,
        "dtype": str(movie.dtype),
        "unit": "counts",
    }
    (folder / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    write_traces(folder / "traces" / "frames.csv", movie)
    write_images(folder / "images", projections["mean"])


def bin_frames(
    movie: np.ndarray[Any, np.dtype[np.int16]], count: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the means of every `count` frames, axes (time, y, x); frames that are left over are dropped."""
    whole = len(movie) // count * count
    bins = movie[:whole].reshape(-1, count, *movie.shape[1:])
    return np.asarray(bins.mean(axis=1), dtype=np.float32)


def write_arrays(folder: Path, arrays: dict[str, np.ndarray[Any, np.dtype[np.float32]]]) -> None:
    """Make `folder` a Zarr group of arrays ([time,] y, x) that xarray opens as a Dataset."""
    import zarr

    group = zarr.open_group(folder, mode="w", zarr_format=2)
    for name, values in arrays.items():
        dims = ["time", "y", "x"][-values.ndim :]
        array = group.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=(4, 64, 64)[-values.ndim :]
        )
        array[...] = values
        array.attrs.update({"_ARRAY_DIMENSIONS": dims, "units": "counts"})
    zarr.consolidate_metadata(folder, zarr_format=2)


def write_traces(path: Path, movie: np.ndarray[Any, np.dtype[np.int16]]) -> None:
    """Write mean and standard deviation of each frame as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["frame", "mean", "std"])
        for index, frame in enumerate(movie):
            rows.writerow([index, f"{frame.mean():.2f}", f"{frame.std():.2f}"])


def write_images(folder: Path, mean: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Write the mean projection as ``.npy``, and as an 8-bit PNG for the eye."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "mean.npy", mean)
    low, high = np.percentile(mean, (2, 99.5))
    grey = np.clip((mean - low) / max(high - low, 1e-6), 0, 1) * 255
    Image.fromarray(grey.round().astype(np.uint8)).save(folder / "mean.png")
