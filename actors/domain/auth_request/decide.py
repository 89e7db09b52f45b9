"""What follows from orders to an authorization request."""

from __future__ import annotations

from datetime import timedelta

from personae.actors.domain.auth_request import commands as c
from personae.actors.domain.auth_request import events as e
from personae.actors.domain.auth_request import refusals
from personae.actors.domain.auth_request.facts import LinkFacts
from personae.actors.domain.auth_request.pkce import matches
from personae.actors.domain.auth_request.state import AUTH_REQUEST, AuthRequest, Status
from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.oidc_session.facts import OpeningFacts
from personae.actors.domain.oidc_session.opening import Opening, handed_over

CODE_LIFE = timedelta(seconds=60)
"""RFC 9700 and FAPI 2.0 ask for at most a minute."""

PUSHED_LIFE = timedelta(seconds=90)
"""RFC 9126, 2.2: "a relatively short lifetime", 5 to 600 seconds."""


@AUTH_REQUEST.decides(c.AddAuthRequest)
def add(request: AuthRequest, cmd: c.AddAuthRequest, _facts: Facts) -> Decisions:
    if request != AUTH_REQUEST.initial:
        raise refusals.ALREADY_EXISTS()
    yield cmd.asked


@AUTH_REQUEST.decides(c.AddFailedRequest)
def add_failed(request: AuthRequest, cmd: c.AddFailedRequest, _facts: Facts) -> Decisions:
    if request != AUTH_REQUEST.initial:
        raise refusals.ALREADY_EXISTS()
    yield cmd.asked
    yield e.AuthRequestFailed(reason=cmd.reason)


@AUTH_REQUEST.decides(c.AddLinkedRequest)
def add_linked(request: AuthRequest, cmd: c.AddLinkedRequest, facts: LinkFacts) -> Decisions:
    if request != AUTH_REQUEST.initial:
        raise refusals.ALREADY_EXISTS()
    yield cmd.asked
    yield from link(AUTH_REQUEST.evolve(request, cmd.asked), cmd.link, facts)


@AUTH_REQUEST.decides(c.OpenPushedRequest)
def open_pushed(request: AuthRequest, cmd: c.OpenPushedRequest, facts: Facts) -> Decisions:
    asked = request.asked
    if request.status is not Status.PUSHED or not (asked and asked.pushed_at):
        raise refusals.PUSHED_INVALID()
    if asked.client_id != cmd.client_id or facts.now - asked.pushed_at >= PUSHED_LIFE:
        raise refusals.PUSHED_INVALID()
    yield e.PushedRequestOpened(made_at=facts.now)


@AUTH_REQUEST.decides(c.LinkSession)
def link(request: AuthRequest, cmd: c.LinkSession, facts: LinkFacts) -> Decisions:
    asked = _open(request)
    consent = facts.refused is not None and facts.refused.reason is refusals.CONSENT_NEEDED
    if facts.refused and not consent:
        raise facts.refused
    if facts.auth_time is None:
        raise refusals.SESSION_INVALID()
    # "… MUST NOT reply with an ID Token or Access Token for a different user" (OIDC Core, 3.1.2.2)
    if asked.hint_user_id and asked.hint_user_id != facts.user_id:
        raise refusals.WRONG_USER()
    # Asked for last, of nobody who could not go on with it.
    if consent or not set(asked.authorization_details) <= set(cmd.agreed):
        raise refusals.CONSENT_NEEDED()
    if too_old(request, facts):
        raise refusals.SESSION_TOO_OLD()
    yield e.SessionLinked(
        session_id=cmd.session_id,
        user_id=facts.user_id,
        auth_time=facts.auth_time,
        auth_methods=facts.auth_methods,
    )
    yield e.CodeAdded(made_at=facts.now)


def too_old(request: AuthRequest, facts: LinkFacts) -> bool:
    """Say whether the user last proved something longer ago than the client allows.

    Counted back from when the client asked; with 0 only what came after counts (OIDC Core,
    3.1.2.1: ``max_age``, ``prompt=login``).
    """
    limit = request.asked.max_age if request.asked else None
    if limit is None or facts.auth_time is None or facts.asked_at is None:
        return False
    return facts.asked_at - facts.auth_time > timedelta(seconds=limit)


@AUTH_REQUEST.decides(c.FailAuthRequest)
def fail(request: AuthRequest, cmd: c.FailAuthRequest, _facts: Facts) -> Decisions:
    _open(request)
    yield e.AuthRequestFailed(reason=cmd.reason)


def _open(request: AuthRequest) -> e.AuthRequestAdded:
    """Return what was asked while it may still be answered."""
    if request.asked is None:
        raise refusals.NOT_FOUND()
    if request.status is not Status.ADDED:
        raise refusals.ALREADY_HANDLED()
    return request.asked


@AUTH_REQUEST.decides(c.ExchangeCode)
def exchange(request: AuthRequest, cmd: c.ExchangeCode, facts: OpeningFacts) -> Decisions:
    if foreign(request, cmd):
        # Whoever shows another client's code has a copy of it: it is worth nothing from now on.
        yield e.AuthRequestFailed(reason="invalid_grant")
        return
    asked = redeemable(request, cmd, facts)
    yield e.CodeExchanged(oidc_session_id=cmd.oidc_session_id)
    opening = Opening(
        user_id=request.user_id,
        org_id=facts.user_org_id,
        session_id=request.session_id,
        client_id=asked.client_id,
        audience=asked.audience,
        scope=asked.scope,
        auth_methods=request.auth_methods,
        auth_time=request.auth_time,
        nonce=asked.nonce,
        language=facts.language,
        access_token_id=cmd.access_token_id,
        refresh_token_id=cmd.refresh_token_id if asked.need_refresh_token else "",
        reason="auth_request",
        dpop_jkt=cmd.dpop_jkt,
        resources=asked.resources,
        details=asked.authorization_details,
        terms=cmd.terms,
    )
    yield from handed_over(opening, facts)
    yield e.AuthRequestSucceeded()


def foreign(request: AuthRequest, cmd: c.ExchangeCode) -> bool:
    """Say whether a code that still counts is shown by another client than its own."""
    asked = request.asked
    return request.status is Status.CODE_ADDED and bool(asked and asked.client_id != cmd.client_id)


def redeemable(
    request: AuthRequest, cmd: c.ExchangeCode, facts: OpeningFacts
) -> e.AuthRequestAdded:
    """Return what was asked when the code may be redeemed now, by this client, with this proof."""
    if request.status in {Status.EXCHANGED, Status.SUCCEEDED}:
        raise refusals.CODE_USED(oidc_session_id=request.oidc_session_id)
    if request.status is not Status.CODE_ADDED or not (request.asked and request.code_at):
        raise refusals.CODE_INVALID()
    asked = request.asked
    if asked.redirect_uri != cmd.redirect_uri:
        raise refusals.CODE_INVALID()
    if facts.now - request.code_at > CODE_LIFE:
        raise refusals.CODE_EXPIRED()
    if not matches(asked.code_challenge, cmd.code_verifier):
        raise refusals.VERIFIER_WRONG()
    if asked.dpop_jkt and asked.dpop_jkt != cmd.dpop_jkt:
        raise refusals.KEY_WRONG()
    if not facts.session_alive:
        raise refusals.SESSION_INVALID()
    return asked
