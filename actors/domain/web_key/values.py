"""Which signing keys there may be (RFC 7518, section 3; RFC 8037). Numbers are stored ones."""

from __future__ import annotations

from enum import IntEnum

from personae.actors.domain.web_key import refusals


class KeyType(IntEnum):
    """What a key is made of."""

    UNSPECIFIED = 0
    RSA = 1
    ECDSA = 2
    ED25519 = 3


FAPI = "fapi"
"""The profile of keys that sign for applications with the FAPI switch."""

FAPI_ALGORITHMS = frozenset({"PS256", "ES256", "EdDSA", "Ed25519"})
"""What FAPI 2.0 (Security Profile, 5.4.1) allows to sign with."""

RSA_BITS = frozenset({2048, 3072, 4096})
TYPE_OF = {
    **dict.fromkeys(("RS256", "RS384", "RS512"), KeyType.RSA),
    **dict.fromkeys(("ES256", "ES384", "ES512"), KeyType.ECDSA),
    "EdDSA": KeyType.ED25519,
}


def check(algorithm: str, bits: int) -> None:
    """Refuse what nobody should sign with; ``bits`` count for RSA only."""
    kind = TYPE_OF.get(algorithm)
    if kind is None or (kind is KeyType.RSA and bits not in RSA_BITS):
        raise refusals.ALGORITHM_UNSUPPORTED(algorithm=algorithm)
