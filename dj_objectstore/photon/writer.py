"""Write a movie: frames in, chunks and their description out, in memory of a few chunks.

>>> import numpy as np
>>> sink = {}
>>> write_movie(np.zeros((3, 8, 8), "u2"), sink, mode="lossless").shape
(3, 8, 8)
>>> sorted(sink)
['.zarray', '.zattrs', '0.0.0']
"""

from __future__ import annotations

import os
import warnings
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.photon.chunks import checksum
from dj_objectstore.photon.coders import CodeTally, CompactCoder
from dj_objectstore.photon.frames import ArrayFrames, StreamFrames, read_ahead
from dj_objectstore.photon.plan import Plan, plan_movie
from dj_objectstore.photon.rules import (
    check_array,
    check_channels,
    check_dims,
    check_iterable,
    check_length,
    check_options,
    check_scale,
    is_array,
)
from dj_objectstore.photon.thumbnail import FrameSampler, make_thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, MutableMapping, Sequence

    from numpy.typing import NDArray

    from dj_objectstore.photon.detector import NoiseModel
    from dj_objectstore.photon.format import Mode, MovieAttributes

    Block = NDArray[np.generic]


@dataclass(frozen=True, kw_only=True)
class MovieSummary:
    """What was written.

    Parameters
    ----------
    shape, dims, dtype
        Of the movie; ``dtype`` is that of the counts.
    mode
        How it was stored, which may be ``"lossless"`` where ``"compact"`` was asked for.
    noise
        One model per channel, a single one for a movie without channels.
    chunks
        Sizes of a chunk, one per axis.
    files
        Bytes of each key.
    thumbnail
        A PNG of at most 32 kB: the mean image and four frames.
    mean_image
        Mean over time in counts, shape ([channel, ][z, ]y, x), float32.
    """

    shape: tuple[int, ...]
    dims: tuple[str, ...]
    dtype: np.dtype[np.generic]
    mode: Mode
    noise: tuple[NoiseModel, ...]
    chunks: tuple[int, ...]
    files: dict[str, int]
    thumbnail: bytes = field(repr=False)
    mean_image: NDArray[np.float32] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def write_movie(
    frames: Any,
    sink: MutableMapping[str, bytes],
    *,
    dims: Sequence[str] | None = None,
    noise: NoiseModel | Sequence[NoiseModel] | None = None,
    step: float = 0.5,
    mode: str = "compact",
    frames_per_chunk: int | None = None,
    frame_rate: float | None = None,
    times: Sequence[float] | NDArray[np.floating[Any]] | None = None,
    pixel_size: Sequence[float] | None = None,
    progress: Callable[[int, int], None] | None = None,
    threads: int | None = None,
) -> MovieSummary:
    """Store a movie of photon counts.

    Parameters
    ----------
    frames
        Array (time[, channel][, z], y, x) of integers or floats: numpy, memmap, zarr, dask, or whatever has a
        shape, a dtype and slices; or an iterator of frames or of blocks of frames.
    sink
        Takes the files by key, from several threads.
    dims
        Names of the axes; needed where there are four.
    noise
        The detector's noise, for all channels or one per channel. Left out, it is estimated from the movie.
    step
        Width of a code in standard deviations of the noise. 0.5 adds 2 % to the variance.
    mode
        ``"compact"``, ``"lossless"`` or ``"reference"`` (64-bit floats, the format's first version).
    frames_per_chunk
        Frames that are read together. Left out, a chunk holds about 2.5 MB of codes.
    frame_rate, times
        Frames a second, or the seconds of each frame; one of the two.
    pixel_size
        Micrometres (y, x).
    progress
        Called with (frames written, frames in all; 0 while that is unknown).
    threads
        Chunks that are coded and written at once.

    Returns
    -------
    MovieSummary

    Raises
    ------
    MovieRefusedError
        For what is not a movie; before the first key is written, except for frames that an iterator
        brings later.

    Warns
    -----
    NoiseNotTrustedWarning
        Once, where the movie is stored losslessly because its noise is not known well enough.
    """
    check_options(step=step, mode=mode, frames_per_chunk=frames_per_chunk, noise=noise)
    check_scale(frame_rate=frame_rate, times=times, pixel_size=pixel_size)
    source, names = _open_frames(frames, dims)
    shape = (source.length or 0, *source.frame_shape)
    check_channels(noise, names, shape)
    if source.length is not None:
        check_length(times, source.length)
    plan = plan_movie(source, names, noise=noise, step=step, mode=mode, frames_per_chunk=frames_per_chunk)
    if plan.warning is not None:
        warnings.warn(plan.warning, stacklevel=2)
    attributes = replace(
        plan.attributes,
        frame_rate=None if frame_rate is None else float(frame_rate),
        times=None if times is None else tuple(map(float, times)),
        pixel_size=None if pixel_size is None else (float(pixel_size[0]), float(pixel_size[1])),
    )
    return _Writer(sink, plan, attributes).write(source, progress=progress, threads=threads)


