"""One-time codes as the log holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True)
class SealedCode:
    """A sealed code with its life in nanoseconds."""

    code: Sealed
    expiry: int


def life(code: SealedCode, now: datetime) -> dict[str, Any]:
    """Return what every event that adds a code holds."""
    expires = now + timedelta(microseconds=code.expiry // 1000)
    return {"code": code.code, "expiry": code.expiry, "expires_at": expires}
