"""The form that sets up a store: which kinds of store there are, and the fields of each.

Types, defaults and rules come from the models; only the words are kept here.

>>> [kind.name for kind in KINDS]
['folder', 'aws', 's3', 'gcs', 'azure']
>>> check_form("folder", "main", {"location": ""}).problems[0].message
'location is required'
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from dj_objectstore.exceptions import ValueRefusedError
from dj_objectstore.spec.gathering import DEFAULTS
from dj_objectstore.spec.layout import Layout
from dj_objectstore.spec.models import AWS_ENDPOINT, SPECS, StoreSpec
from dj_objectstore.spec.validation import check_settings

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

FieldType = Literal["text", "integer", "integers", "boolean", "choice", "secret"]
Section = Literal["place", "layout", "secrets", "more"]


@dataclass(frozen=True)
class Words:
    """What people read at a field: its label, one line of help, and an example."""

    label: str
    help: str
    example: str = ""


@dataclass(frozen=True)
class Field:
    """A field of the form.

    Parameters
    ----------
    name
        The key in the store's settings.
    words
        What people read.
    section
        The step it stands in; ``"more"`` are those that few need.
    type
        What is typed in; a ``"secret"`` is never shown.
    required, default, choices
        As the store's model has them.
    """

    name: str
    words: Words
    section: Section
    type: FieldType
    required: bool = False
    default: str | int | bool | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of store that people choose between; several may share a protocol."""

    name: str
    label: str
    help: str
    protocol: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field; `field` is ``""`` where it concerns several."""

    field: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Form:
    """A filled-in form: its spec, or every problem it has.

    Parameters
    ----------
    settings
        As under ``stores.<name>``; secrets included.
    spec
        The store; None while there are problems.
    """

    settings: Mapping[str, Any] = field(repr=False)
    spec: StoreSpec | None
    problems: tuple[FieldProblem, ...] = ()


_LAYOUT: Mapping[str, tuple[Section, Words]] = {
    "schema_prefix": ("layout", Words("Folder of objects", "Where <object@>, <file@> and <photon@> lie.")),
    "hash_prefix": ("layout", Words("Folder of blobs", "Where <blob@> and <attach@> lie.")),
    "filepath_prefix": (
        "layout",
        Words("Folder of your own files", "<filepath@> accepts only files in it; empty: any.", "raw"),
    ),
    "partition_pattern": (
        "layout",
        Words(
            "Partition",
            "Key attributes that come first in a path; two or three are enough.",
            "subject_id/session_date",
        ),
    ),
    "project_name": (
        "layout",
        Words("Project", "Marks the store as this project's; another project is refused.", "motor-learning"),
    ),
    "subfolding": (
        "more",
        Words("Subfolders of blobs", "Lengths of the folders that a hash is spread over.", "2,2"),
    ),
    "token_length": ("more", Words("Length of tokens", "Characters that make a stored name unique.")),
}
_LOCATION = Words("Location in the bucket", "The beginning of every key; may be empty.", "my-project")
_BUCKET = Words("Bucket", "It must exist already.", "lab-data")
_ACCESS = Words("Access key", "Leave both keys empty to use the credentials of the environment.")
_SECRET = Words("Secret key", "Kept in .secrets, for you alone.")
_REGION = Words("Region", "Where the bucket is.", "eu-central-1")
_PROXY = Words("Proxy", "A URL, which may hold a password.", "http://proxy.lab.org:3128")
_CLASS = Words(
    "Storage class", "Of the data; small metadata stay in the standard class.", "INTELLIGENT_TIERING"
)
_AWS_FIELDS: Mapping[str, tuple[Section, Words]] = {
    "bucket": ("place", _BUCKET),
    "location": ("place", _LOCATION),
    "region": ("place", _REGION),
    "access_key": ("secrets", _ACCESS),
    "secret_key": ("secrets", _SECRET),
    "session_token": ("secrets", Words("Session token", "Only with temporary credentials.")),
    "profile": ("more", Words("Profile", "Of ~/.aws/config, instead of keys.", "lab")),
    "storage_class": ("more", _CLASS),
    "kms_key_id": ("more", Words("KMS key", "For encryption by the server.")),
    "anon": ("more", Words("Without credentials", "Read a public bucket.")),
    "proxy_server": ("secrets", _PROXY),
}
_S3_FIELDS: Mapping[str, tuple[Section, Words]] = {
    "endpoint": ("place", Words("Endpoint", "Host of the server, with its port.", "minio.lab.org:9000")),
    "secure": ("place", Words("Encrypted connection", "https; switch it off only on a network of your own.")),
    **_AWS_FIELDS,
    "region": ("more", _REGION),
    "addressing_style": ("more", Words("Addressing", "Whether the bucket stands in the path or the host.")),
    "ca_bundle": ("more", Words("Certificates", "File with the certificates to trust.", "/etc/ssl/lab.pem")),
}
_KINDS: tuple[tuple[str, str, str, str, Mapping[str, tuple[Section, Words]]], ...] = (
    (
        "folder",
        "Folder",
        "On this computer, or on a mounted server that all computers see under the same path.",
        "file",
        {"location": ("place", Words("Folder", "It must exist already.", "/data/my-project"))},
    ),
    ("aws", "Amazon S3", "A bucket of Amazon Web Services.", "s3", _AWS_FIELDS),
    ("s3", "MinIO or other S3", "A server that speaks S3: MinIO, Ceph, Swift, Wasabi.", "s3", _S3_FIELDS),
    (
        "gcs",
        "Google Cloud Storage",
        "A bucket of Google Cloud.",
        "gcs",
        {
            "bucket": ("place", _BUCKET),
            "location": ("place", _LOCATION),
            "project": ("place", Words("Project of Google", "That is billed.", "my-lab-1234")),
            "token": (
                "secrets",
                Words(
                    "Service account",
                    "Path of its JSON file; leave it empty to use the identity of this computer.",
                    "/home/me/key.json",
                ),
            ),
        },
    ),
    (
        "azure",
        "Azure Blob Storage",
        "A container of Microsoft Azure.",
        "azure",
        {
            "container": ("place", Words("Container", "It must exist already.", "lab-data")),
            "location": ("place", _LOCATION),
            "account_name": ("place", Words("Storage account", "Its name.", "mylab")),
            "account_key": ("secrets", Words("Account key", "Leave it empty to use your Azure identity.")),
            "connection_string": ("secrets", Words("Connection string", "Instead of account and key.")),
        },
    ),
)
_ALWAYS = {"container", "account_name"}
"""Fields that the model lets be empty for the sake of other settings, and a new store needs."""


def find_kind(name: str) -> Kind:
    """Return a kind of store by its name.

    Raises
    ------
    ValueRefusedError
        When there is no such kind.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in KINDS)
    raise ValueRefusedError(f"there is no kind of store {name!r}", hint=f"Choose one of {known}.")


