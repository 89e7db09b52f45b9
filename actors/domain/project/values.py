"""What projects and applications are described by. Numbers are those of stored payloads."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Life of a project or application."""

    UNKNOWN = 0
    ACTIVE = 1
    INACTIVE = 2
    REMOVED = 3


class PrivateLabeling(IntEnum):
    """Whose branding the sign-in pages of a project wear."""

    UNSPECIFIED = 0
    ENFORCE_OWNER = 1
    ALLOW_LOGIN_USER = 2


class ApplicationType(IntEnum):
    """Where an OpenID Connect client runs (OIDC Registration, section 2; RFC 8252)."""

    WEB = 0
    USER_AGENT = 1
    NATIVE = 2


class AuthMethod(IntEnum):
    """How a client proves who it is at the token endpoint (OIDC Core, section 9)."""

    BASIC = 0
    POST = 1
    NONE = 2
    PRIVATE_KEY_JWT = 3


class APIAuthMethod(IntEnum):
    """How an API proves who it is at the introspection endpoint."""

    BASIC = 0
    PRIVATE_KEY_JWT = 1


class ResponseType(IntEnum):
    """What the authorization endpoint answers with."""

    CODE = 0
    ID_TOKEN = 1
    ID_TOKEN_TOKEN = 2


class GrantType(IntEnum):
    """What a client may present at the token endpoint."""

    AUTHORIZATION_CODE = 0
    IMPLICIT = 1
    REFRESH_TOKEN = 2
    DEVICE_CODE = 3
    TOKEN_EXCHANGE = 4


class TokenType(IntEnum):
    """What access tokens look like."""

    BEARER = 0
    JWT = 1


class LoginVersion(IntEnum):
    """Which login pages an application uses. SAML: 2 with an address means those that are there."""

    UNSPECIFIED = 0
    V1 = 1
    V2 = 2


CLIENT_IDS = "client_id"
"""Name space of the claims on client ids; the holder is the project."""
ENTITY_IDS = "entity_ids"
"""Name space of the claims on the names of SAML service providers; the holder is the project."""
PROJECT_NAMES = "project_names"
APP_NAMES = "appname"
ROLE_KEYS = "project_role"
PROJECT_GRANTS = "project_grant"
"""Name space of the claims on grants: one per project and organisation."""
