"""What happens to sessions."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire
from personae.actors.domain.session.values import UserAgent


@event("session.added")
class SessionAdded:
    user_agent: UserAgent | None = wire("user_agent", default=None)


@event("session.user.checked")
class UserChecked:
    user_id: str = wire("userID")
    user_resource_owner: str = ""
    checked_at: datetime
    preferred_language: str = ""


@event("session.password.checked")
class PasswordChecked:
    checked_at: datetime


@event("session.token.set")
class TokenSet:
    token_id: str = wire("tokenID")


@event("session.metadata.set")
class SessionMetadataSet:
    metadata: dict[str, bytes]


@event("session.lifetime.set")
class LifetimeSet:
    """A lifetime in nanoseconds, counted from ``since``; 0 means no end."""

    lifetime: int
    since: datetime | None = None


@event("session.terminated")
class SessionTerminated:
    pass
