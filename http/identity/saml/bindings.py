"""How messages travel by a browser (SAML Bindings 3.4, 3.5): packed into an address, or a form."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote_plus, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509 import Certificate
from personae.http.identity.saml.names import POST
from personae.http.identity.saml.xml import (
    LONGEST,
    Element,
    Signatory,
    Unreadable,
    Unverified,
    deflate,
    inflate,
    written,
)

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_HASHES: Mapping[str, tuple[str, hashes.HashAlgorithm]] = {
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-{name}": (kind, algorithm)
    for kind in ("rsa", "ecdsa")
    for name, algorithm in (
        ("sha256", hashes.SHA256()),
        ("sha384", hashes.SHA384()),
        ("sha512", hashes.SHA512()),
    )
}
"""Signatures that count, by the names that addresses give them: SHA-1 is none."""

SIGNED = ("SigAlg", "Signature")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message for another party, ready to go: an address, or one with fields to post there."""

    url: str
    fields: Mapping[str, str]
    post: bool


def send(  # noqa: PLR0917 — the parts of one message
    message: Element, name: str, relay_state: str, binding: str, location: str, by: Signatory
) -> Sent:
    """Return a message as its binding carries it; ``name``: ``SAMLRequest``, ``SAMLResponse``.

    By POST it has been signed; in an address the signature goes along (SAML Bindings, 3.4.4.1).
    """
    data = written(message)
    relay = {"RelayState": relay_state} if relay_state else {}
    if binding == POST:
        return Sent(location, {name: base64.b64encode(data).decode(), **relay}, post=True)
    fields = {name: base64.b64encode(deflate(data)).decode(), **relay, "SigAlg": RSA_SHA256}
    query = "&".join(f"{key}={quote_plus(value)}" for key, value in fields.items())
    signature = by.key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    query += f"&Signature={quote_plus(base64.b64encode(signature).decode())}"
    return Sent(f"{location}{'&' if '?' in location else '?'}{query}", {}, post=False)


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came: the document, and by an address how it was signed, if it was."""

    data: bytes
    relay_state: str = ""
    signed: bytes = b""
    algorithm: str = ""
    signature: bytes = b""


def from_query(query: str, name: str) -> Received:
    """Return the message of an address, given its query as it came. Raises :class:`Unreadable`."""
    raw: dict[str, str] = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key in {name, "RelayState", *SIGNED}:
            if key in raw:
                raise Unreadable("a parameter is there twice")
            raw[key] = value
    plain = {key: unquote_plus(value, errors="strict") for key, value in raw.items()}
    # What was signed are the parameters as they were written, in this order.
    signed = "&".join(f"{key}={raw[key]}" for key in (name, "RelayState", "SigAlg") if key in raw)
    return Received(
        inflate(_decoded(plain.get(name, ""))),
        plain.get("RelayState", ""),
        signed.encode(),
        plain.get("SigAlg", ""),
        _decoded(plain["Signature"]) if "Signature" in plain else b"",
    )


def from_form(form: Mapping[str, str], name: str) -> Received:
    """Return the message of a form. Raises :class:`Unreadable`."""
    return Received(_decoded(form.get(name, "")), form.get("RelayState", ""))


def _decoded(text: str) -> bytes:
    if len(text) > 2 * LONGEST:
        raise Unreadable("longer than 256 KiB")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise Unreadable("no base64") from None


def check_query(received: Received, certificates: Iterable[Certificate], now: datetime) -> None:
    """Refuse an address that none of the keys signed. Raises :class:`Unverified`."""
    kind, algorithm = _HASHES.get(received.algorithm, ("", None))
    for each in certificates:
        if algorithm and each.not_valid_before_utc <= now < each.not_valid_after_utc:
            try:
                _check(kind, algorithm, each, received)
            except InvalidSignature:
                continue
            return
    raise Unverified("by none of the keys")


def _check(
    kind: str, algorithm: hashes.HashAlgorithm, certificate: Certificate, received: Received
) -> None:
    key, signature, signed = certificate.public_key(), received.signature, received.signed
    if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        r, s = (int.from_bytes(each, "big") for each in (signature[:half], signature[half:]))
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(algorithm))
    else:
        raise InvalidSignature
