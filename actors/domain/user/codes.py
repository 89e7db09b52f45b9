"""Codes that prove something about a user: what waits to be entered, and how often it may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from personae.actors.domain.values import Sealed

TRIES = 5
"""Wrong entries after which a code counts no more, whatever its life."""


class CodeKind(StrEnum):
    """What a code is for; a user has one code of each kind at most."""

    EMAIL = "email"
    PHONE = "phone"
    PASSWORD = "password"  # noqa: S105 — a purpose, not a password
    INVITE = "invite"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class PendingCode:
    """A code that was made and not yet used.

    Without ``expires`` (older histories) it counts as over. ``id`` tells codes of one kind apart
    where the caller names one; ``url_template`` and ``application_name`` shape its message.
    """

    code: Sealed | None = None
    expires: datetime | None = None
    id: str = ""
    failures: int = 0
    returned: bool = False
    sent: bool = False
    url_template: str = ""
    application_name: str = ""

    def expired(self, now: datetime) -> bool:
        """Say whether the code's time is over."""
        return self.expires is None or now >= self.expires
