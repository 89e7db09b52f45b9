"""An OIDC session as token checks need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.lifetimes import end
from personae.actors.domain.oidc_session import events as e

EXCHANGE, REFRESH = "exchange", "refresh"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The access token that counts now."""

    id: str
    scope: tuple[str, ...]
    made_at: datetime
    expires: datetime
    reason: str = ""
    dpop_jkt: str = ""
    actors: tuple[str, ...] = ()
    certificate: str = ""
    audience: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The refresh token that counts now: it ends when unused, and ends for ever."""

    id: str
    idle_until: datetime
    expires: datetime
    dpop_jkt: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class OIDCSession:
    """The state of one OIDC session; without ``user_id`` it does not exist."""

    user_id: str = ""
    org_id: str = ""
    session_id: str = ""
    client_id: str = ""
    audience: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] = ()
    auth_time: datetime | None = None
    nonce: str = ""
    language: str = ""
    resources: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    access: AccessToken | None = None
    refresh: RefreshToken | None = None

    @property
    def revoked(self) -> bool:
        """Whether no token of it counts any more."""
        return self.access is None and self.refresh is None


def token_of(event: e.AccessTokenAdded) -> AccessToken:
    """Return the access token that an event hands out."""
    return AccessToken(
        event.id,
        event.scope,
        event.made_at,
        end(event.made_at, event.lifetime),
        event.reason,
        event.dpop_jkt,
        event.actors,
        event.certificate,
        event.audience,
        event.authorization_details,
    )


OIDC_SESSION = Kind("oidc_session", OIDCSession(), over=lambda session: session.revoked)


@OIDC_SESSION.on(e.OIDCSessionAdded)
def _(_session: OIDCSession, event: e.OIDCSessionAdded) -> OIDCSession:
    return OIDCSession(
        event.user_id,
        event.user_resource_owner,
        event.session_id,
        event.client_id,
        event.audience,
        event.scope,
        event.auth_methods,
        event.auth_time,
        event.nonce,
        event.preferred_language,
        event.resources,
        event.authorization_details,
    )


@OIDC_SESSION.on(e.AccessTokenAdded)
def _(session: OIDCSession, event: e.AccessTokenAdded) -> OIDCSession:
    return replace(session, access=token_of(event))


@OIDC_SESSION.on(e.AccessTokenRevoked)
def _(session: OIDCSession, _event: e.AccessTokenRevoked) -> OIDCSession:
    return replace(session, access=None)


@OIDC_SESSION.on(e.RefreshTokenAdded)
def _(session: OIDCSession, event: e.RefreshTokenAdded) -> OIDCSession:
    idle, over = end(event.made_at, event.idle_lifetime), end(event.made_at, event.lifetime)
    token = RefreshToken(event.id, idle, over, event.dpop_jkt, event.certificate)
    return replace(session, refresh=token)


@OIDC_SESSION.on(e.RefreshTokenRenewed)
def _(session: OIDCSession, event: e.RefreshTokenRenewed) -> OIDCSession:
    if session.refresh is None:
        return session
    idle = end(event.made_at, event.idle_lifetime)
    return replace(session, refresh=replace(session.refresh, id=event.id, idle_until=idle))


@OIDC_SESSION.on(e.RefreshTokenRevoked)
def _(session: OIDCSession, _event: e.RefreshTokenRevoked) -> OIDCSession:
    return replace(session, refresh=None, access=None)
