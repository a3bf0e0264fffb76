"""Every setting of the program: read once from the environment, prefix `ASSAY_`."""

import ipaddress
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import click
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MIN_SECRET_LENGTH = 32
MAX_PORT = 65536
# A bucket's name as Amazon allows it, and a prefix that needs no escaping in any address.
BUCKET_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-]+)*/?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(click.ClickException):
    """Settings are missing or wrong; the message names each of them, and no value."""


class Settings(BaseSettings):
    """The program's settings, frozen.

    A default stands only where it is right in production and fit to be public.
    """

    model_config = SettingsConfigDict(
        env_prefix="ASSAY_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    base_url: str = Field(description="The public address of the tool, without a path.")
    secret_key: SecretStr = Field(
        description="Signs cookies and encrypts keys at rest; at least 32 characters."
    )
    database_url: str = Field(
        default="sqlite:///var/assay.sqlite", description="SQLite file or PostgreSQL address."
    )
    storage_dir: Path = Field(
        default=Path("var/artifacts"), description="The folder that keeps submitted files."
    )
    storage_url: str | None = Field(
        default=None,
        description="An S3-compatible store that keeps them instead: s3://bucket or "
        "s3://bucket/prefix.",
    )
    s3_endpoint: str | None = Field(
        default=None, description="The address of that store; unset: Amazon's, of the region."
    )
    s3_region: str = Field(default="us-east-1", description="The region of the bucket.")
    s3_key_id: str | None = Field(default=None, description="The access key id for the bucket.")
    s3_secret: SecretStr | None = Field(
        default=None, description="The secret access key for the bucket."
    )
    s3_path_style: bool | None = Field(
        default=None,
        description="Whether the bucket stands in the path of its addresses rather than in the "
        "host; unset: where an endpoint is named.",
    )
    clamav: str | None = Field(
        default=None,
        description="ClamAV's daemon, which checks files for malware: host:port, or the path of "
        "its socket; unset: files are not checked.",
    )
    max_upload_mb: int = Field(default=50, ge=1, description="The largest file accepted, in MB.")
    max_resumable_mb: int = Field(
        default=2048,
        ge=1,
        description="The largest file that a browser's script may send piece by piece, in MB.",
    )
    learner_quota_gb: int = Field(
        default=20,
        ge=1,
        description="How much of one learner's files is kept, in GB: of all their work together.",
    )
    undo_minutes: int = Field(
        default=10,
        ge=0,
        le=1440,
        description="How long a grantor's decision can be undone before the learner, the gradebook "
        "or anybody else is told; 0: it is told at once.",
    )
    retention_job: bool = Field(
        default=False,
        description="Whether the worker deletes each night what has been kept long enough; "
        "without it only `retention run` does.",
    )
    souvenir_rows: int = Field(
        default=100_000, ge=1, description="The most people in one list of Souvenirs."
    )
    soffice: str | None = Field(
        default=None,
        description="The program LibreOffice, by which office files are shown as PDFs; unset: "
        "looked for on PATH; empty: there is none.",
    )
    session_hours: int = Field(
        default=12, ge=1, le=72, description="How long a launch keeps its person signed in."
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(), description="Addresses or networks whose X-Forwarded-* headers are believed."
    )
    allow_loopback: bool | None = Field(
        default=None,
        description="Whether an LMS on this very machine may be called; unset: only for a tool "
        "whose own address is local.",
    )
    key_rotation_days: int = Field(
        default=365, ge=7, description="How long one key of the tool signs before the next does."
    )
    log_format: str = Field(
        default="json", pattern="^(json|console)$", description="`json`, or `console` for people."
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="The issuer of the campus sign-in (OpenID Connect); unset: there is none.",
    )
    oidc_client_id: str | None = Field(
        default=None, description="The client id of Assay at the campus sign-in."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="The client secret of Assay at the campus sign-in."
    )
    oidc_institution: str | None = Field(
        default=None,
        description="The slug of the institution whose people it signs in; unset: the only one.",
    )
    oidc_scopes: str = Field(
        default="openid email", description="What the campus sign-in is asked for."
    )
    bind: str = Field(default="127.0.0.1:8000", description="Where `make serve` listens.")
    web_workers: int = Field(default=2, ge=1, description="Web processes of `make serve`.")

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        parts = urlsplit(value.rstrip("/"))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("give the whole address, such as https://assay.example.edu")
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("give only scheme, host and port: https://assay.example.edu")
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            raise ValueError("http is refused for any host but localhost: use https")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("secret_key")
    @classmethod
    def _check_secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < MIN_SECRET_LENGTH:
            raise ValueError(
                f"use at least {MIN_SECRET_LENGTH} characters: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_proxies(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(
                ipaddress.ip_network(part.strip(), strict=False)
                for part in value.split(",")
                if part.strip()
            )
        return value

    @model_validator(mode="after")
    def _check_database(self) -> "Settings":
        if not self.database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg:")):
            raise ValueError("ASSAY_DATABASE_URL must start with sqlite:/// or postgresql://")
        return self

    @model_validator(mode="after")
    def _check_oidc(self) -> "Settings":
        named = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(named) and not all(named):
            raise ValueError(
                "ASSAY_OIDC_ISSUER, ASSAY_OIDC_CLIENT_ID and ASSAY_OIDC_CLIENT_SECRET belong "
                "together: set all three or none"
            )
        if "openid" not in self.oidc_scopes.split():
            raise ValueError("ASSAY_OIDC_SCOPES must name openid")
        return self

    @model_validator(mode="after")
    def _check_storage(self) -> "Settings":
        if self.storage_url is None:
            return self
        if not BUCKET_URL.fullmatch(self.storage_url):
            raise ValueError("ASSAY_STORAGE_URL must look like s3://bucket or s3://bucket/prefix")
        if not (self.s3_key_id and self.s3_secret):
            raise ValueError("ASSAY_STORAGE_URL needs ASSAY_S3_KEY_ID and ASSAY_S3_SECRET")
        return self

    @field_validator("s3_endpoint")
    @classmethod
    def _check_endpoint(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value.rstrip("/"))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("give the whole address, such as https://s3.example.edu")
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("give only scheme, host and port: https://s3.example.edu")
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            raise ValueError("http is refused for any host but localhost: use https")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("clamav")
    @classmethod
    def _check_clamav(cls, value: str | None) -> str | None:
        if not value or value.startswith("/"):
            return value or None
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < MAX_PORT:
            raise ValueError("give host:port, or the path of a socket beginning with /")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _check_issuer(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("give the whole address, such as https://login.example.edu")
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            raise ValueError("http is refused for any host but localhost: use https")
        return value

    @cached_property
    def resolved_database_url(self) -> str:
        """The database address, a relative SQLite path made absolute from the working folder."""
        prefix = "sqlite:///"
        if not self.database_url.startswith(prefix):
            return self.database_url
        return prefix + str(Path(self.database_url.removeprefix(prefix)).absolute())

    @cached_property
    def is_local(self) -> bool:
        """Whether the tool's own address is on this machine (development, demo)."""
        return urlsplit(self.base_url).hostname in LOCAL_HOSTS

    @cached_property
    def may_call_loopback(self) -> bool:
        """Whether outgoing calls may reach loopback addresses."""
        return self.is_local if self.allow_loopback is None else self.allow_loopback

    @property
    def is_path_style(self) -> bool:
        """Whether the bucket stands in the path of its addresses."""
        return bool(self.s3_endpoint) if self.s3_path_style is None else self.s3_path_style

    @property
    def storage_origin(self) -> str | None:
        """From where browsers fetch files of an object store; `None` for the local folder."""
        if self.storage_url is None:
            return None
        endpoint = self.s3_endpoint or f"https://s3.{self.s3_region}.amazonaws.com"
        if self.is_path_style:
            return endpoint
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{urlsplit(self.storage_url).netloc}.{host}"

    @cached_property
    def max_upload_bytes(self) -> int:
        """The largest accepted file, in bytes."""
        return self.max_upload_mb * 1024 * 1024

    @cached_property
    def learner_quota_bytes(self) -> int:
        """How much of one learner's files is kept, in bytes."""
        return self.learner_quota_gb * 1024**3

    @cached_property
    def max_resumable_bytes(self) -> int:
        """The largest file that may be sent piece by piece, in bytes."""
        return self.max_resumable_mb * 1024 * 1024


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises: `SettingsError`.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"  {'_'.join(['ASSAY', *(str(part).upper() for part in item['loc'])])}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(["These settings are missing or wrong:", *lines])) from None
