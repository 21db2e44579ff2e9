"""The two JSON files of a stored movie, ``.zarray`` and ``.zattrs``, and its grid of chunks.

The format is specified in ``docs/photon-format.md``. Values here are frozen and valid from birth; what can't
be read is a `FormatError`, never a guess.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from dj_objectstore.exceptions import FormatError
from dj_objectstore.photon.detector import NoiseModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CODEC_NAME = "photon"
VERSION = "1.1"
#: float64 movies in the layout of the first version keep its number
REFERENCE_VERSION = "1.0"
Mode = Literal["compact", "lossless", "reference"]
MODES: tuple[Mode, ...] = get_args(Mode)
DIMS = ("time", "channel", "z", "y", "x")


@dataclass(frozen=True, kw_only=True)
class ArrayFormat:
    """What ``.zarray`` says: a Zarr v2 array.

    Parameters
    ----------
    shape, chunks
        Sizes of the array and of a chunk, one per axis; every chunk is stored whole.
    dtype
        As a Zarr v2 reader sees the array, e.g. ``"<f8"``.
    compressor, filters
        numcodecs configurations.
    order, separator
        ``"C"`` or ``"F"``; what joins the parts of a chunk's key.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: str
    compressor: Mapping[str, Any] | None
    filters: tuple[Mapping[str, Any], ...] = ()
    order: Literal["C", "F"] = "C"
    separator: str = "."

    @property
    def grid(self) -> tuple[int, ...]:
        """How many chunks there are along each axis."""
        return tuple(math.ceil(size / chunk) for size, chunk in zip(self.shape, self.chunks, strict=True))

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of every chunk, the last axis fastest."""
        return itertools.product(*map(range, self.grid))

    def key(self, index: Sequence[int]) -> str:
        """Return the name of a chunk's file, e.g. ``"12.0.0"``."""
        return self.separator.join(map(str, index))

    def to_json(self) -> bytes:
        """Return the bytes of ``.zarray``."""
        return _dump(
            {
                "zarr_format": 2,
                "shape": self.shape,
                "chunks": self.chunks,
                "dtype": self.dtype,
                "compressor": self.compressor,
                "filters": self.filters or None,
                "fill_value": None,
                "order": self.order,
                "dimension_separator": self.separator,
            }
        )

    @classmethod
    def from_json(cls, data: bytes) -> ArrayFormat:
        """Read ``.zarray``; FormatError for anything but a Zarr v2 array of at least three axes."""
        found = _load(data, ".zarray")
        try:
            array = cls(
                shape=tuple(map(int, found["shape"])),
                chunks=tuple(map(int, found["chunks"])),
                dtype=np.dtype(found["dtype"]).str,
                compressor=found["compressor"],
                filters=tuple(found.get("filters") or ()),
                order=found.get("order", "C"),
                separator=found.get("dimension_separator", "."),
            )
        except (KeyError, TypeError, ValueError) as err:
            raise FormatError(f".zarray is not that of a Zarr v2 array: {err!r}", hint=_DAMAGED) from err
        is_v2 = found.get("zarr_format") == 2  # noqa: PLR2004  Zarr's own number
        if not is_v2 or len(array.shape) != len(array.chunks) or min(array.chunks) < 1:
            raise FormatError(
                ".zarray must be Zarr v2 with a chunk size per axis, "
                f"got format {found.get('zarr_format')!r}, "
                f"shape {array.shape}, chunks {array.chunks}",
                hint=_DAMAGED,
            )
        return array


