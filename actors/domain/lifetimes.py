"""Durations in events are whole nanoseconds, as histories of the reference system have them."""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST = 2**63 - 1
"""Nanoseconds that fit into a stored integer: 292 years."""


def nanoseconds(life: timedelta) -> int:
    """Return a duration as whole nanoseconds."""
    return ((life.days * 86400 + life.seconds) * 1_000_000 + life.microseconds) * 1000


def end(start: datetime, life_ns: int) -> datetime:
    """Return the moment a life that began at ``start`` is over."""
    return start + timedelta(microseconds=life_ns // 1000)
