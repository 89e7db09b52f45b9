"""What counts once: ids of assertions and proofs that were seen. In this process only, bounded."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime

REPLAYS_AT_MOST = 100_000


def digest(*texts: str) -> bytes:
    """Return a name of fixed size for some texts, however long a client made them."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).digest()


class Replays:
    """Ids of assertions that were used, until they expire (RFC 7523, section 3, ``jti``).

    Each process has its own: an assertion could be used once in each of several. When full, the
    oldest is forgotten first.
    """

    def __init__(self) -> None:
        self._used: OrderedDict[bytes, datetime] = OrderedDict()

    def first(self, issuer: str, id_: str, until: datetime, now: datetime) -> bool:
        """Take note of an id; false when it was used before."""
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
