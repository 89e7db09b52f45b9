"""The settings of a process: one frozen section per room, read once at start.

This module says which settings exist and what they may hold; ``defaults.yaml`` says what each is
for and what it is when nobody sets it; ``sources.py`` reads files, environment and flags.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from personae.config.fields import Count, Duration, Port, Secret, Section, Size
from personae.config.first_instance import FirstInstance
from personae.config.policies import Policies, SecretGenerators
from pydantic import Field, SecretStr, field_validator, model_validator

Level = Literal["debug", "info", "warning", "error"]


class Server(Section):
    """The listening port and the requests that arrive at it."""

    host: str
    tls_certificate: Path | None
    tls_key: Path | None
    body_limit: Size
    request_timeout: Duration
    shutdown_timeout: Duration
    trusted_proxies: tuple[str, ...]
    client_certificate_header: str = Field(pattern=r"^[A-Za-z0-9-]{0,100}$")
    client_certificate_authorities: Path | None


class Store(Section):
    """The event log and its connections."""

    connections: Count
    connect_timeout: Duration
    statement_timeout: Duration
    batch: Count
    queue: Count
    accept_loss: bool
    portable: bool


class Actors(Section):
    """How many aggregates stay in memory, and for how long."""

    live: Count
    idle: Duration
    memory: Size


class Projections(Section):
    """The read models."""

    poll: Duration
    lease: Duration
    jitter: float = Field(ge=0, le=0.9)


class Hashing(Section):
    """How passwords and secrets are hashed, and how much of the machine that may take."""

    argon2_memory: int = Field(ge=8, le=4_194_304)
    argon2_iterations: int = Field(ge=1, le=100)
    argon2_parallelism: int = Field(ge=1, le=64)
    threads: Count
    queue: Count


class DetailsType(Section):
    """Members of authorization details of one type, beside the common ones (RFC 9396, 2)."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


class Oidc(Section):
    """OpenID Connect and OAuth: how long things live."""

    access_token_lifetime: Duration
    id_token_lifetime: Duration
    refresh_token_idle_expiration: Duration
    refresh_token_expiration: Duration
    signing_key_life: Duration
    signing_key_keep: Duration
    implicit: bool
    back_channel_private: bool
    jwks_private: bool
    registration_project: str
    authorization_details: dict[str, DetailsType]
    session_management: bool
    playground: bool


class Saml(Section):
    """SAML 2.0."""

    metadata_private: bool


class Logging(Section):
    """What is logged, and how."""

    level: Level
    format: Literal["auto", "json", "console"]
    requests: bool
    loggers: dict[str, Level]


class Actions(Section):
    """Calls to the endpoints of others."""

    private_targets: bool


class Smtp(Section):
    """The mail server that codes and notices are sent through."""

    host: str | None = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    port: Annotated[int, Field(ge=1, le=65535)]
    security: Literal["starttls", "tls", "none"]
    user: str
    password: Secret
    sender: str | None = Field(pattern=r"^[^@\s<>]{1,100}@[^@\s<>]{1,200}$")
    sender_name: str
    reply_to: str

    @model_validator(mode="after")
    def _has_sender(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("give the address that mails come from: smtp.sender")
        return self


class Sms(Section):
    """The provider that text messages are sent through: Twilio or alike, or your own endpoint."""

    twilio_sid: str | None = Field(pattern=r"^[A-Za-z0-9]{1,64}$")
    twilio_token: Secret
    twilio_api: str = Field(pattern=r"^https?://[^\s@]{1,250}$")
    sender: str | None = Field(pattern=r"^[+0-9A-Za-z ._-]{1,40}$")
    endpoint: str | None = Field(pattern=r"^https?://[^\s@]{1,2000}$")
    signing_key: Secret

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.twilio_sid and self.endpoint:
            raise ValueError("give either sms.twilio_sid or sms.endpoint, not both")
        if self.twilio_sid and not (self.sender and self.twilio_token):
            raise ValueError("with sms.twilio_sid give sms.twilio_token and sms.sender")
        return self


class Messages(Section):
    """Mails and text messages to people."""

    private_providers: bool


class Federation(Section):
    """Signing in at identity providers of others."""

    private: bool


class Metrics(Section):
    """Prometheus metrics."""

    enabled: bool


SystemUserName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,199}$")]
"""With a letter first: no id that this server draws has one, and nobody may choose such a name."""


class SystemMembership(Section):
    """Roles of a system user: everywhere, on an instance or in an organisation."""

    member_type: Literal["System", "IAM", "Organization"] = "System"
    aggregate_id: str = ""
    roles: tuple[str, ...]


class SystemApiUser(Section):
    """A program of the operator's, which signs its own tokens; its public key as PEM or a file."""

    public_key: str = ""
    path: Path | None = None
    memberships: tuple[SystemMembership, ...] = Field(
        default=(SystemMembership(roles=("SYSTEM_OWNER",)),), min_length=1
    )

    @model_validator(mode="after")
    def _has_key(self) -> Self:
        if not self.public_key and self.path is None:
            raise ValueError("give its public_key, or the path of a file with it")
        return self


class Settings(Section):
    """Every setting, with derived values filled in: no field is empty unless it says so."""

    port: Port
    data: Path
    database: SecretStr | None
    workers: Count
    masterkey: Secret
    masterkey_file: Path | None
    external_domain: str = Field(pattern=r"^[A-Za-z0-9.\-\[\]:]{1,253}$")
    external_port: Port
    external_secure: bool
    system_api_users: dict[SystemUserName, SystemApiUser]
    server: Server
    store: Store
    actors: Actors
    projections: Projections
    hashing: Hashing
    oidc: Oidc
    saml: Saml
    logging: Logging
    metrics: Metrics
    actions: Actions
    smtp: Smtp
    sms: Sms
    messages: Messages
    federation: Federation
    first_instance: FirstInstance
    policies: Policies
    secret_generators: SecretGenerators

    @field_validator("data")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @field_validator("database")
    @classmethod
    def _address(cls, address: SecretStr | None) -> SecretStr | None:
        text = address.get_secret_value() if address else "postgresql://"
        if not text.startswith(("postgresql://", "postgres://")) and "=" not in text:
            raise ValueError("write postgresql://user:password@host:5432/name")
        return address

    @property
    def external_url(self) -> str:
        """Scheme, host and port as browsers and clients see them; without the standard port."""
        scheme, standard = ("https", 443) if self.external_secure else ("http", 80)
        port = "" if self.external_port == standard else f":{self.external_port}"
        return f"{scheme}://{self.external_domain}{port}"
