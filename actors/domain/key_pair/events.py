"""What happens to key pairs."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event
from personae.actors.domain.values import Sealed


@event("key_pair.added")
class KeyPairAdded:
    usage: int
    algorithm: str
    private_key: Sealed


@event("key_pair.certificate.added")
class KeyPairCertificateAdded:
    """The certificate (DER) of the pair added last, valid from ``made_at`` to ``expiry``."""

    certificate: bytes
    made_at: datetime
    expiry: datetime
