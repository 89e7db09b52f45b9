"""Key pairs with certificates of their own: made in the pool, kept sealed."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from personae.actors.aggregates.world import World
from personae.actors.domain.values import Sealed
from personae.store.crypto import Area

BITS = 2048


async def make_pair(
    world: World, instance_id: str, start: datetime, end: datetime
) -> tuple[Sealed, bytes]:
    """Return a new key, sealed (PKCS #8 as DER), and its certificate (DER)."""
    private, certificate = await world.blocking(_generate, start, end)
    return world.keyring.seal(Area.SAML, private, instance_id), certificate


def _generate(start: datetime, end: datetime) -> tuple[bytes, bytes]:
    """Make a key and a certificate that it signs itself. Blocks: 50 ms and more."""
    key = rsa.generate_private_key(65537, BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Personae SAML")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.DER)