def _open_frames(
    frames: Any, dims: Sequence[str] | None
) -> tuple[ArrayFrames | StreamFrames, tuple[str, ...]]:
    if is_array(frames):
        names = check_array(frames, dims=dims)
        return ArrayFrames(frames), names
    check_iterable(frames)
    if dims is not None:
        check_dims(dims, len(dims))
    source = read_ahead(frames, n_axes=None if dims is None else len(dims))
    return source, check_dims(dims, 1 + len(source.frame_shape))


@dataclass(frozen=True)
class _Coded:
    """What a worker hands back of one chunk."""

    index: tuple[int, int, int]
    size: int
    checksum: int
    tally: CodeTally | None
    total: NDArray[np.float64]


class _Writer:
    """Writes one movie; the order of its files tells a reader whether it was finished."""

    def __init__(self, sink: MutableMapping[str, bytes], plan: Plan, attributes: MovieAttributes) -> None:
        self._sink = sink
        self._plan = plan
        self._attributes = attributes
        self._files: dict[str, int] = {}
        self._checksums: dict[tuple[int, ...], int] = {}
        self._tallies: dict[int, CodeTally] = {}
        self._totals: dict[tuple[int, int], NDArray[np.float64]] = {}
        self._sampler = FrameSampler()

    def write(
        self,
        source: ArrayFrames | StreamFrames,
        *,
        progress: Callable[[int, int], None] | None,
        threads: int | None,
    ) -> MovieSummary:
        """Write ``.zattrs`` that says incomplete, the chunks, and then what they hold."""
        self._put_description(source.length or 0, complete=False)
        done = 0
        # closed at once when `progress` raises: no worker writes on after the error has left
        with closing(self._write_chunks(source, threads or default_threads())) as finished:
            for done in finished:
                if progress is not None:
                    progress(done, source.length or 0)
        check_length(self._attributes.times, done)
        self._put_description(done, complete=True)
        return self._summarize(done, source.dtype)

    def _put_description(self, length: int, *, complete: bool) -> None:
        array = self._plan.array_format(length)
        attributes = replace(self._attributes, complete=complete)
        if complete:
            sums = tuple(self._checksums[index] for index in array.indices())
            attributes = replace(attributes, checksums=sums, inverse_tables=self._inverse_tables())
        self._put(".zarray", array.to_json())
        self._put(".zattrs", attributes.to_json())

    def _put(self, key: str, data: bytes) -> None:
        self._sink[key] = data
        self._files[key] = len(data)

    def _write_chunks(self, source: ArrayFrames | StreamFrames, threads: int) -> Generator[int]:
        """Code and write chunk by chunk, a few at once; yield how many frames are done."""
        with ThreadPoolExecutor(threads, thread_name_prefix="photon-writer") as pool:
            pending: deque[tuple[int, Future[_Coded]]] = deque()
            try:
                for done, index, block in self._split(source):
                    pending.append((done, pool.submit(self._write_chunk, index, block)))
                    if len(pending) > 2 * threads:
                        yield self._collect(*pending.popleft())
                while pending:
                    yield self._collect(*pending.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _split(self, source: ArrayFrames | StreamFrames) -> Iterator[tuple[int, tuple[int, int, int], Block]]:
        """Yield each chunk's index (time, channel, z) and grey levels, and the frames up to its end."""
        done = 0
        for number, block in enumerate(self._plan.five(source.blocks(self._plan.frames_per_chunk))):
            done += len(block)
            self._sampler.add(block[:, 0, block.shape[2] // 2])
            for channel, z in np.ndindex(block.shape[1:3]):
                yield done, (number, channel, z), block[:, channel, z]

    def _write_chunk(self, index: tuple[int, int, int], block: Block) -> _Coded:
        """Code a chunk and write it; runs in a worker."""
        stored, tally = self._plan.coder.encode(block, channel=index[1])
        missing = self._plan.frames_per_chunk - len(block)
        if missing:
            # Zarr stores the last chunk whole; one value that occurs has a code, and costs no bytes
            whole = np.concatenate([block, np.broadcast_to(block.min(), (missing, *block.shape[1:]))])
            stored, _ = self._plan.coder.encode(whole, channel=index[1])
        self._sink[self._plan.key(index)] = stored
        return _Coded(index, len(stored), checksum(stored), tally, block.sum(axis=0, dtype=np.float64))

    def _collect(self, done: int, future: Future[_Coded]) -> int:
        coded = future.result()
        _, channel, z = coded.index
        self._files[self._plan.key(coded.index)] = coded.size
        self._checksums[self._plan.strip(coded.index)] = coded.checksum
        if coded.tally is not None:
            known = self._tallies.get(channel)
            self._tallies[channel] = coded.tally if known is None else known + coded.tally
        total = self._totals.setdefault((channel, z), np.zeros_like(coded.total))
        total += coded.total
        return done

    def _inverse_tables(self) -> tuple[tuple[float, ...], ...]:
        """Return the mean grey level of each code, its midpoint where no pixel has it."""
        coder = self._plan.coder
        if not isinstance(coder, CompactCoder):
            return ()
        used = max(int(np.flatnonzero(tally.pixels)[-1]) + 1 for tally in self._tallies.values())
        tables = []
        for channel, tally in sorted(self._tallies.items()):
            middle = coder.quantizer.midpoints(channel=channel)
            table = np.where(tally.pixels > 0, tally.total / np.maximum(tally.pixels, 1), middle)
            tables.append(tuple(table[:used].tolist()))
        return tuple(tables)

    def _summarize(self, length: int, dtype: np.dtype[np.generic]) -> MovieSummary:
        array = self._plan.array_format(length)
        mean = self._mean_image(length)
        flat = mean.reshape(-1, *mean.shape[-2:])
        planes = self._plan.five_shape[2]
        return MovieSummary(
            shape=array.shape,
            dims=self._plan.dims,
            dtype=dtype,
            mode=self._plan.coder.mode,
            noise=self._attributes.noise,
            chunks=array.chunks,
            files=self._files,
            thumbnail=make_thumbnail(flat[planes // 2], self._sampler.frames()),
            mean_image=mean,
        )

    def _mean_image(self, length: int) -> NDArray[np.float32]:
        totals: Iterable[NDArray[np.float64]] = (self._totals[place] for place in sorted(self._totals))
        mean = (np.stack(list(totals)) / length).astype(np.float32)
        return mean.reshape(self._plan.frame_shape)


def default_threads() -> int:
    """Return one thread per core, and a few that wait for the store."""
    return min(32, (os.cpu_count() or 1) + 4)
