"""Certificates that clients show in TLS (RFC 8705), read once each."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from personae.actors.domain.kit import Code, reason
from personae.http.identity import base64url

INVALID = reason("CERTIFICATE-Invalid", Code.INVALID_ARGUMENT)

LONGEST = 16 * 1024
"""Characters of a certificate that are read at all."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+=*\s*")
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client's certificate; ``thumbprint`` is its ``x5t#S256`` (RFC 8705, 3.1)."""

    thumbprint: str
    x509: x509.Certificate = field(repr=False)


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
