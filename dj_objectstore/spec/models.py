"""One frozen model for each protocol: the settings of a store, valid from birth.

>>> spec = parse_spec("scratch", {"protocol": "memory", "token_length": 12})
>>> spec.name, spec.layout.token_length, spec.public_settings()
('scratch', 12, {'protocol': 'memory', 'token_length': 12})
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from dj_objectstore.paths.schema_path import ROOM
from dj_objectstore.spec.layout import Layout, checked_folder
from dj_objectstore.spec.secrets import secret_values, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AWS_ENDPOINT = "s3.amazonaws.com"


class CacheSpec(BaseModel):
    """A read cache on disk: its folder, and how many bytes it may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    folder: str
    bytes: int = Field(gt=0)


class _Spec(BaseModel):
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


class FileSpec(_Spec):
    """A folder on a disk."""

    protocol: Literal["file"]
    location: str

    @field_validator("location", mode="before")
    @classmethod
    def _absolute(cls, location: Any) -> Any:
        if not isinstance(location, (str, os.PathLike)):
            return location
        text = os.fspath(location)
        if not text or "\0" in text:
            raise ValueError("must name a folder, got ''; give its path")
        # workers and notebooks may run in other folders
        return os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - keeps symlinks in the path

    @property
    def place(self) -> str:
        """The folder."""
        return self.location

    @property
    def path_room(self) -> int:
        """Bytes that the path of an object may have: a local path has room for the location besides."""
        return ROOM


class MemorySpec(_Spec):
    """A store in the memory of this process, for tests; stores of one name share it."""

    protocol: Literal["memory"]

    @field_validator("location")
    @classmethod
    def _relative(cls, location: str) -> str:
        return _checked_location(location)

    @property
    def place(self) -> str:
        """The store's URL."""
        return f"memory://{self.name}/{self.location}".rstrip("/")


class S3Spec(_Spec):
    """A bucket of Amazon S3, or of a server that speaks its protocol.

    Parameters
    ----------
    bucket
        Name of the bucket.
    endpoint
        Host, with a port where needed; a URL says by its scheme whether it is secure.
    access_key, secret_key, session_token
        Credentials; without them those of the environment count.
    profile
        Profile of the AWS configuration.
    region
        Region of the bucket.
    secure
        Whether to use TLS; by default True.
    addressing_style
        Whether the bucket stands in the path or in the host's name.
    ca_bundle
        File with the certificates to trust.
    kms_key_id
        Key for server-side encryption.
    anon
        Read a public bucket without credentials.
    storage_class
        Class of the data; metadata stay in the standard class.
    proxy_server
        URL of a proxy, which may hold a password.
    """

    protocol: Literal["s3"]
    bucket: str
    endpoint: str = AWS_ENDPOINT
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    session_token: SecretStr | None = None
    profile: str | None = None
    region: str | None = None
    secure: bool = True
    addressing_style: Literal["auto", "path", "virtual"] | None = None
    ca_bundle: str | None = None
    kms_key_id: str | None = None
    anon: bool = False
    storage_class: str | None = None
    proxy_server: SecretStr | None = None

    @property
    def place(self) -> str:
        """The bucket's URL and its endpoint."""
        return f"s3://{self.bucket}/{self.location}".rstrip("/") + f" at {self.endpoint}"

    @property
    def path_room(self) -> int:
        """Bytes that the path of an object may have beside the location, of the 1024 bytes of a key."""
        return ROOM - (len(self.location.encode()) + 1 if self.location else 0)

    @property
    def endpoint_url(self) -> str | None:
        """URL of the endpoint; None for Amazon's own, where the region decides."""
        if self.endpoint == AWS_ENDPOINT:
            return None
        return (
            self.endpoint
            if "://" in self.endpoint
            else f"{'https' if self.secure else 'http'}://{self.endpoint}"
        )

    @field_validator("location")
    @classmethod
    def _relative(cls, location: str) -> str:
        return _checked_location(location)

    @field_validator("bucket")
    @classmethod
    def _check_bucket(cls, bucket: str) -> str:
        if not bucket or "/" in bucket or not bucket.isprintable() or " " in bucket:
            raise ValueError(
                f"must be the name of a bucket alone, got {bucket!r}; put what follows into location"
            )
        return bucket

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, endpoint: str) -> str:
        url = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        if "@" in endpoint:
            raise ValueError("must not hold credentials; put them into access_key and secret_key")
        if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/") or url.query:
            raise ValueError(
                f"must be a host such as 'minio.lab.org:9000', got {endpoint!r}; leave out the path"
            )
        return endpoint.rstrip("/")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        problems = list(self._contradictions())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _contradictions(self) -> Iterator[str]:
        if bool(self.access_key) != bool(self.secret_key):
            given, lacking = ("access_key", "secret_key") if self.access_key else ("secret_key", "access_key")
            yield (
                f"access_key and secret_key must be given together, got {given} alone; add {lacking}, "
                "or remove both to use the credentials of the environment"
            )
        if self.session_token and not self.access_key:
            yield "session_token must come with access_key and secret_key; add them, or remove it"
        if self.anon and self.access_key:
            yield "anon must not be combined with credentials; remove anon, or access_key and secret_key"
        if "secure" in self.model_fields_set and "://" in self.endpoint:
            scheme = urlsplit(self.endpoint).scheme
            if (scheme == "https") != self.secure:
                yield f"secure must agree with endpoint, got {self.secure} and {scheme}://; remove secure"


StoreSpec: TypeAlias = FileSpec | S3Spec | MemorySpec
SPECS: Mapping[str, type[FileSpec | S3Spec | MemorySpec]] = {
    "file": FileSpec,
    "s3": S3Spec,
    "memory": MemorySpec,
}


def parse_spec(name: str, settings: Mapping[str, Any]) -> StoreSpec:
    """Make the store called `name` of its settings.

    Parameters
    ----------
    name
        The store's name.
    settings
        As under ``stores.<name>`` in ``datajoint.json``; null means not set.

    Raises
    ------
    ConfigurationError
        Naming every problem: key, value and remedy.
    """
    from dj_objectstore.spec.validation import build_spec

    return build_spec(name, settings)


def _checked_location(location: str) -> str:
    """Return the beginning of the keys in a bucket, without slashes at its ends."""
    stripped = location.strip("/")
    return checked_folder(stripped) if stripped else ""
