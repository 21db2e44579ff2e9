"""How much memory it takes to store a movie of any length; run as a process of its own.

``python benchmarks/measuring/memory.py 2000`` stores 2000 MB and prints the megabytes above the start.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from dj_objectstore.photon import write_movie
from measuring.folder import FolderFiles
from measuring.process import resident
from measuring.simulation import simulate_movie


class Endless:
    """A long array that exists only where it is looked at: a short one, over and over."""

    def __init__(self, part: np.ndarray, length: int) -> None:
        self._part = part
        self.shape = (length, *part.shape[1:])
        self.dtype = part.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: slice) -> np.ndarray:
        return self._part[np.arange(*key.indices(len(self))) % len(self._part)]


def main() -> None:
    part = simulate_movie((16, 512, 512), photons=5, gain=85)
    length = int(sys.argv[1]) * 1_000_000 // part[0].nbytes
    # once, for what is loaded and compiled only then
    write_movie(part, {}, threads=1)
    before = resident("VmRSS")
    with tempfile.TemporaryDirectory() as folder:
        write_movie(Endless(part, length), FolderFiles(Path(folder)))
    print(resident("VmHWM") - before)


if __name__ == "__main__":
    main()