@dataclass(frozen=True, kw_only=True)
class MovieAttributes:
    """What ``.zattrs`` says about a movie.

    Parameters
    ----------
    mode, complete
        How the movie is stored; False while it is being written.
    original_dtype
        Name of the type that was given to the writer, e.g. ``"int16"``.
    dims
        Names of the axes, of ``DIMS`` in this order.
    noise
        One model per channel, a single one for a movie without channels.
    noise_method
        ``"estimated"``, ``"given"`` or ``"assumed"``.
    step, first_code, inverse_tables
        Of compact movies: width of a code, code of the lowest value, mean grey level of each code (a list
        per channel).
    frame_rate, times, pixel_size
        Hz; seconds of each frame; micrometres (y, x).
    checksums
        CRC-32 of each chunk's stored bytes, in the order of ``ArrayFormat.indices``.
    mode_requested, mode_reason
        What was asked for, where the mode is another, and why.
    """

    mode: Mode
    complete: bool
    original_dtype: str
    dims: tuple[str, ...]
    noise: tuple[NoiseModel, ...]
    noise_method: str = "estimated"
    step: float | None = None
    first_code: int | None = None
    inverse_tables: tuple[tuple[float, ...], ...] = ()
    frame_rate: float | None = None
    times: tuple[float, ...] | None = None
    pixel_size: tuple[float, float] | None = None
    checksums: tuple[int, ...] | None = None
    mode_requested: str | None = None
    mode_reason: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_channels(self) -> bool:
        """True where noise parameters and tables are lists, one entry per channel."""
        return "channel" in self.dims

    @property
    def trusted(self) -> bool:
        """True where the noise of every channel is known."""
        return bool(self.noise) and all(model.trusted for model in self.noise)

    def to_json(self) -> bytes:
        """Return the bytes of ``.zattrs``."""
        return _dump(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes by their names on disk; those without a value are left out."""
        found: dict[str, Any] = {
            "codec_name": CODEC_NAME,
            "codec_version": REFERENCE_VERSION if self.mode == "reference" else VERSION,
            "mode": self.mode,
            "mode_requested": self.mode_requested,
            "mode_reason": self.mode_reason,
            "complete": self.complete,
            "original_dtype": self.original_dtype,
            "noise": self._each([_judgement(model, self.noise_method) for model in self.noise]),
            "quantization_step": self.step,
            "first_code": self.first_code,
            "inverse_table": self._each([list(table) for table in self.inverse_tables]),
            "_ARRAY_DIMENSIONS": list(self.dims),
            "frame_rate": self.frame_rate,
            "times": self.times,
            "pixel_size": self.pixel_size,
        }
        if self.trusted:
            found["anscombe_gain"] = self._each([model.gain for model in self.noise])
            found["anscombe_offset"] = self._each([model.offset for model in self.noise])
            found["anscombe_variance"] = self._each([model.variance for model in self.noise])
        if self.checksums is not None:
            found["chunk_checksums"] = {"algorithm": "crc32", "values": self.checksums}
        return dict(self.extra) | {name: value for name, value in found.items() if value is not None}

    def _each(self, values: list[Any]) -> Any:
        """Return a list per channel, or the one value of a movie without channels."""
        return values if self.has_channels else next(iter(values), None)

    @classmethod
    def from_json(cls, data: bytes, *, n_axes: int) -> MovieAttributes:
        """Read ``.zattrs`` of an array of so many axes; FormatError for what is not a movie of ours."""
        found = _load(data, ".zattrs")
        _check_version(found)
        try:
            return _parse_attributes(cls, found, n_axes=n_axes)
        except (KeyError, TypeError, ValueError) as err:
            raise FormatError(f".zattrs lacks what a movie needs: {err!r}", hint=_DAMAGED) from err


_DAMAGED = "The files were changed after they were written; restore them, or insert the movie again."


def default_dims(n_axes: int) -> tuple[str, ...]:
    """Return the names of axes that need no telling: three axes or all five."""
    return {3: ("time", "y", "x"), 4: ("time", "z", "y", "x")}.get(n_axes, DIMS)


def _parse_attributes(kind: type[MovieAttributes], found: dict[str, Any], *, n_axes: int) -> MovieAttributes:
    dims = tuple(found.get("_ARRAY_DIMENSIONS") or default_dims(n_axes))
    if len(dims) != n_axes:
        raise ValueError(f"{len(dims)} names for {n_axes} axes")
    mode = found.get("mode", "reference")
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is none of {', '.join(MODES)}")
    each = (lambda value: value) if "channel" in dims else (lambda value: [value])
    size, sums = found.get("pixel_size"), found.get("chunk_checksums")
    return kind(
        mode=mode,
        complete=bool(found.get("complete", True)),
        original_dtype=np.dtype(found["original_dtype"]).name,
        dims=dims,
        noise=_parse_noise(found, each),
        step=float(found["quantization_step"]) if mode == "compact" else None,
        first_code=int(found["first_code"]) if mode == "compact" else None,
        inverse_tables=tuple(tuple(map(float, table)) for table in each(found["inverse_table"]))
        if mode == "compact"
        else (),
        frame_rate=found.get("frame_rate"),
        times=tuple(found["times"]) if found.get("times") is not None else None,
        pixel_size=(float(size[0]), float(size[1])) if size is not None else None,
        checksums=tuple(sums["values"]) if sums and sums["algorithm"] == "crc32" else None,
        mode_requested=found.get("mode_requested"),
        mode_reason=found.get("mode_reason"),
        extra=found,
    )


def _parse_noise(found: dict[str, Any], each: Any) -> tuple[NoiseModel, ...]:
    judgements = each(found.get("noise") or {})
    if found.get("anscombe_gain") is None:
        return tuple(NoiseModel.unknown(judgement.get("why", "not recorded")) for judgement in judgements)
    names = ("anscombe_gain", "anscombe_offset", "anscombe_variance")
    values = list(zip(*(each(found[name]) for name in names), strict=True))
    judgements = judgements if isinstance(judgements, list) and judgements else [{}] * len(values)
    return tuple(
        NoiseModel(
            gain=float(gain),
            offset=float(offset),
            variance=float(variance),
            goodness=float(judgement.get("goodness", 1.0)),
            why=judgement.get("why", "recorded"),
        )
        for (gain, offset, variance), judgement in zip(values, judgements, strict=True)
    )


def _judgement(model: NoiseModel, method: str) -> dict[str, Any]:
    return {"method": method, "goodness": model.goodness, "trusted": model.trusted, "why": model.why}


def _check_version(found: Mapping[str, Any]) -> None:
    name, version = found.get("codec_name"), str(found.get("codec_version"))
    if name != CODEC_NAME:
        raise FormatError(
            f"codec_name must be {CODEC_NAME!r}, got {name!r}",
            hint="This array is not a photon movie; open it with zarr.",
        )
    if version.split(".", maxsplit=1)[0] != VERSION.split(".", maxsplit=1)[0]:
        raise FormatError(
            f"photon movies of version 1 can be read, this one is of version {version}",
            hint="Install a newer dj-objectstore.",
        )


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _load(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as err:
        raise FormatError(f"{name} is not JSON: {err}", hint=_DAMAGED) from err
    if not isinstance(found, dict):
        raise FormatError(f"{name} must be a JSON object, got {type(found).__name__}", hint=_DAMAGED)
    return found
