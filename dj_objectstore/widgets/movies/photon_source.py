"""Frames of a stored photon movie: its codes as they are, and the table that turns them into counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dj_objectstore.widgets.messages.answers import CodeFormat, Photons, Stabilized
from dj_objectstore.widgets.movies.axes import find_axes
from dj_objectstore.widgets.movies.codes import encode_block, format_of
from dj_objectstore.widgets.movies.layout import Layout
from dj_objectstore.widgets.movies.sources import Facts, FrameSource, Timing, check_frame_size

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from dj_objectstore.photon import NoiseModel
    from dj_objectstore.photon.reader import MovieReader

COMPACT = "compact"
LOSSLESS = "lossless"


class PhotonSource(FrameSource):
    """Frames of a movie in the photon format, in counts.

    Codes travel as stored where one table holds for all channels; else the counts themselves.
    """

    def __init__(self, reader: MovieReader, *, identity: Hashable, title: str = "") -> None:
        self._reader = reader
        self.identity = identity
        self.dtype = np.dtype(reader.dtype)
        self.axes = find_axes(reader.shape, reader.dims)
        self.frames, self.channels = self.axes.frames, self.axes.channels
        self.height, self.width = self.axes.shape[self.axes.y], self.axes.shape[self.axes.x]
        self.extra_axes = self.axes.extra
        self.table = _common_table(reader)
        self.code = self._code_format()
        check_frame_size(self)
        self.layout = self._layout()
        self.block_frames = self.layout.block_frames(frames=self.frames, frame_bytes=self.frame_bytes)
        self.chunk_bytes = self.layout.chunk_bytes
        self.load_bytes = self.layout.load_bytes(self.block_frames * self.frame_bytes)
        self.hints = self.layout.hints
        self.facts = _facts(reader, title)

    def read_block(self, block: int, *, channel: int = 0, at: Sequence[int] = ()) -> np.ndarray:
        """Return codes of one block, shape (frames, y, x).

        Raises
        ------
        ChunkError
            When a chunk is missing or damaged.
        """
        span = self.span(block)
        if not self._is_stored_as_sent:
            counts = self._reader.read(self.axes.index(span.start, span.stop, channel, at), "counts")
            return encode_block(self.axes.arrange(counts), self.dtype)
        codes = self._stored_codes(span, channel, at)
        return np.ascontiguousarray(codes) if self.table is not None else encode_block(codes, self.dtype)

    def noise(self, channel: int) -> Stabilized | None:
        """Return the noise of the detector in a channel; None where it is not known."""
        models = self._reader.noise
        model = models[channel] if isinstance(models, tuple) else models
        if model is None:
            return None
        return Stabilized(gain=model.gain, offset=model.offset, variance=model.variance)

    def photon_table(self, channel: int) -> np.ndarray | None:
        """Return the photons of each code, unrounded; None where counts travel."""
        return None if self.table is None else self._reader.table("photons", channel=channel)

    @property
    def _is_stored_as_sent(self) -> bool:
        """Whether chunks hold what travels, in whole planes: table codes, or the counts themselves."""
        plane = [self._reader.chunks[axis] for axis in (self.axes.y, self.axes.x)]
        exact = self.table is not None or self._reader.mode == LOSSLESS
        return exact and plane == [self.height, self.width] and self._is_whole_chunks

    @property
    def _is_whole_chunks(self) -> bool:
        return self.block_frames == min(self.frames, self._reader.chunks[self.axes.time or 0])

    def _stored_codes(self, span: range, channel: int, at: Sequence[int]) -> np.ndarray:
        """Return one decoded chunk with axes (time, y, x)."""
        wanted = self.axes.index(span.start, span.stop, channel, at)
        chunk: list[int] = []
        inside: list[int | slice] = []
        for place, length in zip(wanted, self._reader.chunks, strict=True):
            start = place if isinstance(place, int) else place.start or 0
            chunk.append(start // length)
            inside.append(start % length if isinstance(place, int) else slice(None))
        return self.axes.arrange(self._reader.chunk_codes(tuple(chunk))[tuple(inside)])

    def _layout(self) -> Layout:
        chunks, picture = self._reader.chunks, (self.axes.y, self.axes.x)
        return Layout(
            self.height,
            self.width,
            np.dtype(self._reader.code_dtype).itemsize,
            time_chunk=chunks[self.axes.time or 0],
            planes=math.prod(length for axis, length in enumerate(chunks) if axis not in picture),
            pieces=math.prod(math.ceil(self.axes.shape[axis] / chunks[axis]) for axis in picture),
        )

    def _code_format(self) -> CodeFormat:
        if self.table is not None:
            dtype = "|u1" if np.dtype(self._reader.code_dtype).itemsize == 1 else "<u2"
            return CodeFormat(dtype=dtype, kind="lookup", levels=len(self.table))
        return format_of(self.dtype)


def _common_table(reader: MovieReader) -> np.ndarray | None:
    """Return the count of each code where it is the same in all channels."""
    if reader.mode != COMPACT:
        return None
    channels = reader.shape[reader.dims.index("channel")] if "channel" in reader.dims else 1
    found = [reader.table("counts", channel=channel) for channel in range(channels)]
    tables = np.stack([table for table in found if table is not None])
    return tables[0] if (tables == tables[0]).all() else None


def _facts(reader: MovieReader, title: str) -> Facts:
    models = reader.noise if isinstance(reader.noise, tuple) else (reader.noise,)
    noise = models[0] if all(model == models[0] for model in models) else None
    photons = stabilized = None
    if noise is not None:
        photons = Photons(gain=noise.gain, offset=noise.offset)
        stabilized = Stabilized(gain=noise.gain, offset=noise.offset, variance=noise.variance)
    return Facts(
        title=title,
        unit="counts",
        mode=reader.mode,
        timing=Timing(reader.frame_rate, reader.times),
        pixel_size=reader.pixel_size,
        photons=photons,
        stabilized=stabilized,
        notes=tuple(_notes(reader, noise)),
    )


def _notes(reader: MovieReader, noise: NoiseModel | None) -> list[tuple[str, str]]:
    notes = [
        ("Shape", ", ".join(f"{name} {size}" for name, size in zip(reader.dims, reader.shape, strict=True))),
        ("Type", str(reader.dtype)),
        ("Stored", f"{reader.mode}, {reader.chunks[0]} frames a chunk"),
    ]
    if noise is not None:
        notes.append(("Gain", f"{noise.gain:.4g} counts a photon, offset {noise.offset:.4g}"))
    if reader.frame_rate:
        notes.append(("Rate", f"{reader.frame_rate:g} frames a second"))
    return notes
