"""What the wizard's page may ask, each with its bounds; part of the closed list of `protocol`.

A secret travels in `SetupSecretRequest` alone. No message names a path of a file: the page chooses between
the files that the kernel offered.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from dj_objectstore.widgets.messages.strict import Opaque, RequestBase, Strict

MAX_FIELDS = 40
Name = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(max_length=2048)]
Number = Annotated[int, Field(ge=-(2**31), le=2**31)]
Secret = Annotated[SecretStr, Field(max_length=65536)]
TargetIndex = Annotated[int, Field(ge=0, le=16)]
"""Place of a file among those that were offered."""


class DraftParams(Strict):
    """A store as it is filled in now, without its secrets."""

    kind: Name
    name: Name
    values: Annotated[dict[Name, Text | bool | Number], Field(max_length=MAX_FIELDS)] = Field(
        default_factory=dict
    )
    edits: Name | None = None
    is_default: bool = False
    is_filepath_default: bool = False


class StartParams(Strict):
    """What there is to set up."""


class OpenStoreParams(Strict):
    """A store that will be edited."""

    name: Name


class SecretParams(Strict):
    """Secrets by field; an empty one removes what is there."""

    secrets: Annotated[dict[Name, Secret], Field(max_length=MAX_FIELDS)]


class ReviewParams(DraftParams):
    """What would be written; without a target nothing is, and the environment is told instead."""

    target: TargetIndex | None = None


class RemoveParams(Strict):
    """What would be written without a store."""

    name: Name
    target: TargetIndex = 0


class DefaultsParams(Strict):
    """What would be written with other default stores; an empty name stands for none."""

    default: Name
    filepath_default: Name
    target: TargetIndex = 0


class ImportParams(Strict):
    """What would be written of older settings."""


class WriteParams(Strict):
    """Write what was reviewed."""

    review: Opaque


class SetupStartRequest(RequestBase):
    """Request `setup_start`."""

    method: Literal["setup_start"]
    params: StartParams


class SetupOpenRequest(RequestBase):
    """Request `setup_open`."""

    method: Literal["setup_open"]
    params: OpenStoreParams


class SetupCheckRequest(RequestBase):
    """Request `setup_check`."""

    method: Literal["setup_check"]
    params: DraftParams


class SetupSecretRequest(RequestBase):
    """Request `setup_secret`."""

    method: Literal["setup_secret"]
    params: SecretParams


class SetupTestRequest(RequestBase):
    """Request `setup_test`."""

    method: Literal["setup_test"]
    params: DraftParams


class SetupReviewRequest(RequestBase):
    """Request `setup_review`."""

    method: Literal["setup_review"]
    params: ReviewParams


class SetupRemoveRequest(RequestBase):
    """Request `setup_remove`."""

    method: Literal["setup_remove"]
    params: RemoveParams


class SetupDefaultsRequest(RequestBase):
    """Request `setup_defaults`."""

    method: Literal["setup_defaults"]
    params: DefaultsParams


class SetupImportRequest(RequestBase):
    """Request `setup_import`."""

    method: Literal["setup_import"]
    params: ImportParams


class SetupWriteRequest(RequestBase):
    """Request `setup_write`."""

    method: Literal["setup_write"]
    params: WriteParams


SetupRequest = (
    SetupStartRequest
    | SetupOpenRequest
    | SetupCheckRequest
    | SetupSecretRequest
    | SetupTestRequest
    | SetupReviewRequest
    | SetupRemoveRequest
    | SetupDefaultsRequest
    | SetupImportRequest
    | SetupWriteRequest
)
