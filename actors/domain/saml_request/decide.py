"""What follows from orders to a SAML request."""

from __future__ import annotations

from personae.actors.domain.auth_request.refusals import SESSION_INVALID, SESSION_TOO_OLD
from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.saml_request import commands as c
from personae.actors.domain.saml_request import events as e
from personae.actors.domain.saml_request import refusals
from personae.actors.domain.saml_request.contexts import met
from personae.actors.domain.saml_request.facts import SAMLLinkFacts
from personae.actors.domain.saml_request.state import LIFE, SAML_REQUEST, SAMLRequest, Status


@SAML_REQUEST.decides(c.AddSAMLRequest)
def add(request: SAMLRequest, cmd: c.AddSAMLRequest, _facts: Facts) -> Decisions:
    if request != SAML_REQUEST.initial:
        raise refusals.ALREADY_EXISTS()
    yield cmd.asked


@SAML_REQUEST.decides(c.LinkSAMLSession)
def link(request: SAMLRequest, cmd: c.LinkSAMLSession, facts: SAMLLinkFacts) -> Decisions:
    asked = _open(request)
    if facts.asked_at is None or facts.now - facts.asked_at >= LIFE:
        raise refusals.EXPIRED()
    if facts.refused:
        raise facts.refused
    if facts.auth_time is None:
        raise SESSION_INVALID()
    if asked.force_authn and facts.auth_time < facts.asked_at:
        raise SESSION_TOO_OLD()
    if not met(asked.authn_contexts, asked.comparison, facts.auth_methods):
        raise refusals.CONTEXT_UNMET()
    yield e.SAMLSessionLinked(
        session_id=cmd.session_id,
        user_id=facts.user_id,
        auth_time=facts.auth_time,
        auth_methods=facts.auth_methods,
    )


@SAML_REQUEST.decides(c.FailSAMLRequest)
def fail(request: SAMLRequest, cmd: c.FailSAMLRequest, _facts: Facts) -> Decisions:
    _open(request)
    yield e.SAMLRequestFailed(reason=cmd.reason)


def _open(request: SAMLRequest) -> e.SAMLRequestAdded:
    """Return what was asked while it may still be answered."""
    if request.asked is None:
        raise refusals.NOT_FOUND()
    if request.status is not Status.ADDED:
        raise refusals.ALREADY_HANDLED()
    return request.asked
