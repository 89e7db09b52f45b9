"""Key pairs for clients and machine users."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from personae.actors.aggregates.world import World

RSA_BITS = 2048
LONGEST_PEM = 16_384


async def public_key_or_pair(given: bytes, world: World) -> tuple[bytes, str]:
    """Return the public key to keep, and the private half when a pair had to be made.

    Both as PEM. A given key that cannot be used comes back empty.
    """
    if given:
        return usable_public_key(given), ""
    private: RSAPrivateKey = await world.blocking(generate_private_key, 65537, RSA_BITS)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return public, pem.decode()


def usable_public_key(pem: bytes) -> bytes:
    """Return a public key as PEM, or nothing when it is no key, too weak or of an unknown kind."""
    if len(pem) > LONGEST_PEM:
        return b""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return b""
    if isinstance(key, RSAPublicKey):
        return pem if key.key_size >= RSA_BITS else b""
    return pem if isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey) else b""
