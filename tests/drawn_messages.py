"""Messages drawn from the protocol's own models, so that a method is tested from the day it is added."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from hypothesis import strategies as st
from pydantic import BaseModel

from dj_objectstore.widgets.messages.protocol import Message, Request

IDS = ("n1", "n2", "n3", "t1", "t2", "abc123")
"""Ids as the kernel hands them out to a page, some of which name something."""
OPAQUE = "^[A-Za-z0-9]+$"
LARGE = 2**40


def models() -> tuple[type[BaseModel], ...]:
    """Return the model of each message that a page may send."""
    return get_args(Message)


def methods() -> set[str]:
    """Return the name of every method that a page may ask for."""
    return {model.model_fields["method"].annotation.__args__[0] for model in get_args(Request)}


@cache
def messages_of(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for messages of a model, each within its bounds."""
    schema = model.model_json_schema(by_alias=True)
    return _drawn(schema, schema.get("$defs", {}))


def drawn_messages() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for messages of every kind and method, each as likely as another."""
    return st.sampled_from(models()).flatmap(messages_of)


def _drawn(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what a JSON schema describes, as far as the protocol's models go."""
    match schema:
        case {"$ref": name}:
            return _drawn(known[name.rpartition("/")[2]], known)
        case {"const": value}:
            return st.just(value)
        case {"enum": values}:
            return st.sampled_from(values)
        case {"anyOf": choices} | {"oneOf": choices}:
            return st.one_of(*(_drawn(choice, known) for choice in choices))
        case {"type": kind}:
            return _OF_TYPE[kind](schema, known)
    raise NotImplementedError(f"a schema of an unknown form: {schema}")


def _integers(schema: dict[str, Any], _known: Any) -> st.SearchStrategy[int]:
    low, high = schema.get("minimum", -LARGE), schema.get("maximum", LARGE)
    return st.integers(low, min(high, low + 20)) | st.integers(low, high)


def _floats(schema: dict[str, Any], _known: Any) -> st.SearchStrategy[float]:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    return st.floats(
        low if above is None else above,
        schema.get("maximum"),
        exclude_min=above is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def _texts(schema: dict[str, Any], _known: Any) -> st.SearchStrategy[str]:
    longest = min(schema.get("maxLength", 100), 100)
    if "pattern" not in schema:
        return st.text(min_size=schema.get("minLength", 0), max_size=longest)
    drawn = st.from_regex(schema["pattern"].replace("$", r"\Z")).filter(lambda text: len(text) <= longest)
    return drawn | st.sampled_from(IDS) if schema["pattern"] == OPAQUE else drawn


def _arrays(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    if "prefixItems" in schema:
        return st.tuples(*(_drawn(item, known) for item in schema["prefixItems"])).map(list)
    least = schema.get("minItems", 0)
    return st.lists(_drawn(schema["items"], known), min_size=least, max_size=least + 4)


def _objects(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema and isinstance(schema.get("additionalProperties"), dict):
        names = _texts(schema.get("propertyNames", {}), known)
        return st.dictionaries(names, _drawn(schema["additionalProperties"], known), max_size=4)
    fields = {name: _drawn(field, known) for name, field in schema.get("properties", {}).items()}
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


_OF_TYPE = {
    "integer": _integers,
    "number": _floats,
    "string": _texts,
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
    "array": _arrays,
    "object": _objects,
}
