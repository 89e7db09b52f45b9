"""Certificates that clients show in TLS (RFC 8705), read once each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from personae.actors.domain.kit import Code, Refusal, reason
from personae.actors.domain.project.oauth import CertificateSubject, SubjectKind
from personae.http.identity import base64url
from personae.http.server.origin import ORIGIN

E = TypeVar("E", bound=x509.ExtensionType)

INVALID = reason("CERTIFICATE-Invalid", Code.INVALID_ARGUMENT)

LONGEST = 16 * 1024
"""Characters of a certificate that are read at all."""

_FOR_CLIENTS = frozenset(
    {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
)
_NAMES: dict[SubjectKind, Any] = {
    SubjectKind.DNS: x509.DNSName,
    SubjectKind.URI: x509.UniformResourceIdentifier,
    SubjectKind.IP: x509.IPAddress,
    SubjectKind.EMAIL: x509.RFC822Name,
}

_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+=*\s*")
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate; ``thumbprint`` is its ``x5t#S256`` (RFC 8705, 3.1)."""

    thumbprint: str
    x509: x509.Certificate = field(repr=False)

    def valid(self, now: datetime) -> bool:
        """Say whether it counts now, and for clients (RFC 5280, 4.2.1.12)."""
        begins, ends = self.x509.not_valid_before_utc, self.x509.not_valid_after_utc
        usages = extension(self.x509, x509.ExtendedKeyUsage)
        fitting = usages is None or not _FOR_CLIENTS.isdisjoint(usages)
        return begins <= now <= ends and fitting

    def is_named(self, subject: CertificateSubject) -> bool:
        """Say whether it has the name that a client is registered with (RFC 8705, 2.1.2)."""
        if subject.kind is SubjectKind.DN:
            return self.x509.subject == distinguished(subject.value)
        names = extension(self.x509, x509.SubjectAlternativeName)
        kind = _NAMES[subject.kind]
        values = [] if names is None else names.get_values_for_type(kind)
        return _plain(subject.kind, subject.value) in {
            _plain(subject.kind, str(value)) for value in values
        }


class Authorities:
    """Who certifies clients; what they have certified is remembered."""

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        self._known = tuple(certificates)
        self.certified = lru_cache(maxsize=2_000)(self._certified)

    def __bool__(self) -> bool:
        return bool(self._known)

    @classmethod
    def of_pem(cls, pem: bytes) -> Authorities:
        """Read a file of certificates. Raises ``ValueError`` when it holds none."""
        return cls(x509.load_pem_x509_certificates(pem))

    def _certified(self, certificate: Certificate) -> bool:
        return any(_issued(certificate.x509, authority) for authority in self._known)


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def certificate_shown() -> Certificate | None:
    """Return the certificate that a trusted proxy says the client showed, if it says so.

    Raises CERTIFICATE-Invalid.
    """
    origin = ORIGIN.get()
    return certificate_of(origin.certificate) if origin and origin.certificate else None


def thumbprint_shown() -> str:
    """Return the thumbprint of that certificate, or an empty text for none that can be read."""
    try:
        certificate = certificate_shown()
    except Refusal:
        return ""
    return certificate.thumbprint if certificate else ""


@lru_cache(maxsize=2_000)
def certificate_of(text: str) -> Certificate:
    """Read a certificate as proxies write it. Raises CERTIFICATE-Invalid.

    That is a byte sequence (RFC 9440: ``:base64:``), PEM, PEM with percent signs (nginx,
    Envoy), or the base64 of DER alone (Traefik).
    """
    if not 0 < len(text) <= LONGEST:
        raise INVALID()
    try:
        found = x509.load_pem_x509_certificate(_pem(text))
        der = found.public_bytes(Encoding.DER)
    except ValueError:
        raise INVALID() from None
    digest = hashlib.sha256(der).digest()
    return Certificate(base64url.encode(digest).decode(), found)


def _pem(text: str) -> bytes:
    raw = unquote_to_bytes(text) if "%" in text else text.encode()
    raw = raw.strip().strip(b":")
    # Only the first counts: further ones are those of its authorities.
    inner = raw.partition(_BEGIN)[2].partition(_END)[0] if _BEGIN in raw else raw
    if not _BASE64.fullmatch(inner):
        raise ValueError("not base64")
    return b"\n".join((_BEGIN, b"".join(inner.split()), _END, b""))


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """Return an extension of a certificate, if it has that."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except ValueError:  # extensions that cannot be read
        raise INVALID() from None


@lru_cache(maxsize=2_000)
def distinguished(text: str) -> x509.Name | None:
    """Return a name as RFC 4514 writes it, or ``None`` for what is none."""
    try:
        return x509.Name.from_rfc4514_string(text)
    except ValueError:
        return None


def _plain(kind: SubjectKind, value: str) -> str:
    """Return a name as it is compared: addresses by value, host names without case."""
    if kind is SubjectKind.DNS:
        return value.lower()
    if kind is not SubjectKind.IP:
        return value
    try:
        return str(ip_address(value))
    except ValueError:
        return ""
