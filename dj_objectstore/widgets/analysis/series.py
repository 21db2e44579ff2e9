"""Events and traces that were recorded beside a movie, in seconds on the movie's clock.

>>> read_events({"lick": [1.5, 2.0]})
(Events(name='lick', seconds=array([1.5, 2. ])),)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.messages.answers import Answer, EventName, Series, TraceName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TIME_NAMES = ("onset", "time", "times", "seconds", "t", "timestamp", "timestamps", "start_time")
LABEL_NAMES = ("name", "trial_type", "label", "event", "kind", "type")
MAX_KINDS = 64
MAX_SAMPLES = 20_000_000
PAIR = 2


@dataclass(frozen=True, eq=False)
class Events:
    """One kind of event; `seconds` float64, sorted, shape (events,)."""

    name: str
    seconds: Floats


@dataclass(frozen=True, eq=False)
class GivenTrace:
    """One trace: `seconds` float64 and `values` float32, both of shape (samples,), sorted by time."""

    name: str
    unit: str
    seconds: Floats
    values: NDArray[np.float32]


def read_events(events: Any) -> tuple[Events, ...]:
    """Return events by their kind.

    Parameters
    ----------
    events
        Seconds, as a sequence, an array or an xarray `DataArray`; a mapping from names to these; or a table
        (pandas DataFrame, xarray Dataset) with a column of seconds (``onset``, ``time``, ``seconds``, ``t``)
        and, if there are several kinds, one of names (``name``, ``trial_type``, ``label``, ``event``).

    Raises
    ------
    ValueRefusedError
        When they are none of these, or a time is NaN or no number.
    """
    if _is_table(events):
        found = _events_of_table(events)
    elif isinstance(events, Mapping):
        found = [Events(str(name), _seconds(values, f"event {name!r}")) for name, values in events.items()]
    else:
        found = [Events(str(getattr(events, "name", None) or "event"), _seconds(events, "events"))]
    if sum(len(kind.seconds) for kind in found) > MAX_SAMPLES:
        raise ValueRefusedError(f"at most {MAX_SAMPLES:,} events can be shown", hint="Give a part of them.")
    if len(found) > MAX_KINDS:
        raise ValueRefusedError(
            f"at most {MAX_KINDS} kinds of events can be shown, got {len(found)}",
            hint="Give fewer kinds, or all seconds as one.",
        )
    return tuple(Events(kind.name, np.sort(kind.seconds)) for kind in found)


def read_traces(traces: Any) -> tuple[GivenTrace, ...]:
    """Return traces with their seconds.

    Parameters
    ----------
    traces
        A pair (seconds, values), the values of shape (samples,); an xarray `DataArray` or `Dataset` with a
        coordinate of seconds for its samples; a pandas Series or DataFrame with seconds as the index or as a
        column (``time``, ``seconds``, ``t``); or a mapping from names to any of these.

    Raises
    ------
    ValueRefusedError
        When they are none of these, a time is NaN, or seconds and values differ in number.
    """
    found = list(_traces(traces, ""))
    if len(found) > MAX_KINDS or sum(len(trace.seconds) for trace in found) > MAX_SAMPLES:
        raise ValueRefusedError(
            f"at most {MAX_KINDS} traces of {MAX_SAMPLES:,} samples in all can be shown, got {len(found)}",
            hint="Give fewer traces, or average over samples.",
        )
    return tuple(found)


def series_answer(traces: Sequence[GivenTrace], events: Sequence[Events]) -> Answer:
    """Return them as they are sent to a view."""
    buffers: list[bytes | memoryview] = []
    for trace in traces:
        buffers += [trace.seconds.astype("<f8").tobytes(), trace.values.astype("<f4").tobytes()]
    buffers += [kind.seconds.astype("<f8").tobytes() for kind in events]
    names = tuple(TraceName(name=trace.name, unit=trace.unit) for trace in traces)
    return Answer(Series(traces=names, events=tuple(EventName(name=kind.name) for kind in events)), buffers)


def outside_hints(events: Sequence[Events], *, begin: float, end: float) -> tuple[str, ...]:
    """Return a sentence for each kind of event that lies outside the movie, `begin` to `end` in seconds."""
    hints = []
    for kind in events:
        outside = int(np.count_nonzero((kind.seconds < begin) | (kind.seconds > end)))
        if outside:
            hints.append(
                f"{outside} of {len(kind.seconds)} events {kind.name!r} lie outside the movie, which lasts "
                f"from {begin:.4g} to {end:.4g} s: are they in seconds of its clock?"
            )
    return tuple(hints)


# -- tables: pandas and xarray by what they have, neither is imported ----------------------------------------


def _is_table(value: Any) -> bool:
    return hasattr(value, "columns") or hasattr(value, "data_vars")


def _columns(table: Any) -> list[Any]:
    if hasattr(table, "data_vars"):
        return [*table.data_vars, *table.coords]
    return list(table.columns)


def _find_column(table: Any, names: Iterable[str]) -> Any:
    by_name = {str(column).lower(): column for column in _columns(table)}
    return next((by_name[name] for name in names if name in by_name), None)


def _events_of_table(table: Any) -> list[Events]:
    column = _find_column(table, TIME_NAMES)
    if column is None:
        raise ValueRefusedError(
            f"a table of events needs a column of seconds named {', '.join(TIME_NAMES[:5])}, got "
            f"{', '.join(map(str, _columns(table)))}",
            hint="Rename the column, or give the seconds alone.",
        )
    seconds = _seconds(table[column], f"column {column!r} of the events")
    label = _find_column(table, LABEL_NAMES)
    if label is None:
        return [Events("event", seconds)]
    names = np.array([str(name) for name in np.asarray(table[label]).tolist()])
    return [Events(str(name), seconds[names == name]) for name in dict.fromkeys(names.tolist())]


def _traces(traces: Any, name: str) -> Iterable[GivenTrace]:
    if isinstance(traces, Mapping) and not hasattr(traces, "data_vars"):
        for key, value in traces.items():
            yield from _traces(value, f"{name} {key}".strip())
    elif isinstance(traces, tuple | list) and len(traces) == PAIR:
        yield _trace(name or "trace", "", *traces)
    elif hasattr(traces, "data_vars"):
        for key, variable in traces.data_vars.items():
            yield from _traces_of_xarray(variable, str(key))
    elif hasattr(traces, "coords") and hasattr(traces, "dims"):
        yield from _traces_of_xarray(traces, name or str(traces.name or "trace"))
    elif hasattr(traces, "columns"):
        yield from _traces_of_frame(traces)
    elif hasattr(traces, "index") and hasattr(traces, "to_numpy"):
        yield _trace(name or str(traces.name or "trace"), "", _index_of(traces), traces)
    else:
        raise ValueRefusedError(
            f"a trace needs the seconds of its samples, got {type(traces).__name__}",
            hint="Give (seconds, values), an xarray or pandas object with seconds, or names for several.",
        )


def _traces_of_xarray(array: Any, name: str) -> Iterable[GivenTrace]:
    axis = next(
        (dim for dim in array.dims if str(dim).lower() in TIME_NAMES), array.dims[0] if array.dims else None
    )
    if axis is None or axis not in array.coords:
        raise ValueRefusedError(
            f"trace {name!r} needs a coordinate of seconds for its samples, its dimensions are {array.dims}",
            hint="Add it: array.assign_coords(time=seconds).",
        )
    unit = str(array.attrs.get("units", array.attrs.get("unit", "")))
    seconds = array.coords[axis].values
    others = [dim for dim in array.dims if dim != axis]
    stacked = np.asarray(array.transpose(axis, *others).values).reshape(len(seconds), -1)
    for number, values in enumerate(stacked.T):
        yield _trace(name + _place(array, others, number), unit, seconds, values)


def _place(array: Any, others: list[Any], number: int) -> str:
    """Return which of several traces this is, by its coordinates where there are any."""
    if not others:
        return ""
    places = np.unravel_index(number, [array.sizes[dim] for dim in others])
    names = [
        str(array.coords[dim].values[place]) if dim in array.coords else str(place)
        for dim, place in zip(others, places, strict=True)
    ]
    return " " + ", ".join(names)


def _traces_of_frame(table: Any) -> Iterable[GivenTrace]:
    column = _find_column(table, TIME_NAMES)
    seconds = _index_of(table) if column is None else table[column]
    for key in table.columns:
        if key != column:
            yield _trace(str(key), "", seconds, table[key])


def _index_of(table: Any) -> Any:
    """Return a pandas object's index as seconds; one that only counts rows holds none."""
    if type(table.index).__name__ == "RangeIndex":
        raise ValueRefusedError(
            "traces need the seconds of their samples, the index of this pandas object only counts rows",
            hint="Set it: trace.set_axis(seconds), or give (seconds, values).",
        )
    return table.index


