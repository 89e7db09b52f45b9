"""What the provider remembers between requests, in this process only. All of it is bounded."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from personae.actors.aggregates.world import World
from personae.store.generated import fast_verify, is_fast

REPLAYS_AT_MOST = 100_000
SECRETS_AT_MOST = 10_000


class Replays:
    """Ids of assertions that were used, until they expire (RFC 7523, section 3, ``jti``).

    Each process has its own: an assertion could be used once in each of several. When full, the
    oldest is forgotten first.
    """

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def first(self, issuer: str, id_: str, until: datetime, now: datetime) -> bool:
        """Take note of an id; false when it was used before."""
        known = self._used.get((issuer, id_))
        if known is not None and known > now:
            return False
        self._used[issuer, id_] = until
        self._used.move_to_end((issuer, id_))
        oldest = next(iter(self._used))
        if self._used[oldest] <= now or len(self._used) > REPLAYS_AT_MOST:
            del self._used[oldest]
        return True


class Secrets:
    """Compares client secrets. Slow hashes, which imports bring, are verified once per secret.

    What was right stays right for as long as the stored hash is the same one.
    """

    def __init__(self) -> None:
        self._right: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    async def right(self, world: World, encoded: str, secret: str) -> bool:
        """Say whether a secret is the one that was hashed; an empty hash has none."""
        if not encoded or not secret:
            return False
        if is_fast(encoded):
            return fast_verify(encoded, secret)
        known = (encoded, hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest())
        if known in self._right:
            return True
        if not (await world.verify(encoded, secret)).ok:
            return False
        self._right[known] = None
        if len(self._right) > SECRETS_AT_MOST:
            self._right.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True)
class Provider:
    """The memory of the provider; ``documents`` holds discovery documents by issuer."""

    replays: Replays = field(default_factory=Replays)
    secrets: Secrets = field(default_factory=Secrets)
    documents: dict[str, bytes] = field(default_factory=dict)


PROVIDER: web.AppKey[Provider] = web.AppKey("oidc provider", Provider)
