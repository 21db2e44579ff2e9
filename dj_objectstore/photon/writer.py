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
from dj_objectstore.photon.coders import CompactCoder
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
from dj_objectstore.photon.thumbnail import FrameSampler, glimpse, make_thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, MutableMapping, Sequence

    from numpy.typing import NDArray

    from dj_objectstore.photon.coders import Tally
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
    client: Any = None,
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
    client
        A ``dask.distributed.Client``, on whose workers the chunks of an array are coded and written; they
        must be able to reach the array and the sink, which travels to them by pickle.

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
    source, names = _open_frames(frames, dims, client)
    shape = (source.length or 0, *source.frame_shape)
    check_channels(noise, names, shape)
    if source.length is not None:
        check_length(times, source.length)
    plan = plan_movie(
        source,
        names,
        noise=noise,
        step=step,
        mode=mode,
        frames_per_chunk=frames_per_chunk,
        survey=None if client is None else source.survey(names),
        threads=threads or default_threads(),
    )
    if plan.warning is not None:
        warnings.warn(plan.warning, stacklevel=2)
    attributes = replace(
        plan.attributes,
        frame_rate=None if frame_rate is None else float(frame_rate),
        times=None if times is None else tuple(map(float, times)),
        pixel_size=None if pixel_size is None else (float(pixel_size[0]), float(pixel_size[1])),
    )
    return _writer_class(client)(sink, plan, attributes).write(source, progress=progress, threads=threads)


def _writer_class(client: Any) -> type[MovieWriter]:
    if client is None:
        return MovieWriter
    from dj_objectstore.photon.distributed import ClusterWriter

    return ClusterWriter


def _open_frames(frames: Any, dims: Sequence[str] | None, client: Any) -> tuple[Any, tuple[str, ...]]:
    if client is not None:
        from dj_objectstore.photon.distributed import ClusterFrames

        return ClusterFrames(client, frames), check_array(frames, dims=dims)
    if is_array(frames):
        names = check_array(frames, dims=dims)
        return ArrayFrames(frames), names
    check_iterable(frames)
    if dims is not None:
        check_dims(dims, len(dims))
    source = read_ahead(frames, n_axes=None if dims is None else len(dims))
    return source, check_dims(dims, 1 + len(source.frame_shape))


@dataclass(frozen=True)
class CodedChunk:
    """What a worker hands back of one chunk, beside its bytes.

    Parameters
    ----------
    index
        Of the chunk: (time, channel, z).
    size, checksum
        Of its bytes.
    tally
        What it adds to the mean grey level of each code.
    total, glimpse
        Sum over its frames, and a few of them as one image; both (y, x).
    """

    index: tuple[int, int, int]
    size: int
    checksum: int
    tally: Tally | None
    total: NDArray[np.float64]
    glimpse: NDArray[np.float32]


def code_chunk(plan: Plan, index: tuple[int, int, int], block: Block) -> tuple[bytes, CodedChunk]:
    """Return the bytes of a chunk (time, y, x) of grey levels, and what the description needs of it."""
    stored, tally = plan.coder.encode(block, channel=index[1])
    missing = plan.frames_per_chunk - len(block)
    if missing:
        # Zarr stores the last chunk whole; one value that occurs has a code, and costs no bytes
        whole = np.concatenate([block, np.broadcast_to(block.min(), (missing, *block.shape[1:]))])
        stored, _ = plan.coder.encode(whole, channel=index[1])
    total = _total(block)
    image = glimpse(block, total)
    return stored, CodedChunk(index, len(stored), checksum(stored), tally, total, image)


class MovieWriter:
    """Writes one movie; the order of its files tells a reader whether it was finished."""

    def __init__(self, sink: MutableMapping[str, bytes], plan: Plan, attributes: MovieAttributes) -> None:
        self._sink = sink
        self._plan = plan
        self._attributes = attributes
        self._files: dict[str, int] = {}
        self._checksums: dict[tuple[int, ...], int] = {}
        self._tallies: dict[int, Tally] = {}
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
            pending: deque[tuple[int, Future[CodedChunk]]] = deque()
            try:
                for done, index, block in self._split(source):
                    pending.append((done, pool.submit(self._write_chunk, index, block)))
                    if len(pending) > 2 * threads:
                        yield self._finish_first(pending)
                while pending:
                    yield self._finish_first(pending)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _finish_first(self, pending: deque[tuple[int, Future[CodedChunk]]]) -> int:
        done, future = pending.popleft()
        self._collect(future.result())
        return done

    def _split(self, source: ArrayFrames | StreamFrames) -> Iterator[tuple[int, tuple[int, int, int], Block]]:
        """Yield each chunk's index (time, channel, z) and grey levels, and the frames up to its end."""
        done = 0
        for number, block in enumerate(self._plan.five(source.blocks(self._plan.frames_per_chunk))):
            done += len(block)
            for channel, z in np.ndindex(block.shape[1:3]):
                yield done, (number, channel, z), block[:, channel, z]

    def _write_chunk(self, index: tuple[int, int, int], block: Block) -> CodedChunk:
        """Code a chunk and write it; runs in a worker."""
        stored, coded = code_chunk(self._plan, index, block)
        self._sink[self._plan.key(index)] = stored
        return coded

    def _collect(self, coded: CodedChunk) -> None:
        _, channel, z = coded.index
        self._files[self._plan.key(coded.index)] = coded.size
        self._checksums[self._plan.strip(coded.index)] = coded.checksum
        if coded.tally is not None:
            known = self._tallies.get(channel)
            self._tallies[channel] = coded.tally if known is None else known + coded.tally
        if channel == 0 and z == self._plan.five_shape[2] // 2:
            self._sampler.add(coded.glimpse)
        total = self._totals.setdefault((channel, z), np.zeros_like(coded.total))
        total += coded.total

    def _inverse_tables(self) -> tuple[tuple[float, ...], ...]:
        """Return the mean grey level of each code, its midpoint where no pixel has it."""
        coder = self._plan.coder
        if not isinstance(coder, CompactCoder):
            return ()
        means = [
            coder.mean_levels(tally, channel=channel) for channel, tally in sorted(self._tallies.items())
        ]
        used = max(map(len, means))
        # the rest of a shorter table: no pixel of that channel has those codes
        middles = (coder.quantizer.midpoints(channel=channel) for channel in range(len(means)))
        return tuple(
            (*mean.tolist(), *middle[len(mean) : used].tolist())
            for mean, middle in zip(means, middles, strict=True)
        )

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


def _total(block: Block) -> NDArray[np.float64]:
    """Sum over time; in 64-bit floats only what needs them, for they take twice as long."""
    short = block.dtype.kind in "ui" and block.dtype.itemsize <= 2 and len(block) < 1 << 15  # noqa: PLR2004  bytes
    return np.asarray(block.sum(axis=0, dtype=np.int32 if short else np.float64), np.float64)


def default_threads() -> int:
    """Return one thread per core, and a few that wait for the store."""
    return min(32, (os.cpu_count() or 1) + 4)
