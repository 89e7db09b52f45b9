"""A token bucket: how often a connection may do what costs us much and it little."""

from __future__ import annotations

from time import monotonic


class Budget:
    """``burst`` tokens, refilled at ``rate`` per second and by whatever earns more."""

    __slots__ = ("_burst", "_rate", "_since", "_tokens")

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = self._tokens = burst
        self._rate = rate
        self._since = monotonic()

    def spend(self, tokens: float = 1) -> bool:
        """Take tokens; false when there were not enough."""
        now = monotonic()
        self._tokens += (now - self._since) * self._rate
        self._since = now
        self._tokens = min(self._tokens, self._burst) - tokens
        return self._tokens >= 0

    def earn(self, tokens: float = 1) -> None:
        """Give tokens back for useful work."""
        self._tokens = min(self._tokens + tokens, self._burst)
