"""What the settings of the stores of every protocol have in common."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer, field_validator

from dj_objectstore.paths.schema_path import ROOM
from dj_objectstore.spec.layout import Layout, checked_folder
from dj_objectstore.spec.secrets import secret_values, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator


class CacheSpec(BaseModel):
    """A read cache on disk: its folder, and how many bytes it may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    folder: str
    bytes: int = Field(gt=0)

    @field_validator("folder")
    @classmethod
    def _absolute(cls, folder: str) -> str:
        if not folder or "\0" in folder:
            raise ValueError("must name a folder, got ''; give its path")
        # kernels and workers that run in other folders share it
        return os.path.abspath(os.path.expanduser(folder))  # noqa: PTH100, PTH111 - as a location


class Spec(BaseModel):
    """What the stores of every protocol have.

    Parameters
    ----------
    name
        The store's name in the configuration.
    location
        Where everything lies: a folder on disk, or the beginning of the keys in a bucket.
    layout
        The store's sections.
    project_name
        Identifies the project in the store's own metadata.
    stage
        A local folder, for DataJoint.
    cache
        A read cache.
    storage_options
        Passed to fsspec as they are, over everything else.

    Notes
    -----
    No dump, JSON or pickle of a spec holds a secret: read again, it takes the credentials of where it is.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, arbitrary_types_allowed=False
    )

    name: str
    protocol: str
    location: str = ""
    layout: Layout = Field(default_factory=Layout)
    project_name: str | None = None
    stage: str | None = None
    cache: CacheSpec | None = None
    storage_options: dict[str, Any] = Field(default_factory=dict, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        from dj_objectstore.spec.models import parse_spec

        return parse_spec, (self.name, self.public_settings())

    @field_serializer("storage_options")
    def _without_secrets(self, options: dict[str, Any]) -> dict[str, Any]:
        return without_secrets(options)

    @property
    def place(self) -> str:
        """Where the store lies, for people; without a secret."""
        raise NotImplementedError

    @property
    def path_room(self) -> int:
        """Bytes that the path of an object may have in this store."""
        return ROOM - len(self.location.encode())

    def public_settings(self) -> dict[str, Any]:
        """Return the settings as they stand in ``datajoint.json``, without secrets.

        `parse_spec` makes an equal store of them, as far as its credentials come from where it runs.
        """
        settings = {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name in self.model_fields_set and name not in ("name", "layout", "storage_options")
        }
        plain = {name: value for name, value in settings.items() if not isinstance(value, SecretStr)}
        if self.cache:
            plain["cache"] = self.cache.model_dump()
        options = without_secrets(self.storage_options)
        layout = self.layout.model_dump(mode="json", exclude_unset=True)
        return plain | layout | ({"storage_options": options} if options else {})

    def full_settings(self) -> dict[str, Any]:
        """Return the settings as they stand in ``datajoint.json``, secrets included; for DataJoint alone."""
        options = {"storage_options": self.storage_options} if self.storage_options else {}
        return self.public_settings() | dict(self._own_secrets()) | options

    def secrets(self) -> list[str]:
        """Return every secret text in the settings; for redaction, and to tell stores apart."""
        return [text for _, text in self._own_secrets()] + list(secret_values(self.storage_options))

    def fingerprint(self) -> str:
        """Return a digest that is equal only for equal settings, secrets included."""
        own = dict(self._own_secrets())
        text = json.dumps(
            [self.name, self.public_settings(), own, self.storage_options], default=str, sort_keys=True
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def _own_secrets(self) -> Iterator[tuple[str, str]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                yield name, value.get_secret_value()


class BucketSpec(Spec):
    """A store whose keys lie in a bucket, below a location that may be empty."""

    @property
    def root(self) -> str:
        """The bucket's name."""
        raise NotImplementedError

    @property
    def path_room(self) -> int:
        """Bytes that the path of an object may have beside the location, of the 1024 bytes of a key."""
        return ROOM - (len(self.location.encode()) + 1 if self.location else 0)

    @property
    def keys_root(self) -> str:
        """The bucket and the location, as fsspec's filesystems name them."""
        return f"{self.root}/{self.location}".rstrip("/")

    @field_validator("location")
    @classmethod
    def _relative(cls, location: str) -> str:
        return checked_location(location)


# where a store lies, and how it is used; all else says who asks whom
_PLACE = {
    *("name", "protocol", "location", "bucket", "container", "layout", "project_name", "stage", "cache"),
    *("storage_class", "kms_key_id"),
}


def is_same_account(one: Spec, other: Spec) -> bool:
    """Return whether two stores are of one service, asked with the same credentials and options."""
    fields = type(one).model_fields.keys() - _PLACE
    return type(one) is type(other) and all(getattr(one, name) == getattr(other, name) for name in fields)


def checked_bucket(bucket: str) -> str:
    """Return the name of a bucket.

    Raises
    ------
    ValueError
        When it is more than a name.
    """
    if not bucket or "/" in bucket or not bucket.isprintable() or " " in bucket:
        raise ValueError(
            f"must be the name of a bucket alone, got {bucket!r}; put what follows into location"
        )
    return bucket


def checked_location(location: str) -> str:
    """Return the beginning of the keys in a bucket, without slashes at its ends."""
    stripped = location.strip("/")
    return checked_folder(stripped) if stripped else ""


def text_of(secret: SecretStr | None) -> str | None:
    """Return the text of a secret that may not be set."""
    return secret.get_secret_value() if secret else None
