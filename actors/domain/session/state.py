"""A session as decisions and tokens need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum

from personae.actors.domain.kit import Kind
from personae.actors.domain.lifetimes import end
from personae.actors.domain.session import events as e
from personae.actors.domain.session.values import UserAgent


class Status(IntEnum):
    """Life of a session."""

    UNKNOWN = 0
    ACTIVE = 1
    TERMINATED = 2


@dataclass(frozen=True, slots=True)
class Session:
    """The state of one session.

    ``token_id`` names the only valid session token: each change makes a new one. Without
    ``expires`` the session has no end of its own.
    """

    status: Status = Status.UNKNOWN
    user_id: str = ""
    org_id: str = ""
    language: str = ""
    user_checked: datetime | None = None
    password_checked: datetime | None = None
    token_id: str = ""
    user_agent: UserAgent | None = None
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    expires: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Say whether the session counts now."""
        return self.status is Status.ACTIVE and (self.expires is None or now < self.expires)

    @property
    def auth_methods(self) -> tuple[str, ...]:
        """What was proved, as values of ``amr`` (RFC 8176)."""
        return ("pwd",) if self.password_checked else ()

    @property
    def auth_time(self) -> datetime | None:
        """When the user last proved something."""
        return self.password_checked


SESSION = Kind("session", Session())


@SESSION.on(e.SessionAdded)
def _(_session: Session, event: e.SessionAdded) -> Session:
    return Session(Status.ACTIVE, user_agent=event.user_agent)


@SESSION.on(e.UserChecked)
def _(session: Session, event: e.UserChecked) -> Session:
    return replace(
        session,
        user_id=event.user_id,
        org_id=event.user_resource_owner,
        user_checked=event.checked_at,
        language=event.preferred_language,
    )


@SESSION.on(e.PasswordChecked)
def _(session: Session, event: e.PasswordChecked) -> Session:
    return replace(session, password_checked=event.checked_at)


@SESSION.on(e.TokenSet)
def _(session: Session, event: e.TokenSet) -> Session:
    return replace(session, token_id=event.token_id)


@SESSION.on(e.SessionMetadataSet)
def _(session: Session, event: e.SessionMetadataSet) -> Session:
    merged = {**session.metadata, **event.metadata}
    return replace(session, metadata={k: v for k, v in merged.items() if v})


@SESSION.on(e.LifetimeSet)
def _(session: Session, event: e.LifetimeSet) -> Session:
    if event.since is None or not event.lifetime:
        return replace(session, expires=None)
    return replace(session, expires=end(event.since, event.lifetime))


@SESSION.on(e.SessionTerminated)
def _(session: Session, _event: e.SessionTerminated) -> Session:
    return replace(session, status=Status.TERMINATED, token_id="")
