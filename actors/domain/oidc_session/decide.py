"""What follows from orders to an OIDC session."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.oidc_session import commands as c
from personae.actors.domain.oidc_session import events as e
from personae.actors.domain.oidc_session import refusals
from personae.actors.domain.oidc_session.facts import TokenFacts
from personae.actors.domain.oidc_session.opening import opened
from personae.actors.domain.oidc_session.state import OIDC_SESSION, REFRESH, OIDCSession
from personae.actors.domain.oidc_session.terms import audience_within, details_within


@OIDC_SESSION.decides(c.OpenOIDCSession)
def open_(session: OIDCSession, cmd: c.OpenOIDCSession, facts: TokenFacts) -> Decisions:
    if session.user_id:
        raise refusals.ALREADY_EXISTS()
    yield from opened(cmd.opening, facts.lifetimes, facts.now)


@OIDC_SESSION.decides(c.RefreshTokens)
def refresh(session: OIDCSession, cmd: c.RefreshTokens, facts: TokenFacts) -> Decisions:
    if not session.user_id:
        raise refusals.REFRESH_INVALID()
    token = session.refresh
    if token is None or not facts.alive:
        raise refusals.ENDED()
    if token.id != cmd.presented or session.client_id != cmd.client_id:
        # Somebody holds a copy of a rotated token, or of another client's: whoever it is, the
        # family ends (RFC 9700, 4.14).
        yield e.RefreshTokenRevoked()
        return
    if facts.now >= min(token.idle_until, token.expires):
        raise refusals.REFRESH_INVALID()
    if token.dpop_jkt and not bound(token.dpop_jkt, cmd.dpop_jkt, public=cmd.public):
        raise refusals.KEY_WRONG()
    shown = cmd.terms.certificate
    if token.certificate and not bound(token.certificate, shown, public=cmd.public):
        raise refusals.CERTIFICATE_WRONG()
    scope = session.scope if cmd.scope is None else cmd.scope
    if not set(scope) <= set(session.scope):
        raise refusals.SCOPE_WIDER()
    yield e.AccessTokenAdded(
        id=cmd.access_token_id,
        scope=scope,
        lifetime=facts.lifetimes.access,
        reason=REFRESH,
        made_at=facts.now,
        dpop_jkt=cmd.dpop_jkt,
        certificate=shown,
        audience=audience_within(session.resources, session.audience, cmd.terms.targets),
        authorization_details=details_within(session.details, cmd.terms.details),
    )
    yield e.RefreshTokenRenewed(
        id=cmd.refresh_token_id, idle_lifetime=facts.lifetimes.refresh_idle, made_at=facts.now
    )


def bound(key: str, shown: str, *, public: bool) -> bool:
    """Say whether a token bound to a key or certificate may be used: with it by a public client.

    A client that is authenticated otherwise may have a new one (RFC 9449, 5; RFC 8705, 6.3), but
    needs one.
    """
    return shown == key or (bool(shown) and not public)


@OIDC_SESSION.decides(c.RevokeAccessToken)
def revoke_access(session: OIDCSession, cmd: c.RevokeAccessToken, _facts: Facts) -> Decisions:
    if session.access and session.access.id == cmd.token_id:
        yield e.AccessTokenRevoked()


@OIDC_SESSION.decides(c.RevokeOIDCSession)
def revoke(session: OIDCSession, _cmd: c.RevokeOIDCSession, _facts: Facts) -> Decisions:
    if session.refresh:
        yield e.RefreshTokenRevoked()
    elif session.access:
        yield e.AccessTokenRevoked()
