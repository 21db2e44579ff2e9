from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.widgets.analysis.series import outside_hints, read_events, read_traces, series_answer

SECONDS = np.array([0.5, 1.0, 2.5])
VALUES = np.array([3.0, -1.0, 7.0], "f4")


@pytest.mark.parametrize(
    "events",
    [
        [0.5, 1.0, 2.5],
        [2.5, 0.5, 1.0],
        SECONDS,
        xr.DataArray(SECONDS, name="event"),
        pd.Series(SECONDS),
        pd.DataFrame({"onset": SECONDS, "duration": 1.0}),
        pd.DataFrame({"Time": SECONDS}),
        pd.DataFrame({"onset": pd.to_timedelta(SECONDS, unit="s")}),
        xr.Dataset({"onset": ("event", SECONDS)}),
        {"event": SECONDS},
    ],
)
def test_events_of_every_form_are_sorted_seconds(events: Any) -> None:
    (kind,) = read_events(events)
    assert kind.name == "event"
    np.testing.assert_array_equal(kind.seconds, SECONDS)


@pytest.mark.parametrize("label", ["name", "trial_type", "Label", "event"])
def test_a_table_with_names_gives_a_kind_for_each(label: str) -> None:
    table = pd.DataFrame({"onset": [3.0, 1.0, 2.0], label: ["lick", "reward", "lick"]})
    kinds = read_events(table)
    assert [(kind.name, kind.seconds.tolist()) for kind in kinds] == [("lick", [2.0, 3.0]), ("reward", [1.0])]


@pytest.mark.parametrize(
    "traces",
    [
        (SECONDS, VALUES),
        [SECONDS.tolist(), VALUES.tolist()],
        xr.DataArray(VALUES, dims="time", coords={"time": SECONDS}),
        xr.Dataset({"trace": ("time", VALUES)}, coords={"time": SECONDS}),
        pd.Series(VALUES, index=SECONDS),
        pd.Series(VALUES, index=pd.to_timedelta(SECONDS, unit="s"), name="trace"),
        pd.DataFrame({"time": SECONDS, "trace": VALUES}),
        pd.DataFrame({"trace": VALUES}, index=SECONDS),
        {"trace": (SECONDS[::-1], VALUES[::-1])},
    ],
)
def test_traces_of_every_form_keep_their_seconds(traces: Any) -> None:
    (trace,) = read_traces(traces)
    assert trace.name == "trace"
    np.testing.assert_array_equal(trace.seconds, SECONDS)
    np.testing.assert_array_equal(trace.values, VALUES)


def test_several_traces_are_named_by_their_coordinates() -> None:
    array = xr.DataArray(
        np.stack([VALUES, 2 * VALUES]),
        dims=("axis", "time"),
        coords={"time": SECONDS, "axis": ["x", "y"]},
        name="position",
        attrs={"units": "cm"},
    )
    traces = read_traces(array)
    assert [(trace.name, trace.unit) for trace in traces] == [("position x", "cm"), ("position y", "cm")]
    np.testing.assert_array_equal(traces[1].values, 2 * VALUES)
    assert [t.name for t in read_traces(pd.DataFrame({"a": VALUES, "b": VALUES}, index=SECONDS))] == [
        "a",
        "b",
    ]
    assert [t.name for t in read_traces({"run": pd.Series(VALUES, SECONDS)})] == ["run"]


def test_they_are_sent_seconds_before_values_traces_before_events() -> None:
    answer = series_answer(read_traces({"speed": (SECONDS, VALUES)}), read_events({"lick": [1.0]}))
    assert answer.result.to_json() == {
        "traces": [{"name": "speed", "unit": ""}],
        "events": [{"name": "lick"}],
    }
    seconds, values, events = answer.buffers
    np.testing.assert_array_equal(np.frombuffer(seconds, "<f8"), SECONDS)
    np.testing.assert_array_equal(np.frombuffer(values, "<f4"), VALUES)
    np.testing.assert_array_equal(np.frombuffer(events, "<f8"), [1.0])


def test_events_outside_the_movie_are_told() -> None:
    events = read_events({"lick": [-1.0, 2.0, 50.0], "reward": [3.0]})
    (hint,) = outside_hints(events, begin=0.0, end=10.0)
    assert hint.startswith("2 of 3 events 'lick' lie outside the movie, which lasts from 0 to 10 s")


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([1.0, np.nan], "1 of 2 are NaN"),
        ([[1.0, 2.0]], "one axis"),
        (["now"], "must be seconds"),
        (np.array(["2026-01-01"], "M8[s]"), "must be seconds on the movie's clock"),
        (pd.DataFrame({"when": [1.0]}), "column of seconds named onset, time, .* got when"),
        ({str(n): [1.0] for n in range(65)}, "at most 64 kinds"),
    ],
)
def test_events_without_a_time_are_refused(events: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        read_events(events)


@pytest.mark.parametrize(
    ("traces", "message"),
    [
        (VALUES, "needs the seconds of its samples"),
        ((SECONDS, VALUES[:2]), "one value for each second"),
        ((SECONDS * np.nan, VALUES), "3 of 3 are NaN"),
        ((SECONDS, ["a", "b", "c"]), "must be numbers"),
        (xr.DataArray(VALUES, dims="time"), "needs a coordinate of seconds"),
        (pd.Series(VALUES), "only counts rows"),
        (pd.DataFrame({"speed": VALUES}), "only counts rows"),
    ],
)
def test_traces_without_seconds_are_refused(traces: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        read_traces(traces)
