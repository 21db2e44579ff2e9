"""What the wizard's page is told. Nothing here can hold a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dj_objectstore.spec.forms import KINDS
from dj_objectstore.widgets.messages.answers import Result

if TYPE_CHECKING:
    from dj_objectstore.spec.forms import Field, Form, Kind
    from dj_objectstore.spec.setup import Target
    from dj_objectstore.store.steps import StepResult


class FieldInfo(Result):
    """A field of the form, as `dj_objectstore.spec.forms.Field`."""

    name: str
    label: str
    help: str
    example: str
    section: Literal["place", "layout", "secrets", "more"]
    type: Literal["text", "integer", "integers", "boolean", "choice", "secret"]
    required: bool
    default: bool | int | str | None
    choices: tuple[str, ...]


class KindInfo(Result):
    """A kind of store, with its fields."""

    name: str
    label: str
    help: str
    fields: tuple[FieldInfo, ...]


class StoreInfo(Result):
    """A store that is configured; `problem` where its settings are wrong, `origin` where it comes from."""

    name: str
    place: str
    kind: str
    is_default: bool
    is_filepath_default: bool
    origin: str
    problem: str


class TargetInfo(Result):
    """A file that may be written."""

    path: str
    exists: bool
    is_elsewhere: bool


class SetupFacts(Result):
    """What there is to set up; `older` whether older settings can be rewritten, `problem` of the files."""

    kinds: tuple[KindInfo, ...]
    stores: tuple[StoreInfo, ...]
    targets: tuple[TargetInfo, ...]
    older: bool
    problem: str


class DraftInfo(Result):
    """A configured store, to be edited; `secrets` are the fields that have one."""

    kind: str
    name: str
    values: dict[str, str | bool | int]
    secrets: tuple[str, ...]
    is_default: bool
    is_filepath_default: bool


class ProblemInfo(Result):
    """What is wrong with a field; `field` is ``""`` where it concerns several."""

    field: str
    message: str
    hint: str


class Checked(Result):
    """What a draft makes: its problems, an example path, and the store's place."""

    problems: tuple[ProblemInfo, ...]
    example: str
    place: str


class SecretsGiven(Result):
    """The fields that the kernel now holds a secret for."""

    given: tuple[str, ...]


class StepInfo(Result):
    """One step of the test."""

    step: str
    status: Literal["ok", "failed", "skipped"]
    message: str
    hint: str
    seconds: float


class Tested(Result):
    """All steps of the test; `note` is a warning about the connection."""

    steps: tuple[StepInfo, ...]
    note: str


class FileInfo(Result):
    """A file that will be written, with its mode, or removed."""

    path: str
    mode: str
    action: Literal["write", "remove"]


class Review(Result):
    """What would be written: its `review` is written by `setup_write`; ``""`` where there is nothing to do.

    `environment` is the line of shell to use instead of a file.
    """

    review: str
    diff: str
    file: str
    is_elsewhere: bool
    backup: str
    files: tuple[FileInfo, ...]
    notes: tuple[str, ...]
    environment: str
    python: str


class Written(Result):
    """What was written, and how to use it."""

    files: tuple[str, ...]
    python: str


def kind_infos() -> tuple[KindInfo, ...]:
    """Return all kinds of stores."""
    return tuple(_kind_info(kind) for kind in KINDS)


def target_info(target: Target) -> TargetInfo:
    """Return a file that may be written."""
    return TargetInfo(path=str(target.path), exists=target.exists, is_elsewhere=target.is_elsewhere)


def problem_infos(form: Form) -> tuple[ProblemInfo, ...]:
    """Return the problems of a form."""
    return tuple(
        ProblemInfo(field=problem.field, message=problem.message, hint=problem.hint)
        for problem in form.problems
    )


def step_info(result: StepResult) -> StepInfo:
    """Return a step of the test."""
    return StepInfo(**result.to_json())


def _kind_info(kind: Kind) -> KindInfo:
    fields = tuple(_field_info(each) for each in kind.fields)
    return KindInfo(name=kind.name, label=kind.label, help=kind.help, fields=fields)


def _field_info(each: Field) -> FieldInfo:
    return FieldInfo(
        name=each.name,
        label=each.words.label,
        help=each.words.help,
        example=each.words.example,
        section=each.section,
        type=each.type,
        required=each.required,
        default=each.default,
        choices=each.choices,
    )
