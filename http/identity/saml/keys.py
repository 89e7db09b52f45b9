"""What answers are signed with: one key per instance at a time, parsed once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509 import Certificate, load_der_x509_certificate
from personae.actors.domain.key_pair.commands import SAML, RenewKeyPair
from personae.actors.domain.key_pair.state import KeyPairs
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.values import Sealed
from personae.http.identity.saml.xml import Signatory
from personae.store.crypto import Area, Keyring

if TYPE_CHECKING:
    from personae.http.identity.services import Services

KEPT = 1_000
"""Keys that are kept parsed; the one unused for longest makes room."""


class Keys(NamedTuple):
    """Who signs now, and all certificates that others should know, the one in use first."""

    signatory: Signatory
    certificates: tuple[Certificate, ...]


async def keys_of(services: Services, instance_id: str) -> Keys:
    """Return the keys of an instance, made now when there are none or the last ends soon."""
    stream, now = Stream(instance_id, "key_pair", SAML), services.world.now()
    pairs: KeyPairs = await services.world.state(stream)
    if pairs.due(now):
        await services.send(RenewKeyPair(instance_id=instance_id), Caller.of_system(instance_id))
        pairs = await services.world.state(stream)
    signing = pairs.signing(now)
    assert signing is not None  # noqa: S101 — for the type checker; one was just made
    keyring = services.world.keyring
    signatory = _signatory(keyring, signing.private_key, signing.certificate, instance_id)
    known = tuple(_certificate(each.certificate) for each in pairs.living(now))
    first = signatory.certificate
    return Keys(signatory, (first, *(each for each in known if each != first)))


@lru_cache(maxsize=KEPT)
def _signatory(keyring: Keyring, key: Sealed, certificate: bytes, instance_id: str) -> Signatory:
    der = keyring.open(Area.SAML, key, instance_id)
    # Ours, and sealed: validating an RSA key again takes 40 ms.
    private = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, rsa.RSAPrivateKey)  # noqa: S101 — we make no others
    return Signatory(private, _certificate(certificate))


@lru_cache(maxsize=KEPT)
def _certificate(der: bytes) -> Certificate:
    return load_der_x509_certificate(der)
