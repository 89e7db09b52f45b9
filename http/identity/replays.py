"""What counts once: ids of assertions and proofs that were seen. Bounded."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime
from typing import Protocol

REPLAYS_AT_MOST = 100_000


def digest(*texts: str) -> bytes:
    """Return a name of fixed size for some texts, however long a client made them."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).digest()


class Shared(Protocol):
    """What all processes have seen; ``store.seen.Seen`` keeps it."""

    async def first(self, name: bytes, until: datetime, now: datetime) -> bool:
        """Take note of a name; false when somebody did before."""
        ...


class Replays:
    """Ids of assertions that were used, until they expire (RFC 7523, section 3, ``jti``).

    Each process has its own; ``shared`` is what all processes know. When full, the oldest is
    forgotten first.
    """

    def __init__(self, shared: Shared | None = None) -> None:
        self._shared = shared
        self._used: OrderedDict[bytes, datetime] = OrderedDict()

    async def once(self, issuer: str, id_: str, until: datetime, now: datetime) -> bool:
        """Take note of an id; false when it was used before, in whatever process."""
        if not self.first(issuer, id_, until, now):
            return False
        return self._shared is None or await self._shared.first(digest(issuer, id_), until, now)

    def first(self, issuer: str, id_: str, until: datetime, now: datetime) -> bool:
        """Take note of an id; false when it was used before in this process."""
        name = digest(issuer, id_)
        known = self._used.get(name)
        if known is not None and known > now:
            return False
        self._used[name] = until
        self._used.move_to_end(name)
        oldest = next(iter(self._used))
        if self._used[oldest] <= now or len(self._used) > REPLAYS_AT_MOST:
            del self._used[oldest]
        return True
