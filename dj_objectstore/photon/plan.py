"""How a movie will be written: which coder, which chunks, which noise; decided before the first byte."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.photon.anscombe import Quantizer
from dj_objectstore.photon.coders import Coder, CompactCoder, LosslessCoder, ReferenceCoder
from dj_objectstore.photon.format import DIMS, ArrayFormat, MovieAttributes
from dj_objectstore.photon.frames import ArrayFrames, StreamFrames
from dj_objectstore.photon.noise import NoiseModel, NoiseNotTrustedWarning, judge_segments
from dj_objectstore.photon.survey import Survey, survey_movie

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Block = NDArray[np.generic]

#: bytes of codes in a chunk: 10 frames of 512 x 512
CHUNK_BYTES = 10 * 512 * 512
REFERENCE_FRAMES = 100
#: pixels from which the mean grey level of each code is taken: of longer movies some frames of each chunk
TALLY_PIXELS = 1 << 24
MAX_TALLY_EVERY = 8
#: threads that look for extremes: memory is no faster for more
MOST_SURVEYORS = 2
#: bits a pixel that differences must save: of noise they have half a bit more than codes
MIN_SAVED_BITS = 0.05


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to write one movie.

    Parameters
    ----------
    dims, frame_shape
        Names of all axes; shape of a frame, ([channel, ][z, ]y, x).
    coder
        What turns a chunk into bytes.
    frames_per_chunk
        Length of a chunk; it is one channel and one z deep, and holds whole planes.
    attributes
        What ``.zattrs`` will say.
    warning
        What to tell the user, if anything.
    """

    dims: tuple[str, ...]
    frame_shape: tuple[int, ...]
    coder: Coder
    frames_per_chunk: int
    attributes: MovieAttributes
    warning: NoiseNotTrustedWarning | None = None

    @cached_property
    def five_shape(self) -> tuple[int, ...]:
        """Sizes (1, channel, z, y, x) of a frame, with 1 for axes that the movie lacks."""
        sizes = dict(zip(self.dims[1:], self.frame_shape, strict=True))
        return tuple(sizes.get(name, 1) for name in DIMS)

    def five(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield blocks with all five axes."""
        for block in blocks:
            yield block.reshape(len(block), *self.five_shape[1:])

    def strip(self, index: Sequence[int]) -> tuple[int, ...]:
        """Return the chunk's index on the movie's own axes, from (time, channel, z)."""
        whole = dict(zip(DIMS, (*index, 0, 0), strict=True))
        return tuple(whole[name] for name in self.dims)

    def key(self, index: Sequence[int]) -> str:
        """Return the name of a chunk's file, from its index (time, channel, z)."""
        return self.array_format(0).key(self.strip(index))

    def array_format(self, length: int) -> ArrayFormat:
        """Return the description of the array while it has so many frames."""
        deep = {"time": self.frames_per_chunk, "channel": 1, "z": 1}
        shape = (length, *self.frame_shape)
        return ArrayFormat(
            shape=shape,
            chunks=tuple(deep.get(name, size) for name, size in zip(self.dims, shape, strict=True)),
            dtype=self.coder.dtype,
            compressor=self.coder.compressor,
            filters=self.coder.filters,
        )


def plan_movie(
    source: ArrayFrames | StreamFrames,
    dims: tuple[str, ...],
    *,
    noise: NoiseModel | Sequence[NoiseModel] | None,
    step: float,
    mode: str,
    frames_per_chunk: int | None,
    survey: Survey | None = None,
    threads: int = 1,
) -> Plan:
    """Look at a movie, unless a survey of it is given, and decide how to write it.

    Raises
    ------
    MovieRefusedError
        For NaN and infinity.
    """
    shapes = dict(zip(dims[1:], source.frame_shape, strict=True))
    survey = survey or _survey(source, tuple(shapes.get(name, 1) for name in DIMS[1:]), threads)
    models, method = _choose_noise(noise, survey, mode=mode, channels=shapes.get("channel", 1))
    coder, why_not = _choose_coder(source, survey, models, step=step, mode=mode)
    attributes = MovieAttributes(
        mode=coder.mode,
        complete=False,
        original_dtype=source.dtype.name,
        dims=dims,
        noise=models,
        noise_method=method,
        mode_requested=mode if coder.mode != mode else None,
        mode_reason=why_not or None,
    )
    if isinstance(coder, CompactCoder):
        attributes = _with_codes(attributes, coder.quantizer)
    return Plan(
        dims=dims,
        frame_shape=source.frame_shape,
        coder=coder,
        frames_per_chunk=frames_per_chunk or _frames_per_chunk(source, coder),
        attributes=attributes,
        warning=_warning(why_not) if why_not else None,
    )


def _survey(source: ArrayFrames | StreamFrames, frame_shape: tuple[int, ...], threads: int) -> Survey:
    """Look at all of an array, and at what was read ahead of an iterator."""
    seen = ArrayFrames(np.concatenate(source.ahead)) if isinstance(source, StreamFrames) else source
    return survey_movie(seen, frame_shape, threads=min(threads, MOST_SURVEYORS))


def _choose_noise(
    noise: NoiseModel | Sequence[NoiseModel] | None, survey: Survey, *, mode: str, channels: int
) -> tuple[tuple[NoiseModel, ...], str]:
    """Return one model per channel, and where it is from."""
    if isinstance(noise, NoiseModel):
        return (noise,) * channels, "given"
    if noise is not None:
        return tuple(noise), "given"
    if mode == "reference":
        return (NoiseModel(gain=1.0, why="the first version's own"),) * channels, "assumed"
    return tuple(judge_segments(segments) for segments in survey.segments), "estimated"


def _choose_coder(
    source: ArrayFrames | StreamFrames,
    survey: Survey,
    noise: tuple[NoiseModel, ...],
    *,
    step: float,
    mode: str,
) -> tuple[Coder, str]:
    """Return the coder, and why it is not the one that was asked for (empty if it is)."""
    doubts = _doubts(noise)
    if mode == "reference" and not doubts:
        return ReferenceCoder(noise), ""
    if mode == "lossless" or doubts:
        return LosslessCoder(source.dtype), doubts if mode != "lossless" else ""
    quantizer = _choose_quantizer(source, survey, noise, step)
    if quantizer is None:
        return LosslessCoder(source.dtype), "its range needs more than 65536 codes of this step"
    differences = _saved_by_differences(survey, quantizer) > MIN_SAVED_BITS
    coder = CompactCoder(quantizer, source.dtype, tally_every=_tally_every(source), differences=differences)
    return coder, ""


def _saved_by_differences(survey: Survey, quantizer: Quantizer) -> float:
    """Return by how many bits a pixel the differences between neighbours are below the codes themselves."""
    if quantizer.dtype.itemsize > 1:
        return 0.0
    counts = np.zeros((2, 256))
    for channel, segments in enumerate(survey.segments):
        for segment in segments:
            codes = quantizer.encode(segment[len(segment) // 2], channel=channel)
            both = (codes, np.diff(codes))
            counts += [np.bincount(values.reshape(-1), minlength=256) for values in both]
    codes_bits, difference_bits = map(_entropy, counts)
    return codes_bits - difference_bits


def _entropy(counts: NDArray[np.float64]) -> float:
    """Return the bits a value that an ideal coder of independent values needs."""
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float(-np.sum(share * np.log2(share)))


def _tally_every(source: ArrayFrames | StreamFrames) -> int:
    """Return how many frames stand behind one that is tallied; whatever is longer or unknown, all do."""
    pixels = (source.length or 0) * math.prod(source.frame_shape)
    return max(1, min(pixels // TALLY_PIXELS, MAX_TALLY_EVERY))


def _choose_quantizer(
    source: ArrayFrames | StreamFrames, survey: Survey, noise: tuple[NoiseModel, ...], step: float
) -> Quantizer | None:
    if not isinstance(source, StreamFrames):
        return Quantizer.spanning(noise, step=step, lowest=survey.lowest, highest=survey.highest)
    limits: np.finfo[Any] | np.iinfo[Any] = (
        np.finfo(np.float32) if source.dtype.kind == "f" else np.iinfo(source.dtype.name)
    )
    return Quantizer.unbounded(noise, step=step, lowest=float(limits.min), highest=float(limits.max))


def _doubts(noise: tuple[NoiseModel, ...]) -> str:
    if len(noise) == 1:
        return "" if noise[0].trusted else noise[0].why
    return "; ".join(
        f"channel {number}: {model.why}" for number, model in enumerate(noise) if not model.trusted
    )


def _warning(why_not: str) -> NoiseNotTrustedWarning:
    return NoiseNotTrustedWarning(
        f"The movie is stored losslessly, because {why_not}. To store it compactly, give the detector's "
        "values: gain (grey levels per photon), offset (grey level of zero photons) and variance (of "
        "reading, in grey levels squared), as Photon(movie, gain=..., offset=..., variance=...) or "
        "noise=NoiseModel(gain=..., offset=..., variance=...). With mode='lossless' this is not said."
    )


def _with_codes(attributes: MovieAttributes, quantizer: Quantizer) -> MovieAttributes:
    """Add what decodes codes; midpoints, until the mean of each code is known."""
    channels = range(len(quantizer.noise))
    return replace(
        attributes,
        step=quantizer.step,
        first_code=quantizer.first_code,
        inverse_tables=tuple(tuple(quantizer.midpoints(channel=channel).tolist()) for channel in channels),
    )


def _frames_per_chunk(source: ArrayFrames | StreamFrames, coder: Coder) -> int:
    wanted = (
        REFERENCE_FRAMES
        if isinstance(coder, ReferenceCoder)
        else max(1, CHUNK_BYTES // (coder.itemsize * math.prod(source.frame_shape[-2:])))
    )
    if source.length is None:
        return wanted
    # chunks of even length: the last one is stored whole, however few frames it has
    return math.ceil(source.length / math.ceil(source.length / wanted))
