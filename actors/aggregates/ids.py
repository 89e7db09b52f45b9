"""Ids: decimal strings that grow with time and are unique across processes."""

from __future__ import annotations

import secrets
import time

EPOCH_MS = 1_704_067_200_000  # 2024-01-01
NODE_BITS = 14
SEQUENCE_BITS = 8


class Ids:
    """Makes ids of 63 bits: milliseconds since 2024, a random node, a counter.

    The node is drawn at start. Two processes may draw the same (1 in 16,384); should they then use
    the same number in the same millisecond, the second creation collides in the log and is refused.
    """

    def __init__(self) -> None:
        self._node = secrets.randbits(NODE_BITS) << SEQUENCE_BITS
        self._last = 0
        self._count = 0

    def new(self) -> str:
        """Return the next id. Never goes back, even when the clock does."""
        now = max(time.time_ns() // 1_000_000 - EPOCH_MS, self._last)
        self._count = self._count + 1 if now == self._last else 0
        if self._count >> SEQUENCE_BITS:
            now, self._count = now + 1, 0
        self._last = now
        return str(now << (NODE_BITS + SEQUENCE_BITS) | self._node | self._count)
