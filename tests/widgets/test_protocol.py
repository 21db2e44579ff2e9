from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_objectstore.widgets.messages import answers
from dj_objectstore.widgets.messages.answers import (
    Clip,
    Code,
    Description,
    DoorOpened,
    Failure,
    FrameResult,
    Masks,
    Projected,
    Result,
    Series,
    Trace,
)
from dj_objectstore.widgets.messages.protocol import ProtocolError, build_message, parse_message
from dj_objectstore.widgets.messages.store_answers import Compared, Ending, OwnerRow, Owners, Usage

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "messages.json").read_text(encoding="utf-8"))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("message", FIXTURE["to_kernel"])
def test_every_message_to_the_kernel_is_parsed_and_built_again(message: dict[str, Any]) -> None:
    assert build_message(parse_message(message)) == message


@pytest.mark.parametrize("message", FIXTURE["refused"])
def test_what_is_outside_the_protocol_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="must follow the protocol"):
        parse_message(message)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("index", "1"),
        ("index", 1.5),
        ("index", True),
        ("channel", -1),
        ("target", "../x"),
        ("at", ["1"]),
        ("at", [True]),
        ("at", 1),
        ("at", [0] * 9),
        ("step", "2"),
        ("mean", 1.5),
    ],
)
def test_values_of_another_type_are_not_converted(field: str, value: object) -> None:
    params = {"index": 1} | {field: value}
    with pytest.raises(ProtocolError, match=field):
        parse_message({"kind": "request", "view": "a", "id": 1, "method": "frame", "params": params})


@given(json_values)
def test_any_content_is_parsed_or_refused(content: object) -> None:
    with pytest.raises(ProtocolError):
        parse_message(content)


@given(
    st.integers(0, 2**53 - 1),
    st.floats(0.01, 1000),
    st.booleans(),
    st.integers(0, 256),
    st.sampled_from(["time", "frames"]),
)
def test_a_play_message_survives_the_round_trip(
    start: int, fps: float, loop: bool, credit: int, keep: str
) -> None:
    message = {"kind": "play", "view": "v", "id": 1, "stream": 2, "from": start}
    message |= {"fps": fps, "loop": loop, "credit": credit, "keep": keep}
    assert build_message(parse_message(message)) == message


KNOWN_BY = {
    "contrast": Description,
    "index": FrameResult,
    "token": DoorOpened,
    "kind": Projected,
    "rings": Masks,
    "has_band": Trace,
    "events": Series,
    "mime": Clip,
    "line": Code,
    "owners": Owners,
    "cells": OwnerRow,
    "parts": Compared,
    "shares": Usage,
    "ended": Ending,
}


def model_of(result: dict[str, Any]) -> type[Result]:
    return next(model for field, model in KNOWN_BY.items() if field in result)


def build_again(message: dict[str, Any]) -> dict[str, Any]:
    match message["kind"]:
        case "response" if not message["ok"]:
            return answers.build_failure(message["view"], message["id"], Failure(**message["error"]))
        case "response":
            result = model_of(message["result"]).model_validate(message["result"])
            return answers.build_response(message["view"], message["id"], result, first="protocol" in message)
        case "progress":
            fields = {name: message[name] for name in ("done", "total", "note")}
            return answers.build_progress(message["view"], message["id"], **fields)
        case "frame":
            fields = {name: message[name] for name in ("index", "dtype", "shape", "step", "encoding")}
            frame = FrameResult(**fields)
            return answers.build_stream_frame(message["view"], stream=message["stream"], frame=frame)
        case "end":
            failure = Failure(**message["error"])
            return answers.build_stream_end(
                message["view"], stream=message["stream"], reason=message["reason"], failure=failure
            )
        case _:
            return answers.build_event(message["name"], message["data"], view=message["view"])


@pytest.mark.parametrize("message", FIXTURE["to_browser"])
def test_every_message_to_the_browser_is_built_as_in_the_fixture(message: dict[str, Any]) -> None:
    assert json.loads(json.dumps(build_again(message))) == message
