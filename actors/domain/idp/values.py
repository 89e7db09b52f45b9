"""An identity provider as those who send people to it need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from personae.actors.domain.kit import wire
from personae.actors.domain.values import Sealed


class IdpKind(StrEnum):
    """The kinds of providers; each value is its name in stored events."""

    OIDC = "oidc"
    JWT = "jwt"
    LDAP = "ldap.v2"
    OAUTH = "oauth"
    AZURE = "azure"
    GITHUB = "github"
    GITHUB_ENTERPRISE = "github_enterprise"
    GITLAB = "gitlab"
    GITLAB_SELF_HOSTED = "gitlab_self_hosted"
    GOOGLE = "google"
    APPLE = "apple"


class AutoLinking(IntEnum):
    """By what a known user is taken for the one who comes from elsewhere, without being asked."""

    NONE = 0
    USER_NAME = 1
    EMAIL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may happen to people who come from a provider."""

    is_creation_allowed: bool = False
    is_linking_allowed: bool = False
    is_auto_creation: bool = False
    is_auto_update: bool = False
    auto_linking: AutoLinking = wire("autoLinkingOption", default=AutoLinking.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Idp(Options):
    """A provider; which fields count depends on its kind (``presets.py``).

    ``secret`` is the client's secret, the password of a directory, or a private key in PEM.
    ``timeout`` in nanoseconds. ``user_filters`` are the attributes that a login name is looked up
    by; the fields that end in ``_attribute`` say what a directory (``id_attribute``: or an OAuth
    server) calls what is known of a user.
    """

    kind: IdpKind
    name: str = ""
    secret: Sealed | None = None
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    use_pkce: bool = wire("usePKCE", default=False)
    issuer: str = ""
    is_id_token_mapping: bool = wire("idTokenMapping", default=False)
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    user_endpoint: str = ""
    jwt_endpoint: str = ""
    keys_endpoint: str = ""
    header_name: str = ""
    tenant: str = ""
    email_verified: bool = wire("isEmailVerified", default=False)
    team_id: str = ""
    key_id: str = ""
    servers: tuple[str, ...] = ()
    start_tls: bool = wire("startTLS", default=False)
    base_dn: str = wire("baseDN", default="")
    bind_dn: str = wire("bindDN", default="")
    user_base: str = ""
    user_object_classes: tuple[str, ...] = ()
    user_filters: tuple[str, ...] = ()
    timeout: int = 0
    root_ca: bytes = wire("rootCA", default=b"")
    id_attribute: str = ""
    first_name_attribute: str = ""
    last_name_attribute: str = ""
    display_name_attribute: str = ""
    nick_name_attribute: str = ""
    preferred_username_attribute: str = ""
    email_attribute: str = ""
    email_verified_attribute: str = ""
    phone_attribute: str = ""
    phone_verified_attribute: str = ""
    preferred_language_attribute: str = ""
    avatar_url_attribute: str = wire("avatarURLAttribute", default="")
    profile_attribute: str = ""


OPTIONS = (
    "is_creation_allowed",
    "is_linking_allowed",
    "is_auto_creation",
    "is_auto_update",
    "auto_linking",
)
"""The fields that every kind has, besides its name."""
