"""Moments of requests as commands take them (the wire has checked their range), and of answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Moment = Callable[[datetime | None], Any]
"""What makes of a moment the value that an answer holds."""

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


def moments(*, json: bool) -> Moment:
    """Return what tells the moments of a list: JSON is made of datetimes, messages of fields."""
    return _as_it_is if json else timestamp


def _as_it_is(at: datetime | None) -> datetime | None:
    return at