def kind_of(settings: Mapping[str, Any]) -> str:
    """Return the name of the kind that existing settings are of; ``""`` for one that the form lacks."""
    protocol = str(settings.get("protocol", "")).lower()
    if protocol == "s3":
        return "s3" if settings.get("endpoint", AWS_ENDPOINT) != AWS_ENDPOINT else "aws"
    return {"file": "folder", "gcs": "gcs", "gs": "gcs", "azure": "azure"}.get(protocol, "")


def check_form(
    kind: str, name: str, values: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None
) -> Form:
    """Return the store that a filled-in form makes, or everything that is wrong with it.

    Parameters
    ----------
    kind
        Name of a kind.
    name
        The store's name.
    values
        By the fields' names, as typed: texts, numbers, truth values. An empty text means not set.
    kept
        Settings that the form does not show and that stay, when a store is edited.
    """
    chosen = find_kind(kind)
    fields = {each.name: each for each in chosen.fields}
    problems = _check_name(name)
    problems += [
        FieldProblem(key, f"there is no field {key!r}", "Leave it out.")
        for key in values
        if key not in fields
    ]
    typed = {key: _typed(fields[key], value) for key, value in values.items() if key in fields}
    problems += [
        FieldProblem(each.name, f"{each.name} is required", f"for example {each.words.example}")
        for each in chosen.fields
        if each.required and typed.get(each.name) in (None, "") and not _is_told_otherwise(each.name, typed)
    ]
    missing = {problem.field for problem in problems}
    settings = {key: value for key, value in typed.items() if value not in (None, "")}
    settings = {"protocol": chosen.protocol, **dict(kept or {}), **settings}
    spec, found = check_settings(name or "store", settings)
    for problem in found:
        key = problem.message.partition(" ")[0]
        shown = key if key in fields else ""
        if shown not in missing:
            problems.append(FieldProblem(shown, problem.message, problem.hint))
    if spec is not None and chosen.protocol == "file":
        settings["location"] = spec.location  # other programs of the project start in other folders
    return Form(settings, None if problems else spec, tuple(problems))


