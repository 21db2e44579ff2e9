"""From settings to a spec, or to every problem that they have at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.report import Problem, Report
from dj_objectstore.spec.layout import Layout
from dj_objectstore.spec.models import SPECS, StoreSpec

_RULES = {
    "string_type": "be text",
    "int_type": "be a whole number",
    "bool_type": "be true or false",
    "tuple_type": "be a list",
    "dict_type": "be a mapping",
    "model_type": "be a mapping",
    "model_attributes_type": "be a mapping",
    "int_parsing": "hold whole numbers",
    "int_from_float": "hold whole numbers",
}


def build_spec(name: str, settings: Mapping[str, Any]) -> StoreSpec:
    """Make a spec; see `parse_spec`."""
    spec, problems = check_settings(name, settings)
    if spec is None:
        raise settings_error(problems)
    return spec


def settings_error(problems: list[Problem]) -> ConfigurationError:
    """Return the error that tells all problems of the stores' settings."""
    return ConfigurationError(
        str(Report(tuple(problems))),
        hint="Correct the stores in datajoint.json, in dj.config['stores'], or in DJ_STORES.",
    )


def check_settings(name: str, settings: Any) -> tuple[StoreSpec | None, list[Problem]]:
    """Return the spec of a store's settings, or None and every problem that they have."""
    where = f"store {name!r}"
    if not isinstance(settings, Mapping):
        message = f"the settings of a store must be a mapping, got {type(settings).__name__}"
        return None, [Problem("type", where, message, "write {'protocol': ..., 'location': ...}")]
    given = {key: value for key, value in settings.items() if value is not None}
    model = SPECS.get(str(given.get("protocol", "")).lower())
    if model is None:
        return None, [_unknown_protocol(where, given.get("protocol"))]
    given["protocol"] = str(given["protocol"]).lower()
    own = {key: value for key, value in given.items() if key not in Layout.model_fields}
    layout, problems = _build(where, Layout, {key: value for key, value in given.items() if key not in own})
    own = {key: value for key, value in own.items() if not _is_empty_secret(model, key, value)}
    spec, own_problems = _build(where, model, own | {"name": name} | ({"layout": layout} if layout else {}))
    problems += own_problems
    return (None if problems else spec), problems


def _unknown_protocol(where: str, protocol: Any) -> Problem:
    known = ", ".join(map(repr, SPECS))
    if protocol is None:
        return Problem("missing", where, "protocol is required", f"set it to one of {known}")
    return Problem("protocol", where, f"protocol must be one of {known}, got {protocol!r}", "correct it")


def _is_empty_secret(model: type[BaseModel], key: str, value: Any) -> bool:
    """Return whether a credential was left empty, which means that there is none."""
    return value == "" and key in _secret_keys(model)


def _build(where: str, model: type[Any], settings: Mapping[str, Any]) -> tuple[Any, list[Problem]]:
    secrets = _secret_keys(model)
    values = {
        key: SecretStr(value) if key in secrets and isinstance(value, str) else value
        for key, value in settings.items()
    }
    try:
        return model(**values), []
    except ValidationError as err:
        errors = err.errors() + _errors_between_keys(
            model, values, {error["loc"][0] for error in err.errors() if error["loc"]}
        )
        return None, [problem for error in errors for problem in _problems(where, model, error)]


def _errors_between_keys(model: type[BaseModel], values: Mapping[str, Any], wrong: set[Any]) -> list[Any]:
    """Return how the keys contradict each other, which pydantic asks only when each of them is right."""
    if not wrong:
        return []
    right = {key: value for key, value in values.items() if key not in wrong}
    stand_ins = {
        key: "stand-in"
        for key, field in model.model_fields.items()
        if field.is_required() or (key in wrong and field.annotation == str | None)
    }
    try:
        model(**(stand_ins | right))
    except ValidationError as err:
        return [error for error in err.errors() if not error["loc"]]
    return []


def _secret_keys(model: type[BaseModel]) -> set[str]:
    fields = model.model_fields.items()
    return {name for name, field in fields if SecretStr in getattr(field.annotation, "__args__", ())}


def _problems(where: str, model: type[BaseModel], error: Any) -> Iterator[Problem]:
    """Say one finding of pydantic's in our words; a value is shown only where it can't be a secret."""
    key = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            yield Problem("missing", where, f"{key} is required", f"add {key}")
        case "extra_forbidden":
            yield _unknown_key(where, model, key)
        case "value_error":
            for line in str(error["ctx"]["error"]).splitlines():
                message, _, hint = line.partition("; ")
                yield Problem("value", where, f"{key} {message}".strip(), hint)
        case "literal_error":
            expected = error["ctx"]["expected"].replace(" or ", ", ")
            yield Problem(
                "value", where, f"{key} must be one of {expected}, got {error['input']!r}", "correct it"
            )
        case kind:
            rule = _RULES.get(kind) or error["msg"].removeprefix("Input should ")
            secret = key in _secret_keys(model) or isinstance(error["input"], (Mapping, list))
            got = type(error["input"]).__name__ if secret else repr(error["input"])
            yield Problem("type", where, f"{key} must {rule}, got {got}", "correct it")


def _unknown_key(where: str, model: type[BaseModel], key: str) -> Problem:
    known = sorted(({*model.model_fields} | {*Layout.model_fields}) - {"name", "layout"})
    near = get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    return Problem("unknown-key", where, f"there is no key {key!r}", hint)
