"""One frozen model for each protocol: the settings of a store, valid from birth.

>>> spec = parse_spec("scratch", {"protocol": "memory", "token_length": 12})
>>> spec.name, spec.layout.token_length, spec.public_settings()
('scratch', 12, {'protocol': 'memory', 'token_length': 12})
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator

from dj_objectstore.paths.schema_path import ROOM
from dj_objectstore.spec.base import BucketSpec, Spec, checked_bucket, checked_location

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AWS_ENDPOINT = "s3.amazonaws.com"


class FileSpec(Spec):
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


class MemorySpec(Spec):
    """A store in the memory of this process, for tests; stores of one name share it."""

    protocol: Literal["memory"]

    @field_validator("location")
    @classmethod
    def _relative(cls, location: str) -> str:
        return checked_location(location)

    @property
    def place(self) -> str:
        """The store's URL."""
        return f"memory://{self.name}/{self.location}".rstrip("/")


class S3Spec(BucketSpec):
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
    def root(self) -> str:
        """The bucket's name."""
        return self.bucket

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

    @field_validator("bucket")
    @classmethod
    def _check_bucket(cls, bucket: str) -> str:
        return checked_bucket(bucket)

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


class GCSSpec(BucketSpec):
    """A bucket of Google Cloud Storage.

    Parameters
    ----------
    bucket
        Name of the bucket.
    project
        Google Cloud project that is billed and asked.
    token
        Path of a service account's JSON file, the file's own text, or one of gcsfs' words such as ``anon``;
        without it the identity of where this runs counts.
    """

    protocol: Literal["gcs", "gs"]
    bucket: str
    project: str | None = None
    token: SecretStr | None = None

    @property
    def place(self) -> str:
        """The bucket's URL."""
        return f"gs://{self.keys_root}"

    @property
    def root(self) -> str:
        """The bucket's name."""
        return self.bucket

    @field_validator("bucket")
    @classmethod
    def _check_bucket(cls, bucket: str) -> str:
        return checked_bucket(bucket)


class AzureSpec(BucketSpec):
    """A container of Azure Blob Storage.

    Parameters
    ----------
    container, bucket
        Name of the container; one of the two.
    account_name
        Name of the storage account.
    account_key
        Key of the account; without it the identity of where this runs counts.
    connection_string
        Account, key and endpoint in one text.
    """

    protocol: Literal["azure"]
    container: str | None = None
    bucket: str | None = None
    account_name: str | None = None
    account_key: SecretStr | None = None
    connection_string: SecretStr | None = None

    @property
    def place(self) -> str:
        """The container's URL, and its account where it is named."""
        account = f" of account {self.account_name}" if self.account_name else ""
        return f"az://{self.keys_root}{account}"

    @property
    def root(self) -> str:
        """The container's name."""
        return self.container or self.bucket or ""

    @field_validator("container", "bucket")
    @classmethod
    def _check_container(cls, name: str | None) -> str | None:
        return None if name is None else checked_bucket(name)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        problems = list(self._contradictions())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _contradictions(self) -> Iterator[str]:
        if not self.root:
            yield "container is required; add container"
        if self.container and self.bucket and self.container != self.bucket:
            yield (
                f"container and bucket must be the same, got {self.container!r} and {self.bucket!r}; "
                "remove bucket"
            )
        if self.account_key and not self.account_name:
            yield "account_key must come with account_name; add account_name"
        if self.connection_string and self.account_key:
            yield "connection_string holds the key; remove account_key"


StoreSpec: TypeAlias = FileSpec | S3Spec | GCSSpec | AzureSpec | MemorySpec
SPECS: Mapping[str, type[StoreSpec]] = {
    "file": FileSpec,
    "s3": S3Spec,
    "gcs": GCSSpec,
    "gs": GCSSpec,
    "azure": AzureSpec,
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
