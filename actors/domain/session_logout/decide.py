"""What follows from orders to the logouts of a session."""

from __future__ import annotations

from datetime import datetime, timedelta

from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.session_logout import commands as c
from personae.actors.domain.session_logout import events as e
from personae.actors.domain.session_logout import refusals
from personae.actors.domain.session_logout.state import SESSION_LOGOUT, SessionLogout, Waiting

PAUSES = tuple(timedelta(seconds=s) for s in (10, 60, 600, 3600, 6 * 3600))
"""How long to wait after each try that failed; after the last there is none."""


def due(waiting: Waiting, now: datetime) -> bool:
    """Say whether a client may be told now."""
    if waiting.tried_at is None:
        return True
    pause = PAUSES[min(waiting.tries, len(PAUSES)) - 1]
    return now - waiting.tried_at >= pause


@SESSION_LOGOUT.decides(c.RegisterListener)
def register(logout: SessionLogout, cmd: c.RegisterListener, _facts: Facts) -> Decisions:
    if cmd.uri and cmd.oidc_session_id not in logout.waiting:
        yield e.LogoutRegistered(
            oidc_session_id=cmd.oidc_session_id,
            user_id=cmd.user_id,
            client_id=cmd.client_id,
            uri=cmd.uri,
            issuer=cmd.issuer,
        )
    if cmd.front and logout.front.get(cmd.client_id) != cmd.issuer:
        yield e.FrontChannelRegistered(client_id=cmd.client_id, issuer=cmd.issuer)


@SESSION_LOGOUT.decides(c.TryLogout)
def try_(logout: SessionLogout, cmd: c.TryLogout, facts: Facts) -> Decisions:
    waiting = logout.waiting.get(cmd.oidc_session_id)
    if waiting is None:
        raise refusals.NOT_FOUND()
    if not due(waiting, facts.now):
        raise refusals.NOT_DUE()
    yield e.LogoutTried(oidc_session_id=cmd.oidc_session_id, made_at=facts.now)


@SESSION_LOGOUT.decides(c.FinishLogout)
def finish(logout: SessionLogout, cmd: c.FinishLogout, _facts: Facts) -> Decisions:
    if cmd.oidc_session_id in logout.waiting:
        yield e.LogoutSent(oidc_session_id=cmd.oidc_session_id, reached=cmd.reached)
