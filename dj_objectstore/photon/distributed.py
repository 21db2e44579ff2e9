"""Write a movie on the workers of a ``dask.distributed`` cluster: each codes and writes chunks by itself.

Only small things travel: what the plan is made from, and for each chunk its tally, its sum and its checksum.
The bytes that are written are those that one process would write. A worker that dies has its chunks written
again by another, whole and under the same names.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import MovieRefusedError
from dj_objectstore.photon.format import DIMS
from dj_objectstore.photon.frames import WALK_BYTES
from dj_objectstore.photon.rules import check_finite, is_array
from dj_objectstore.photon.survey import SegmentSampler, Survey, walk_length
from dj_objectstore.photon.writer import MovieWriter, code_chunk

if TYPE_CHECKING:
    from collections.abc import Generator, MutableMapping

    import dask.array
    from numpy.typing import NDArray

    from dj_objectstore.photon.plan import Plan
    from dj_objectstore.photon.writer import CodedChunk


class ClusterFrames:
    """A movie whose frames are read by a cluster.

    Parameters
    ----------
    client
        A ``dask.distributed.Client``.
    array
        A dask array, or one that dask can slice (zarr, memmap, numpy); workers must be able to reach it.
    """

    def __init__(self, client: Any, array: Any) -> None:
        if not is_array(array):
            raise MovieRefusedError(
                f"a cluster writes an array, got {type(array).__name__}",
                hint="Leave the client out to store an iterator of frames.",
            )
        self.client = client
        self.array: Any = _as_dask(array)
        self.frame_shape: tuple[int, ...] = tuple(map(int, array.shape[1:]))
        self.dtype = np.dtype(array.dtype)
        self.length: int = int(array.shape[0])

    def five(self, dims: tuple[str, ...]) -> Any:
        """Return the array with all five axes."""
        return self.array[tuple(slice(None) if name in dims else None for name in DIMS)]

    def survey(self, dims: tuple[str, ...]) -> Survey:
        """Look at every frame where it is, and fetch the few from which the noise is judged."""
        five = self.five(dims)
        step = walk_length(self.dtype.itemsize, five.shape[1:])
        sampler = SegmentSampler(self.length)
        for start in range(0, self.length, step):
            sampler.add(five[start : start + step])
        segments = sampler.segments(five.shape[1])
        axes = (0, 2, 3, 4)
        lowest, highest, found = self._compute(five.min(axis=axes), five.max(axis=axes), segments)
        check_finite(float(lowest.min()), float(highest.max()))
        return Survey(
            tuple(map(float, lowest)),
            tuple(map(float, highest)),
            tuple(tuple(channel) for channel in found),
        )

    def _compute(self, *lazy: Any) -> tuple[Any, ...]:
        from dask.base import compute

        return tuple(compute(*lazy, scheduler=self.client.get))  # type: ignore[no-untyped-call]


class ClusterWriter(MovieWriter):
    """Writes the chunks of one movie on a cluster, and its description here."""

    def _write_chunks(self, source: Any, threads: int) -> Generator[int]:
        """Hand out the chunks; yield how many frames are done, whichever they are."""
        from dask.distributed import as_completed

        del threads  # as many as the workers have
        planes = math.prod(self._plan.five_shape[1:3])
        futures = source.client.compute(self._tasks(source))
        done = 0
        try:
            for _, (coded, frames, files) in as_completed(futures, with_results=True):  # type: ignore[no-untyped-call]
                self._collect(coded)
                if hasattr(self._sink, "adopt"):
                    self._sink.adopt(files)
                done += frames
                yield done // planes
        finally:
            source.client.cancel(futures)

    def _tasks(self, source: ClusterFrames) -> list[Any]:
        from dask.delayed import delayed

        deep = self._plan.frames_per_chunk
        blocks = source.five(self._plan.dims).rechunk((deep, 1, 1, -1, -1)).to_delayed()
        plan, write = delayed(self._plan), delayed(_write_chunk, pure=False)
        return [
            write(plan, (number, channel, z), blocks[number, channel, z, 0, 0], self._sink)
            for number, channel, z in np.ndindex(blocks.shape[:3])
        ]


def _write_chunk(
    plan: Plan, index: tuple[int, int, int], block: NDArray[np.generic], sink: MutableMapping[str, bytes]
) -> tuple[CodedChunk, int, list[Any]]:
    """Code a chunk (time, 1, 1, y, x) and write it; runs on a worker.

    Returns what the description needs, the number of frames, and what the sink noted of its files.
    """
    frames = np.asarray(block)[:, 0, 0]
    stored, coded = code_chunk(plan, index, frames)
    sink[plan.key(index)] = stored
    name = plan.key(index)
    return coded, len(frames), [file for file in getattr(sink, "written", []) if file.path == name]


def _as_dask(array: Any) -> dask.array.Array:
    import dask.array

    if isinstance(array, dask.array.Array):
        return array
    frames = max(1, WALK_BYTES // (array.dtype.itemsize * math.prod(array.shape[1:])))
    chunks = (frames, *array.shape[1:])
    lazy: dask.array.Array = dask.array.from_array(  # type: ignore[no-untyped-call]
        array,
        chunks=chunks,
        name=False,  # not a digest of all pixels
        meta=np.empty((0,) * len(array.shape), array.dtype),
    )
    return lazy