def _check_name(name: str) -> list[FieldProblem]:
    if name in DEFAULTS:
        return [FieldProblem("name", f"a store must not be called {name!r}", "It would hide the setting.")]
    if name.isascii() and name.replace("_", "").replace("-", "").isalnum() and name[:1].isalpha():
        return []
    message = f"a store's name must be letters, digits, '_' and '-', starting with a letter, got {name!r}"
    return [FieldProblem("name", message, "Choose a short one, such as main.")]


def _is_told_otherwise(name: str, typed: Mapping[str, Any]) -> bool:
    """Return whether another field holds what this one asks for."""
    return name == "account_name" and bool(typed.get("connection_string"))


def _typed(each: Field, value: Any) -> Any:
    """Return a value of the type that the model asks for; one that does not fit stays, and is refused."""
    if not isinstance(value, str):
        return value
    text = value if each.type == "secret" else value.strip()
    if each.type == "integer" and text.lstrip("-").isdigit():
        return int(text)
    if each.type == "integers":
        parts = [part.strip() for part in text.strip("[]").split(",")] if text else []
        return [int(part) if part.isdigit() else part for part in parts] or None
    if each.type == "boolean" and text.lower() in ("true", "false", "yes", "no"):
        return text.lower() in ("true", "yes")
    return text


def _fields(protocol: str, words: Mapping[str, tuple[Section, Words]]) -> tuple[Field, ...]:
    model = SPECS[protocol]
    found = []
    for name, (section, said) in {**words, **_LAYOUT}.items():
        info = Layout.model_fields.get(name) or model.model_fields[name]
        kind, choices = _type_of(info.annotation)
        default = info.default if isinstance(info.default, str | int | bool) else None
        required = info.is_required() or name in _ALWAYS or (name == "endpoint")
        shown = None if required or kind == "secret" else default
        found.append(Field(name, said, section, kind, required, shown, choices))
    return tuple(found)


def _type_of(annotation: Any) -> tuple[FieldType, tuple[str, ...]]:
    parts = typing.get_args(annotation) or (annotation,)
    if SecretStr in parts:
        return "secret", ()
    if typing.get_origin(annotation) is tuple:
        return "integers", ()
    for part in parts:
        if typing.get_origin(part) is Literal:
            return "choice", tuple(map(str, typing.get_args(part)))
    plain: Mapping[Any, FieldType] = {bool: "boolean", int: "integer"}
    return next((plain[part] for part in parts if part in plain), "text"), ()


KINDS: tuple[Kind, ...] = tuple(
    Kind(name, label, said, protocol, _fields(protocol, words))
    for name, label, said, protocol, words in _KINDS
)
