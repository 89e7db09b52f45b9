"""What the profiles of OAuth beyond OpenID Connect Core know of an application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from personae.actors.domain.project.redirects import LOOPBACK

RESOURCES = "resource"
"""Name space of the claims on resource indicators; the holder is the project."""

MOST_RESOURCES = 50
LONGEST = 1000
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


class CertificateMethod(StrEnum):
    """How a client proves who it is with its certificate (RFC 8705, 2), if it does.

    That takes precedence over the method that the published API knows.
    """

    NONE = ""
    CA = "tls_client_auth"
    SELF_SIGNED = "self_signed_tls_client_auth"


class SubjectKind(StrEnum):
    """What of a certificate names the client (RFC 8705, 2.1.2)."""

    DN = "subject_dn"
    DNS = "san_dns"
    URI = "san_uri"
    IP = "san_ip"
    EMAIL = "san_email"


@dataclass(frozen=True, slots=True)
class CertificateSubject:
    """The name that a client's certificate must have; a DN is written as RFC 4514 says."""

    kind: SubjectKind
    value: str


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key that a client registered itself, as PEM; ``id`` is its ``kid``.

    ``algorithm`` is the one it is meant for, where the client said so (RFC 7517, 4.4).
    """

    id: str
    public_key: str
    algorithm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """The settings of one application.

    ``resources`` are the absolute URIs under which tokens for it may be asked (RFC 8707);
    ``certificates`` the SHA-256 thumbprints (``x5t#S256``) of self-signed ones;
    ``authorization_types`` the types of authorization details the client may ask (RFC 9396);
    ``ask_consent`` whether people are asked before it gets anything about them;
    ``front_channel_logout_uri`` what is loaded in the browser when they sign out;
    ``keys`` those it registered itself, ``jwks_uri`` where it publishes more (RFC 7591, 2);
    ``registration`` the id of the token by which it manages its registration (RFC 7592), if it may.
    """

    fapi: bool = False
    require_pushed: bool = False
    dpop_bound: bool = False
    certificate_bound: bool = False
    certificate_method: CertificateMethod = CertificateMethod.NONE
    certificate_subject: CertificateSubject | None = None
    certificates: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    authorization_types: tuple[str, ...] = ()
    ask_consent: bool = False
    front_channel_logout_uri: str = ""
    keys: tuple[ClientKey, ...] = ()
    registration: str = ""
    jwks_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthChanges:
    """What changes about these settings; ``None`` leaves a value as it is."""

    fapi: bool | None = None
    require_pushed: bool | None = None
    dpop_bound: bool | None = None
    certificate_bound: bool | None = None
    certificate_method: CertificateMethod | None = None
    certificate_subject: CertificateSubject | None = None
    certificates: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    authorization_types: tuple[str, ...] | None = None
    ask_consent: bool | None = None
    front_channel_logout_uri: str | None = None
    keys: tuple[ClientKey, ...] | None = None
    registration: str | None = None
    jwks_uri: str | None = None


def is_resource(uri: str) -> bool:
    """Say whether a text may indicate a resource: an absolute URI, no fragment (RFC 8707, 2)."""
    if len(uri) > LONGEST or _CONTROL.search(uri) or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))


def is_key_address(uri: str) -> bool:
    """Say whether keys may be fetched there: by https, or from this machine in development."""
    if not is_resource(uri):
        return False
    parts = urlsplit(uri)
    if not parts.hostname or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def provable(settings: OAuthSettings) -> bool:
    """Say whether there is something to compare the certificate of a client with."""
    match settings.certificate_method:
        case CertificateMethod.CA:
            return bool(settings.certificate_subject and settings.certificate_subject.value)
        case CertificateMethod.SELF_SIGNED:
            return bool(settings.certificates)
    return True
