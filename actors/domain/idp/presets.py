"""What each kind of identity provider is: one row each.

The named ones are OpenID Connect or OAuth with what their owners fixed: addresses, scopes, and by
what names they describe people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from personae.actors.domain.idp.values import Idp, IdpKind
from personae.actors.domain.kit import replace

NAMES = {
    "first_name_attribute": "given_name",
    "last_name_attribute": "family_name",
    "display_name_attribute": "name",
    "nick_name_attribute": "nickname",
    "preferred_username_attribute": "preferred_username",
    "email_attribute": "email",
    "email_verified_attribute": "email_verified",
    "phone_attribute": "phone_number",
    "phone_verified_attribute": "phone_number_verified",
    "preferred_language_attribute": "locale",
    "avatar_url_attribute": "picture",
    "profile_attribute": "profile",
}
"""The standard claims (OpenID Connect Core 1.0, 5.1) by what they tell us."""

GITHUB_NAMES = {
    "display_name_attribute": "name",
    "nick_name_attribute": "login",
    "preferred_username_attribute": "login",
    "email_attribute": "email",
    "avatar_url_attribute": "avatar_url",
    "profile_attribute": "html_url",
}
AZURE_NAMES = {
    "first_name_attribute": "givenName",
    "last_name_attribute": "surname",
    "display_name_attribute": "displayName",
    "preferred_username_attribute": "userPrincipalName",
    "email_attribute": "mail",
    "phone_attribute": "mobilePhone",
    "preferred_language_attribute": "preferredLanguage",
}


class Protocol(StrEnum):
    """How a provider is spoken to."""

    OIDC = "oidc"
    OAUTH = "oauth"
    JWT = "jwt"
    LDAP = "ldap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A kind: its number in the API, its settings, and what is the same for all of its kind.

    ``settings`` are the fields of :class:`Idp` to be given, ``sealed_as`` what the secret is called
    in stored events, ``fixed`` the values that take the place of empty ones. ``form_post``: the
    answer comes as a form (OAuth 2.0 Form Post Response Mode); ``secret_in_body``: the client's
    secret is sent there, not by HTTP Basic (RFC 6749, 2.3.1).
    """

    number: int
    protocol: Protocol
    label: str
    settings: tuple[str, ...]
    sealed_as: str = "clientSecret"
    fixed: Mapping[str, object] = field(default_factory=dict)
    form_post: bool = False
    secret_in_body: bool = False


CLIENT = ("client_id", "scopes")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "user_endpoint")
OPENID = ("openid", "profile", "email")
ATTRIBUTES = ("id_attribute", *NAMES)
DIRECTORY = (
    *("servers", "start_tls", "base_dn", "bind_dn", "user_base", "user_object_classes"),
    *("user_filters", "timeout", "root_ca", *ATTRIBUTES),
)
_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
_OIDC = {"scopes": OPENID, "id_attribute": "sub", **NAMES}
_GITHUB = {"scopes": ("read:user", "user:email"), "id_attribute": "id", **GITHUB_NAMES}
_GITHUB_COM = {
    "authorization_endpoint": "https://github.com/login/oauth/authorize",
    "token_endpoint": "https://github.com/login/oauth/access_token",
    "user_endpoint": "https://api.github.com/user",
    "email_verified": True,  # GitHub shows only addresses that it has verified
    "use_pkce": True,
}
_AZURE = {
    "scopes": (*OPENID, "phone", "User.Read"),
    "id_attribute": "id",
    "use_pkce": True,
    "authorization_endpoint": f"{_MICROSOFT}/authorize",
    "token_endpoint": f"{_MICROSOFT}/token",
    "user_endpoint": "https://graph.microsoft.com/v1.0/me",
    **AZURE_NAMES,
}

PRESETS: Mapping[IdpKind, Preset] = {
    IdpKind.OIDC: Preset(
        number=1,
        protocol=Protocol.OIDC,
        label="OpenID Connect",
        settings=("issuer", *CLIENT, "is_id_token_mapping", "use_pkce"),
        fixed=_OIDC,
    ),
    IdpKind.JWT: Preset(
        number=2,
        protocol=Protocol.JWT,
        label="JWT",
        settings=("issuer", "jwt_endpoint", "keys_endpoint", "header_name"),
        fixed=_OIDC,
    ),
    IdpKind.LDAP: Preset(
        number=3, protocol=Protocol.LDAP, label="LDAP", settings=DIRECTORY, sealed_as="bindPassword"
    ),
    IdpKind.OAUTH: Preset(
        number=4,
        protocol=Protocol.OAUTH,
        label="OAuth",
        settings=(*CLIENT, *ENDPOINTS, "id_attribute", "use_pkce"),
        fixed=NAMES,
    ),
    IdpKind.AZURE: Preset(
        number=5,
        protocol=Protocol.OAUTH,
        label="Microsoft",
        settings=(*CLIENT, "tenant", "email_verified"),
        fixed=_AZURE,
        secret_in_body=True,
    ),
    IdpKind.GITHUB: Preset(
        number=6,
        protocol=Protocol.OAUTH,
        label="GitHub",
        settings=CLIENT,
        fixed=_GITHUB | _GITHUB_COM,
        secret_in_body=True,
    ),
    IdpKind.GITHUB_ENTERPRISE: Preset(
        number=7,
        protocol=Protocol.OAUTH,
        label="GitHub Enterprise",
        settings=(*CLIENT, *ENDPOINTS),
        fixed=_GITHUB,
        secret_in_body=True,
    ),
    IdpKind.GITLAB: Preset(
        number=8,
        protocol=Protocol.OIDC,
        label="GitLab",
        settings=CLIENT,
        fixed=_OIDC | {"issuer": "https://gitlab.com", "use_pkce": True},
    ),
    IdpKind.GITLAB_SELF_HOSTED: Preset(
        number=9,
        protocol=Protocol.OIDC,
        label="GitLab",
        settings=("issuer", *CLIENT),
        fixed=_OIDC | {"use_pkce": True},
    ),
    IdpKind.GOOGLE: Preset(
        number=10,
        protocol=Protocol.OIDC,
        label="Google",
        settings=CLIENT,
        fixed=_OIDC | {"issuer": "https://accounts.google.com", "use_pkce": True},
    ),
    IdpKind.APPLE: Preset(
        number=11,
        protocol=Protocol.OIDC,
        label="Apple",
        settings=(*CLIENT, "team_id", "key_id"),
        sealed_as="privateKey",
        fixed=_OIDC
        | {
            "issuer": "https://appleid.apple.com",
            "scopes": ("name", "email"),
            "is_id_token_mapping": True,  # it has no userinfo endpoint
        },
        form_post=True,
        secret_in_body=True,
    ),
}
BY_NUMBER = {preset.number: kind for kind, preset in PRESETS.items()}


def completed(idp: Idp) -> Idp:
    """Return a provider with all that its kind fixes, and its name."""
    preset = PRESETS[idp.kind]
    missing = {name: value for name, value in preset.fixed.items() if not getattr(idp, name)}
    whole = replace(idp, **missing, name=idp.name or preset.label)
    tenant = idp.tenant or "common"
    return replace(
        whole,
        authorization_endpoint=whole.authorization_endpoint.replace("{tenant}", tenant),
        token_endpoint=whole.token_endpoint.replace("{tenant}", tenant),
    )
