"""Timestamps and durations in proto3 JSON: RFC 3339 in UTC, and seconds with an "s"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from personae.http.wire.wrong import Wrong

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
TWO = tuple(f"{number:02}" for number in range(60))
FIRST, LAST = -62_135_596_800, 253_402_300_799
"""Seconds of the years 1 to 9999, the range of a Timestamp."""
LONGEST = 315_576_000_000
"""Seconds of 10,000 years, the range of a Duration."""
NANOS = 1_000_000_000

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)


def timestamp_text(timestamp: Any) -> str:
    """Render a Timestamp, e.g. ``2026-11-23T08:00:00.250Z``."""
    return timestamp_of(timestamp.seconds, timestamp.nanos)


def timestamp_of(since: int, nanos: int) -> str:
    """Render seconds since 1970, and nanoseconds more, as a Timestamp."""
    days, rest = divmod(since, DAY)
    minutes, seconds = divmod(rest, 60)
    clock = f"{TWO[minutes // 60]}:{TWO[minutes % 60]}:{TWO[seconds]}"
    return f"{_date(days)}T{clock}{_fraction(nanos)}Z"


def duration_text(duration: Any) -> str:
    """Render a Duration, e.g. ``3.500s``."""
    seconds, nanos = duration.seconds, duration.nanos
    sign = "-" if seconds < 0 or nanos < 0 else ""
    return f"{sign}{abs(seconds)}{_fraction(abs(nanos))}s"


def read_timestamp(timestamp: Any, text: Any) -> None:
    """Set a Timestamp from its JSON. Raises :class:`Wrong`."""
    match = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Wrong("timestamp")
    moment, fraction, zone = match.groups()
    try:
        at = datetime.fromisoformat(moment.upper() + zone.upper())
        seconds = (at - EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise Wrong("timestamp") from None
    if not FIRST <= seconds <= LAST:
        raise Wrong("timestamp")
    timestamp.seconds, timestamp.nanos = seconds, _nanos(fraction)


def read_duration(duration: Any, text: Any) -> None:
    """Set a Duration from its JSON. Raises :class:`Wrong`."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[2]) > LONGEST:
        raise Wrong("duration")
    sign = -1 if match[1] else 1
    duration.seconds, duration.nanos = sign * int(match[2]), sign * _nanos(match[3])


@lru_cache(maxsize=1024)
def _date(days: int) -> str:
    """Render a day since 1970. Lists hold few days: this halves the time of a timestamp."""
    return (EPOCH + timedelta(days)).date().isoformat()


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    if nanos % 1_000_000 == 0:
        return f".{nanos // 1_000_000:03}"
    return f".{nanos // 1000:06}" if nanos % 1000 == 0 else f".{nanos:09}"


def _nanos(fraction: str | None) -> int:
    return int(fraction.ljust(9, "0")) if fraction else 0
