"""What a service provider says of itself (SAML Metadata 2.0): read once, when it is configured."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import Certificate, load_der_x509_certificate
from personae.actors.domain.project.redirects import acceptable
from personae.actors.domain.project.values import ApplicationType
from personae.http.identity.saml.names import BINDINGS, MD, PROTOCOL
from personae.http.identity.saml.xml import DS, Element, Unreadable, children, parse, text

INDEX_DIGITS = 5
"""Of an ``unsignedShort``."""
SHORTEST_RSA = 2048
LONGEST_NAME = 1024
KEPT = 512
"""Descriptions of service providers that are kept read."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages of one kind are taken; ``answers``: where answers to requests go instead."""

    binding: str
    location: str
    answers: str = ""
    index: int = 0
    default: bool | None = None


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """A service provider by its own description."""

    entity_id: str
    consumers: tuple[Endpoint, ...]
    logouts: tuple[Endpoint, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    requests_signed: bool = False
    formats: tuple[str, ...] = ()
    valid_until: datetime | None = None

    @property
    def standard(self) -> Endpoint:
        """The endpoint for assertions when a request names none (SAML Metadata, 2.2.3)."""
        chosen = [each for each in self.consumers if each.default]
        neutral = [each for each in self.consumers if each.default is None]
        return (chosen or neutral or self.consumers)[0]


def described(metadata: bytes) -> ServiceProvider:
    """Return what metadata says. Raises :class:`Unreadable` with what is wrong."""
    return _described(bytes(metadata))


@lru_cache(maxsize=KEPT)
def _described(metadata: bytes) -> ServiceProvider:
    root = parse(metadata)
    if root.tag != f"{MD}EntityDescriptor":
        raise Unreadable("no EntityDescriptor")
    entity_id = root.get("entityID", "").strip()
    if not 0 < len(entity_id) <= LONGEST_NAME:
        raise Unreadable("no entityID of 1 to 1024 characters")
    role = _role(root)
    consumers = tuple(_endpoints(role, "AssertionConsumerService"))
    if not consumers:
        raise Unreadable("no AssertionConsumerService by HTTP-POST or HTTP-Redirect")
    return ServiceProvider(
        entity_id,
        consumers,
        tuple(_endpoints(role, "SingleLogoutService")),
        tuple(_certificates(role)),
        _boolean(role.get("AuthnRequestsSigned")) or False,
        tuple(filter(None, map(text, children(role, f"{MD}NameIDFormat")))),
        _moment(root.get("validUntil")),
    )


def _role(root: Element) -> Element:
    for role in children(root, f"{MD}SPSSODescriptor"):
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split():
            return role
    raise Unreadable("no SPSSODescriptor for SAML 2.0")


def _endpoints(role: Element, name: str) -> Iterator[Endpoint]:
    """Yield the endpoints by bindings that are spoken here. Raises :class:`Unreadable`."""
    for each in children(role, f"{MD}{name}"):
        if each.get("Binding") not in BINDINGS:
            continue
        location, answers = each.get("Location", ""), each.get("ResponseLocation", "")
        for url in filter(None, (location or "?", answers)):
            _check_place(url)
        index = each.get("index", "0")
        if not (index.isascii() and index.isdigit() and len(index) <= INDEX_DIGITS):
            raise Unreadable("an index that is no number")
        default = _boolean(each.get("isDefault"))
        yield Endpoint(each.get("Binding"), location, answers, int(index), default)


def _check_place(url: str) -> None:
    """Refuse where no assertion should go: anything but https, or http on this very machine."""
    if not (url.isascii() and acceptable(url, ApplicationType.WEB)):
        raise Unreadable("a Location that is neither https nor on this machine")


def _certificates(role: Element) -> Iterator[Certificate]:
    """Yield the certificates that messages may be signed with. Raises :class:`Unreadable`."""
    for descriptor in children(role, f"{MD}KeyDescriptor"):
        if descriptor.get("use", "signing") != "signing":
            continue
        for each in children(descriptor, f"//{{{DS}}}X509Certificate"):
            yield _certificate(text(each))


def _certificate(encoded: str) -> Certificate:
    try:
        der = base64.b64decode("".join(encoded.split()), validate=True)
        found = load_der_x509_certificate(der)
        key = found.public_key()
    except (ValueError, binascii.Error):
        raise Unreadable("a certificate that cannot be read") from None
    strong = isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA
    if not strong and not isinstance(key, ec.EllipticCurvePublicKey):
        raise Unreadable("a key that is neither RSA of 2048 bits or more nor EC")
    return found


def _boolean(value: str | None) -> bool | None:
    return None if value is None else value.strip() in {"true", "1"}


def _moment(value: str | None) -> datetime | None:
    return None if value is None else moment(value)


def moment(value: str) -> datetime:
    """Return a time of SAML, which is UTC (SAML Core, 1.3.3). Raises :class:`Unreadable`."""
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        raise Unreadable("a time that cannot be read") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