def _trace(name: str, unit: str, seconds: Any, values: Any) -> GivenTrace:
    times = _seconds(seconds, f"the seconds of trace {name!r}")
    try:
        levels = np.asarray(values, np.float32)
    except (TypeError, ValueError) as err:
        raise ValueRefusedError(f"the values of trace {name!r} must be numbers") from err
    if levels.shape != times.shape:
        raise ValueRefusedError(
            f"trace {name!r} needs one value for each second: got {times.shape} and {levels.shape}",
            hint="Give several traces as a mapping of names to (seconds, values).",
        )
    order = np.argsort(times, kind="stable")
    return GivenTrace(name, unit, times[order], levels[order])


def _seconds(values: Any, what: str) -> Floats:
    array = np.asarray(values)
    if array.dtype.kind == "m":
        array = array / np.timedelta64(1, "s")
    try:
        seconds: Floats = array.astype(np.float64)
    except (TypeError, ValueError) as err:
        raise _no_seconds(what, array) from err
    if array.dtype.kind == "M":
        raise _no_seconds(what, array)
    if seconds.ndim != 1:
        raise ValueRefusedError(f"{what} must have one axis, got shape {seconds.shape}")
    if not np.isfinite(seconds).all():
        bad = int(np.count_nonzero(~np.isfinite(seconds)))
        raise ValueRefusedError(
            f"{what} must be finite numbers, {bad} of {len(seconds)} are NaN or infinite",
            hint="Leave them out: values[np.isfinite(values)].",
        )
    return seconds


def _no_seconds(what: str, array: NDArray[Any]) -> ValueRefusedError:
    return ValueRefusedError(
        f"{what} must be seconds on the movie's clock, got {array.dtype}",
        hint="Subtract the time of the movie's first frame.",
    )
