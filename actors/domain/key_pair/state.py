"""Key pairs: several at a time are known to others, one signs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from personae.actors.domain.key_pair import events as e
from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.values import Sealed

LIFE = timedelta(hours=8766)
"""How long a certificate is valid: a year."""

RENEWED = timedelta(days=60)
"""How long before its end a certificate gets a successor."""

SETTLED = timedelta(days=30)
"""How long a certificate is published before its key signs: service providers read our metadata
again now and then, not at once."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair; without certificate it is not finished."""

    private_key: Sealed
    certificate: bytes = b""
    made_at: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """All pairs of an instance, the oldest first."""

    pairs: tuple[Pair, ...] = ()

    def living(self, now: datetime) -> tuple[Pair, ...]:
        """Return the pairs whose certificates are valid."""
        return tuple(each for each in self.pairs if each.expires and now < each.expires)

    def signing(self, now: datetime) -> Pair | None:
        """Return the pair that signs: the newest that others have had time to learn of."""
        living = self.living(now)
        settled = [each for each in living if each.made_at and now - each.made_at >= SETTLED]
        return settled[-1] if settled else next(iter(living), None)

    def due(self, now: datetime) -> bool:
        """Say whether it is time for a new pair."""
        ends = [each.expires for each in self.living(now) if each.expires]
        return not ends or max(ends) - now < RENEWED


KEY_PAIR = Kind("key_pair", KeyPairs())


@KEY_PAIR.on(e.KeyPairAdded)
def _(known: KeyPairs, event: e.KeyPairAdded) -> KeyPairs:
    return KeyPairs((*known.pairs, Pair(event.private_key)))


@KEY_PAIR.on(e.KeyPairCertificateAdded)
def _(known: KeyPairs, event: e.KeyPairCertificateAdded) -> KeyPairs:
    *others, last = known.pairs
    made = {"made_at": event.made_at, "expires": event.expiry}
    return KeyPairs((*others, replace(last, certificate=event.certificate, **made)))
