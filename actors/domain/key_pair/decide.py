"""What follows from orders to key pairs."""

from __future__ import annotations

from personae.actors.domain.key_pair import commands as c
from personae.actors.domain.key_pair import events as e
from personae.actors.domain.key_pair.facts import NewPair
from personae.actors.domain.key_pair.state import KEY_PAIR, LIFE, KeyPairs
from personae.actors.domain.kit import Decisions

RESPONSES = 2
"""The usage "SAML responses", by its stored number."""


@KEY_PAIR.decides(c.RenewKeyPair)
def renew(known: KeyPairs, cmd: c.RenewKeyPair, facts: NewPair) -> Decisions:
    if facts.private_key is None or not (cmd.now or known.due(facts.now)):
        return
    yield e.KeyPairAdded(usage=RESPONSES, algorithm="RS256", private_key=facts.private_key)
    yield e.KeyPairCertificateAdded(
        certificate=facts.certificate, made_at=facts.now, expiry=facts.now + LIFE
    )
