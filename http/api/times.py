"""Moments of requests as commands take them (the wire has checked their range), and of answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(timestamp: Any) -> datetime:
    """Return a ``Timestamp`` as an aware datetime."""
    found: datetime = timestamp.ToDatetime(tzinfo=UTC)
    return found


def timestamp(at: datetime | None) -> dict[str, int] | None:
    """Return an aware datetime as the fields of a ``Timestamp``.

    An answer may also hold the datetime itself; lists, which hold hundreds, are built in half the
    time with these.
    """
    if at is None:
        return None
    since = at - EPOCH
    return {
        "seconds": since.days * 86_400 + since.seconds,
        "nanos": since.microseconds * 1_000,
    }
