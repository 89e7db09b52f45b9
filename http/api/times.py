"""Moments of requests, as commands take them. The wire has checked that they are in range."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment(timestamp: Any) -> datetime:
    """Return a ``Timestamp`` as an aware datetime."""
    found: datetime = timestamp.ToDatetime(tzinfo=UTC)
    return found
