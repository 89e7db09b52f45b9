"""Who must still hear of a session's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.session_logout import events as e


@dataclass(frozen=True, slots=True)
class Waiting:
    """A client that waits for word, and how often and when that was last tried."""

    asked: e.LogoutRegistered
    tries: int = 0
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionLogout:
    """The clients of one session: those to tell directly by OIDC session, who has heard is gone.

    ``front`` are those to tell in the browser: their ids, with the issuer they know.
    """

    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    front: Mapping[str, str] = field(default_factory=dict)


SESSION_LOGOUT = Kind("session_logout", SessionLogout())


@SESSION_LOGOUT.on(e.LogoutRegistered)
def _(logout: SessionLogout, event: e.LogoutRegistered) -> SessionLogout:
    return replace(logout, waiting={**logout.waiting, event.oidc_session_id: Waiting(event)})


@SESSION_LOGOUT.on(e.LogoutTried)
def _(logout: SessionLogout, event: e.LogoutTried) -> SessionLogout:
    known = logout.waiting.get(event.oidc_session_id)
    if known is None:
        return logout
    tried = replace(known, tries=known.tries + 1, tried_at=event.made_at)
    return replace(logout, waiting={**logout.waiting, event.oidc_session_id: tried})


@SESSION_LOGOUT.on(e.LogoutSent)
def _(logout: SessionLogout, event: e.LogoutSent) -> SessionLogout:
    left = {k: v for k, v in logout.waiting.items() if k != event.oidc_session_id}
    return replace(logout, waiting=left)


@SESSION_LOGOUT.on(e.FrontChannelRegistered)
def _(logout: SessionLogout, event: e.FrontChannelRegistered) -> SessionLogout:
    return replace(logout, front={**logout.front, event.client_id: event.issuer})
