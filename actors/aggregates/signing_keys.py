"""Pairs of signing keys: made in the pool, kept sealed, published as JWK (RFC 7517)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from personae.actors.aggregates.world import World
from personae.actors.domain.values import Sealed
from personae.actors.domain.web_key.commands import AddWebKey
from personae.store.crypto import Area

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
CURVE_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


async def make_key_pair(order: AddWebKey, world: World) -> tuple[Sealed, dict[str, Any]]:
    """Return the private key sealed (PKCS #8 as PEM) and the public one as JWK."""
    private: PrivateKey = await world.blocking(generate, order.algorithm, order.bits)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    sealed = world.keyring.seal(Area.SIGNING_KEY, pem, order.instance_id)
    jwk = public_jwk(private)
    return sealed, {**jwk, "kid": order.key_id, "alg": order.algorithm, "use": "sig"}


def generate(algorithm: str, bits: int) -> PrivateKey:
    """Make a private key for a JOSE algorithm. Blocks: RSA takes 50 ms and more."""
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, bits)


def public_jwk(private: PrivateKey) -> dict[str, Any]:
    """Return the public half as JWK (RFC 7518, section 6; RFC 8037, section 2)."""
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": _b64(raw)}
    point = private.public_key().public_numbers()
    size = (private.curve.key_size + 7) // 8
    x, y = (_b64(each.to_bytes(size, "big")) for each in (point.x, point.y))
    return {"kty": "EC", "crv": CURVE_NAMES[private.curve.name], "x": x, "y": y}


def _number(value: int) -> str:
    return _b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
